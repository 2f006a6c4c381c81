"""How much of each pixel lies inside closed lines, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.imaging._kernels import MOST_CROSSINGS_IN_A_ROW, covered_areas, points_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats

MOST_POINTS_IN_A_PLANE = 20_000
"""A body's outline of 1.2 m in steps of 0.1 mm has 12,000; the work grows with the square."""
MOST_PIXELS_IN_A_PLANE = 2**24
"""4096 x 4096: at 0.2 mm a pixel it is wider than a patient, and it takes 0.3 GB."""


TIE = 1e-6
"""A share that differs less from one half is one half."""
ASIDE = np.array([1e-5, 0.6e-5])
"""So far beside its centre a pixel is asked for, in pixels along (j, i): further than rounding
reaches, and in no direction that edges usually have."""
DECIDED = 2e-3
"""By so much a half becomes more or less than that: more than a slab may lose by rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneCoverage:
    """Share of each pixel inside closed lines, on the block of pixels that they reach.

    Parameters
    ----------
    start_ji : tuple of int
        Row and column of the block's first pixel.
    odd_shares : (j, i) array
        Share inside an odd number of the lines: a line within another is a hole.
    any_shares : (j, i) array
        Share inside one line or more.
    """

    start_ji: tuple[int, int]
    odd_shares: Floats
    any_shares: Floats


def measure_coverage(polygons: Sequence[Floats]) -> PlaneCoverage:
    """Measure the area of pixels inside polygons; nothing is sampled.

    A line that runs to a hole and back on itself (a keyhole) adds no area and no hole of its own.
    Where a polygon crosses itself, what it goes round twice is outside.

    Parameters
    ----------
    polygons : sequence of (n, 2) array
        Corners (j, i) in pixels, whole numbers at pixel centres; the last is joined to the first.

    Returns
    -------
    PlaneCoverage
        On every pixel that they reach, negative ones too.

    Raises
    ------
    StructureRefusedError
        If there are too many points, they lie too far apart, or the lines cross too often.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    >>> measure_coverage([square]).odd_shares
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    count = sum(len(polygon) for polygon in polygons)
    if count > MOST_POINTS_IN_A_PLANE:
        raise _refused(f"at most {MOST_POINTS_IN_A_PLANE} points a plane", f"{count}")
    corners = np.concatenate([np.asarray(polygon, dtype=np.float64) for polygon in polygons]) + 0.5
    start = np.floor(corners.min(axis=0))
    extent = np.ceil(corners.max(axis=0)) - start
    if not np.prod(np.maximum(extent, 1.0)) <= MOST_PIXELS_IN_A_PLANE:
        raise _refused(
            f"at most {MOST_PIXELS_IN_A_PLANE} pixels a plane",
            " x ".join(f"{side:.3g}" for side in extent),
        )
    height, width = (max(int(side), 1) for side in extent)
    edges, owners = _edges([np.asarray(polygon) + 0.5 - start for polygon in polygons])
    areas = covered_areas(edges, owners, height, width)
    if areas.size == 0:
        raise _refused(
            "outlines that do not cross themselves",
            f"more than {MOST_CROSSINGS_IN_A_ROW} crossings within a row of pixels",
        )
    shares = np.clip(areas, 0.0, 1.0)
    return PlaneCoverage(
        start_ji=(int(start[0]), int(start[1])), odd_shares=shares[0], any_shares=shares[1]
    )


def without_halves(coverage: PlaneCoverage, polygons: Sequence[Floats]) -> PlaneCoverage:
    """Decide the pixels of which exactly half is inside, by their centres.

    A centre on an edge goes to what lies on the side of larger indices: of two polygons that share
    the edge one has the pixel, never both and never none.

    Parameters
    ----------
    coverage : PlaneCoverage
        Of the polygons.
    polygons : sequence of (n, 2) array
        Corners (j, i) in pixels.

    Returns
    -------
    PlaneCoverage
        Its odd shares a little more or less than one half where they were that.
    """
    ties = np.argwhere(np.abs(coverage.odd_shares - 0.5) <= TIE)
    if not len(ties):
        return coverage
    edges, _ = _edges([np.asarray(polygon, dtype=np.float64) for polygon in polygons])
    within = points_within(edges, ties + np.array(coverage.start_ji) + ASIDE)
    shares = coverage.odd_shares.copy()
    shares[tuple(ties.T)] += np.where(within, DECIDED, -DECIDED)
    return replace(coverage, odd_shares=shares)


def _edges(polygons: list[Floats]) -> tuple[Floats, np.ndarray]:
    """List the edges (n, 4) of polygons from lower to upper level, and their owners (n,)."""
    edges, owners = [], []
    for owner, polygon in enumerate(polygons):
        both = np.concatenate([polygon, np.roll(polygon, -1, axis=0)], axis=1)
        both = both[both[:, 0] != both[:, 2]]
        edges.append(np.where(both[:, :1] < both[:, 2:3], both, both[:, [2, 3, 0, 1]]))
        owners.append(np.full(len(both), owner, dtype=np.int32))
    joined, of_owner = np.concatenate(edges), np.concatenate(owners)
    order = np.argsort(joined[:, 0], kind="stable")
    return np.ascontiguousarray(joined[order]), of_owner[order]


def _refused(expected: str, got: str) -> StructureRefusedError:
    """Refuse outlines that are none of a structure."""
    return StructureRefusedError(
        code="outline-absurd",
        what="An outline cannot be that of a structure",
        where="outlines of one plane",
        expected=expected,
        got=got,
        next_step="export the structure again; look at it in the program that drew it",
    )
