"""The compiled inner loops that carry points along a chain of rigid motions and lattices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from phantoms._compiling import Point, compiled
from phantoms._lattice_kernels import (
    LATTICE_RIM,
    cell_of,
    cubic,
    lattice_shift,
    point_at,
    row_affine,
    weighted,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RIGID, FREE = 0, 1
MATRIX = 12
MOST_STEPS = 400
"""Far more than any lattice needs whose gradient bound is below one."""
GOAL_MM = 1e-10
"""A point is followed until its way back misses its start by less, millimetres."""


class Chain(NamedTuple):
    """Steps from the source to the target.

    A row of `steps` is (kind, place of its first number in `values`): a rigid step has the matrix
    there and behind it the inverse one, twelve numbers each; a free one its lattice.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


@compiled
def _slopes(t: float) -> tuple[float, float, float, float]:
    """Give the derivatives of the four weights of :func:`phantoms._lattice_kernels.cubic`."""
    s = 1.0 - t
    return -0.5 * s * s, 1.5 * t * t - 2.0 * t, -1.5 * s * s + 2.0 * s, 0.5 * t * t


@compiled
def _miss(v: NDArray[np.float64], n: int, start: Point, guess: Point) -> Point:
    """Say by how much a guess of the target leads back beside its start."""
    p, q, r = lattice_shift(v, n, guess)
    return guess[0] + p - start[0], guess[1] + q - start[1], guess[2] + r - start[2]


@compiled
def _length(a: Point) -> float:
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


@compiled
def _cross(a: Point, b: Point) -> Point:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@compiled
def _dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def newton_step(v: NDArray[np.float64], n: int, guess: Point, miss: Point) -> Point:
    """Solve the linear equation for the step that takes a miss away (columns by Cramer's rule)."""
    reached, (s, t, w), (first, stride) = cell_of(v, n, guess)
    if not reached:
        return miss
    corner = (first, stride * (int(v[n + 5]) + 2 * LATTICE_RIM), stride)
    scale, (a, b, c) = v[n + 3], (cubic(s), cubic(t), cubic(w))
    x = weighted(v, corner, (_slopes(s), b, c))
    y = weighted(v, corner, (a, _slopes(t), c))
    z = weighted(v, corner, (a, b, _slopes(w)))
    x = (1.0 + scale * x[0], scale * x[1], scale * x[2])
    y = (scale * y[0], 1.0 + scale * y[1], scale * y[2])
    z = (scale * z[0], scale * z[1], 1.0 + scale * z[2])
    volume = _dot(x, _cross(y, z))
    return (
        _dot(miss, _cross(y, z)) / volume,
        _dot(miss, _cross(z, x)) / volume,
        _dot(miss, _cross(x, y)) / volume,
    )


@compiled
def _followed(v: NDArray[np.float64], n: int, start: Point) -> tuple[Point, float]:
    """Find the target of a source point, and by how much its way back still misses the start.

    A Newton step that does not halve the miss is put aside for the plain one, which shrinks it
    for certain, by the lattice's gradient bound.
    """
    guess = start
    miss = _miss(v, n, start, guess)
    length = _length(miss)
    for _ in range(MOST_STEPS):
        if length <= GOAL_MM:
            break
        step = newton_step(v, n, guess, miss)
        tried = (guess[0] - step[0], guess[1] - step[1], guess[2] - step[2])
        left = _miss(v, n, start, tried)
        if not _length(left) <= 0.5 * length:
            tried = (guess[0] - miss[0], guess[1] - miss[1], guess[2] - miss[2])
            left = _miss(v, n, start, tried)
        guess, miss, length = tried, left, _length(left)
    return guess, length


@compiled
def pulled(chain: Chain, span: tuple[int, int], point: Point) -> Point:
    """Lead a point of the target back to the source by the steps of a span, millimetres."""
    steps, v = chain.steps, chain.values
    for step in range(span[1] - 1, span[0] - 1, -1):
        n = steps[step, 1]
        if steps[step, 0] == RIGID:
            point = row_affine(v, n + MATRIX, point)
        else:
            p, q, r = lattice_shift(v, n, point)
            point = (point[0] + p, point[1] + q, point[2] + r)
    return point


@compiled
def _pushed(chain: Chain, point: Point) -> tuple[Point, float]:
    """Follow a point of the source to the target; also the largest miss on the way."""
    steps, v, worst = chain.steps, chain.values, 0.0
    for step in range(len(steps)):
        n = steps[step, 1]
        if steps[step, 0] == RIGID:
            point = row_affine(v, n, point)
        else:
            point, miss = _followed(v, n, point)
            worst = max(worst, miss)
    return point, worst


@compiled
def carry(
    chain: Chain,
    is_back: bool,  # noqa: FBT001 - kernels take all by position
    points_mm: NDArray[np.float64],
    out_mm: NDArray[np.float64],
) -> float:
    """Carry points (n, 3) to the target, or back; returns the largest miss, millimetres."""
    worst = 0.0
    for row in range(len(points_mm)):
        point = (points_mm[row, 0], points_mm[row, 1], points_mm[row, 2])
        if is_back:
            point = pulled(chain, (0, len(chain.steps)), point)
        else:
            point, miss = _pushed(chain, point)
            worst = max(worst, miss)
        out_mm[row, 0], out_mm[row, 1], out_mm[row, 2] = point
    return worst


@compiled
def fill_field(
    chain: Chain,
    is_back: bool,  # noqa: FBT001 - kernels take all by position
    affine: NDArray[np.float64],
    out_mm: NDArray[np.float32],
) -> float:
    """Write displacements into slices (k, j, i, 3) of a grid (3, 4); returns the largest miss."""
    worst, miss = 0.0, 0.0
    for k in range(out_mm.shape[0]):
        for j in range(out_mm.shape[1]):
            for i in range(out_mm.shape[2]):
                start = point_at(affine, k, j, i)
                if is_back:
                    end = pulled(chain, (0, len(chain.steps)), start)
                else:
                    end, miss = _pushed(chain, start)
                    worst = max(worst, miss)
                for axis in range(3):
                    out_mm[k, j, i, axis] = end[axis] - start[axis]
    return worst
