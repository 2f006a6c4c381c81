"""Compiled loops of the planner; each has a plain numpy oracle in its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Floats


@numba.njit(cache=True, parallel=True, fastmath=False)
def least_along_rays(
    maps: np.ndarray, starts_kji: Floats, steps_kji: Floats, counts: np.ndarray
) -> Floats:
    """Find the least interpolated value of each map along straight rays.

    Parameters
    ----------
    maps : (s, k, j, i) array of float32
        Maps on one grid.
    starts_kji : (n, 3) array
        First sample of each ray, fractional indices.
    steps_kji : (n, 3) array
        Index step between samples.
    counts : (n,) array of int
        Samples of each ray.

    Returns
    -------
    (n, s) array
        Least trilinear value in the unit of the maps; samples outside the grid do not count,
        and infinity stands where all are outside.
    """
    rays, layers = len(starts_kji), maps.shape[0]
    least = np.full((rays, layers), np.inf)
    top = np.array([maps.shape[1] - 1, maps.shape[2] - 1, maps.shape[3] - 1])
    for ray in numba.prange(rays):
        for sample in range(counts[ray]):
            k = starts_kji[ray, 0] + sample * steps_kji[ray, 0]
            j = starts_kji[ray, 1] + sample * steps_kji[ray, 1]
            i = starts_kji[ray, 2] + sample * steps_kji[ray, 2]
            if k < 0 or j < 0 or i < 0 or k > top[0] or j > top[1] or i > top[2]:
                continue
            k0 = min(int(k), top[0] - 1) if top[0] > 0 else 0
            j0 = min(int(j), top[1] - 1) if top[1] > 0 else 0
            i0 = min(int(i), top[2] - 1) if top[2] > 0 else 0
            for layer in range(layers):
                value = 0.0
                for dk in range(2):
                    wk = k - k0 if dk else 1.0 - (k - k0)
                    for dj in range(2):
                        wj = j - j0 if dj else 1.0 - (j - j0)
                        for di in range(2):
                            wi = i - i0 if di else 1.0 - (i - i0)
                            weight = wk * wj * wi
                            if weight > 0.0:
                                value += weight * maps[layer, k0 + dk, j0 + dj, i0 + di]
                least[ray, layer] = min(least[ray, layer], value)
    return least
