"""The needles of a case, as they stand in the scan with the plate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.errors import HardwareRefusedError
from phantoms.hardware import (
    FreeNeedle,
    build_needle,
    course_of,
    directions_along,
    drive_kit,
    needles_closest_mm,
    points_along,
)
from phantoms.motion import inverse_rigid, moved_points

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from phantoms.arrays import Floats
    from phantoms.hardware import PlacedNeedle, PlacedPlate
    from phantoms.recipes import NeedleState

CROSSING_BEHIND_TIP_MM, BEYOND_CROSSING_MM = 25.0, 20.0
"""Where the first antenna is crossed, back from its tip, and how far on the second one goes."""
LEANS_DEG = (60.0, 65.0, 70.0, 75.0, 80.0)
APART_ALONG_MM = (8.0, -8.0, 11.0, -11.0, 14.0, -14.0, 17.0, -17.0, 20.0, -20.0)
"""How far the second antenna passes the first along the body."""
LEAST_APART_MM, LEAST_CLEARANCE_MM = 5.0, 2.0
OFF_PLATE_MM = 8.0
SECOND_GAUGE, SECOND_LENGTHS_MM = 14, (200.0, 250.0, 300.0)
SKIN_STEP_MM = 0.5
LONGEST_WAY_MM = 280.0


def stand_needles(
    state: NeedleState | None,
    plate: PlacedPlate,
    target_mm: Floats,
    outside_mm: Callable[[Floats], Floats],
    rng: np.random.Generator,
) -> tuple[PlacedNeedle, ...]:
    """Drive the needles of a case at the tumour where it lies now.

    Parameters
    ----------
    state : NeedleState or None
        Which; None for none.
    plate : PlacedPlate
        The plate as it stands.
    target_mm : (3,) array
        The tumour's centre, LPS millimetres of the scan.
    outside_mm : callable
        As of :func:`phantoms.placing.skin_distance`.
    rng : numpy.random.Generator
        Draws their slack.

    Returns
    -------
    tuple of PlacedNeedle
        The antenna first, one driven by hand last.

    Raises
    ------
    HardwareRefusedError
        If they do not fit the plate, or each other.
    """
    if state is None:
        return ()
    kit = drive_kit(plate, target_mm, rng, antenna_bend_mm=state.antenna_bend_mm)
    if not state.has_crossing_antenna:
        return tuple(kit)
    return (*kit, _crossing(kit, plate, outside_mm))


def _crossing(
    kit: Sequence[PlacedNeedle], plate: PlacedPlate, outside_mm: Callable[[Floats], Floats]
) -> FreeNeedle:
    """Drive a second antenna by hand from the right, across the first one's picture."""
    course = course_of(kit[0])
    at = [course.length_mm - CROSSING_BEHIND_TIP_MM]
    crossed, down = points_along(course, at)[0], directions_along(course, at)[0]
    for lean_deg in LEANS_DEG:
        # in the axial plane, so that the two meet there at the whole lean
        turn = np.arctan2(down[0], down[1]) + np.deg2rad(lean_deg)
        way = np.array([np.sin(turn), np.cos(turn), 0.0])
        for apart_mm in APART_ALONG_MM:
            tip = crossed + BEYOND_CROSSING_MM * way + [0.0, 0.0, apart_mm]
            found = _by_hand(tip, way, outside_mm)
            if found is not None and _has_room(found, kit, plate):
                return found
    raise HardwareRefusedError(
        "No second antenna can cross the first",
        where="antennas-crossing",
        expected=f"a way {LEAST_APART_MM:g} mm off the first antenna that clears plate and needles",
        got="none among the leans and distances tried",
        next_step="use another seed",
    )


def _by_hand(
    tip_mm: Floats, way: Floats, outside_mm: Callable[[Floats], Floats]
) -> FreeNeedle | None:
    """Lay a needle from the skin to a tip; None where no needle is long enough."""
    back = np.arange(0.0, LONGEST_WAY_MM, SKIN_STEP_MM)
    outside = np.flatnonzero(outside_mm(tip_mm - back[:, None] * way) > 0.0)
    if not len(outside):
        return None
    deep_mm = float(back[outside[0]])
    fitting = [each for each in SECOND_LENGTHS_MM if each >= deep_mm + 20.0]
    if not fitting:
        return None
    needle = build_needle("antenna", "A2", gauge=SECOND_GAUGE, length_mm=fitting[0])
    return FreeNeedle(needle=needle, entry_mm=tip_mm - deep_mm * way, tip_mm=tip_mm)


def _has_room(needle: FreeNeedle, others: Sequence[PlacedNeedle], plate: PlacedPlate) -> bool:
    """Tell whether a needle keeps off the plate and all others."""
    nearest = [needles_closest_mm(needle, other) for other in others]
    if nearest[0].distance_mm < LEAST_APART_MM:
        return False
    if min(each.clearance_mm for each in nearest) < LEAST_CLEARANCE_MM:
        return False
    course, hub = course_of(needle), needle.needle.hub.length_mm
    shaft = points_along(course, np.arange(-hub, course.length_mm, 1.0))
    own = moved_points(inverse_rigid(plate.lps_from_template), shaft)
    slab = plate.spec.plate
    half = 0.5 * np.array([slab.width_mm, slab.height_mm, slab.thickness_mm])
    away = np.abs(own - [0.0, 0.0, half[2]]) - half
    return bool((away.max(axis=1) >= OFF_PLATE_MM).all())
