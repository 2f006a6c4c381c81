"""Even stacks whose positions an archive rounded to a tenth of a millimetre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.stack import SAME_POSITION_MM, STRAIGHT_LINE_MM

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.io.dicom.stack import Stack

UNEVEN_SHARE = 0.01
"""A step may differ from the median by this share of it ..."""
UNEVEN_MM = 0.01
"""... or by this much, whichever is larger: rounding of the positions in the header."""
ROUNDED_TO_MM = 0.1
"""The coarsest rounding that is believed: a position is then at most half of it off."""
LEAST_ROUNDED_STEP_MM = 0.5
"""Of thinner slices one that is missing could be taken for rounding."""
EXACT_MM = 1e-6
"""Numbers in headers are decimal; reading them leaves this."""


def uneven_steps(steps: Floats, typical_mm: float) -> Booleans:
    """Find the steps that differ from the typical one, beyond fine rounding.

    Parameters
    ----------
    steps : (n,) array
        Distances between neighbours, millimetres.
    typical_mm : float
        Of those between slices at two positions.

    Returns
    -------
    (n,) array of bool
        Slices at one position are no step.
    """
    even = np.abs(steps - typical_mm) <= max(UNEVEN_SHARE * typical_mm, UNEVEN_MM)
    uneven: Booleans = ~even & ~(steps < SAME_POSITION_MM)
    return uneven


def usual_step_mm(stack: Stack) -> float:
    """Give the distance of the slices that holds for the stack.

    Parameters
    ----------
    stack : Stack
        Slices at two positions at least.

    Returns
    -------
    float
        The median, or the mean where rounding made the steps differ, millimetres.
    """
    steps = stack.steps_mm[stack.steps_mm >= SAME_POSITION_MM]
    median = float(np.median(steps))
    if uneven_steps(steps, median).any() and is_rounded(stack):
        return float(np.mean(steps))
    return median


def is_rounded(stack: Stack) -> bool:
    """Tell whether uneven steps are those of an even stack, rounded to a tenth of a millimetre.

    That is so where all coordinates that change have one decimal at most, and a straight even row
    runs within half of that of each. The row from the first to the last position is then within
    that of the true one as well, for both of its ends are: the geometry needs no other fit.

    Parameters
    ----------
    stack : Stack
        Slices in order.

    Returns
    -------
    bool
        False also where a slice would be farther from that row than any stack is let be.
    """
    if not stack.steps_mm.min() >= LEAST_ROUNDED_STEP_MM:
        return False
    changing = stack.positions_mm[:, np.ptp(stack.positions_mm, axis=0) > EXACT_MM]
    tenths = changing / ROUNDED_TO_MM
    if not np.abs(tenths - np.rint(tenths)).max() * ROUNDED_TO_MM <= EXACT_MM:
        return False
    within = all(_runs_within(places, ROUNDED_TO_MM / 2 + EXACT_MM) for places in changing.T)
    return within and stack.bend_mm <= STRAIGHT_LINE_MM + EXACT_MM


def _runs_within(places: Floats, limit_mm: float) -> bool:
    """Tell whether even steps can come within a limit of all places (n,).

    A step fits two places if it leads from the one to the other within twice the limit; one that
    fits all pairs fits all places (a line that stabs upright segments).
    """
    least, most = -np.inf, np.inf
    for at in range(len(places) - 1):
        counts = np.arange(1, len(places) - at)
        ways = places[at + 1 :] - places[at]
        least = max(least, float(((ways - 2.0 * limit_mm) / counts).max()))
        most = min(most, float(((ways + 2.0 * limit_mm) / counts).min()))
    return least <= most
