"""The compiled inner loops of points, matrices and lattices of cubic B-splines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phantoms._compiling import Point, compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LATTICE_HEAD = 7
"""Numbers before a lattice's coefficients: origin, 1 / pitch, nodes along x, y and z."""
LATTICE_RIM = 3
"""Nodes of zero written round a lattice, so that no node has to be looked for."""


@compiled
def point_at(affine: NDArray[np.float64], k: float, j: float, i: float) -> Point:
    """Carry an index by a (3, 4) matrix on (k, j, i, 1)."""
    x = affine[0, 0] * k + affine[0, 1] * j + affine[0, 2] * i + affine[0, 3]
    y = affine[1, 0] * k + affine[1, 1] * j + affine[1, 2] * i + affine[1, 3]
    z = affine[2, 0] * k + affine[2, 1] * j + affine[2, 2] * i + affine[2, 3]
    return x, y, z


@compiled
def cubic(t: float) -> tuple[float, float, float, float]:
    """Weigh the four nodes round a place `t` in its cell: uniform cubic B-splines."""
    s = 1.0 - t
    return (
        s * s * s / 6.0,
        (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
        (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
        t * t * t / 6.0,
    )


@compiled
def weighted(
    v: NDArray[np.float64],
    corner: tuple[int, int, int],
    weights: tuple[
        tuple[float, float, float, float],
        tuple[float, float, float, float],
        tuple[float, float, float, float],
    ],
) -> Point:
    """Sum up 4 x 4 x 4 coefficients from a corner (its place, the strides along x and y)."""
    first, stride_x, stride_y = corner
    wx, wy, (w0, w1, w2, w3) = weights
    # sums along x and y of twelve neighbours side by side, as the processor likes them
    a0 = b0 = c0 = a1 = b1 = c1 = a2 = b2 = c2 = a3 = b3 = c3 = 0.0
    for row in range(4):
        for column in range(4):
            w, p = wx[row] * wy[column], first + row * stride_x + column * stride_y
            # numbers counted from the start of a piece need no look whether they are negative
            near = v[p : p + 12]
            a0, b0, c0 = a0 + w * near[0], b0 + w * near[1], c0 + w * near[2]
            a1, b1, c1 = a1 + w * near[3], b1 + w * near[4], c1 + w * near[5]
            a2, b2, c2 = a2 + w * near[6], b2 + w * near[7], c2 + w * near[8]
            a3, b3, c3 = a3 + w * near[9], b3 + w * near[10], c3 + w * near[11]
    return (
        w0 * a0 + w1 * a1 + w2 * a2 + w3 * a3,
        w0 * b0 + w1 * b1 + w2 * b2 + w3 * b3,
        w0 * c0 + w1 * c1 + w2 * c2 + w3 * c3,
    )


@compiled
def cell_of(v: NDArray[np.float64], n: int, point: Point) -> tuple[bool, Point, tuple[int, int]]:
    """Find where a point lies in a lattice written at `n`.

    Returns whether any node reaches it, its place in its cell, and the place of the cell's first
    coefficient with the stride along y.
    """
    u, w, t = (
        (point[0] - v[n]) * v[n + 3],
        (point[1] - v[n + 1]) * v[n + 3],
        (point[2] - v[n + 2]) * v[n + 3],
    )
    a, b, c = math.floor(u), math.floor(w), math.floor(t)
    reached = -2 <= a <= v[n + 4] and -2 <= b <= v[n + 5] and -2 <= c <= v[n + 6]
    if not reached:
        return False, (0.0, 0.0, 0.0), (0, 0)
    rows, columns = int(v[n + 5]) + 2 * LATTICE_RIM, int(v[n + 6]) + 2 * LATTICE_RIM
    first = ((a + 2) * rows + b + 2) * columns + c + 2
    return True, (u - a, w - b, t - c), (n + LATTICE_HEAD + 3 * first, 3 * columns)


@compiled
def lattice_shift(v: NDArray[np.float64], n: int, point: Point) -> Point:
    """Evaluate the displacement (mm) of a lattice written at `n`; zero where no node reaches."""
    reached, (s, t, w), (first, stride) = cell_of(v, n, point)
    if not reached:
        return 0.0, 0.0, 0.0
    rows = int(v[n + 5]) + 2 * LATTICE_RIM
    return weighted(v, (first, stride * rows, stride), (cubic(s), cubic(t), cubic(w)))


@compiled
def row_affine(v: NDArray[np.float64], n: int, point: Point) -> Point:
    """Carry a point by the twelve numbers of a matrix written at `n`."""
    x, y, z = point
    return (
        v[n] * x + v[n + 1] * y + v[n + 2] * z + v[n + 3],
        v[n + 4] * x + v[n + 5] * y + v[n + 6] * z + v[n + 7],
        v[n + 8] * x + v[n + 9] * y + v[n + 10] * z + v[n + 11],
    )
