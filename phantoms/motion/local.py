"""Motions of the tissue round a needle and round an ablated zone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.errors import MotionRefusedError
from phantoms.motion.chain import Motion, pulled_back
from phantoms.motion.fading import rising, within
from phantoms.motion.lattice import fit_lattice

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MOST_PUSH_MM = 8.0
"""Farther no tissue is pushed; beyond it would fold."""
NEEDLE_PITCH_MM = 5.0
ENTRY_SHARE = 0.3
"""So much of the push at the tip is left where the needle enters."""
MOST_SHRINKAGE = 0.3
"""Linear shrinkage beyond which the tissue round the zone might fold."""
ZONE_PITCH_MM = 3.0
RIM_PITCHES = 1.5
"""The even contraction goes on so far beyond the zone, so that its rim contracts in full."""


def _in_range(value: float, low: float, high: float, where: str) -> float:
    if not low <= value <= high:
        raise MotionRefusedError(
            "The size of the motion is not one that tissue takes",
            where=where,
            expected=f"{low:g} to {high:g}",
            got=repr(value),
            next_step="give a value in the range",
        )
    return float(value)


def needle_push(
    entry_mm: ArrayLike, tip_mm: ArrayLike, *, push_mm: float, fade_mm: float = 18.0
) -> Motion:
    """Let a needle drag the tissue round it along.

    Parameters
    ----------
    entry_mm, tip_mm : (3,) array
        Where the needle enters the skin and where its tip stands, millimetres.
    push_mm : float
        How far the tissue that is now at the tip was pushed, 0 to 8 mm.
    fade_mm : float
        How far from the needle, and beyond its ends, nothing moves any more, millimetres.

    Returns
    -------
    Motion
        From the tissue at rest to the tissue with the needle in it.

    Raises
    ------
    MotionRefusedError
        If the push is too far, or so far for its `fade_mm` that the tissue might fold.

    Examples
    --------
    >>> from phantoms.motion.chain import pulled_back
    >>> pulled_back(needle_push([0, -80, 0], [0, 0, 0], push_mm=4.0), [0, 0, 0]).round()
    array([ 0., -4.,  0.])
    """
    entry = frozen_floats(entry_mm, (3,), "entry_mm")
    tip = frozen_floats(tip_mm, (3,), "tip_mm")
    length = positive(float(np.linalg.norm(tip - entry)), "needle_push: length")
    positive(fade_mm, "fade_mm")
    _in_range(push_mm, 0.0, MOST_PUSH_MM, "push_mm")
    along = (tip - entry) / length

    def displacement_mm(points: Floats) -> Floats:
        depth = (points - entry) @ along
        aside = np.linalg.norm(points - entry - depth[:, None] * along, axis=1)
        share = ENTRY_SHARE + (1.0 - ENTRY_SHARE) * rising(depth / length)
        share *= within(depth, 0.0, length, fade_mm) * within(aside, 0.0, 0.0, fade_mm)
        return -share[:, None] * along

    ends = np.array([entry, tip])
    rim = fade_mm + 3.0 * NEEDLE_PITCH_MM
    low, high = ends.min(axis=0) - rim, ends.max(axis=0) + rim
    shape = fit_lattice(displacement_mm, low_mm=low, high_mm=high, pitch_mm=NEEDLE_PITCH_MM)
    # the lattice rounds the top of the formula off; the tip gets all that was asked for
    share_at_tip = float((tip - pulled_back(Motion((shape,)), tip)) @ along)
    coefficients = shape.coefficients_mm * (push_mm / share_at_tip)
    return Motion((replace(shape, coefficients_mm=coefficients),))


def shrinkage(
    centre_mm: ArrayLike, *, radius_mm: float, share: float, fade_mm: float | None = None
) -> Motion:
    """Contract an ablated zone evenly toward its centre; the tissue round it follows.

    Parameters
    ----------
    centre_mm : (3,) array
        Centre of the zone, millimetres.
    radius_mm : float
        Its radius before it shrinks, millimetres.
    share : float
        Linear shrinkage: 0.2 leaves a radius of 80 %. 0 to 0.3.
    fade_mm : float, optional
        How far from the zone's rim nothing moves any more, millimetres; 20 mm, or the radius where
        that is more, if left out.

    Returns
    -------
    Motion
        From the tissue before to the tissue after the ablation.

    Raises
    ------
    MotionRefusedError
        If the share is too large, or so large for its `fade_mm` that the tissue might fold.

    Examples
    --------
    >>> from phantoms.motion.chain import moved_points
    >>> after = moved_points(shrinkage([0, 0, 0], radius_mm=20.0, share=0.2), [0, 0, 20])
    >>> after.round(1).tolist()
    [0.0, 0.0, 16.0]
    """
    centre = frozen_floats(centre_mm, (3,), "centre_mm")
    radius = positive(radius_mm, "radius_mm")
    _in_range(share, 0.0, MOST_SHRINKAGE, "share")
    fade = max(20.0, radius) if fade_mm is None else positive(fade_mm, "fade_mm")
    swell = share / (1.0 - share)
    even = (1.0 - share) * radius + RIM_PITCHES * ZONE_PITCH_MM

    def displacement_mm(points: Floats) -> Floats:
        away = points - centre
        distance = np.linalg.norm(away, axis=1)
        moved: Floats = swell * within(distance, 0.0, even, fade)[:, None] * away
        return moved

    reach = even + fade + 3.0 * ZONE_PITCH_MM
    return Motion(
        (
            fit_lattice(
                displacement_mm,
                low_mm=centre - reach,
                high_mm=centre + reach,
                pitch_mm=ZONE_PITCH_MM,
            ),
        )
    )
