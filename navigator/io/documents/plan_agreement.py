"""The numbers of a plan that follow from each other: two depths for one needle are refused."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.documents.field_reading import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from navigator.arrays import Floats
    from navigator.io.documents.written_fields import NeedleFields, PlanFields, PlateFields

ROUNDING_MM = 1e-4
"""Nine digits are written; a matrix of such digits moves a point a metre away by far less."""
ROUNDING_PERCENT = 0.01

Disagreement = tuple[str, str, str]
"""Field, what it has to be, what it is."""


def check_plan_agrees(fields: PlanFields, path: Path) -> None:
    """Refuse a plan of which two numbers contradict each other.

    Parameters
    ----------
    fields : PlanFields
        Each sound by itself.
    path : Path
        The file, for the message.

    Raises
    ------
    InputRefusedError
        ``invalid-plan``, with the first two that do not agree.
    """
    for field, expected, got in _disagreements(fields):
        raise invalid("plan", path, field, expected, got)


def _disagreements(fields: PlanFields) -> Iterator[Disagreement]:
    """Find what does not agree, in the order of reading."""
    names = sorted(each.id for each in fields.trajectories)
    if any(first == second for first, second in pairwise(names)):
        yield "trajectories", "needles with names of their own", str(names)
    if fields.verdict == "accepted" and fields.reasons:
        yield "verdict", "a warning or rejected, where there are reasons", "accepted"
    for index, needle in enumerate(fields.trajectories):
        yield from _within_needle(needle, f"trajectories.{index}")
        if fields.placement is not None:
            yield from _through_plate(needle, fields.placement, f"trajectories.{index}")
        elif needle.bore is not None or needle.guide_depth_mm is not None:
            yield f"trajectories.{index}.bore", "no bore without a plate", repr(needle.bore)
    yield from _around_needles(fields)


def _around_needles(fields: PlanFields) -> Iterator[Disagreement]:
    """Find a plate of another scan or another spec, and parts that do not make a whole."""
    plate = fields.placement
    if plate is not None and plate.frame != fields.frame:
        yield "placement.frame", f"that of the plan, {fields.frame}", plate.frame
    made_from = fields.provenance.sha256.get("template")
    if plate is not None and made_from not in (None, plate.template_sha256):
        expected = f"that of `provenance`, {made_from}"
        yield "placement.template_sha256", expected, plate.template_sha256
    if fields.margin is not None:
        total = sum(fields.margin.area_percent.values())
        if not abs(total - 100.0) <= ROUNDING_PERCENT:
            yield "margin.area_percent", "parts that sum to 100", f"{total:.3f}"


def _within_needle(needle: NeedleFields, where: str) -> Iterator[Disagreement]:
    """Find what does not agree within a needle: depth, points, zone, energy."""
    entry, tip = np.array(needle.entry_lps_mm), np.array(needle.tip_lps_mm)
    depth_mm = float(np.linalg.norm(tip - entry))
    written_mm = needle.insertion_depth_mm
    if not abs(depth_mm - written_mm) <= ROUNDING_MM:
        far = f"{depth_mm:.4f} mm, the distance of entry and tip"
        yield f"{where}.insertion_depth_mm", far, f"{written_mm:.4f} mm"
    if needle.entry_intraop_lps_mm is not None and needle.tip_intraop_lps_mm is not None:
        moved = np.subtract(needle.tip_intraop_lps_mm, needle.entry_intraop_lps_mm)
        length_mm = float(np.linalg.norm(moved))
        if not abs(length_mm - written_mm) <= ROUNDING_MM:
            yield f"{where}.tip_intraop_lps_mm", f"{written_mm:.4f} mm deep", f"{length_mm:.4f} mm"
    if (needle.power_w is None) != (needle.time_s is None):
        got = f"{needle.power_w} and {needle.time_s}"
        yield f"{where}.power_w, time_s", "both or neither", got
    if needle.zone is not None:
        axis, back_mm = np.array(needle.zone.axis_lps), needle.zone.centre_to_tip_mm.value
        centre = tip - back_mm * axis
        if not _near(centre, np.array(needle.zone.centre_lps_mm)):
            got = str(list(needle.zone.centre_lps_mm))
            yield f"{where}.zone.centre_lps_mm", str(centre.round(4).tolist()), got
        if not _near(100.0 * axis, 100.0 * (tip - entry) / depth_mm):
            yield f"{where}.zone.axis_lps", "the needle's direction", str(axis.tolist())


def _through_plate(needle: NeedleFields, plate: PlateFields, where: str) -> Iterator[Disagreement]:
    """Find a guide depth that is not that of the tip below the plate.

    The depth along a bore that leans is more than the tip's depth below the face, never less.
    """
    if needle.bore is None or needle.guide_depth_mm is None:
        if needle.bore is not None or needle.guide_depth_mm is not None:
            yield f"{where}.guide_depth_mm", "a bore with its depth, or neither", "one of them"
        return
    pose = np.array(plate.lps_from_template)
    below_mm = float(pose[:3, 2] @ (np.array(needle.tip_lps_mm) - pose[:3, 3]))
    direction = np.subtract(needle.tip_lps_mm, needle.entry_lps_mm) / needle.insertion_depth_mm
    along_mm = below_mm / max(float(direction @ pose[:3, 2]), 1e-6)
    if not abs(along_mm - needle.guide_depth_mm) <= ROUNDING_MM * 10:
        expected = f"{along_mm:.4f} mm, from the plate's face to the tip"
        yield f"{where}.guide_depth_mm", expected, f"{needle.guide_depth_mm:.4f} mm"


def _near(first: Floats, second: Floats) -> bool:
    return bool(np.abs(first - second).max() <= ROUNDING_MM)
