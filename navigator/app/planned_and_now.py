"""What the plan asked for beside what holds in the room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.frames import check_same_frame
from navigator.geometry.rigid import angle_between_rotations_rad
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.report.content import Table
from navigator.report.words import duration, millimetres, tilt_words

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.model.placement import TemplatePlacement
    from navigator.model.plan import Plan

TURN_WARNED_DEG, MOVE_WARNED_MM = 10.0, 20.0
"""Beyond what mounting by hand and another breath explain: then the plate was set wrongly, it
stands on the wrong place, or the registration is wrong. Chosen with care, not measured."""
NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateShift:
    """How far a standing plate is from where it was planned.

    Parameters
    ----------
    moved_mm : float
        Distance between the two origins (the plate's middle on its operator face), millimetres.
    turned_deg : float
        Angle of the turn from one to the other, degrees.
    """

    moved_mm: float
    turned_deg: float


def measure_plate_shift(planned: TemplatePlacement, now: TemplatePlacement) -> PlateShift:
    """Measure how far a plate is from where it was planned.

    Parameters
    ----------
    planned, now : TemplatePlacement
        Both poses in the planning frame, of one plate.

    Returns
    -------
    PlateShift
        Relative to the patient, since both lie in the planning scan.

    Raises
    ------
    FrameMismatchError
        If the poses are of two scans or two plates.
    """
    first, second = planned.lps_from_template, now.lps_from_template
    check_same_frame("comparing two poses", expected=first.target, got=second.target)
    check_same_frame("comparing two poses", expected=first.source, got=second.source)
    turn_rad = angle_between_rotations_rad(first.rotation, second.rotation)
    return PlateShift(
        moved_mm=float(np.linalg.norm(second.shift_mm - first.shift_mm)),
        turned_deg=float(np.rad2deg(turn_rad)),
    )


def judge_against_plan(planned: Plan, now: Plan) -> Verdict:
    """Warn where the room is another than the one that was planned.

    Parameters
    ----------
    planned : Plan
        As planned.
    now : Plan
        What holds in the room, in the planning frame; with or without a needle.

    Returns
    -------
    Verdict
        Warnings ``plate-turned``, ``plate-moved`` and ``energy-changed``; never a rejection,
        for the numbers in the room were computed for the plate as it stands.
    """
    warnings: list[Reason] = []
    if planned.placement is not None and now.placement is not None:
        shift = measure_plate_shift(planned.placement, now.placement)
        look = "look whether plate, arm and patient are as planned, and at the registration"
        if not shift.turned_deg <= TURN_WARNED_DEG:
            text = f"the plate is turned by {shift.turned_deg:.1f} deg from the plan"
            limit = f"(limit {TURN_WARNED_DEG:g} deg)"
            warnings.append(Reason("plate-turned", f"{text} {limit}; {look}"))
        if not shift.moved_mm <= MOVE_WARNED_MM:
            text = f"the plate's middle lies {shift.moved_mm:.1f} mm from its planned place"
            limit = f"(limit {MOVE_WARNED_MM:g} mm)"
            warnings.append(Reason("plate-moved", f"{text} {limit}; {look}"))
    before, after = _energies(planned), _energies(now)
    if before and after and before != after:
        text = f"the energy is now {after[0]} for {after[1]}, planned were {before[0]} for"
        step = "set the new values on the generator"
        warnings.append(Reason("energy-changed", f"{text} {before[1]}; {step}"))
    return verdict_from_reasons(warnings=tuple(warnings))


def _energies(plan: Plan) -> tuple[str, str] | None:
    """Write power and time of a plan's antenna; None where it has none."""
    size = plan.needles[0].zone.size if plan.needles and plan.needles[0].zone else None
    if size is None or size.power_w is None or size.time_s is None:
        return None
    return f"{size.power_w:g} W", duration(size.time_s)


def build_comparison(
    planned: Plan, now: Plan, *, gravity_lps: Floats, with_numbers: bool
) -> Table | None:
    """Put plan and room side by side.

    Parameters
    ----------
    planned, now : Plan
        As planned, and what holds in the room.
    gravity_lps : (3,) array
        Direction of gravity, LPS.
    with_numbers : bool
        Whether the room's numbers may be used; if not, only the plate's shift is shown.

    Returns
    -------
    Table or None
        None where neither plate nor numbers can be compared.
    """
    rows: list[tuple[str, str, str]] = []
    if with_numbers and planned.needles and now.needles:
        pairs = zip(_numbers(planned, gravity_lps), _numbers(now, gravity_lps), strict=True)
        rows += [(name, before, after) for (name, before), (_, after) in pairs]
    if planned.placement is not None and now.placement is not None:
        shift = measure_plate_shift(planned.placement, now.placement)
        rows += [
            ("Plate's origin moved by", NOTHING, millimetres(shift.moved_mm)),
            ("Plate turned by", NOTHING, f"{shift.turned_deg:.1f}°"),
        ]
    if not rows:
        return None
    return Table(
        headers=("Quantity", "Planned (void)", "Now"),
        rows=tuple(rows),
        caption="Planned and now. The plate's shift is measured against the patient; the angles "
        "are read against gravity, each in its own scan.",
    )


def _numbers(plan: Plan, gravity_lps: Floats) -> list[tuple[str, str]]:
    needle = plan.needles[0]
    depth, (power, time) = needle.guide_depth_mm, _energies(plan) or (NOTHING, NOTHING)
    return [
        ("Bore", needle.bore or NOTHING),
        ("Guide depth", NOTHING if depth is None else millimetres(depth)),
        ("Insertion depth", millimetres(needle.trajectory.insertion_depth_mm)),
        ("Power", power),
        ("Time", time),
        *_angles(plan.placement, gravity_lps),
    ]


def _angles(placement: TemplatePlacement | None, gravity_lps: Floats) -> list[tuple[str, str]]:
    words = (NOTHING,) * 3
    if placement is not None:
        shown = placement.angles
        turn = round(shown.in_plane_rotation_deg, 1) + 0.0
        words = (
            *tilt_words(shown.lateral_tilt_deg, shown.craniocaudal_tilt_deg, gravity_lps.tolist()),
            f"{turn:.1f}°",
        )
    names = ("Lateral tilt", "Craniocaudal tilt", "In-plane rotation")
    return list(zip(names, words, strict=True))
