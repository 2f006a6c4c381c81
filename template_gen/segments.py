"""Least distances between straight segments, many pairs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from template_gen.arrays import Floats


def segment_distances_mm(
    starts_a: Floats, ends_a: Floats, starts_b: Floats, ends_b: Floats
) -> Floats:
    """Measure the least distance between the segments of each pair.

    Parameters
    ----------
    starts_a, ends_a, starts_b, ends_b : (n, 3) array
        End points of n pairs of segments of positive length, any one frame, millimetres.

    Returns
    -------
    (n,) array
        Millimetres.

    Notes
    -----
    The least of the squared distance, a convex function of the two positions along the segments,
    lies inside the unit square or on its border: each border is solved on its own, and the least
    of the five candidates is the answer.

    Examples
    --------
    Two skew lines that pass each other 3 mm apart:

    >>> a0, a1 = np.array([[-1.0, 0, 0]]), np.array([[1.0, 0, 0]])
    >>> b0, b1 = np.array([[0.0, -1, 3]]), np.array([[0.0, 1, 3]])
    >>> segment_distances_mm(a0, a1, b0, b1).tolist()
    [3.0]
    """
    candidates = [
        _point_to_segment(starts_a, starts_b, ends_b),
        _point_to_segment(ends_a, starts_b, ends_b),
        _point_to_segment(starts_b, starts_a, ends_a),
        _point_to_segment(ends_b, starts_a, ends_a),
        _inside(starts_a, ends_a, starts_b, ends_b),
    ]
    return np.asarray(np.minimum.reduce(candidates))


def _point_to_segment(points: Floats, starts: Floats, ends: Floats) -> Floats:
    along = ends - starts
    share = np.einsum("ni,ni->n", points - starts, along) / np.einsum("ni,ni->n", along, along)
    nearest = starts + np.clip(share, 0.0, 1.0)[:, None] * along
    return np.asarray(np.linalg.norm(points - nearest, axis=1))


def _inside(starts_a: Floats, ends_a: Floats, starts_b: Floats, ends_b: Floats) -> Floats:
    """Distance of the infinite lines where their nearest points lie on both segments, else inf."""
    a, b, between = ends_a - starts_a, ends_b - starts_b, starts_b - starts_a
    aa, bb, ab = (np.einsum("ni,ni->n", *pair) for pair in ((a, a), (b, b), (a, b)))
    a_between, b_between = (np.einsum("ni,ni->n", side, between) for side in (a, b))
    square = aa * bb - ab * ab
    askew = square > 1e-12 * aa * bb  # parallel pairs have their least at an end point
    safe = np.where(askew, square, 1.0)
    on_a = (a_between * bb - b_between * ab) / safe
    on_b = (a_between * ab - b_between * aa) / safe
    inside = askew & (on_a >= 0) & (on_a <= 1) & (on_b >= 0) & (on_b <= 1)
    gap = starts_a + on_a[:, None] * a - starts_b - on_b[:, None] * b
    return np.where(inside, np.linalg.norm(gap, axis=1), np.inf)
