"""Smooth steps and windows that displacements are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.arrays import Floats


def rising(way: ArrayLike) -> Floats:
    """Rise smoothly from 0 at 0 to 1 at 1, level at both ends; steepest by 1.5 in the middle.

    Parameters
    ----------
    way : (n,) array
        Share of the way.

    Returns
    -------
    (n,) array
        0 to 1.

    Examples
    --------
    >>> rising([-1.0, 0.0, 0.5, 1.0, 3.0]).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    share = np.clip(np.asarray(way, dtype=np.float64), 0.0, 1.0)
    risen: Floats = share * share * (3.0 - 2.0 * share)
    return risen


def within(place_mm: ArrayLike, low_mm: float, high_mm: float, fade_mm: float) -> Floats:
    """Be one from `low_mm` to `high_mm` and fade out to zero over `fade_mm` beyond them.

    Parameters
    ----------
    place_mm : (n,) array
        Where, millimetres.
    low_mm, high_mm, fade_mm : float
        Ends of the range that counts in full, and the way of fading, millimetres.

    Returns
    -------
    (n,) array
        0 to 1.

    Examples
    --------
    >>> within([-4.0, -1.0, 0.0, 5.0, 8.0], 0.0, 5.0, 2.0).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.0]
    """
    place = np.asarray(place_mm, dtype=np.float64)
    beyond = np.maximum(low_mm - place, place - high_mm)
    faded: Floats = 1.0 - rising(beyond / fade_mm)
    return faded
