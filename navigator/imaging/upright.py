"""Sheared stacks at right angles: the grid that a tilted scan is resampled to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.resample import resample_to_grid
from navigator.model.volume import SAME_GRID_LIMIT_MM, Grid, Volume

if TYPE_CHECKING:
    from navigator.arrays import Floats

NO_LEAN_MM = 0.1
"""A stack whose last slice drifts sideways by less is straightened without moving a value, as
other programs do; the gate calls none of these tilted."""


def rectify(volume: Volume) -> Volume:
    """Resample a sheared stack onto the rectilinear grid of :func:`rectified_grid`.

    Parameters
    ----------
    volume : Volume
        A scan, sheared or not.

    Returns
    -------
    Volume
        The scan itself where it is rectilinear; its own values where no voxel moves by more than
        :data:`NO_LEAN_MM`; else the resampled one.
    """
    grid = rectified_grid(volume.grid)
    if grid is volume.grid:
        return volume
    if grid.shape_kji == volume.grid.shape_kji:
        return Volume(volume.values_hu, grid)
    return resample_to_grid(volume, grid)


def rectified_grid(grid: Grid) -> Grid:
    """Lay a rectilinear grid of the same spacing and slice places around a sheared one.

    The new k axis is the slice normal; the in-plane axes stay. The grid grows so that every
    voxel of the sheared stack lies on it, unless none moves by more than :data:`NO_LEAN_MM`.

    Parameters
    ----------
    grid : Grid
        Sheared or not.

    Returns
    -------
    Grid
        The grid itself where it is rectilinear; in the same frame.
    """
    row, column = grid.directions[:, 1], grid.directions[:, 2]
    normal = np.cross(column, row)
    step = grid.lps_from_index[:3, 0]
    normal = normal * np.sign(normal @ step)
    axes = np.stack(
        [normal * (normal @ step), grid.lps_from_index[:3, 1], grid.lps_from_index[:3, 2]], axis=1
    )
    straight = replace(grid, lps_from_index=_affine(axes, grid.lps_from_index[:3, 3]))
    moved_mm = np.abs(straight.corners_mm() - grid.corners_mm()).max()
    if grid.is_rectilinear and moved_mm <= SAME_GRID_LIMIT_MM:
        return grid
    if moved_mm <= NO_LEAN_MM:
        return straight
    centres = np.stack(np.meshgrid(*[(0, n - 1) for n in grid.shape_kji], indexing="ij"), axis=-1)
    corners = grid.points_from_indices(centres.reshape(-1, 3))
    relative = np.linalg.solve(axes, (corners - grid.lps_from_index[:3, 3]).T).T
    low, high = np.floor(relative.min(axis=0) + 1e-6), np.ceil(relative.max(axis=0) - 1e-6)
    counts = (high - low).astype(int) + 1
    return Grid(
        shape_kji=(int(counts[0]), int(counts[1]), int(counts[2])),
        lps_from_index=_affine(axes, grid.lps_from_index[:3, 3] + axes @ low),
        frame=grid.frame,
    )


def _affine(axes: Floats, origin_mm: Floats) -> Floats:
    """Put axes (3, 3) and the place of the first voxel (3,) together to (4, 4), millimetres."""
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = origin_mm
    return affine
