"""Which bright spot is which marker, by geometry alone."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.geometry.pointsets import fit_rigid_matrix, residuals_mm

if TYPE_CHECKING:
    from collections.abc import Iterator

Pairs: TypeAlias = tuple[tuple[int, int], ...]
"""(marker index, spot index) for every marker that has a spot."""

DISTANCE_TOLERANCE_MM = 1.5
"""How far a measured distance between two spots may differ from that of two markers."""

PERMUTED_MARKERS = 6
"""Markers whose every other naming is tried when the next-best fit is looked for: 720 fits."""


def find_assignments(markers_mm: Floats, spots_mm: Floats) -> list[Pairs]:
    """Find every largest naming of spots whose distances are those of the markers.

    Depth-first over markers, each given a spot or none; a spot must keep the distances to all
    spots named before it. Complete: no consistent naming of that size is left out.

    Parameters
    ----------
    markers_mm : (m, 3) array
        Markers in the plate's frame, millimetres.
    spots_mm : (n, 3) array
        Bright spots in the scan's frame, millimetres.

    Returns
    -------
    list of Pairs
        All of the largest size, of three pairs or more; empty if there is none.
    """
    wanted = lengths(markers_mm[:, None] - markers_mm[None])
    seen = lengths(spots_mm[:, None] - spots_mm[None]) if len(spots_mm) else np.zeros((0, 0))
    best: list[Pairs] = []
    size = 3
    for pairs in _extend((), 0, wanted, seen):
        if len(pairs) > size or (len(pairs) == size and not best):
            best, size = [pairs], len(pairs)
        elif len(pairs) == size:
            best.append(pairs)
    return best


def _extend(pairs: Pairs, marker: int, wanted: Floats, seen: Floats) -> Iterator[Pairs]:
    """Yield every consistent naming that continues a given one."""
    if marker == len(wanted):
        yield pairs
        return
    taken = {spot for _, spot in pairs}
    for spot in range(len(seen)):
        if spot not in taken and all(
            abs(wanted[marker, other] - seen[spot, partner]) <= DISTANCE_TOLERANCE_MM
            for other, partner in pairs
        ):
            yield from _extend((*pairs, (marker, spot)), marker + 1, wanted, seen)
    if len(pairs) + len(wanted) - marker - 1 >= 3:
        yield from _extend(pairs, marker + 1, wanted, seen)


def next_best_ratio(markers_mm: Floats, spots_mm: Floats, *, floor_mm: float) -> float:
    """Measure how much worse any other naming of the same spots fits.

    Parameters
    ----------
    markers_mm, spots_mm : (n, 3) array
        Paired by the best naming, millimetres.
    floor_mm : float
        Residual below which fits are equally good, millimetres.

    Returns
    -------
    float
        Least residual of another naming over that of the best, both at least `floor_mm`.
        Where there are more than six markers the first six are permuted.
    """
    markers, spots = markers_mm[:PERMUTED_MARKERS], spots_mm[:PERMUTED_MARKERS]
    best = _fre_mm(spots, markers)
    others = permutations(range(len(markers)))
    next(others)
    second = min(_fre_mm(spots, markers[list(order)]) for order in others)
    return max(second, floor_mm) / max(best, floor_mm)


def _fre_mm(spots: Floats, markers: Floats) -> float:
    matrix = fit_rigid_matrix(spots, markers)
    return float(np.sqrt(np.mean(residuals_mm(matrix, spots, markers) ** 2)))
