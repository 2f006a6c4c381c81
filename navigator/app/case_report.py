"""The report of a case: what the operator needs at the table, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.app.pictures import draw_case_scene, draw_plan_slices
from navigator.app.report_sections import (
    margin_section,
    needle_section,
    provenance_section,
    room_section,
)
from navigator.app.steps import room_plan_document
from navigator.errors import InputRefusedError
from navigator.io.documents import document_id, plan_to_json
from navigator.model.placement import tilts_from_direction
from navigator.report.content import KeyNumber, KeyNumbers, Paragraph, Picture, Report, Section
from navigator.report.drawing import DrawingError
from navigator.report.words import duration, millimetres, row_edge_words, tilt_words

if TYPE_CHECKING:
    from navigator.app.inputs import PlanningInputs
    from navigator.app.steps import RoomCheck
    from navigator.model.ablation import ZoneSize
    from navigator.model.outcome import Verdict
    from navigator.model.placement import TemplatePlacement
    from navigator.model.plan import Plan
    from navigator.model.trajectory import Trajectory

ABOVE = "seen from above, head up"

SCAN_DIGITS = 12
"""Digits of the content hash by which a report names its scan."""


def build_case_report(
    inputs: PlanningInputs,
    plan: Plan,
    room: RoomCheck | None,
    *,
    title: str,
    extra: tuple[Section, ...] = (),
) -> Report:
    """Put together the report of a case.

    Parameters
    ----------
    inputs : PlanningInputs
        What was planned on.
    plan : Plan
        The plan, with a needle.
    room : RoomCheck or None
        The intraoperative check, where there was a scan.
    title : str
        Of the report.
    extra : tuple of Section
        Put after the numbers of the table, e.g. a comparison with a phantom's truth.

    Returns
    -------
    Report
        The numbers to be used stand first: those of the room where there was a scan, since the
        plan's bore and depth are void once the plate lies. Where the verdict is rejected no
        number is shown that could be used.
    """
    in_force = plan if room is None else room.plan
    verdict = plan.verdict if room is None else room.verdict
    holds = in_force is not None and bool(in_force.needles) and verdict.is_usable
    # the room voids the numbers of the plan, and what was said for and against them
    if in_force is not None and holds:
        first = _table_section(inputs, in_force, in_room=room is not None)
        details = [margin_section(in_force), needle_section(inputs, in_force, room)]
    else:
        first = _nothing_holds(verdict)
        details = [margin_section(in_force)] if in_force and in_force.needles else []
    sections = [first, *extra, _picture_section(inputs, plan, void=room is not None or not holds)]
    if room is not None:
        sections.append(room_section(inputs, plan, room))
    sections += [*details, provenance_section(in_force or plan, _plan_ids(plan, room))]
    return Report(
        title=title,
        # a description or file name may hold a person's name, and a report leaves the house
        subtitle=f"scan {inputs.scan.source_hash[:SCAN_DIGITS]}; "
        f"lesion {inputs.scene.lesion.name}, "
        f"{inputs.scene.lesion.volume_ml:.1f} ml, wanted margin "
        f"{inputs.scene.lesion.wanted_margin_mm:g} mm; {inputs.scene.antenna.name}; "
        + ("free hand" if inputs.spec is None else f"plate {inputs.spec.serial}"),
        verdict=verdict,
        sections=tuple(sections),
        plan_sha256=_root_in_force(plan, room) if holds else None,
    )


def _root_in_force(plan: Plan, room: RoomCheck | None) -> str | None:
    """Take the root hash of the plan that holds, so that the PDF is bound to it."""
    document = plan_to_json(plan) if room is None else room_plan_document(room)
    return None if document is None else str(document["integrity"]["root"])


def _plan_ids(plan: Plan, room: RoomCheck | None) -> dict[str, str]:
    """Name each plan by its file's content, so that paper and file can be held together."""
    ids = {"plan.json": document_id(plan_to_json(plan))}
    in_room = None if room is None else room_plan_document(room)
    # a plan without a needle is not written
    if in_room is not None and in_room["trajectories"]:
        ids["plan_in_room.json"] = document_id(in_room)
    return ids


def _nothing_holds(verdict: Verdict) -> Section:
    """Say that no number may be used, and why: all that speaks against it, not the warnings."""
    why = verdict.reasons[0].message if verdict.reasons else "no way was found"
    text = Paragraph(f"No hole, depth or angle holds now: {why}.")
    return Section("At the table: nothing may be used", (text,))


