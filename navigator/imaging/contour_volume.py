"""From outlines in planes to a mask: by area in the plane, by slab across the planes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.imaging.contour_grid import axis_across, encloses_area, grid_of_contours, step_across
from navigator.imaging.contour_planes import (
    PLANE_TOLERANCE_MM,
    ContourPlane,
    PlaneReading,
    read_plane,
    sort_into_planes,
)
from navigator.imaging.coverage import measure_coverage, without_halves
from navigator.imaging.occupancy import HALF, moved_by_cutting_mm, resample_shares
from navigator.imaging.resample import crop_grid
from navigator.model.volume import Grid, Mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navigator.arrays import Floats, Voxels
    from navigator.imaging.coverage import PlaneCoverage

SLAB_SHIFT = 1e-5
"""Slabs are moved back by so much of a slice: one that a slab's end cuts exactly in half goes to
what lies above, as a pixel goes to the far side of an edge."""
LEAST_WEIGHT = 1e-3
"""A slab that fills less of a slice than this meets it by rounding alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnContours:
    """A structure drawn from its outlines.

    Parameters
    ----------
    mask : Mask
        On the grid wanted; it may be empty.
    source_ml, kept_ml : float
        Volume within the outlines and their slabs, and how much of it lies on the grid.
    hole_ml : float
        Volume that is outside because one outline lies within another.
    planes, missing_planes, lone_outlines : int
        Planes with outlines; planes that seem to be missing between them; outlines that enclose
        nothing and were left out.
    step_mm : float
        Thickness of the slab that most planes stand for, millimetres.
    plane_slices : float
        The same in slices of the grid.
    is_on_slices : bool
        Whether every plane is that of a slice of the grid.
    moved_mm : float
        How far the cut at one half moved the centre, millimetres.
    crosses_itself : bool
        Whether a single outline crosses itself.
    """

    mask: Mask
    source_ml: float
    kept_ml: float
    hole_ml: float
    planes: int
    missing_planes: int
    lone_outlines: int
    step_mm: float
    plane_slices: float
    is_on_slices: bool
    moved_mm: float
    crosses_itself: bool


def mask_from_contours(
    contours: Sequence[Floats], grid: Grid, *, is_xor: bool, slab_mm: float | None = None
) -> DrawnContours:
    """Draw a structure from its outlines.

    A voxel belongs where more than half of its area, or of its volume where planes and slices
    differ, lies inside. One that is cut exactly in half goes to what lies on the side of larger
    indices, so that outlines that share an edge leave no voxel to both or to neither. Outlines
    whose planes are not those of the grid are drawn on a grid of their own first and carried over.

    Parameters
    ----------
    contours : sequence of (n, 3) array
        Closed outlines in parallel planes, LPS millimetres in the grid's frame.
    grid : Grid
        Of the scan, sheared or not.
    is_xor : bool
        Whether the file says that outlines within each other are combined by exclusive or.
    slab_mm : float, optional
        Thickness that a lone plane stands for, millimetres; by default that of a slice.

    Returns
    -------
    DrawnContours
        With what had to be interpreted.

    Raises
    ------
    StructureRefusedError
        If no outline encloses anything, or they do not lie in parallel planes, or two cross.
    """
    whole = [outline for outline in contours if encloses_area(outline)]
    if not whole:
        raise StructureRefusedError(
            code="no-closed-outline",
            what="No outline of the structure goes round an area",
            where="outlines",
            expected="closed outlines of three points and more",
            got=f"{len(contours)} outlines, all of them points or lines",
            next_step="take another structure: a point or a line has no volume",
        )
    lone = len(contours) - len(whole)
    axis = axis_across(whole, grid)
    if axis is not None:
        block = _block_of(whole, grid, axis, slab_mm)
        part = crop_grid(grid, block)
        drawn = _draw_on(whole, part, axis, is_xor=is_xor, slab_mm=slab_mm).drawn(part, lone)
        members = np.zeros(grid.shape_kji, dtype=np.bool_)
        members[block] = drawn.mask.members
        return replace(drawn, mask=Mask(members, grid))
    own = grid_of_contours(whole, grid.frame, float(grid.spacing_mm.min()), slab_mm)
    drawing = _draw_on(whole, own, 0, is_xor=is_xor, slab_mm=slab_mm)
    moved = resample_shares(drawing.shares, own, grid)
    return replace(
        drawing.drawn(own, lone),
        mask=moved.mask,
        kept_ml=moved.kept_ml,
        moved_mm=moved.moved_mm,
        plane_slices=drawing.step_mm / float(grid.spacing_mm.max()),
        is_on_slices=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """Shares (k, j, i) of voxels on a grid, and what was interpreted, in voxels."""

    shares: Voxels
    source: float
    hole: float
    planes: tuple[ContourPlane, ...]
    missing: int
    step_mm: float
    across_mm: float
    is_on_slices: bool
    crosses_itself: bool

    def drawn(self, grid: Grid, lone: int) -> DrawnContours:
        """Cut the shares at one half."""
        voxel_ml = grid.voxel_volume_mm3 / 1000.0
        return DrawnContours(
            mask=Mask(self.shares >= HALF, grid),
            source_ml=self.source * voxel_ml,
            kept_ml=float(self.shares.sum(dtype=np.float64)) * voxel_ml,
            hole_ml=self.hole * voxel_ml,
            planes=len(self.planes),
            missing_planes=self.missing,
            lone_outlines=lone,
            step_mm=self.step_mm,
            plane_slices=self.step_mm / self.across_mm,
            is_on_slices=self.is_on_slices,
            moved_mm=0.0 if self.is_on_slices else moved_by_cutting_mm(self.shares, grid),
            crosses_itself=self.crosses_itself,
        )


def _block_of(
    contours: Sequence[Floats], grid: Grid, axis: int, slab_mm: float | None
) -> tuple[slice, slice, slice]:
    """Find the part of a grid that outlines (n, 3) and their slabs reach, one voxel at least."""
    indices = [grid.indices_from_points(outline) for outline in contours]
    steps = np.diff(np.unique([outline[:, axis].mean() for outline in indices]))
    lone_slices = 1.0 if slab_mm is None else slab_mm / step_across(grid, axis)
    reach = 1.0 + 0.5 * float(np.max(steps, initial=lone_slices))
    pad = np.insert(1.0 + reach * np.abs(_drift(grid, axis)), axis, reach)
    corners = np.concatenate(indices)
    shape = np.array(grid.shape_kji)
    low = np.clip(np.floor(corners.min(axis=0) - pad), 0, shape - 1).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) + pad) + 1, low + 1, shape).astype(int)
    parts = [slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True)]
    return parts[0], parts[1], parts[2]


