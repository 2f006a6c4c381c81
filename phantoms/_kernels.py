"""The compiled inner loops that run a shape's program. Their plain numpy twin is in the tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phantoms._compiling import Point, compiled
from phantoms._lattice_kernels import lattice_shift, row_affine

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUPERELLIPSOID, BOX, TUBE, HALF_SPACE, CYLINDER = 0, 1, 2, 3, 4
NEGATE, ADD, MINIMUM, MAXIMUM, ENTER, LEAVE = 10, 11, 12, 13, 14, 15
HEAD = 13
"""Numbers before a primitive's own: twelve of its place, one scale."""
STACK = 24
"""Deepest nesting of a shape."""
WARPS = 8
"""Deepest nesting of warps: so many points wait to be taken up again."""
MEMORY = STACK + 3 * WARPS
KEPT = 8
"""Numbers kept of the last warp at each depth: which one it was, its point and where it led."""
ROOM = MEMORY + KEPT * WARPS
"""Numbers that one thread reckons in: stack of distances, stack of points, memory of warps."""


class Program(NamedTuple):
    """Steps for a stack of distances; several shapes may stand behind one another.

    A row of `steps` is (kind, place of its first number in `values`, corners of a tube or place of
    a lattice in `values`).
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


@compiled
def _superellipsoid(v: NDArray[np.float64], n: int, x: float, y: float, z: float) -> float:
    x = max(abs(x) - v[n + 4], 0.0) / v[n]
    y = max(abs(y) - v[n + 5], 0.0) / v[n + 1]
    z = max(abs(z) - v[n + 6], 0.0) / v[n + 2]
    exponent = v[n + 3]
    if exponent == 2.0:
        norm = math.sqrt(x * x + y * y + z * z)
    else:
        norm = (x**exponent + y**exponent + z**exponent) ** (1.0 / exponent)
    return float((norm - 1.0) * min(v[n], v[n + 1], v[n + 2]))


@compiled
def _box(v: NDArray[np.float64], n: int, x: float, y: float, z: float) -> float:
    x, y, z = abs(x) - v[n], abs(y) - v[n + 1], abs(z) - v[n + 2]
    beyond = math.sqrt(max(x, 0.0) ** 2 + max(y, 0.0) ** 2 + max(z, 0.0) ** 2)
    return float(beyond + min(max(x, y, z), 0.0) - v[n + 3])


@compiled
def _tube(v: NDArray[np.float64], n: int, count: int, point: Point) -> float:
    x, y, z = point
    least = math.inf
    for corner in range(count - 1):
        a, b = n + 4 * corner, n + 4 * corner + 4
        ex, ey, ez = v[b] - v[a], v[b + 1] - v[a + 1], v[b + 2] - v[a + 2]
        px, py, pz = x - v[a], y - v[a + 1], z - v[a + 2]
        share = (px * ex + py * ey + pz * ez) / (ex * ex + ey * ey + ez * ez)
        share = min(max(share, 0.0), 1.0)
        px, py, pz = px - share * ex, py - share * ey, pz - share * ez
        radius = v[a + 3] + share * (v[b + 3] - v[a + 3])
        least = min(least, math.sqrt(px * px + py * py + pz * pz) - radius)
    return least


@compiled
def _cylinder(v: NDArray[np.float64], n: int, point: Point) -> float:
    x, y, z = point[0] - v[n], point[1] - v[n + 1], point[2] - v[n + 2]
    along = x * v[n + 3] + y * v[n + 4] + z * v[n + 5]
    x, y, z = x - along * v[n + 3], y - along * v[n + 4], z - along * v[n + 5]
    aside = math.sqrt(x * x + y * y + z * z) - v[n + 7]
    along = abs(along) - v[n + 6]
    beyond = math.sqrt(max(aside, 0.0) ** 2 + max(along, 0.0) ** 2)
    return float(beyond + min(max(aside, along), 0.0))


@compiled
def _primitive(v: NDArray[np.float64], step: tuple[int, int, int], point: Point) -> float:
    kind, n, count = step
    lx, ly, lz = row_affine(v, n, point)
    scale, own = v[n + 12], n + HEAD
    if kind == SUPERELLIPSOID:
        return float(scale * _superellipsoid(v, own, lx, ly, lz))
    if kind == BOX:
        return float(scale * _box(v, own, lx, ly, lz))
    if kind == TUBE:
        return float(scale * _tube(v, own, count, (lx, ly, lz)))
    if kind == CYLINDER:
        return float(scale * _cylinder(v, own, (lx, ly, lz)))
    return float(scale * (v[own] * lx + v[own + 1] * ly + v[own + 2] * lz - v[own + 3]))


@compiled
def _joined(a: float, b: float, blend_mm: float) -> float:
    if blend_mm <= 0.0:
        return min(a, b)
    share = max(blend_mm - abs(a - b), 0.0) / blend_mm
    return min(a, b) - 0.25 * blend_mm * share * share


@compiled
def _warped(
    v: NDArray[np.float64],
    warp: tuple[int, int],
    point: Point,
    stack: NDArray[np.float64],
    kept: int,
) -> Point:
    """Lead a point back by a warp (place, lattice); parts of one group ask for the same in turn."""
    if not (
        stack[kept] == warp[0]
        and stack[kept + 1] == warp[1]
        and stack[kept + 2] == point[0]
        and stack[kept + 3] == point[1]
        and stack[kept + 4] == point[2]
    ):
        x, y, z = row_affine(v, warp[0], point)
        p, q, r = lattice_shift(v, warp[1], (x, y, z))
        stack[kept], stack[kept + 1] = warp
        stack[kept + 2], stack[kept + 3], stack[kept + 4] = point
        stack[kept + 5], stack[kept + 6], stack[kept + 7] = x + p, y + q, z + r
    return stack[kept + 5], stack[kept + 6], stack[kept + 7]


@compiled
def distance_at(
    program: Program,
    span: tuple[int, int],
    point: Point,
    stack: NDArray[np.float64],
) -> float:
    """Run the steps of a span for one point (LPS mm) on a stack; the last distance remains.

    A warp's ENTER puts the point aside and goes on with the one it came from; LEAVE takes it up.
    """
    steps, values = program.steps, program.values
    top, waiting = -1, STACK
    for step in range(span[0], span[1]):
        kind, first = steps[step, 0], steps[step, 1]
        if kind < NEGATE:
            top += 1
            stack[top] = _primitive(values, (kind, first, steps[step, 2]), point)
        elif kind == NEGATE:
            stack[top] = -stack[top]
        elif kind == ADD:
            stack[top] += values[first]
        elif kind == ENTER:
            stack[waiting], stack[waiting + 1], stack[waiting + 2] = point
            kept = MEMORY + KEPT * ((waiting - STACK) // 3)
            waiting += 3
            point = _warped(values, (first, steps[step, 2]), point, stack, kept)
        elif kind == LEAVE:
            waiting -= 3
            point = (stack[waiting], stack[waiting + 1], stack[waiting + 2])
        else:
            blend = values[first]
            sign = 1.0 if kind == MINIMUM else -1.0
            stack[top - 1] = sign * _joined(sign * stack[top - 1], sign * stack[top], blend)
            top -= 1
    return float(stack[0])


@compiled
def distances(program: Program, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Run a whole program for each point (n, 3), millimetres; returns (n,) millimetres."""
    measured, stack = np.empty(len(points_mm)), np.full(ROOM, np.nan)
    for row in range(len(points_mm)):
        point = (points_mm[row, 0], points_mm[row, 1], points_mm[row, 2])
        measured[row] = distance_at(program, (0, len(program.steps)), point, stack)
    return measured
