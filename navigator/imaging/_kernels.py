"""Compiled loops of drawing by area; the oracle in their test is plain supersampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Labels

MOST_CROSSINGS_IN_A_ROW = 4096
"""Lines of one plane that cross more often than this within a row of pixels are a scribble."""


@numba.njit(cache=True, inline="always")
def _at_level(piece: Floats, level: float) -> float:
    """Find where a piece (ya, xa, yb, xb) of an edge passes a level."""
    if level <= piece[0]:
        return float(piece[1])
    if level >= piece[2]:
        return float(piece[3])
    return float(piece[1] + (piece[3] - piece[1]) * (level - piece[0]) / (piece[2] - piece[0]))


@numba.njit(cache=True)
def _mean_left_of(low: float, high: float, column: int) -> float:
    """Average over a straight edge from low to high the share of a pixel to the left of it."""
    if low >= column and high <= column + 1:
        return 0.5 * (low + high) - column
    if high - low < 1e-12:
        return min(max(0.5 * (low + high) - column, 0.0), 1.0)
    above = min(max(high - column, 0.0), 1.0)
    below = min(max(low - column, 0.0), 1.0)
    beyond = max(high - column - 1.0, 0.0) - max(low - column - 1.0, 0.0)
    return (0.5 * (above * above - below * below) + beyond) / (high - low)


@numba.njit(cache=True)
def _add_left_of(row: Floats, whole: Floats, start: float, end: float, height: float) -> None:
    """Add the area to the left of an edge to a row (n,); `whole` (n + 1,) ends its full pixels."""
    low, high = min(start, end), max(start, end)
    count = row.shape[0]
    first = min(max(int(np.floor(low)), 0), count)
    last = min(int(np.floor(high)), count - 1)
    whole[first] += height
    for column in range(first, last + 1):
        row[column] += height * _mean_left_of(low, high, column)


@numba.njit(cache=True)
def _find_levels(pieces: Floats, count: int, levels: Floats) -> int:
    """List the levels at which pieces (n, 4) begin, end or cross; -1 where they cross too often."""
    order = np.argsort(np.minimum(pieces[:count, 1], pieces[:count, 3]))
    found = 0
    for at in range(count):
        one = pieces[order[at]]
        levels[found], levels[found + 1] = one[0], one[2]
        found += 2
    for at in range(count):
        one = pieces[order[at]]
        right = max(one[1], one[3])
        for beside in range(at + 1, count):
            other = pieces[order[beside]]
            if min(other[1], other[3]) > right:
                break
            low, high = max(one[0], other[0]), min(one[2], other[2])
            if low >= high:
                continue
            before = _at_level(one, low) - _at_level(other, low)
            after = _at_level(one, high) - _at_level(other, high)
            if before * after < 0.0:
                if found == levels.shape[0]:
                    return -1
                levels[found] = low + (high - low) * before / (before - after)
                found += 1
    return found


@numba.njit(cache=True)
def _add_strip(  # noqa: PLR0913, PLR0917 - a kernel has no object to carry its arrays in
    pieces: Floats, owners: Labels, low: float, high: float, rows: Floats, whole: Floats
) -> None:
    """Add one strip between levels, in which pieces (n, 4) do not cross, to rows (2, n)."""
    count = 0
    starts = np.empty(pieces.shape[0])
    ends = np.empty(pieces.shape[0])
    holders = np.empty(pieces.shape[0], dtype=np.int32)
    for at in range(pieces.shape[0]):
        if pieces[at, 0] <= low and pieces[at, 2] >= high:
            starts[count] = _at_level(pieces[at], low)
            ends[count] = _at_level(pieces[at], high)
            holders[count] = owners[at]
            count += 1
    order = np.argsort(starts[:count] + ends[:count])
    is_inside = np.zeros(owners.max() + 1, dtype=np.bool_)
    depth = 0
    for at in order:
        before = depth
        is_inside[holders[at]] = not is_inside[holders[at]]
        depth += 1 if is_inside[holders[at]] else -1
        sign = 1.0 if before % 2 == 1 else -1.0
        _add_left_of(rows[0], whole[0], starts[at], ends[at], sign * (high - low))
        if (before > 0) != (depth > 0):
            sign = 1.0 if before > 0 else -1.0
            _add_left_of(rows[1], whole[1], starts[at], ends[at], sign * (high - low))


@numba.njit(cache=True)
def _cut_to_row(edges: Floats, active: Labels, row: int, pieces: Floats) -> int:
    """Cut the active edges (n, 4) to one row of pixels; give the number of pieces."""
    count = 0
    for at in active:
        edge = edges[at]
        low, high = max(edge[0], float(row)), min(edge[2], row + 1.0)
        if low < high:
            pieces[count, 0], pieces[count, 1] = low, _at_level(edge, low)
            pieces[count, 2], pieces[count, 3] = high, _at_level(edge, high)
            count += 1
    return count


@numba.njit(cache=True)
def covered_areas(edges: Floats, owners: Labels, height: int, width: int) -> Floats:
    """Measure how much of each pixel lies inside closed lines, exactly.

    Each row of pixels is cut into strips in which no two edges cross; there the area between two
    neighbouring edges is a row of trapezoids.

    Parameters
    ----------
    edges : (n, 4) array
        Lower level, place there, upper level, place there; in pixels from the first corner.
        None level, in the order of their lower levels.
    owners : (n,) array of int
        The closed line, counted from 0, to which each edge belongs.
    height, width : int
        Number of pixels along levels and places.

    Returns
    -------
    (2, height, width) array
        Area inside an odd number of lines, and inside one or more; of shape (2, 0, 0) where
        lines cross too often.
    """
    areas = np.zeros((2, height, width))
    whole = np.zeros((2, width + 1))
    active = np.empty(0, dtype=np.int32)
    next_edge = 0
    for row in range(height):
        come = next_edge
        while come < edges.shape[0] and edges[come, 0] < row + 1:
            come += 1
        active = np.concatenate((active, np.arange(next_edge, come).astype(np.int32)))
        next_edge = come
        active = active[edges[active, 2] > row]
        if active.shape[0] == 0:
            continue
        pieces = np.empty((active.shape[0], 4))
        count = _cut_to_row(edges, active, row, pieces)
        levels = np.empty(2 * count + MOST_CROSSINGS_IN_A_ROW)
        found = _find_levels(pieces, count, levels)
        if found < 0:
            return np.zeros((2, 0, 0))
        steps = np.unique(levels[:found])
        whole[:] = 0.0
        for at in range(steps.shape[0] - 1):
            _add_strip(
                pieces[:count], owners[active], steps[at], steps[at + 1], areas[:, row], whole
            )
        for kind in range(2):
            full = 0.0
            for column in range(width - 1, -1, -1):
                full += whole[kind, column + 1]
                areas[kind, row, column] += full
    return areas


@numba.njit(cache=True)
def points_within(edges: Floats, points: Floats) -> Booleans:
    """Tell which points (n, 2) an odd number of edges (m, 4), lower to upper, has to its left."""
    within = np.zeros(len(points), dtype=np.bool_)
    for at in range(len(points)):
        level, place = points[at, 0], points[at, 1]
        for number in range(len(edges)):
            edge = edges[number]
            if edge[0] <= level < edge[2] and _at_level(edge, level) <= place:
                within[at] = not within[at]
    return within
