"""The grid that outlines lie on: slices of the scan, or slices of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.errors import StructureRefusedError
from navigator.imaging.contour_planes import PLANE_TOLERANCE_MM, sort_into_planes
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.geometry.frames import Frame

LEAST_WIDTH_MM = 1e-3
"""An outline that is less wide than this across its length is a point or a line."""
MOST_VOXELS = 2**28
"""Of the grid that outlines of slanting planes are drawn on first: 1 GB of shares."""


def encloses_area(outline: Floats) -> bool:
    """Tell whether an outline goes round an area.

    Parameters
    ----------
    outline : (n, 3) array
        Corners, millimetres.

    Returns
    -------
    bool
        False for a point, a line, and a way back on itself.
    """
    if len(outline) < 3:
        return False
    # not by its area: the two halves of an eight cancel
    spread = np.linalg.svd(outline - outline.mean(axis=0), compute_uv=False)
    return bool(spread[1] > LEAST_WIDTH_MM)


def axis_across(contours: Sequence[Floats], grid: Grid) -> int | None:
    """Find the axis of a grid across which outlines lie, each in one plane.

    Parameters
    ----------
    contours : sequence of (n, 3) array
        Outlines, LPS millimetres.
    grid : Grid
        The grid, sheared or not.

    Returns
    -------
    int or None
        0, 1 or 2; None where the planes slant against all three.
    """
    indices = [grid.indices_from_points(outline) for outline in contours]
    spreads_mm = [
        max(float(np.ptp(outline[:, axis])) for outline in indices) * step_across(grid, axis)
        for axis in range(3)
    ]
    axis = int(np.argmin(spreads_mm))
    return axis if spreads_mm[axis] <= 2 * PLANE_TOLERANCE_MM else None


def step_across(grid: Grid, axis: int) -> float:
    """Measure the distance between two neighbouring planes of a grid, millimetres.

    Parameters
    ----------
    grid : Grid
        The grid; in a sheared one the distance is shorter than the step along the axis.
    axis : int
        The axis across the planes.

    Returns
    -------
    float
        Millimetres.
    """
    return 1.0 / float(np.linalg.norm(np.linalg.inv(grid.lps_from_index[:3, :3])[axis]))


def grid_of_contours(
    contours: Sequence[Floats], frame: Frame, pitch_mm: float, slab_mm: float | None = None
) -> Grid:
    """Lay a grid along the planes of outlines.

    Parameters
    ----------
    contours : sequence of (n, 3) array
        Closed outlines in parallel planes, LPS millimetres.
    frame : Frame
        Theirs.
    pitch_mm : float
        Size of a pixel in their planes, millimetres.
    slab_mm : float, optional
        Thickness that a lone plane stands for, millimetres; by default that of a pixel.

    Returns
    -------
    Grid
        Slices (k) in the planes of the outlines, an empty voxel around all of them.

    Raises
    ------
    StructureRefusedError
        If the planes are not parallel, or the outlines would need an absurd grid.
    """
    areas = np.array([_area_vector(outline) for outline in contours])
    largest = areas[lengths(areas).argmax()]
    summed = (areas * np.sign(areas @ largest)[:, None]).sum(axis=0)
    length = float(np.linalg.norm(summed))
    if not length > 0:
        raise _refused("outlines-not-parallel", "outlines that go round an area", "none")
    normal = summed / length
    # along the axis of the world that is most nearly in the plane, so that pictures stay upright
    first = np.eye(3)[int(np.argmin(np.abs(normal)))]
    along = first - (first @ normal) * normal
    along /= np.linalg.norm(along)
    axes = np.stack([normal, np.cross(normal, along), along], axis=1)
    turned = [outline @ axes for outline in contours]
    spread = max(float(np.ptp(outline[:, 0])) for outline in turned)
    if not spread <= 2 * PLANE_TOLERANCE_MM:
        got = f"a point {spread / 2:.2f} mm off its plane"
        raise _refused("outlines-not-parallel", "outlines in planes that are parallel", got)
    lone_mm = slab_mm or pitch_mm
    planes, _ = sort_into_planes(turned, 0, tolerance=PLANE_TOLERANCE_MM, lone_slab_slices=lone_mm)
    step_mm = float(min(plane.high - plane.low for plane in planes))
    steps = np.array([step_mm, pitch_mm, pitch_mm])
    corners = np.concatenate(turned)
    low = np.floor(corners.min(axis=0) / steps - 1.0) * steps
    low[0] = planes[0].position_index - step_mm
    counts = np.ceil((corners.max(axis=0) - low) / steps + 1.0) + 1.0
    if not np.prod(counts) <= MOST_VOXELS:
        got = " x ".join(f"{count:.3g}" for count in counts)
        raise _refused("outline-absurd", f"at most {MOST_VOXELS} voxels", got)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes * steps, axes @ low
    shape = (int(counts[0]), int(counts[1]), int(counts[2]))
    return Grid(shape_kji=shape, lps_from_index=affine, frame=frame)


def _area_vector(outline: Floats) -> Floats:
    """Give the vector (3,) across an outline (n, 3), as long as its area (Newell's method)."""
    relative = outline - outline.mean(axis=0)
    area: Floats = np.cross(relative, np.roll(relative, -1, axis=0)).sum(axis=0) / 2
    return area


def _refused(code: str, expected: str, got: str) -> StructureRefusedError:
    """Refuse outlines that are none of one structure."""
    return StructureRefusedError(
        code=code,
        what="The outlines of the structure cannot be laid in slices",
        where="outlines",
        expected=expected,
        got=got,
        next_step="export the structure again; look at it in the program that drew it",
    )
