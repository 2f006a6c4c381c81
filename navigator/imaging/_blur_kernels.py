"""A compiled loop that blurs along one axis; scipy is its oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Voxels


@numba.njit(cache=True, nogil=True, error_model="numpy")
def blur_along(values: Voxels, weights: Voxels, axis: int, blurred: Voxels) -> None:
    """Sum neighbours along an axis; the border's value goes on beyond it.

    Parameters
    ----------
    values : (k, j, i) array
        float32.
    weights : (2 r + 1,) array
        Of the neighbours, float32.
    axis : int
        0, 1 or 2.
    blurred : (k, j, i) array
        Written, float32.
    """
    nz, ny, nx = values.shape
    taps = weights.shape[0]
    reach = taps // 2
    row = np.empty(nx + 2 * reach, np.float32)
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                blurred[k, j, i] = 0.0
            if axis == 2:
                row[:reach] = values[k, j, 0]
                row[reach : reach + nx] = values[k, j]
                row[reach + nx :] = values[k, j, nx - 1]
            for t in range(taps):
                weight = weights[t]
                if axis == 2:
                    for i in range(nx):
                        blurred[k, j, i] += weight * row[i + t]
                    continue
                b = min(max(k + t - reach, 0), nz - 1) if axis == 0 else k
                a = min(max(j + t - reach, 0), ny - 1) if axis == 1 else j
                for i in range(nx):
                    blurred[k, j, i] += weight * values[b, a, i]
