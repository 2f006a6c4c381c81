"""Straight lines and segments: distances that a needle needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, lengths, unit_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

GOLDEN_STEPS = 60
"""Golden-section steps: the bracket shrinks to 0.618**60 = 3e-13 of the segment."""

INVERSE_GOLDEN = 0.6180339887498949


def distance_to_line_mm(points_mm: ArrayLike, origin_mm: ArrayLike, direction: ArrayLike) -> Floats:
    """Measure how far points lie from an infinite line.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points, millimetres.
    origin_mm : (3,) array
        A point of the line, millimetres, same frame.
    direction : (3,) array
        Direction of the line, any length.

    Returns
    -------
    (n,) array
        Distances in millimetres.

    Examples
    --------
    >>> distance_to_line_mm([[3, 4, 7]], [0, 0, 0], [0, 0, 1])
    array([5.])
    """
    points = frozen_floats(points_mm, (None, 3), "points_mm")
    offset = points - frozen_floats(origin_mm, (3,), "origin_mm")
    return lengths(np.cross(offset, unit_vector(direction, "direction")))


def segment_to_nearest_box_mm(
    start_mm: ArrayLike, end_mm: ArrayLike, centres_mm: ArrayLike, half_extent_mm: ArrayLike
) -> float:
    """Measure the exact distance from a segment to the nearest of many boxes.

    A box is nearer than its centre, and farther than its centre less half its diagonal: only
    boxes that may be the nearest by these bounds are measured.

    Parameters
    ----------
    start_mm, end_mm : (3,) array
        Ends of the segment, millimetres, in the frame of the boxes' axes.
    centres_mm : (n, 3) array
        Box centres, millimetres, at least one.
    half_extent_mm : (3,) array
        Half the edge lengths, millimetres, the same for every box.

    Returns
    -------
    float
        Distance in millimetres; 0 where the segment touches a box.
    """
    centres = frozen_floats(centres_mm, (None, 3), "centres_mm")
    to_centres = distance_to_segment_mm(centres, start_mm, end_mm)
    reach = float(lengths(half_extent_mm))
    nearest = centres[to_centres <= to_centres.min() + reach]
    return float(segment_to_boxes_mm(start_mm, end_mm, nearest, half_extent_mm).min())


def distance_to_segment_mm(points_mm: ArrayLike, start_mm: ArrayLike, end_mm: ArrayLike) -> Floats:
    """Measure how far points lie from a segment.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points, millimetres.
    start_mm, end_mm : (3,) array
        Ends of the segment, millimetres, same frame.

    Returns
    -------
    (n,) array
        Distances in millimetres.

    Examples
    --------
    Beside the segment, and beyond its end:

    >>> distance_to_segment_mm([[3, 0, 5], [0, 3, 14]], [0, 0, 0], [0, 0, 10])
    array([3., 5.])
    """
    points = frozen_floats(points_mm, (None, 3), "points_mm")
    start = frozen_floats(start_mm, (3,), "start_mm")
    along = frozen_floats(end_mm, (3,), "end_mm") - start
    share = np.clip((points - start) @ along / max(float(along @ along), 1e-30), 0.0, 1.0)
    return lengths(points - start - share[:, None] * along)


def segment_to_boxes_mm(
    start_mm: ArrayLike, end_mm: ArrayLike, centres_mm: ArrayLike, half_extent_mm: ArrayLike
) -> Floats:
    """Measure the exact distance from a segment to axis-aligned boxes.

    The distance from a point to a convex body is convex along a line, so a golden-section
    search on each box finds its least value.

    Parameters
    ----------
    start_mm, end_mm : (3,) array
        Ends of the segment, millimetres, in the frame of the boxes' axes.
    centres_mm : (n, 3) array
        Box centres, millimetres.
    half_extent_mm : (3,) array
        Half the edge lengths, millimetres, the same for every box.

    Returns
    -------
    (n,) array
        Distances in millimetres; 0 where the segment touches the box.

    Examples
    --------
    A needle along z that passes a 2 mm cube at 5 mm from its centre leaves 4 mm:

    >>> segment_to_boxes_mm([5, 0, -9], [5, 0, 9], [[0, 0, 0]], [1, 1, 1]).round(9)
    array([4.])
    """
    start = frozen_floats(start_mm, (3,), "start_mm")
    along = frozen_floats(end_mm, (3,), "end_mm") - start
    centres = frozen_floats(centres_mm, (None, 3), "centres_mm")
    half = frozen_floats(half_extent_mm, (3,), "half_extent_mm")

    def distance_at(share: Floats) -> Floats:
        beyond = np.abs(start + share[:, None] * along - centres) - half
        return lengths(np.maximum(beyond, 0.0))

    low, high = np.zeros(len(centres)), np.ones(len(centres))
    for _ in range(GOLDEN_STEPS):
        width = INVERSE_GOLDEN * (high - low)
        left, right = high - width, low + width
        keep_left = distance_at(left) <= distance_at(right)
        low, high = np.where(keep_left, low, left), np.where(keep_left, right, high)
    ends = np.minimum(distance_at(np.zeros(len(centres))), distance_at(np.ones(len(centres))))
    return np.minimum(distance_at(0.5 * (low + high)), ends)
