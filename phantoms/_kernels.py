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

SUPERELLIPSOID, BOX, TUBE, HALF_SPACE = 0, 1, 2, 3
NEGATE, ADD, MINIMUM, MAXIMUM = 10, 11, 12, 13
HEAD = 13
"""Numbers before a primitive's own: twelve of its place, one scale."""
STACK = 24
"""Deepest nesting of a shape."""


class Program(NamedTuple):
    """Steps for a stack of distances; several shapes may stand behind one another.

    A row of `steps` is (kind, place of its first number in `values`, corners of a tube).
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
def _primitive(v: NDArray[np.float64], step: tuple[int, int, int], point: Point) -> float:
    kind, n, count = step
    x, y, z = point
    lx = v[n] * x + v[n + 1] * y + v[n + 2] * z + v[n + 3]
    ly = v[n + 4] * x + v[n + 5] * y + v[n + 6] * z + v[n + 7]
    lz = v[n + 8] * x + v[n + 9] * y + v[n + 10] * z + v[n + 11]
    scale, own = v[n + 12], n + HEAD
    if kind == SUPERELLIPSOID:
        return float(scale * _superellipsoid(v, own, lx, ly, lz))
    if kind == BOX:
        return float(scale * _box(v, own, lx, ly, lz))
    if kind == TUBE:
        return float(scale * _tube(v, own, count, (lx, ly, lz)))
    return float(scale * (v[own] * lx + v[own + 1] * ly + v[own + 2] * lz - v[own + 3]))


@compiled
def _joined(a: float, b: float, blend_mm: float) -> float:
    if blend_mm <= 0.0:
        return min(a, b)
    share = max(blend_mm - abs(a - b), 0.0) / blend_mm
    return min(a, b) - 0.25 * blend_mm * share * share


@compiled
def distance_at(
    program: Program,
    span: tuple[int, int],
    point: Point,
    stack: NDArray[np.float64],
) -> float:
    """Run the steps of a span for one point (LPS mm) on a stack; the last distance remains."""
    steps, values = program.steps, program.values
    top = -1
    for step in range(span[0], span[1]):
        kind, first = steps[step, 0], steps[step, 1]
        if kind < NEGATE:
            top += 1
            stack[top] = _primitive(values, (kind, first, steps[step, 2]), point)
        elif kind == NEGATE:
            stack[top] = -stack[top]
        elif kind == ADD:
            stack[top] += values[first]
        else:
            blend = values[first]
            sign = 1.0 if kind == MINIMUM else -1.0
            stack[top - 1] = sign * _joined(sign * stack[top - 1], sign * stack[top], blend)
            top -= 1
    return float(stack[0])


@compiled
def distances(program: Program, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Run a whole program for each point (n, 3), millimetres; returns (n,) millimetres."""
    measured, stack = np.empty(len(points_mm)), np.empty(STACK)
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
