"""Facets of one surface that pass through each other.

Tested are all pairs of facets without a common corner, for a crossing of an edge of one through
the inside of the other. Not tested: pairs with a common corner, and overlaps within one plane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from template_gen.arrays import Booleans, Floats, Indices
    from template_gen.mesh import TriangleMesh

CELL_MM = 0.7
"""Cells of the search grid in x and y; walls of bores stand upright, so z needs none."""
LONGEST_PIECE_MM = 1.4
"""Slanting facets are looked up in pieces, so that their boxes stay small."""
BATCH = 2_000_000
"""Pairs looked at together: 100 MB."""
MOST_CELLS, MOST_PAIRS = 2e7, 3e8
"""Bounds on the search; a plate of 400 bores, half of them leaning, needs 2e6 and 2e7."""
TOUCH_MM = 1e-6
"""Nearer than this to a plane is on the plane: a tenth of float32's step at 100 mm."""


def count_crossings(mesh: TriangleMesh) -> int | None:
    """Count pairs of facets that pass through each other.

    Parameters
    ----------
    mesh : TriangleMesh
        With every vertex once.

    Returns
    -------
    int or None
        None where the search would not end in reasonable time and memory: a damaged or hostile
        mesh, never a plate.

    Examples
    --------
    >>> from template_gen.mesh import TriangleMesh
    >>> flat = [[0, 0, 0], [4, 0, 0], [0, 4, 0]]
    >>> upright = [[1, 1, -1], [1, 1, 1], [9, 9, 1]]
    >>> count_crossings(TriangleMesh(np.array(flat + upright, float), np.arange(6).reshape(2, 3)))
    1
    """
    corners = mesh.corners_mm
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    boxes = (highs - lows)[:, :2] / CELL_MM + 1.0
    if not boxes.prod(axis=1).sum() <= MOST_CELLS:
        return None
    seen: list[Indices] = []
    looked_at = 0
    for first, second in _pairs_in_cells(corners):
        looked_at += len(first)
        if looked_at > MOST_PAIRS:
            return None
        near = ((lows[first] <= highs[second]) & (lows[second] <= highs[first])).all(axis=1)
        first, second = first[near], second[near]  # noqa: PLW2901 - the same pairs, fewer
        common = mesh.triangles[first][:, :, None] == mesh.triangles[second][:, None, :]
        apart = ~common.any(axis=(1, 2))
        first, second = first[apart], second[apart]  # noqa: PLW2901 - the same pairs, fewer
        crossing = _cross(corners[first], corners[second])
        seen.append(first[crossing] * len(corners) + second[crossing])
    return len(np.unique(np.concatenate(seen))) if seen else 0


def _pairs_in_cells(corners: Floats) -> Iterator[tuple[Indices, Indices]]:
    """Give batches of pairs of facets that enter the same cell; a pair may come twice."""
    owners, cells = _entries(corners)
    order = np.lexsort((owners, cells))
    owners, cells = owners[order], cells[order]
    new = np.r_[True, (cells[1:] != cells[:-1]) | (owners[1:] != owners[:-1])]
    owners, cells = owners[new], cells[new]
    last = np.searchsorted(cells, cells, side="right")
    partners = last - np.arange(len(cells)) - 1
    ends = np.cumsum(partners)
    start = 0
    while start < len(cells):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + BATCH)), start + 1)
        counts = partners[start:stop]
        one = np.repeat(np.arange(start, min(stop, len(cells))), counts)
        step = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
        first, second = owners[one], owners[one + 1 + step]
        yield np.minimum(first, second), np.maximum(first, second)
        start = stop


def _entries(corners: Floats) -> tuple[Indices, Indices]:
    """List which facet's box enters which cell."""
    pieces, owners = _split(corners[:, :, :2])
    origin = pieces.min(axis=(0, 1))
    low = np.floor((pieces.min(axis=1) - origin) / CELL_MM).astype(np.int64)
    high = np.floor((pieces.max(axis=1) - origin) / CELL_MM).astype(np.int64)
    spans = high - low + 1
    counts = spans.prod(axis=1)
    piece = np.repeat(np.arange(len(pieces)), counts)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    x = low[piece, 0] + number % spans[piece, 0]
    y = low[piece, 1] + number // spans[piece, 0]
    return owners[piece], y * (high[:, 0].max() + 1) + x


def _split(triangles: Floats) -> tuple[Floats, Indices]:
    """Halve slanting triangles at their longest edge until their boxes in x and y are small."""
    owners = np.arange(len(triangles))
    small: list[Floats] = []
    small_owners: list[Indices] = []
    while len(triangles):
        box = triangles.max(axis=1) - triangles.min(axis=1)
        big = box.min(axis=1) > LONGEST_PIECE_MM
        small.append(triangles[~big])
        small_owners.append(owners[~big])
        triangles, owners = triangles[big], owners[big]
        sides = np.linalg.norm(triangles - np.roll(triangles, -1, axis=1), axis=2)
        longest = sides.argmax(axis=1)
        rows = np.arange(len(triangles))
        start, end = triangles[rows, longest], triangles[rows, (longest + 1) % 3]
        apex = triangles[rows, (longest + 2) % 3]
        middle = (start + end) / 2
        halves = [np.stack([start, middle, apex], 1), np.stack([middle, end, apex], 1)]
        triangles, owners = np.concatenate(halves), np.concatenate([owners, owners])
    return np.concatenate(small), np.concatenate(small_owners)


def _cross(first: Floats, second: Floats) -> Booleans:
    """Tell which pairs of (n, 3, 3) triangles pass through each other."""
    crossing = np.zeros(len(first), dtype=np.bool_)
    rows = np.flatnonzero(_straddles(first, second))
    rows = rows[_straddles(second[rows], first[rows])]
    for one, other in ((first[rows], second[rows]), (second[rows], first[rows])):
        for side in range(3):
            crossing[rows] |= _pierces(one[:, side], one[:, (side + 1) % 3], other)
    return crossing


def _straddles(plane: Floats, triangles: Floats) -> Booleans:
    """Tell which triangles have corners on both sides of the other triangle's plane."""
    normal = np.cross(plane[:, 1] - plane[:, 0], plane[:, 2] - plane[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    heights = np.einsum("nki,ni->nk", triangles - plane[:, :1], normal)
    return np.asarray((heights.min(axis=1) < -TOUCH_MM) & (heights.max(axis=1) > TOUCH_MM))


def _pierces(starts: Floats, ends: Floats, triangles: Floats) -> Booleans:
    """Tell which segments pass through the inside of their triangle (six signed volumes)."""

    def volumes(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
        return np.asarray(np.einsum("ni,ni->n", np.cross(b - a, c - a), d - a))

    a, b, c = np.moveaxis(triangles, 1, 0)
    above, below = volumes(a, b, c, starts), volumes(a, b, c, ends)
    around = np.stack([volumes(starts, ends, *edge) for edge in ((a, b), (b, c), (c, a))])
    through = (around > 0).all(axis=0) | (around < 0).all(axis=0)
    return np.asarray((above * below < 0) & through)
