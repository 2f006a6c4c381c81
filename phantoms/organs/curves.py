"""Smooth curves through a few points, for ribs, vessels and gut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.shapes import Tube

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.arrays import Floats
    from phantoms.program import Field


def smooth_curve(points: ArrayLike, pieces: int = 5) -> Floats:
    """Lay a smooth curve through points (centripetal parameters, cubic Hermite pieces).

    Parameters
    ----------
    points : (n, m) array
        Corners, n >= 2, any unit; extra columns such as a radius run along.
    pieces : int
        Straight pieces between two corners.

    Returns
    -------
    (pieces * (n - 1) + 1, m) array
        Points of the curve; every corner is among them.

    Examples
    --------
    >>> smooth_curve([[0, 0], [1, 1], [2, 2]], pieces=2)[:, 0].round(9)
    array([0. , 0.5, 1. , 1.5, 2. ])
    """
    corners = np.asarray(points, dtype=np.float64)
    steps = np.sqrt(np.linalg.norm(np.diff(corners, axis=0), axis=1))
    times = np.concatenate([[0.0], np.cumsum(steps)])
    slopes = np.gradient(corners, times, axis=0)
    share = np.linspace(0.0, 1.0, pieces, endpoint=False)[:, None]
    smooth = [corners[-1:]]
    for leg in range(len(corners) - 2, -1, -1):
        rise = (times[leg + 1] - times[leg]) * slopes[leg : leg + 2]
        toward = share * share * (3.0 - 2.0 * share)
        smooth.append(
            (1.0 - toward) * corners[leg]
            + toward * corners[leg + 1]
            + share * (1.0 - share) ** 2 * rise[0]
            - share * share * (1.0 - share) * rise[1]
        )
    curve: Floats = np.concatenate(smooth[::-1])
    return curve


def smooth_tube(corners_mm: ArrayLike, pieces: int = 5) -> Tube:
    """Build a tube along a smooth curve.

    Parameters
    ----------
    corners_mm : (n, 4) array
        x, y, z and radius at each corner, millimetres.
    pieces : int
        Straight pieces between two corners.

    Returns
    -------
    Tube
        The tube.
    """
    curve = smooth_curve(corners_mm, pieces)
    return Tube(curve[:, :3], np.maximum(curve[:, 3], 0.4))


def in_pieces(tube: Tube, segments: int) -> list[Tube]:
    """Cut a tube into short ones, so that painting each touches only what is near it.

    Parameters
    ----------
    tube : Tube
        A tube of many segments.
    segments : int
        Most segments of a piece.

    Returns
    -------
    list of Tube
        Together the same points; neighbours share a corner.
    """
    corners = len(tube.points_mm)
    return [
        Tube(tube.points_mm[at : at + segments + 1], tube.radii_mm[at : at + segments + 1])
        for at in range(0, corners - 1, segments)
    ]


def widened(tube: Tube, grow_mm: float) -> Tube:
    """Build the tube along the same line with another radius, millimetres, 0.4 at least."""
    return Tube(tube.points_mm, np.maximum(tube.radii_mm + grow_mm, 0.4))


def trimmed(tube: Tube, inside: Field, gap_mm: float) -> Tube | None:
    """Keep the longest run of a tube that stays inside a shape.

    Parameters
    ----------
    tube : Tube
        The tube.
    inside : callable
        Signed distance to the shape's surface, (n, 3) points to (n,), millimetres.
    gap_mm : float
        How far its skin stays below that surface, millimetres.

    Returns
    -------
    Tube or None
        None where no two neighbouring corners stay inside.
    """
    deep = inside(tube.points_mm) <= -(gap_mm + tube.radii_mm)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], deep.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts) or int((ends - starts).max()) < 2:
        return None
    longest = int(np.argmax(ends - starts))
    run = slice(int(starts[longest]), int(ends[longest]))
    return Tube(tube.points_mm[run], tube.radii_mm[run])
