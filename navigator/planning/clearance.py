"""How far a needle keeps from every structure: a quick look at many, the exact value of few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, Voxels, lengths
from navigator.geometry.lines import segment_to_nearest_box_mm
from navigator.imaging.distance import border_boxes, measure_distance_map
from navigator.imaging.resample import check_rectilinear, crop_slices, whole_slices
from navigator.planning._kernels import least_along_rays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navigator.model.trajectory import Trajectory
    from navigator.model.volume import Grid, Mask

SAMPLE_MM = 1.0
"""Spacing of the quick look along a ray."""

RIM_MM = 15.0
"""The quick look reaches this far beyond the block of all rays, or as far as the widest limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleBoxes:
    """All obstacles as boxes, for exact distances.

    Parameters
    ----------
    masks : mapping of str to Mask
        The obstacles.
    grid : Grid
        Their grid.
    boxes_mm : mapping of str to (n, 3) array
        Centres of each obstacle's border voxels, of the whole scan, along the grid's axes.
    """

    masks: Mapping[str, Mask]
    grid: Grid
    boxes_mm: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceField:
    """Distance maps of all obstacles around the rays, for a quick look.

    Parameters
    ----------
    names : tuple of str
        Obstacles, in the order of the maps.
    maps_mm : (s, k, j, i) array
        Distance to the nearest voxel centre of each, millimetres.
    grid : Grid
        Grid of the maps.
    """

    names: tuple[str, ...]
    maps_mm: Voxels
    grid: Grid


def build_obstacle_boxes(obstacles: Mapping[str, Mask]) -> ObstacleBoxes:
    """List the border voxels of all obstacles.

    Parameters
    ----------
    obstacles : mapping of str to Mask
        At least one, all on one rectilinear grid.

    Returns
    -------
    ObstacleBoxes
        Ready for :func:`measure_clearances_mm`.

    Raises
    ------
    ValueError
        If there is no obstacle: a patient without any was not segmented.
    GeometryRefusedError
        If the grid is sheared.
    """
    grid = _common_grid(obstacles)
    check_rectilinear(grid, "An exact clearance")
    return ObstacleBoxes(
        masks=dict(obstacles),
        grid=grid,
        boxes_mm={
            name: border_boxes(mask, whole_slices(grid)) @ grid.directions
            for name, mask in obstacles.items()
        },
    )


def _common_grid(obstacles: Mapping[str, Mask]) -> Grid:
    if not obstacles:
        raise ValueError("clearance: expected one segmented obstacle or more, got none")
    return next(iter(obstacles.values())).grid


def build_clearance_field(
    obstacles: Mapping[str, Mask], block_mm: Floats, *, widest_limit_mm: float = 0.0
) -> ClearanceField:
    """Measure the distances to all obstacles in a block.

    Parameters
    ----------
    obstacles : mapping of str to Mask
        At least one, all on one rectilinear grid.
    block_mm : (n, 3) array
        Points that the block shall hold, millimetres.
    widest_limit_mm : float
        The largest distance to the needle's axis that will be asked for, millimetres.

    Returns
    -------
    ClearanceField
        Ready for :func:`bound_clearances_mm`.

    Raises
    ------
    ValueError
        If there is no obstacle: a patient without any was not segmented.
    GeometryRefusedError
        If the grid is sheared.
    """
    padding_mm = max(RIM_MM, widest_limit_mm)
    slices = crop_slices(_common_grid(obstacles), block_mm, padding_mm=padding_mm)
    maps = [measure_distance_map(mask, slices) for mask in obstacles.values()]
    return ClearanceField(
        names=tuple(obstacles),
        maps_mm=np.stack([distance.values_mm for distance in maps]),
        grid=maps[0].grid,
    )


def bound_clearances_mm(
    field: ClearanceField, entries_mm: Floats, tips_mm: Floats, needle_diameter_mm: float
) -> Floats:
    """Bound the clearance of many needles from above, quickly.

    The nearest voxel holds a ball of half the least spacing, so that no needle keeps more than
    its distance to the voxel's centre less that radius. Between voxels the map is interpolated,
    which half way through a narrow gap says half a voxel's diagonal too little: it is added. A
    needle that fails by this bound fails indeed; one that passes is measured exactly.

    Parameters
    ----------
    field : ClearanceField
        The obstacles.
    entries_mm, tips_mm : (n, 3) array
        Ends of the needles, millimetres.
    needle_diameter_mm : float
        Outer diameter, millimetres.

    Returns
    -------
    (n, s) array
        Upper bounds in millimetres, in the order of `field.names`.
    """
    counts = np.maximum(np.ceil(lengths(entries_mm - tips_mm) / SAMPLE_MM).astype(np.int64), 1) + 1
    starts = field.grid.indices_from_points(tips_mm)
    steps = (field.grid.indices_from_points(entries_mm) - starts) / (counts - 1)[:, None]
    least: Floats = least_along_rays(field.maps_mm, starts, steps, counts)
    ball = 0.5 * float(field.grid.spacing_mm.min())
    return least + interpolation_doubt_mm(field) - ball - 0.5 * needle_diameter_mm


def interpolation_doubt_mm(field: ClearanceField) -> float:
    """Say by how much a distance read between voxels may be too small.

    Parameters
    ----------
    field : ClearanceField
        The obstacles.

    Returns
    -------
    float
        Half a voxel's diagonal, millimetres: distance changes by no more than the way that is
        gone, and the mean way to the corners of a cell is longest from its middle.
    """
    return 0.5 * float(lengths(field.grid.spacing_mm))


def measure_clearances_mm(
    obstacles: ObstacleBoxes, trajectory: Trajectory, needle_diameter_mm: float
) -> dict[str, float]:
    """Measure exactly how far a needle keeps from every obstacle.

    Exact for structures as they are segmented: each voxel is a box.

    Parameters
    ----------
    obstacles : ObstacleBoxes
        The obstacles.
    trajectory : Trajectory
        The needle, skin to tip.
    needle_diameter_mm : float
        Outer diameter, millimetres.

    Returns
    -------
    dict of str to float
        Distance from the needle's surface to each obstacle, millimetres; negative where the
        needle's surface passes into it.
    """
    axes = obstacles.grid.directions
    half = 0.5 * obstacles.grid.spacing_mm
    start, end = trajectory.entry_mm @ axes, trajectory.tip_mm @ axes
    measured = {}
    for name, boxes in obstacles.boxes_mm.items():
        nearest = segment_to_nearest_box_mm(start, end, boxes, half)
        # a needle that lies wholly within a structure meets none of its border voxels
        if _holds(obstacles.masks[name], trajectory.tip_mm):
            nearest = 0.0
        measured[name] = nearest - 0.5 * needle_diameter_mm
    return measured


def _holds(mask: Mask, point_mm: Floats) -> bool:
    """Tell whether a point lies in a voxel of a mask."""
    index = np.rint(mask.grid.indices_from_points(point_mm)).astype(np.int64)
    if not ((index >= 0) & (index < mask.grid.shape_kji)).all():
        return False
    return bool(mask.members[tuple(index)])
