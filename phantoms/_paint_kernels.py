"""The compiled inner loops that paint parts into blocks of voxels.

Painting asks each part for one distance in the middle of a block of voxels. Because distances are
lower bounds (:mod:`phantoms.shapes`), a value beyond the reach of the block settles all of it; only
blocks, cells and voxels that a surface may cross are looked at more closely, in the end by the
exact share of a voxel behind a plane, or by sub-samples spread evenly over the voxel's box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from phantoms._compiling import Point, compiled
from phantoms._kernels import Program, distance_at
from phantoms._lattice_kernels import point_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_K, BLOCK_J, BLOCK_I = 4, 8, 8
CELL_EDGE = 2
VOXEL, CELL, BLOCK = 0, 1, 2
GRADIENT_STEP_MM = 0.2
LEAST_WIDTH = 0.02
"""Least spread of a voxel along one of its edges, against the most: keeps the quotient sound."""


Box: TypeAlias = tuple[int, int, int, int, int, int]
"""First and one past last index of a box of voxels: (k, j, i, k, j, i)."""


class Paint(NamedTuple):
    """Parts in painting order.

    Part p has the steps `starts[p]` to `stops[p]`, a box in LPS mm, so many sub-samples per voxel
    edge (0: its surface is taken as flat inside a voxel), and the layers `layers[p]` to
    `layers[p + 1]`, each from a depth in mm below the surface inward, with its HU and its kind: a
    number that stands for tissue and motion.
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    boxes_mm: NDArray[np.float64]
    samples: NDArray[np.int64]
    layers: NDArray[np.int64]
    depths_mm: NDArray[np.float64]
    hu: NDArray[np.float64]
    kind: NDArray[np.uint8]


class Canvas(NamedTuple):
    """The grid that is painted, axes (k, j, i).

    `lps_from_index` is (3, 4) on (k, j, i, 1). The columns of `edges` (3, 3) are the edges of the
    box that one voxel averages over, mm. `reaches_mm` says how far the averaging boxes of a voxel,
    a cell and a block reach from their middle. `stack` is room to reckon in, one per thread.
    """

    hu: NDArray[np.float32]
    kind: NDArray[np.uint8]
    lps_from_index: NDArray[np.float64]
    edges: NDArray[np.float64]
    reaches_mm: NDArray[np.float64]
    stack: NDArray[np.float64]


