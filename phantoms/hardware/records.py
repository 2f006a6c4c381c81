"""What is true of hardware, as plain numbers for ``truth.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.hardware.course import course_line, directions_along, points_along
from phantoms.hardware.driving import course_of
from phantoms.hardware.placed import DrivenNeedle, ThreadedNeedle
from phantoms.hardware.slack import find_bore

if TYPE_CHECKING:
    from phantoms.hardware.course import Course
    from phantoms.hardware.fixer import FixerArm
    from phantoms.hardware.placed import PlacedNeedle


def truth_of_needle(placed: PlacedNeedle) -> dict[str, Any]:
    """Write down one needle as it lies.

    Parameters
    ----------
    placed : DrivenNeedle, FreeNeedle or ThreadedNeedle
        The needle.

    Returns
    -------
    dict
        JSON-ready; points are LPS millimetres of the scan. A straight needle has no bend radius:
        None.
    """
    needle, course = placed.needle, course_of(placed)
    tip, ahead = (each(course, [needle.length_mm])[0] for each in (points_along, directions_along))
    is_bent = bool(np.isfinite(course.bend_radius_mm))
    return {
        "name": needle.name,
        "role": needle.role,
        "gauge": needle.gauge,
        "diameter_mm": needle.diameter_mm,
        "length_mm": needle.length_mm,
        "tip_lps_mm": tip.tolist(),
        "tail_lps_mm": course.tail_mm.tolist(),
        "direction_at_tip": ahead.tolist(),
        "direction_at_tail": course.direction.tolist(),
        "bend_radius_mm": course.bend_radius_mm if is_bent else None,
        "bend_towards": course.bend_towards.tolist() if is_bent else None,
        "arc_length_mm": course.length_mm - course.straight_mm if is_bent else 0.0,
        "line_lps_mm": course_line(course).tolist(),
        **_active_zone(placed, course),
        **_guide(placed, course),
    }


def _active_zone(placed: PlacedNeedle, course: Course) -> dict[str, Any]:
    """Say where an antenna radiates."""
    needle = placed.needle
    if needle.slot_mm == 0.0:
        return {}
    end = needle.length_mm - needle.slot_from_tip_mm
    ends = points_along(course, [end - needle.slot_mm, end])
    return {"active_zone_lps_mm": ends.tolist()}


def _guide(placed: PlacedNeedle, course: Course) -> dict[str, Any]:
    """Say what guides a needle: a bore with the slack it lies in, a cannula, or nothing."""
    if isinstance(placed, ThreadedNeedle):
        return {"cannula": placed.carrier.needle.name, "beyond_cannula_mm": placed.beyond_mm}
    if not isinstance(placed, DrivenNeedle):
        return {"entry_lps_mm": placed.entry_mm.tolist()}
    axis = find_bore(placed.plate, placed.bore)
    along = placed.plate.lps_from_template[:3, :3] @ axis.direction
    tilt = np.arctan2(np.linalg.norm(np.cross(along, course.direction)), along @ course.direction)
    step = placed.needle.scale_step_mm
    return {
        "plate_serial": placed.plate.spec.serial,
        "bore": placed.bore,
        "guide_depth_mm": placed.guide_depth_mm,
        "nearest_depth_mark_mm": step * round(placed.guide_depth_mm / step),
        "slack_tilt_deg": float(np.rad2deg(tilt)),
        "offset_at_entry_mm": np.asarray(placed.at_entry_mm).tolist(),
        "offset_at_exit_mm": np.asarray(placed.at_exit_mm).tolist(),
        "bend_begins_lps_mm": points_along(course, [course.straight_mm])[0].tolist(),
    }


def truth_of_arm(arm: FixerArm) -> dict[str, Any]:
    """Write down how the fixer arm stands.

    Parameters
    ----------
    arm : FixerArm
        The arm.

    Returns
    -------
    dict
        JSON-ready; LPS millimetres of the scan, from the clamp to the rail.
    """
    return {"edge": list(arm.edge), "joints_lps_mm": arm.joints_mm.tolist()}
