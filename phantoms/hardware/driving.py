"""The middle line of each placed needle, from bore, slack, depth and bend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.hardware.course import Course, carried
from phantoms.hardware.needles import arc_mm
from phantoms.hardware.placed import DrivenNeedle, FreeNeedle, PlacedNeedle, ThreadedNeedle
from phantoms.hardware.slack import find_bore, guide_ends_mm

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.hardware.needles import Needle


def across(direction: Floats) -> Floats:
    """Build two unit vectors across a direction.

    Parameters
    ----------
    direction : (3,) array
        Unit vector.

    Returns
    -------
    (2, 3) array
        The first in the plane of the first axis (of the second where that runs along the
        direction), the second right-handed about it.

    Examples
    --------
    >>> across(np.array([0.0, 0.0, 1.0]))
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    first = np.eye(3)[0 if abs(direction[0]) < 0.95 else 1]
    first = first - (first @ direction) * direction
    first /= np.linalg.norm(first)
    return np.array([first, np.cross(direction, first)])


def _bent_towards(needle: Needle, direction: Floats) -> Floats:
    """Turn the first vector across a direction by the needle's bending angle."""
    angle = needle.bend_direction_rad
    towards: Floats = np.array([np.cos(angle), np.sin(angle)]) @ across(direction)
    return towards


def course_of(placed: PlacedNeedle) -> Course:
    """Find the middle line of a placed needle.

    Parameters
    ----------
    placed : DrivenNeedle, FreeNeedle or ThreadedNeedle
        The needle.

    Returns
    -------
    Course
        LPS of the scan, millimetres.
    """
    match placed:
        case DrivenNeedle():
            return carried(_course_in_template(placed), placed.plate.lps_from_template)
        case FreeNeedle():
            return _free_course(placed)
        case ThreadedNeedle():
            outer, needle = course_of(placed.carrier), placed.needle
            behind = needle.length_mm - outer.length_mm - placed.beyond_mm
            return Course(
                tail_mm=outer.tail_mm - behind * outer.direction,
                direction=outer.direction,
                straight_mm=outer.straight_mm + behind,
                length_mm=needle.length_mm,
                bend_radius_mm=outer.bend_radius_mm,
                bend_towards=outer.bend_towards,
            )


def _course_in_template(driven: DrivenNeedle) -> Course:
    """Lay a line through both ends of the guide, template frame."""
    needle, axis = driven.needle, find_bore(driven.plate, driven.bore)
    start, end = guide_ends_mm(axis)
    plane = across(axis.direction)
    entry = axis.entry_mm + start * axis.direction + np.asarray(driven.at_entry_mm) @ plane
    leaving = axis.entry_mm + end * axis.direction + np.asarray(driven.at_exit_mm) @ plane
    guided = float(np.linalg.norm(leaving - entry))
    direction = (leaving - entry) / guided
    # the scale is read where the needle passes the operator face
    before_face = -start / float(direction @ axis.direction)
    behind = needle.length_mm - driven.guide_depth_mm - before_face
    return Course(
        tail_mm=entry - behind * direction,
        direction=direction,
        straight_mm=behind + guided,
        length_mm=needle.length_mm,
        bend_radius_mm=needle.bend_radius_mm,
        bend_towards=_bent_towards(needle, direction),
    )


def _free_course(free: FreeNeedle) -> Course:
    """Lay an arc over the way from entry to tip, with a straight piece before it."""
    needle, way = free.needle, free.tip_mm - free.entry_mm
    chord = float(np.linalg.norm(way))
    along, towards = way / chord, _bent_towards(needle, way / chord)
    half = 0.5 * arc_mm(needle, chord) / needle.bend_radius_mm
    direction = np.cos(half) * along - np.sin(half) * towards
    straight = needle.length_mm - arc_mm(needle, chord)
    return Course(
        tail_mm=free.entry_mm - straight * direction,
        direction=direction,
        straight_mm=straight,
        length_mm=needle.length_mm,
        bend_radius_mm=needle.bend_radius_mm,
        bend_towards=np.sin(half) * along + np.cos(half) * towards,
    )
