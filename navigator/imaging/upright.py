"""Sheared stacks at right angles: the grid that a tilted scan is resampled to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.resample import resample_to_grid
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from navigator.model.volume import Volume


def rectify(volume: Volume) -> Volume:
    """Resample a sheared stack onto the rectilinear grid of :func:`rectified_grid`.

    Parameters
    ----------
    volume : Volume
        A scan, sheared or not.

    Returns
    -------
    Volume
        The scan itself where it is rectilinear, else the resampled one.
    """
    if volume.grid.is_rectilinear:
        return volume
    return resample_to_grid(volume, rectified_grid(volume.grid))


def rectified_grid(grid: Grid) -> Grid:
    """Lay a rectilinear grid of the same spacing and slice places around a sheared one.

    The new k axis is the slice normal; the in-plane axes stay. The grid grows so that every
    voxel of the sheared stack lies on it.

    Parameters
    ----------
    grid : Grid
        Sheared or not.

    Returns
    -------
    Grid
        The grid itself where it is rectilinear; in the same frame.
    """
    if grid.is_rectilinear:
        return grid
    row, column = grid.directions[:, 1], grid.directions[:, 2]
    normal = np.cross(column, row)
    step = grid.lps_from_index[:3, 0]
    normal = normal * np.sign(normal @ step)
    axes = np.stack(
        [normal * (normal @ step), grid.lps_from_index[:3, 1], grid.lps_from_index[:3, 2]], axis=1
    )
    centres = np.stack(np.meshgrid(*[(0, n - 1) for n in grid.shape_kji], indexing="ij"), axis=-1)
    corners = grid.points_from_indices(centres.reshape(-1, 3))
    relative = np.linalg.solve(axes, (corners - grid.lps_from_index[:3, 3]).T).T
    low, high = np.floor(relative.min(axis=0) + 1e-6), np.ceil(relative.max(axis=0) - 1e-6)
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = grid.lps_from_index[:3, 3] + axes @ low
    counts = (high - low).astype(int) + 1
    return Grid(
        shape_kji=(int(counts[0]), int(counts[1]), int(counts[2])),
        lps_from_index=affine,
        frame=grid.frame,
    )
