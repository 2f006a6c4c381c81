"""The compiled inner loop that reads a picture between its voxels by cubic B-splines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phantoms._compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def _weights(fraction: float, weights: NDArray[np.float64]) -> None:
    """Write the weights of four knots, one before and two beyond the one below the place."""
    u, v = fraction, 1.0 - fraction
    weights[0] = v * v * v / 6.0
    weights[1] = (4.0 - 6.0 * u * u + 3.0 * u * u * u) / 6.0
    weights[2] = (4.0 - 6.0 * v * v + 3.0 * v * v * v) / 6.0
    weights[3] = u * u * u / 6.0


@compiled
def _mirrored(place: int, count: int) -> int:
    """Fold a place at most two knots beyond a row back into it; its ends stand once."""
    if place < 0:
        place = -place
    if place >= count:
        place = 2 * (count - 1) - place
    return min(max(place, 0), count - 1)


@compiled
def read_between(
    coefficients: NDArray[np.float32],
    index: NDArray[np.float64],
    outside: float,
    values: NDArray[np.float32],
) -> None:
    """Read a picture at places (n, 3) along k, j, i, from its B-spline coefficients (k, j, i).

    Writes (n,) values; `outside` where the picture does not reach.
    """
    weights = np.empty((3, 4))
    knots = np.empty((3, 4), dtype=np.int64)
    for row in range(index.shape[0]):
        is_inside = True
        for axis in range(3):
            place, count = index[row, axis], coefficients.shape[axis]
            if not 0.0 <= place <= count - 1.0:
                is_inside = False
                break
            low = min(math.floor(place), count - 2)
            _weights(place - low, weights[axis])
            for tap in range(4):
                knots[axis, tap] = _mirrored(low - 1 + tap, count)
        if not is_inside:
            values[row] = outside
            continue
        total = 0.0
        for a in range(4):
            for b in range(4):
                weight = weights[0, a] * weights[1, b]
                k, j = knots[0, a], knots[1, b]
                line = 0.0
                for c in range(4):
                    line += weights[2, c] * coefficients[k, j, knots[2, c]]
                total += weight * line
        values[row] = total
