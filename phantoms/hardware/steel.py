"""Placed needles as parts to paint and as metal that casts streaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from phantoms import tissues
from phantoms.hardware.course import Course, course_line, directions_along, points_along
from phantoms.hardware.driving import across, course_of
from phantoms.metal import Metal
from phantoms.shapes import Cut, HalfSpace, Intersection, Tube
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.hardware.needles import Needle
    from phantoms.hardware.placed import PlacedNeedle
    from phantoms.shapes import Shape
    from phantoms.tissues import Tissue

NEEDLE_SAMPLES, HUB_SAMPLES = 7, 3
"""Sub-samples per voxel edge: a shaft is as thin as a voxel."""
POINT_MM = 0.02
"""Radius of the very point of a pencil tip, millimetres."""
FACETS = 3


def needle_parts(placed: PlacedNeedle) -> list[Part]:
    """Build hub, shaft, active zone and tip, or the wall and the lumen of a cannula.

    Parameters
    ----------
    placed : DrivenNeedle, FreeNeedle or ThreadedNeedle
        The needle; paint what goes through a cannula after the cannula.

    Returns
    -------
    list of Part
        LPS of the scan, in painting order.
    """
    course, needle = course_of(placed), placed.needle
    parts = [_part(needle, "hub", _hub_shape(course, needle), tissues.HUB_PLASTIC, HUB_SAMPLES)]
    pieces = _cannula(course, needle) if needle.tip == "open" else _solid(course, needle)
    return parts + [_part(needle, *piece) for piece in pieces]


def needle_metals(placed: PlacedNeedle) -> list[Metal]:
    """List the steel of a needle as bars.

    Parameters
    ----------
    placed : DrivenNeedle, FreeNeedle or ThreadedNeedle
        The needle.

    Returns
    -------
    list of Metal
        LPS of the scan; two where an active zone parts the shaft. A cannula counts as a bar with
        as much steel in its cut.
    """
    course, needle = course_of(placed), placed.needle
    radius = 0.5 * float(np.sqrt(needle.diameter_mm**2 - needle.lumen_mm**2))
    return [
        Metal(points_mm=course_line(course, *ends), radius_mm=radius, material="steel")
        for ends in steel_spans_mm(needle)
    ]


def steel_spans_mm(needle: Needle) -> list[tuple[float, float]]:
    """List the pieces of a needle that are steel.

    Parameters
    ----------
    needle : Needle
        The needle.

    Returns
    -------
    list of tuple of float
        First and last length from the hub, millimetres.
    """
    if needle.slot_mm == 0.0:
        return [(0.0, needle.length_mm)]
    slot_end = needle.length_mm - needle.slot_from_tip_mm
    return [(0.0, slot_end - needle.slot_mm), (slot_end, needle.length_mm)]


_Piece: TypeAlias = "tuple[str, Shape, Tissue]"


def _part(
    needle: Needle, word: str, shape: Shape, tissue: Tissue, samples: int = NEEDLE_SAMPLES
) -> Part:
    """Name a piece of a needle."""
    return Part(name=f"{needle.name} {word}", shape=shape, tissue=tissue, samples=samples)


def _solid(course: Course, needle: Needle) -> list[_Piece]:
    """Build shaft and tip, with the active zone between them where there is one."""
    radius, spans = 0.5 * needle.diameter_mm, steel_spans_mm(needle)
    if len(spans) == 1:
        return [("shaft", _pointed(course, needle, 0.0), tissues.STEEL)]
    slot = (spans[0][1], spans[1][0])
    return [
        ("shaft", _bar(course, radius, *spans[0]), tissues.STEEL),
        ("active zone", _bar(course, radius, *slot), tissues.PTFE),
        ("tip", _pointed(course, needle, slot[1]), tissues.STEEL),
    ]


def _cannula(course: Course, needle: Needle) -> list[_Piece]:
    """Build the lumen and then the wall, so that a thin wall keeps all of its steel."""
    ends = (0.0, course.length_mm)
    lumen = _bar(course, 0.5 * needle.lumen_mm, *ends)
    bore = _tube(course, 0.5 * needle.lumen_mm, *ends)
    wall = Cut(_bar(course, 0.5 * needle.diameter_mm, *ends), bore)
    return [("lumen", lumen, tissues.AIR), ("shaft", wall, tissues.STEEL)]


def _tube(course: Course, radius_mm: float, from_mm: float, to_mm: float) -> Tube:
    """Build a tube of one radius along a piece of the line, with round ends."""
    line = course_line(course, from_mm, to_mm)
    return Tube(line, np.full(len(line), radius_mm))


def _cut_before(course: Course, at_mm: float) -> HalfSpace:
    """Build all that lies ahead of a place on the line."""
    return HalfSpace(points_along(course, [at_mm])[0], -directions_along(course, [at_mm])[0])


def _cut_behind(course: Course, at_mm: float) -> HalfSpace:
    """Build all that lies behind a place on the line."""
    return HalfSpace(points_along(course, [at_mm])[0], directions_along(course, [at_mm])[0])


def _bar(course: Course, radius_mm: float, from_mm: float, to_mm: float) -> Intersection:
    """Build a round bar with flat ends along a piece of the line."""
    tube = _tube(course, radius_mm, from_mm, to_mm)
    return Intersection((tube, _cut_before(course, from_mm), _cut_behind(course, to_mm)))


def _pointed(course: Course, needle: Needle, from_mm: float) -> Intersection:
    """Build the shaft from a place on, and its tip: a cone, or three facets that meet."""
    radius, behind = 0.5 * needle.diameter_mm, _cut_before(course, from_mm)
    tip = points_along(course, [course.length_mm])[0]
    ahead = directions_along(course, [course.length_mm])[0]
    if needle.tip == "pencil":
        line = course_line(course, from_mm, course.length_mm - needle.tip_mm)
        corners = np.vstack([line, tip - POINT_MM * ahead])
        return Intersection(
            (Tube(corners, np.append(np.full(len(line), radius), POINT_MM)), behind)
        )
    lean = np.arctan2(radius, needle.tip_mm)
    turns = 2.0 * np.pi * np.arange(FACETS) / FACETS
    sides = np.column_stack([np.cos(turns), np.sin(turns)]) @ across(ahead)
    normals = np.cos(lean) * sides + np.sin(lean) * ahead
    facets = tuple(HalfSpace(tip, normal) for normal in normals)
    tube = _tube(course, radius, from_mm, course.length_mm)
    return Intersection((tube, behind, *facets))


def _hub_shape(course: Course, needle: Needle) -> Intersection:
    """Build the grip behind the shaft."""
    back = course.tail_mm - needle.hub.length_mm * course.direction
    ends = np.array([back, course.tail_mm])
    grip = Tube(ends, np.full(2, 0.5 * needle.hub.diameter_mm))
    faces = (HalfSpace(back, -course.direction), HalfSpace(course.tail_mm, course.direction))
    return Intersection((grip, *faces))
