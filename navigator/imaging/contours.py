"""Outlines of masks: closed lines along the edges of voxels, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from navigator.arrays import Booleans
    from navigator.model.volume import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A closed line in the plane of one slice.

    Parameters
    ----------
    slice_index : int
        The slice (first array axis) in whose plane it lies.
    points_mm : (n, 3) array
        Corners in order, LPS millimetres; the last is joined to the first.
    is_hole : bool
        Whether it goes round a gap inside the structure.
    """

    slice_index: int
    points_mm: Floats
    is_hole: bool

    def __post_init__(self) -> None:
        points = frozen_floats(self.points_mm, (None, 3), "Outline.points_mm")
        object.__setattr__(self, "points_mm", points)


def outlines_from_mask(mask: Mask) -> tuple[Outline, ...]:
    """Draw a mask as outlines along the edges of its voxels.

    The outlines enclose the area of the voxels exactly, so that drawing them back by area gives
    the same voxels. Voxels that meet only at a corner are drawn apart. Seen with the columns (i)
    to the right and the rows (j) down, an outline runs clockwise and a hole the other way.

    Parameters
    ----------
    mask : Mask
        A structure, on a sheared grid too.

    Returns
    -------
    tuple of Outline
        Slice by slice; none where the mask is empty.
    """
    outlines = []
    for k in np.flatnonzero(mask.members.any(axis=(1, 2))):
        for corners, is_hole in _loops(mask.members[k]):
            indices = np.column_stack([np.full(len(corners), k), corners - 0.5])
            outlines.append(
                Outline(
                    slice_index=int(k),
                    points_mm=mask.grid.points_from_indices(indices),
                    is_hole=is_hole,
                )
            )
    return tuple(outlines)


def _loops(part: Booleans) -> list[tuple[NDArray[np.int64], bool]]:
    """Trace the edges of a slice (j, i): corners (n, 2) of pixels, and whether it is a hole.

    Where a straight edge of the pattern ends there is a corner; along a row of corners the edges
    join the first to the second, the third to the fourth and so on, and along a column likewise.
    """
    framed = np.pad(part, 1)
    before, after = framed[:-1], framed[1:]
    upper_left, upper_right = before[:, :-1], before[:, 1:]
    lower_left, lower_right = after[:, :-1], after[:, 1:]
    is_crossing = (upper_left == lower_right) & (upper_right == lower_left)
    is_crossing &= upper_left != upper_right
    is_corner = upper_left ^ upper_right ^ lower_left ^ lower_right
    # two pixels that meet at a corner have one each there: the first takes the edge to the left
    rows, columns = np.nonzero(is_corner | is_crossing)
    twice = is_crossing[rows, columns]
    falls = upper_left[rows, columns] & twice
    order = np.repeat(np.arange(len(rows)), 1 + twice)
    second = np.concatenate([[False], order[1:] == order[:-1]])[: len(order)]
    corners = np.column_stack([rows, columns])[order]
    # the first takes the upper edge where the pixels fall to the right, else the lower one
    is_lower = np.where(falls[order], second, ~second)
    along_row = _partners(np.lexsort((second, corners[:, 1], corners[:, 0])))
    along_column = _partners(np.lexsort((is_lower, corners[:, 0], corners[:, 1])))
    begins_hole = ~lower_right[corners[:, 0], corners[:, 1]]
    return _followed(corners, along_row, along_column, begins_hole)


def _partners(order: NDArray[np.int64]) -> list[int]:
    """Join neighbours of an order two by two: for each item (n,) the one at its other end."""
    partner = np.empty_like(order)
    partner[order[0::2]], partner[order[1::2]] = order[1::2], order[0::2]
    joined: list[int] = partner.tolist()
    return joined


def _followed(
    corners: NDArray[np.int64],
    along_row: list[int],
    along_column: list[int],
    begins_hole: Booleans,
) -> list[tuple[NDArray[np.int64], bool]]:
    """Follow edges from corner (n, 2) to corner until every loop is closed."""
    loops, is_free = [], [True] * len(corners)
    for start in range(len(corners)):
        if not is_free[start]:
            continue
        # the first corner of a loop is its uppermost left one: what lies below it tells holes
        is_hole = bool(begins_hole[start])
        path, at, by_row = [], start, not is_hole
        while is_free[at]:
            is_free[at] = False
            path.append(at)
            at = along_row[at] if by_row else along_column[at]
            by_row = not by_row
        loops.append((corners[path], is_hole))
    return loops