def _draw_on(
    contours: Sequence[Floats], grid: Grid, axis: int, *, is_xor: bool, slab_mm: float | None
) -> _Drawing:
    """Fill a grid with the shares of its voxels inside outlines (n, 3) across one of its axes."""
    across_mm = step_across(grid, axis)
    indices = [grid.indices_from_points(outline) for outline in contours]
    found, missing = sort_into_planes(
        indices,
        axis,
        tolerance=PLANE_TOLERANCE_MM / across_mm,
        lone_slab_slices=1.0 if slab_mm is None else slab_mm / across_mm,
    )
    planes = tuple(
        replace(plane, low=plane.low - SLAB_SHIFT, high=plane.high - SLAB_SHIFT) for plane in found
    )
    shares = np.zeros(grid.shape_kji, dtype=np.float32)
    slices = np.moveaxis(shares, axis, 0)
    source = hole = 0.0
    crosses_itself = False
    for plane in planes:
        reading = read_plane(plane.polygons, is_xor=is_xor)
        thickness = plane.high - plane.low
        source += float(reading.coverage.odd_shares.sum()) * thickness
        hole += reading.hole_pixels * thickness
        crosses_itself |= reading.crosses_itself
        for index, weight, coverage in _slices_of(plane, reading, grid, axis):
            _add(slices[index], coverage, weight)
    steps = [plane.high - plane.low for plane in planes]
    return _Drawing(
        shares=shares,
        source=source,
        hole=hole,
        planes=planes,
        missing=missing,
        step_mm=float(np.median(steps)) * across_mm,
        across_mm=across_mm,
        is_on_slices=all(
            abs(plane.position_index - round(plane.position_index)) * across_mm
            <= PLANE_TOLERANCE_MM
            for plane in planes
        ),
        crosses_itself=crosses_itself,
    )


def _slices_of(
    plane: ContourPlane, reading: PlaneReading, grid: Grid, axis: int
) -> Iterator[tuple[int, float, PlaneCoverage]]:
    """List the slices that a plane's slab reaches, the share of each in it, and the area there."""
    first = max(int(np.floor(plane.low + 0.5)), 0)
    last = min(int(np.ceil(plane.high - 0.5)), grid.shape_kji[axis] - 1)
    drift = _drift(grid, axis)
    for index in range(first, last + 1):
        weight = min(plane.high, index + 0.5) - max(plane.low, index - 0.5)
        if weight < LEAST_WEIGHT:
            continue
        shift = (index - plane.position_index) * drift
        coverage, polygons = reading.coverage, plane.polygons
        if np.abs(shift).max() > LEAST_WEIGHT:
            # the slab stands upright on its plane; in a tilted stack the next slice lies beside it
            polygons = tuple(polygon + shift for polygon in polygons)
            coverage = measure_coverage(polygons)
        yield index, weight, without_halves(coverage, polygons)


def _drift(grid: Grid, axis: int) -> Floats:
    """Give the step (2,) along the other two axes from slice to slice, upright on the slices."""
    indices_from_mm = np.linalg.inv(grid.lps_from_index[:3, :3])
    across = indices_from_mm[axis]
    upright = indices_from_mm @ (across / (across @ across))
    drift: Floats = np.delete(upright, axis)
    return drift


def _add(part: Voxels, coverage: PlaneCoverage, weight: float) -> None:
    """Add a plane's area to a slice (j, i), as far as the slice reaches."""
    ends = [
        min(start + count, size)
        for start, count, size in zip(
            coverage.start_ji, coverage.odd_shares.shape, part.shape, strict=True
        )
    ]
    starts = [max(start, 0) for start in coverage.start_ji]
    if starts[0] >= ends[0] or starts[1] >= ends[1]:
        return
    into = tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))
    out_of = tuple(
        slice(start - first, end - first)
        for start, end, first in zip(starts, ends, coverage.start_ji, strict=True)
    )
    part[into] += np.float32(weight) * coverage.odd_shares[out_of].astype(np.float32)
