"""Blurring by a Gaussian, in single precision and several times as fast as in double."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging._blur_kernels import blur_rows, blur_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats, Voxels

NOTHING_STEPS = 1e-3


def blur(
    values: Voxels, widths: float | Sequence[float] | Floats, *, reach_ratio: float = 3.0
) -> Voxels:
    """Blur an array by a Gaussian; the border's value goes on beyond it.

    Parameters
    ----------
    values : (k, j, i) array
        float32.
    widths : float or sequence of three float
        Standard deviations along the axes, steps; 0 leaves an axis as it is.
    reach_ratio : float
        Of the standard deviation, where the Gaussian is cut off.

    Returns
    -------
    (k, j, i) array
        float32, a new array.
    """
    found = np.ascontiguousarray(values, np.float32)
    for axis, width in enumerate(np.broadcast_to(np.asarray(widths, dtype=float), (3,))):
        if width > NOTHING_STEPS:
            reach = int(reach_ratio * width + 0.5)
            weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / width))
            found = _along(found, weights / weights.sum(), axis)
    return found.copy() if found is values else found


def weigh_neighbours(values: Voxels, weights: Sequence[float]) -> Voxels:
    """Sum neighbours along all three axes with the same weights.

    Parameters
    ----------
    values : (k, j, i) array
        float32; the border's value goes on beyond it.
    weights : sequence of float
        Of an odd number of neighbours.

    Returns
    -------
    (k, j, i) array
        float32.
    """
    found = np.ascontiguousarray(values, np.float32)
    for axis in range(3):
        found = _along(found, np.asarray(weights), axis)
    return found


def _along(values: Voxels, weights: Floats, axis: int) -> Voxels:
    """Sum neighbours along one axis."""
    blurred = np.empty_like(values)
    taps, count = weights.astype(np.float32), values.shape[axis]
    if axis == 2:
        blur_within(values.reshape(-1, count), taps, blurred.reshape(-1, count))
    else:
        before = int(np.prod(values.shape[:axis]))
        flat = (before, count, values.size // (before * count))
        blur_rows(values.reshape(flat), taps, blurred.reshape(flat))
    return blurred