def _table_section(inputs: PlanningInputs, plan: Plan, *, in_room: bool) -> Section:
    needle = plan.needles[0]
    numbers = []
    if inputs.spec is not None:
        hint = "serial on the plate: is it the one that lies there?"
        numbers.append(KeyNumber(label="Plate", value=inputs.spec.serial, hint=hint))
    if needle.bore is not None and needle.guide_depth_mm is not None:
        numbers += [
            KeyNumber(label="Bore", value=needle.bore, hint="column letter, row number"),
            KeyNumber(
                label="Guide depth",
                value=millimetres(needle.guide_depth_mm),
                hint="operator face of the plate to tip: set on the needle's scale",
            ),
        ]
    numbers.append(
        KeyNumber(
            label="Insertion depth",
            value=millimetres(needle.trajectory.insertion_depth_mm),
            hint="skin to tip",
        )
    )
    if needle.zone is not None:
        size = needle.zone.size
        numbers += [
            KeyNumber(label=label, value=value, hint=hint)
            for label, value, hint in _energy(size, inputs.scene.antenna.name)
        ]
    if plan.placement is not None:
        numbers += _protractor_numbers(inputs, plan.placement)
    else:
        numbers += _needle_tilts(inputs, needle.trajectory)
    title = "At the table: what holds now" if in_room else "At the table: as planned"
    return Section(title, (KeyNumbers(tuple(numbers)),))


def _energy(size: ZoneSize, antenna: str) -> list[tuple[str, str, str]]:
    if size.power_w is None or size.time_s is None:
        return []
    return [
        ("Power", f"{size.power_w:g} W", antenna),
        ("Time", duration(size.time_s), f"zone: {size.setting}"),
    ]


def _protractor_numbers(inputs: PlanningInputs, placement: TemplatePlacement) -> list[KeyNumber]:
    angles = placement.angles
    turn = f"{round(angles.in_plane_rotation_deg, 1) + 0.0:.1f}°"
    hint = f"of the columns, right-handed about the needle's way in; {row_edge_words(placement)}"
    return [
        *_tilt_numbers(inputs, (angles.lateral_tilt_deg, angles.craniocaudal_tilt_deg), ABOVE),
        KeyNumber(label="In-plane rotation", value=turn, hint=hint),
    ]


def _needle_tilts(inputs: PlanningInputs, way: Trajectory) -> list[KeyNumber]:
    """Give the needle's own angles against gravity: without a plate nothing else shows them."""
    try:
        tilts_deg = tilts_from_direction(way.direction, inputs.scene.gravity_lps)
    except InputRefusedError:
        # a patient on a side: the needle can be driven, but these two angles are not defined
        return []
    return _tilt_numbers(inputs, tilts_deg, f"needle against gravity, {ABOVE}")


def _tilt_numbers(
    inputs: PlanningInputs, tilts_deg: tuple[float, float], seen: str
) -> list[KeyNumber]:
    words = tilt_words(*tilts_deg, inputs.scene.gravity_lps.tolist())
    numbers = []
    for label, text in zip(("Lateral tilt", "Craniocaudal tilt"), words, strict=True):
        value, hint = text.split(" ", 1)
        numbers.append(KeyNumber(label=label, value=value, hint=f"{hint}; {seen}"))
    return numbers


def _picture_section(inputs: PlanningInputs, plan: Plan, *, void: bool) -> Section:
    title = "The plan in pictures"
    if void:
        title = "What was planned, in pictures: void, not for use"
    slices = Picture(
        png=draw_plan_slices(inputs, plan),
        caption="Planning scan: axial, coronal and sagittal plane through the tumour's centre, "
        "seen from the feet, the front and the left (R L A P H F say which way the patient lies), "
        "and the plane that holds the whole needle. Solid needle: in the plane; dotted: off it.",
    )
    return Section(title, (slices, _scene(inputs, plan)))


def _scene(inputs: PlanningInputs, plan: Plan) -> Picture | Paragraph:
    try:
        png = draw_case_scene(inputs, plan)
    except DrawingError as error:
        return Paragraph(f"No 3D view: {error}.")
    return Picture(
        png=png,
        caption="The plan from the patient's front and right, a little above: skin, bone, liver, "
        "vessels, tumour (red), expected zone (orange), antenna (yellow)"
        + ("." if plan.placement is None else " and plate."),
    )
