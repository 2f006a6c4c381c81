"""Compiled loops that blur along one axis; scipy is their oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Voxels


@numba.njit(cache=True, nogil=True, error_model="numpy")
def blur_rows(values: Voxels, weights: Voxels, blurred: Voxels) -> None:
    """Sum neighbouring rows; the border's row goes on beyond it.

    Parameters
    ----------
    values : (a, n, b) array
        Rows of length b, float32.
    weights : (2 r + 1,) array
        Of the neighbours along n, float32.
    blurred : (a, n, b) array
        Written, float32.
    """
    blocks, rows, length = values.shape
    reach = weights.shape[0] // 2
    for a in range(blocks):
        for n in range(rows):
            for b in range(length):
                blurred[a, n, b] = 0.0
            for t in range(weights.shape[0]):
                m = min(max(n + t - reach, 0), rows - 1)
                for b in range(length):
                    blurred[a, n, b] += weights[t] * values[a, m, b]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def blur_within(values: Voxels, weights: Voxels, blurred: Voxels) -> None:
    """Sum neighbours within rows; the border's value goes on beyond it.

    Parameters
    ----------
    values : (a, n) array
        Rows, float32.
    weights : (2 r + 1,) array
        Of the neighbours, float32.
    blurred : (a, n) array
        Written, float32.
    """
    rows, length = values.shape
    reach = weights.shape[0] // 2
    row = np.empty(length + 2 * reach, np.float32)
    for a in range(rows):
        row[:reach] = values[a, 0]
        row[reach : reach + length] = values[a]
        row[reach + length :] = values[a, length - 1]
        for n in range(length):
            blurred[a, n] = 0.0
        for t in range(weights.shape[0]):
            for n in range(length):
                blurred[a, n] += weights[t] * row[n + t]
