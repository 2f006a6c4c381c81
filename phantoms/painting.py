"""Parts in a room become Hounsfield units and tissue numbers on a grid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import _kernels, _paint_kernels
from phantoms.arrays import Floats, Labels, frozen_floats
from phantoms.bounds import bounds_mm, box_around
from phantoms.program import Place, Writer, write_shape
from phantoms.shapes import Affine
from phantoms.tissues import AIR, LABELS, TISSUES, Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanGrid:
    """The voxels of a scan.

    Parameters
    ----------
    shape_kji : tuple of int
        Slices, rows, columns.
    lps_from_index : (4, 4) array
        Maps (k, j, i, 1) to LPS millimetres, voxel centres.
    thickness_mm : float
        Width of the box slice profile, millimetres.
    """

    shape_kji: tuple[int, int, int]
    lps_from_index: Floats
    thickness_mm: float

    def __post_init__(self) -> None:
        matrix = frozen_floats(self.lps_from_index, (4, 4), "lps_from_index")
        object.__setattr__(self, "lps_from_index", matrix)


def in_slabs(work: Callable[[tuple[int, int]], None], slices: int) -> None:
    """Share slices out to threads; slabs start on whole blocks, so the result does not depend."""
    step = _paint_kernels.BLOCK_K * max(1, -(-slices // (_paint_kernels.BLOCK_K * 4 * THREADS)))
    slabs = [(k, min(k + step, slices)) for k in range(0, slices, step)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, slabs))


def paint_parts(
    placed: list[tuple[Part, Floats]], grid: ScanGrid
) -> tuple[NDArray[np.float32], Labels]:
    """Paint parts, in order, onto a grid that starts as air.

    Parameters
    ----------
    placed : list of (Part, (4, 4) array)
        Each part with its ``lps_from_part``, millimetres.
    grid : ScanGrid
        What is painted.

    Returns
    -------
    values_hu : (k, j, i) float32 array
        Hounsfield units, averaged over each voxel's box.
    tissue : (k, j, i) uint8 array
        Place in :data:`phantoms.tissues.TISSUES` of what lies at each voxel's centre.
    """
    canvas = _empty_canvas(grid)
    program, paint = _programs(placed)

    def paint_rows(rows: tuple[int, int]) -> None:
        own = canvas._replace(stack=np.empty(_kernels.STACK))
        _paint_kernels.paint_slab(own, program, paint, rows)

    in_slabs(paint_rows, grid.shape_kji[0])
    return canvas.hu, canvas.tissue


def _half_diagonal_mm(edges: Floats) -> float:
    """Measure the longest half diagonal of a box whose edges are the columns of (3, 3)."""
    signs = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [1, -1, -1]])
    return float(0.5 * np.linalg.norm(signs @ edges.T, axis=1).max())


def _empty_canvas(grid: ScanGrid) -> _paint_kernels.Canvas:
    steps = grid.lps_from_index[:3, :3]
    edges = steps.copy()
    # a slice is thick along its normal, also where the gantry is tilted against the table's way
    normal = np.cross(edges[:, 1], edges[:, 2])
    edges[:, 0] = grid.thickness_mm * normal / np.linalg.norm(normal)
    own = _half_diagonal_mm(edges)
    cell = np.array([_paint_kernels.CELL_EDGE] * 3) - 1.0
    block = np.array([_paint_kernels.BLOCK_K, _paint_kernels.BLOCK_J, _paint_kernels.BLOCK_I]) - 1.0
    reaches = [own, own + _half_diagonal_mm(steps * cell), own + _half_diagonal_mm(steps * block)]
    return _paint_kernels.Canvas(
        np.full(grid.shape_kji, AIR.hu, dtype=np.float32),
        np.zeros(grid.shape_kji, dtype=np.uint8),
        grid.lps_from_index[:3].copy(),
        edges,
        np.array(reaches),
        np.empty(_kernels.STACK),
    )


def _programs(placed: list[tuple[Part, Floats]]) -> tuple[_kernels.Program, _paint_kernels.Paint]:
    writer, edges = Writer(), [0]
    for part, lps_from_part in placed:
        write_shape(Affine(part.shape, lps_from_part), writer, Place(np.eye(4), 1.0))
        edges.append(len(writer.steps))
    layers = [((0.0, part.tissue), *part.shells) for part, _ in placed]
    each = [layer for of_part in layers for layer in of_part]
    paint = _paint_kernels.Paint(
        np.array(edges[:-1], dtype=np.int64),
        np.array(edges[1:], dtype=np.int64),
        np.array([box_around(matrix, bounds_mm(part.shape)) for part, matrix in placed]),
        np.array([part.samples for part, _ in placed], dtype=np.int64),
        np.cumsum([0, *(len(of_part) for of_part in layers)], dtype=np.int64),
        np.array([depth for depth, _ in each]),
        np.array([tissue.hu for _, tissue in each]),
        np.array([TISSUES.index(tissue) for _, tissue in each], dtype=np.uint8),
    )
    return writer.finished(), paint


def label_map(tissue: Labels) -> Labels:
    """Turn tissue numbers into the exclusive labels of :data:`phantoms.tissues.LABELS`.

    Parameters
    ----------
    tissue : (k, j, i) uint8 array
        Places in :data:`phantoms.tissues.TISSUES`, as :func:`paint_parts` gives them.

    Returns
    -------
    (k, j, i) uint8 array
        Labels, read-only.
    """
    table = np.array([LABELS.get(each.structure or "", 0) for each in TISSUES], dtype=np.uint8)
    labels: Labels = table[tissue]
    labels.setflags(write=False)
    return labels