@compiled
def _sampled_share(
    program: Program, paint: Paint, layer: tuple[int, int], centre: Point, canvas: Canvas
) -> float:
    """Count the sub-samples of a voxel that lie in a layer (part, layer)."""
    part, depth = layer[0], paint.depths_mm[layer[1]]
    span, samples, edges = (
        (paint.starts[part], paint.stops[part]),
        paint.samples[part],
        canvas.edges,
    )
    inside = 0
    for sample in range(samples**3):
        p = (sample // samples**2 + 0.5) / samples - 0.5
        q = (sample // samples % samples + 0.5) / samples - 0.5
        r = (sample % samples + 0.5) / samples - 0.5
        x = centre[0] + edges[0, 0] * p + edges[0, 1] * q + edges[0, 2] * r
        y = centre[1] + edges[1, 0] * p + edges[1, 1] * q + edges[1, 2] * r
        z = centre[2] + edges[2, 0] * p + edges[2, 1] * q + edges[2, 2] * r
        if distance_at(program, span, (x, y, z), canvas.stack) + depth <= 0.0:
            inside += 1
    return float(inside) / float(samples**3)


@compiled
def _gradient(
    program: Program, span: tuple[int, int], centre: Point, distance: float, canvas: Canvas
) -> Point:
    x, y, z = centre
    stack, step = canvas.stack, GRADIENT_STEP_MM
    gx = (distance_at(program, span, (x + step, y, z), stack) - distance) / step
    gy = (distance_at(program, span, (x, y + step, z), stack) - distance) / step
    gz = (distance_at(program, span, (x, y, z + step), stack) - distance) / step
    return gx, gy, gz


@compiled
def flat_share(distance: float, gradient: Point, edges: NDArray[np.float64]) -> float:
    """Find the share of a box (edges are columns, mm) on the inner side of a plane.

    The plane is given by a value in the middle of the box and its gradient. The share is the
    distribution function of a sum of three even distributions.
    """
    gx, gy, gz = gradient
    a = abs(gx * edges[0, 0] + gy * edges[1, 0] + gz * edges[2, 0])
    b = abs(gx * edges[0, 1] + gy * edges[1, 1] + gz * edges[2, 1])
    c = abs(gx * edges[0, 2] + gy * edges[1, 2] + gz * edges[2, 2])
    most = max(a, b, c)
    if most <= 1e-9:
        return 1.0 if distance <= 0.0 else 0.0
    a, b, c = max(a, LEAST_WIDTH * most), max(b, LEAST_WIDTH * most), max(c, LEAST_WIDTH * most)
    total = 0.0
    for corner in range(8):
        p, q, r = corner & 1, (corner >> 1) & 1, corner >> 2
        reach = 0.5 * (a + b + c) - distance - p * a - q * b - r * c
        total += (1.0 - 2.0 * ((p + q + r) & 1)) * max(reach, 0.0) ** 3
    return float(min(max(total / (6.0 * a * b * c), 0.0), 1.0))


@compiled
def _paint_voxel(
    canvas: Canvas, program: Program, paint: Paint, part: int, voxel: tuple[int, int, int]
) -> None:
    k, j, i = voxel
    centre = point_at(canvas.lps_from_index, k, j, i)
    span = (paint.starts[part], paint.stops[part])
    distance = distance_at(program, span, centre, canvas.stack)
    reach = canvas.reaches_mm[VOXEL]
    if distance > reach:
        return
    gradient, known = (0.0, 0.0, 0.0), False
    for layer in range(paint.layers[part], paint.layers[part + 1]):
        here = distance + paint.depths_mm[layer]
        if here > reach:
            return
        share = 1.0
        if here > -reach:
            if paint.samples[part] > 0:
                share = _sampled_share(program, paint, (part, layer), centre, canvas)
            else:
                if not known:
                    gradient, known = _gradient(program, span, centre, distance, canvas), True
                share = flat_share(here, gradient, canvas.edges)
        if here <= 0.0:
            canvas.kind[k, j, i] = paint.kind[layer]
        canvas.hu[k, j, i] += share * (paint.hu[layer] - canvas.hu[k, j, i])


@compiled
def _settled(
    canvas: Canvas,
    paint: Paint,
    part: int,
    box: Box,
    judged: tuple[float, float],
) -> bool:
    """Fill a box of voxels at once where the distance in its middle settles all layers."""
    distance, reach = judged
    if distance > reach:
        return True
    deepest = -1
    for layer in range(paint.layers[part], paint.layers[part + 1]):
        here = distance + paint.depths_mm[layer]
        if here < -reach:
            deepest = layer
        elif here <= reach:
            return False
    k, j, i, to_k, to_j, to_i = box
    hu, kind = paint.hu[deepest], paint.kind[deepest]
    for a in range(k, to_k):
        for b in range(j, to_j):
            for c in range(i, to_i):
                canvas.hu[a, b, c] = hu
                canvas.kind[a, b, c] = kind
    return True


@compiled
def _middle(canvas: Canvas, box: Box) -> Point:
    k, j, i, to_k, to_j, to_i = box
    return point_at(
        canvas.lps_from_index, 0.5 * (k + to_k - 1), 0.5 * (j + to_j - 1), 0.5 * (i + to_i - 1)
    )


@compiled
def _paint_cell(
    canvas: Canvas,
    program: Program,
    paint: Paint,
    part: int,
    cell: Box,
) -> None:
    span = (paint.starts[part], paint.stops[part])
    distance = distance_at(program, span, _middle(canvas, cell), canvas.stack)
    if _settled(canvas, paint, part, cell, (distance, canvas.reaches_mm[CELL])):
        return
    for k in range(cell[0], cell[3]):
        for j in range(cell[1], cell[4]):
            for i in range(cell[2], cell[5]):
                _paint_voxel(canvas, program, paint, part, (k, j, i))


@compiled
def _apart(paint: Paint, part: int, centre: Point, reach_mm: float) -> bool:
    box = paint.boxes_mm
    for axis in range(3):
        if (
            centre[axis] + reach_mm < box[part, 0, axis]
            or centre[axis] - reach_mm > box[part, 1, axis]
        ):
            return True
    return False


@compiled
def _find_near(canvas: Canvas, paint: Paint, row: Box, near: NDArray[np.int64]) -> int:
    """List the parts whose boxes meet a row of blocks; returns how many."""
    middle, affine = _middle(canvas, row), canvas.lps_from_index
    found = 0
    for part in range(len(paint.starts)):
        is_apart = False
        for axis in range(3):
            half = canvas.reaches_mm[VOXEL]
            for index in range(3):
                half += 0.5 * abs(affine[axis, index]) * (row[index + 3] - row[index])
            low, high = paint.boxes_mm[part, 0, axis], paint.boxes_mm[part, 1, axis]
            if middle[axis] + half < low or middle[axis] - half > high:
                is_apart = True
        if not is_apart:
            near[found] = part
            found += 1
    return found


@compiled
def _paint_part(canvas: Canvas, program: Program, paint: Paint, part: int, block: Box) -> None:
    centre, reach = _middle(canvas, block), canvas.reaches_mm[BLOCK]
    if _apart(paint, part, centre, reach):
        return
    span = (paint.starts[part], paint.stops[part])
    distance = distance_at(program, span, centre, canvas.stack)
    if _settled(canvas, paint, part, block, (distance, reach)):
        return
    for k in range(block[0], block[3], CELL_EDGE):
        for j in range(block[1], block[4], CELL_EDGE):
            for i in range(block[2], block[5], CELL_EDGE):
                to_k, to_j = min(k + CELL_EDGE, block[3]), min(j + CELL_EDGE, block[4])
                cell = (k, j, i, to_k, to_j, min(i + CELL_EDGE, block[5]))
                _paint_cell(canvas, program, paint, part, cell)


@compiled
def paint_slab(canvas: Canvas, program: Program, paint: Paint, rows: tuple[int, int]) -> None:
    """Paint all parts, in order, into the slices from `rows[0]` to `rows[1]`."""
    _, height, width = canvas.hu.shape
    near = np.empty(len(paint.starts), dtype=np.int64)
    for k in range(rows[0], rows[1], BLOCK_K):
        to_k = min(k + BLOCK_K, rows[1])
        for j in range(0, height, BLOCK_J):
            to_j = min(j + BLOCK_J, height)
            found = _find_near(canvas, paint, (k, j, 0, to_k, to_j, width), near)
            for i in range(0, width, BLOCK_I):
                block = (k, j, i, to_k, to_j, min(i + BLOCK_I, width))
                for each in range(found):
                    _paint_part(canvas, program, paint, near[each], block)
