"""Ablation zones as voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.frames import check_same_frame
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from navigator.model.ablation import AblationZone
    from navigator.model.volume import Grid


def mask_from_zone(zone: AblationZone, grid: Grid) -> Mask:
    """Find the voxels whose centres lie in a zone of its expected size.

    Parameters
    ----------
    zone : AblationZone
        In the frame of the grid.
    grid : Grid
        Any grid, a sheared one too.

    Returns
    -------
    Mask
        Empty where the zone lies between voxel centres or beyond the grid.

    Raises
    ------
    FrameMismatchError
        If the zone is in another frame.
    """
    check_same_frame("drawing a zone on a grid", expected=grid.frame, got=zone.frame)
    members = np.zeros(grid.shape_kji, dtype=np.bool_)
    half_long_mm = 0.5 * zone.size.long_axis_mm.value
    half_short_mm = 0.5 * zone.size.short_axis_mm.value
    reach_mm = max(half_long_mm, half_short_mm)
    corners = zone.centre_mm + reach_mm * np.array(
        [[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    )
    around = grid.indices_from_points(corners)
    last = np.array(grid.shape_kji) - 1
    low = np.clip(np.floor(around.min(axis=0)), 0, last).astype(int)
    high = np.clip(np.ceil(around.max(axis=0)), 0, last).astype(int) + 1
    box = tuple(slice(start, end) for start, end in zip(low, high, strict=True))
    ranges = [np.arange(start, end) for start, end in zip(low, high, strict=True)]
    indices = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1)
    away = grid.points_from_indices(indices) - zone.centre_mm
    along = away @ zone.axis
    across2 = np.sum(away**2, axis=-1) - along**2
    members[box] = (along / half_long_mm) ** 2 + across2 / half_short_mm**2 <= 1.0
    return Mask(members, grid)
