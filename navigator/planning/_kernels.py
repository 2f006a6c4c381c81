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


@numba.njit(cache=True, inline="always")
def _is_inside(maps: Voxels, k: float, j: float, i: float) -> bool:
    """Tell whether a point lies between the outer voxel centres of maps (s, k, j, i)."""
    inside_k = 0 <= k <= maps.shape[1] - 1
    inside_j = 0 <= j <= maps.shape[2] - 1
    return bool(inside_k and inside_j and 0 <= i <= maps.shape[3] - 1)


@numba.njit(cache=True)
def _interpolated(maps: Voxels, layer: int, k: float, j: float, i: float) -> float:
    """Read one of the maps (s, k, j, i) between voxels, trilinearly; the point lies inside."""
    k0 = _lower_corner(k, maps.shape[1] - 1)
    j0 = _lower_corner(j, maps.shape[2] - 1)
    i0 = _lower_corner(i, maps.shape[3] - 1)
    total = 0.0
    for corner in range(8):
        dk, dj, di = corner >> 2, (corner >> 1) & 1, corner & 1
        weight = abs(1 - dk - (k - k0)) * abs(1 - dj - (j - j0)) * abs(1 - di - (i - i0))
        # a weight of nothing also stands for the voxel beyond a map that is one voxel thick
        if weight > 0.0:
            total += weight * maps[layer, k0 + dk, j0 + dj, i0 + di]
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
    for ray in numba.prange(rays):
        for sample in range(counts[ray]):
            k = starts_kji[ray, 0] + sample * steps_kji[ray, 0]
            j = starts_kji[ray, 1] + sample * steps_kji[ray, 1]
            i = starts_kji[ray, 2] + sample * steps_kji[ray, 2]
            if _is_inside(maps, k, j, i):
                for layer in range(layers):
                    value = _interpolated(maps, layer, k, j, i)
                    least[ray, layer] = min(least[ray, layer], value)
    return least
