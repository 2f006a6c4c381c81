"""Bodies of known shape on grids of clinical spacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.ellipsoids import signed_distance_to_spheroid_mm
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Mask

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from tests.strategies import Spheroid

FRAME = Frame(FrameKind.LPS, "1.2.3")


def upright_grid(
    shape_kji: tuple[int, int, int],
    spacing_kji_mm: tuple[float, float, float],
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Grid:
    """Build a grid whose k runs to the head, j to the back and i to the left."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * spacing_kji_mm
    affine[:3, 3] = origin_mm
    return Grid(shape_kji=shape_kji, lps_from_index=affine, frame=FRAME)


def grid_about(
    centre_mm: Floats, reach_mm: float, spacing_kji_mm: tuple[float, float, float]
) -> Grid:
    """Build an upright grid that reaches `reach_mm` from a point on every side."""
    spacing = np.array(spacing_kji_mm)
    counts = np.ceil(2 * reach_mm / spacing).astype(int) + 1
    origin = np.round(centre_mm) - (0.5 * (counts - 1) * spacing)[::-1]
    return upright_grid(
        (int(counts[0]), int(counts[1]), int(counts[2])),
        spacing_kji_mm,
        (float(origin[0]), float(origin[1]), float(origin[2])),
    )


def voxel_centres_mm(grid: Grid) -> Floats:
    """List all voxel centres in the order of the array, (n, 3), millimetres."""
    return grid.points_from_indices(np.indices(grid.shape_kji).reshape(3, -1).T)


def distance_to_mm(body: Spheroid, points_mm: Floats) -> Floats:
    """Measure the exact signed distance to a body, positive inside, millimetres."""
    return signed_distance_to_spheroid_mm(
        points_mm,
        centre_mm=body.centre_mm,
        axis=body.axis,
        along_radius_mm=body.along_radius_mm,
        across_radius_mm=body.across_radius_mm,
    )


def digitise(body: Spheroid, spacing_kji_mm: tuple[float, float, float]) -> Mask:
    """Mark the voxels whose centre lies in a body."""
    reach = max(body.along_radius_mm, body.across_radius_mm) + 3 * max(spacing_kji_mm)
    grid = grid_about(body.centre_mm, reach, spacing_kji_mm)
    members = distance_to_mm(body, voxel_centres_mm(grid)) >= 0
    return Mask(members.reshape(grid.shape_kji), grid)
