"""The compiled inner loops that run a shape's program. Their plain numpy twin is in the tests.

The machine code is kept beside the sources. It is renewed when its own file changes, so whoever
changes this file touches the other kernel files as well, which build on it.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float, float]
Compiled = TypeVar("Compiled", bound="Callable[..., Any]")

SUPERELLIPSOID, BOX, TUBE, HALF_SPACE, CYLINDER = 0, 1, 2, 3, 4
NEGATE, ADD, MINIMUM, MAXIMUM, ENTER, LEAVE = 10, 11, 12, 13, 14, 15
HEAD = 13
"""Numbers before a primitive's own: twelve of its place, one scale."""
STACK = 24
"""Deepest nesting of a shape."""
WARPS = 8
"""Deepest nesting of warps: so many points wait to be taken up again."""
ROOM = STACK + 3 * WARPS
"""Numbers that one thread reckons in: the stack of distances, then that of points."""
LATTICE_HEAD = 7
"""Numbers before a lattice's coefficients: origin, 1 / pitch, nodes along x, y and z."""
LATTICE_RIM = 3
"""Nodes of zero written round a lattice, so that no node has to be looked for."""


class Program(NamedTuple):
    """Steps for a stack of distances; several shapes may stand behind one another.

    A row of `steps` is (kind, place of its first number in `values`, corners of a tube or place of
    a lattice in `values`).
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


def compiled(function: Compiled) -> Compiled:
    """Compile a kernel, keeping the machine code on disk where some folder can be written.

    Names with an underscore are called by other kernels only; they get no way in from Python,
    which halves the time that compiling them takes.
    """
    is_inner = function.__name__.startswith("_")
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "no_cpython_wrapper": is_inner,
        "no_cfunc_wrapper": True,
    }
    with contextlib.suppress(RuntimeError):  # numba finds no folder for the machine code
        return cast("Compiled", njit(cache=True, **options)(function))
    return cast("Compiled", njit(**options)(function))


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
    tx, ty, tz = 0.0, 0.0, 0.0
    for a in range(4):
        for b in range(4):
            w, p = wx[a] * wy[b], first + a * stride_x + b * stride_y
            tx += w * (w0 * v[p] + w1 * v[p + 3] + w2 * v[p + 6] + w3 * v[p + 9])
            ty += w * (w0 * v[p + 1] + w1 * v[p + 4] + w2 * v[p + 7] + w3 * v[p + 10])
            tz += w * (w0 * v[p + 2] + w1 * v[p + 5] + w2 * v[p + 8] + w3 * v[p + 11])
    return tx, ty, tz


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
    reached = (
        -2 <= a <= v[n + 4] and -2 <= b <= v[n + 5] and -2 <= c <= v[n + 6]
    )
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


@compiled
def _warped(v: NDArray[np.float64], place: int, lattice: int, point: Point) -> Point:
    x, y, z = row_affine(v, place, point)
    p, q, r = lattice_shift(v, lattice, (x, y, z))
    return x + p, y + q, z + r


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
            waiting += 3
            point = _warped(values, first, steps[step, 2], point)
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
    measured, stack = np.empty(len(points_mm)), np.empty(ROOM)
    for row in range(len(points_mm)):
        point = (points_mm[row, 0], points_mm[row, 1], points_mm[row, 2])
        measured[row] = distance_at(program, (0, len(program.steps)), point, stack)
    return measured


@compiled
def point_at(affine: NDArray[np.float64], k: float, j: float, i: float) -> Point:
    """Carry an index by a (3, 4) matrix on (k, j, i, 1)."""
    x = affine[0, 0] * k + affine[0, 1] * j + affine[0, 2] * i + affine[0, 3]
    y = affine[1, 0] * k + affine[1, 1] * j + affine[1, 2] * i + affine[1, 3]
    z = affine[2, 0] * k + affine[2, 1] * j + affine[2, 2] * i + affine[2, 3]
    return x, y, z
