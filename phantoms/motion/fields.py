"""The truth of a motion on a grid of voxels, and in pairs of points."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import _motion_kernels
from phantoms.arrays import Floats, frozen_floats
from phantoms.motion.chain import chain_of, check_miss, moved_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from phantoms.motion.body import BodyMotion
    from phantoms.motion.chain import Motion

THREADS = 2


def field_on_grid(
    motion: ArrayLike | Motion,
    shape_kji: tuple[int, int, int],
    lps_from_index: ArrayLike,
    *,
    is_back: bool = False,
) -> NDArray[np.float32]:
    """Write down where the middle of each voxel goes, or where it came from.

    Parameters
    ----------
    motion : (4, 4) array or Motion
        From source to target, millimetres.
    shape_kji : tuple of int
        Slices, rows, columns.
    lps_from_index : (4, 4) array
        Maps (k, j, i, 1) to millimetres: of the source, or of the target where `is_back`.
    is_back : bool
        False: ``target - source`` at voxels of the source. True: ``source - target`` at voxels of
        the target, as resampling wants it.

    Returns
    -------
    (k, j, i, 3) float32 array
        Displacements along x, y, z, millimetres; rounded to about 1e-6 mm.

    Examples
    --------
    >>> shift = np.eye(4); shift[0, 3] = 2.0
    >>> field_on_grid(shift, (1, 1, 2), np.eye(4))[0, 0].tolist()
    [[2.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    """
    affine = frozen_floats(lps_from_index, (4, 4), "lps_from_index")
    chain, _ = chain_of(motion)
    field = np.empty((*shape_kji, 3), dtype=np.float32)

    def fill(k: int) -> float:
        start = affine[:3].copy()
        start[:, 3] += k * start[:, 0]
        miss: float = _motion_kernels.fill_field(chain, is_back, start, field[k : k + 1])
        return miss

    with ThreadPoolExecutor(THREADS) as pool:
        check_miss(max(pool.map(fill, range(shape_kji[0])), default=0.0))
    return field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointPair:
    """A place in the tissue before and after.

    Parameters
    ----------
    group : str
        The group of parts that it belongs to.
    label : str
        Its name, unique in its group.
    source_mm, target_mm : (3,) array
        Where it was and where it is, millimetres.
    """

    group: str
    label: str
    source_mm: Floats
    target_mm: Floats


def point_pairs(
    motion: BodyMotion, points_mm: Mapping[str, Mapping[str, Floats]]
) -> tuple[PointPair, ...]:
    """Carry named points of each group.

    Parameters
    ----------
    motion : BodyMotion
        From source to target, millimetres.
    points_mm : mapping of group to mapping of label to (3,) array
        Points of the source, millimetres.

    Returns
    -------
    tuple of PointPair
        In the order given.
    """
    pairs = []
    for group, named in points_mm.items():
        starts = np.array(list(named.values()), dtype=np.float64).reshape(-1, 3)
        ends = moved_points(motion.of(group), starts)
        for label, start, end in zip(named, starts, ends, strict=True):
            pairs.append(
                PointPair(
                    group=group,
                    label=label,
                    source_mm=frozen_floats(start, (3,), label),
                    target_mm=frozen_floats(end, (3,), label),
                )
            )
    return tuple(pairs)
