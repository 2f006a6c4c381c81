"""Compiled loops of the planner; each has a plain numpy oracle in its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Floats, Labels, Voxels


@numba.njit(cache=True, inline="always")
def _lower_corner(index: float, last: int) -> int:
    """Find the lower of the two voxels around an index, so that the upper one exists."""
    return max(0, min(int(index), last - 1))


@numba.njit(cache=True)
def _interpolated(values: Voxels, k: float, j: float, i: float) -> float:
    """Read a map (k, j, i) between its voxels, trilinearly; the point lies inside."""
    k0 = _lower_corner(k, values.shape[0] - 1)
    j0 = _lower_corner(j, values.shape[1] - 1)
    i0 = _lower_corner(i, values.shape[2] - 1)
    total = 0.0
    for corner in range(8):
        dk, dj, di = corner >> 2, (corner >> 1) & 1, corner & 1
        weight = abs(1 - dk - (k - k0)) * abs(1 - dj - (j - j0)) * abs(1 - di - (i - i0))
        # a weight of nothing also stands for the voxel beyond a map that is one voxel thick
        if weight > 0.0:
            total += weight * values[k0 + dk, j0 + dj, i0 + di]
    return total


@numba.njit(cache=True, parallel=True)
def least_along_rays(maps: Voxels, starts_kji: Floats, steps_kji: Floats, counts: Labels) -> Floats:
    """Find the least interpolated value of each map along straight rays.

    Parameters
    ----------
    maps : (s, k, j, i) array
        Maps on one grid, float32.
    starts_kji : (n, 3) array
        First sample of each ray, fractional indices.
    steps_kji : (n, 3) array
        Index step between samples.
    counts : (n,) array
        Samples of each ray.

    Returns
    -------
    (n, s) array
        Least trilinear value in the unit of the maps; samples outside the grid do not count,
        and infinity stands where all are outside.
    """
    rays, layers = len(starts_kji), maps.shape[0]
    least = np.full((rays, layers), np.inf)
    last = np.array(maps.shape[1:]) - 1
    for ray in numba.prange(rays):
        for sample in range(counts[ray]):
            at = starts_kji[ray] + sample * steps_kji[ray]
            if (at < 0).any() or (at > last).any():
                continue
            for layer in range(layers):
                value = _interpolated(maps[layer], at[0], at[1], at[2])
                least[ray, layer] = min(least[ray, layer], value)
    return least
