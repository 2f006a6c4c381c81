"""Parts in a room become Hounsfield units and tissue numbers on a grid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import _kernels, _paint_kernels
from phantoms.arrays import Floats, Labels, frozen_floats
from phantoms.bounds import bounds_mm
from phantoms.carrying import carried_shape
from phantoms.errors import ScanRefusedError
from phantoms.motion import Motion, as_motion
from phantoms.program import Writer, write_alone
from phantoms.tissues import AIR, LABELS, TISSUES, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

THREADS = 2
MOST_KINDS = 256
"""Pairs of tissue and motion on one grid: their numbers take one byte a voxel."""


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painted:
    """What painting leaves behind.

    Parameters
    ----------
    values_hu : (k, j, i) float32 array
        Hounsfield units, averaged over each voxel's box.
    tissue : (k, j, i) uint8 array
        Place in :data:`phantoms.tissues.TISSUES` of what lies at each voxel's centre.
    carrier : (k, j, i) uint8 array
        Place in `motions` of what moved it there.
    motions : tuple of Motion
        The motions of the parts, each one once.
    """

    values_hu: NDArray[np.float32]
    tissue: Labels
    carrier: Labels
    motions: tuple[Motion, ...]


def paint_parts(
    placed: Sequence[tuple[Part, Floats | Motion]], grid: ScanGrid
) -> tuple[NDArray[np.float32], Labels]:
    """Paint parts, in order, onto a grid that starts as air.

    Parameters
    ----------
    placed : sequence of (Part, (4, 4) array or Motion)
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
    painted = paint_moved(placed, grid)
    return painted.values_hu, painted.tissue


def paint_moved(placed: Sequence[tuple[Part, Floats | Motion]], grid: ScanGrid) -> Painted:
    """Paint parts as :func:`paint_parts` does, and remember what moved each voxel's tissue.

    Parameters
    ----------
    placed : sequence of (Part, (4, 4) array or Motion)
        Each part with its ``lps_from_part``, millimetres.
    grid : ScanGrid
        What is painted.

    Returns
    -------
    Painted
        Hounsfield units, tissues and carriers.
    """
    motions: dict[object, Floats | Motion] = {}
    for _, motion in placed:
        motions.setdefault(_key(motion), motion)
    canvas = _empty_canvas(grid)
    program, paint, kinds = _programs(placed, list(motions))

    def paint_rows(rows: tuple[int, int]) -> None:
        own = canvas._replace(stack=np.full(_kernels.ROOM, np.nan))
        _paint_kernels.paint_slab(own, program, paint, rows)

    in_slabs(paint_rows, grid.shape_kji[0])
    tissue, carrier = np.array(kinds, dtype=np.uint8).T
    return Painted(
        values_hu=canvas.hu,
        tissue=tissue[canvas.kind],
        carrier=carrier[canvas.kind],
        motions=tuple(as_motion(motion) for motion in motions.values()),
    )


def _key(motion: Floats | Motion) -> object:
    """Tell motions apart: matrices by their numbers."""
    return motion if isinstance(motion, Motion) else np.asarray(motion, np.float64).tobytes()


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
        np.full(_kernels.ROOM, np.nan),
    )


def _programs(
    placed: Sequence[tuple[Part, Floats | Motion]], motions: list[object]
) -> tuple[_kernels.Program, _paint_kernels.Paint, list[tuple[int, int]]]:
    """Write the parts out; the list gives tissue and motion number of each kind painted."""
    writer, edges, boxes, each = Writer(), [0], [], []
    kinds: dict[tuple[int, int], int] = {(0, 0): 0}
    for part, motion in placed:
        shape = carried_shape(part.shape, motion)
        write_alone(shape, writer)
        edges.append(len(writer.steps))
        boxes.append(bounds_mm(shape))
        # a depth is one in the tissue, but a warped shape's value grows more slowly
        slope = 1.0 / motion.stretch_factor if isinstance(motion, Motion) else 1.0
        for depth, tissue in ((0.0, part.tissue), *part.shells):
            # what moved a smooth tissue does not show
            carrier = motions.index(_key(motion)) if tissue.texture_hu else 0
            kind = kinds.setdefault((TISSUES.index(tissue), carrier), len(kinds))
            each.append((slope * depth, tissue.hu, kind))
    _check_kinds(len(kinds))
    depths, hu, kind_of = np.array(each).T
    paint = _paint_kernels.Paint(
        np.array(edges[:-1], dtype=np.int64),
        np.array(edges[1:], dtype=np.int64),
        np.array(boxes),
        np.array([part.samples for part, _ in placed], dtype=np.int64),
        np.cumsum([0, *(1 + len(part.shells) for part, _ in placed)], dtype=np.int64),
        depths.copy(),
        hu.copy(),
        kind_of.astype(np.uint8),
    )
    return writer.finished(), paint, list(kinds)


def _check_kinds(count: int) -> None:
    """Refuse more pairs of tissue and motion than one byte tells apart."""
    if count > MOST_KINDS:
        raise ScanRefusedError(
            "Too many tissues move in too many ways",
            where="paint_parts: placed",
            expected=f"at most {MOST_KINDS} pairs of a textured tissue and a motion",
            got=str(count),
            next_step="let parts share motions",
        )


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
