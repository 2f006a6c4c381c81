"""Smooth curves through a few points, for ribs, vessels and gut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.shapes import Tube

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.arrays import Floats


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
