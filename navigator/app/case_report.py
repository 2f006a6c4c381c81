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
from navigator.report.content import KeyNumber, KeyNumbers, Paragraph, Picture, Report, Section
from navigator.report.drawing import DrawingError
from navigator.report.words import duration, millimetres, row_edge_words, tilt_words

if TYPE_CHECKING:
    from navigator.app.inputs import PlanningInputs
    from navigator.app.steps import RoomCheck
    from navigator.model.ablation import ZoneSize
    from navigator.model.outcome import Verdict
    from navigator.model.plan import Plan


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
        details = [margin_section(in_force), needle_section(inputs, in_force)]
    else:
        first = _nothing_holds(verdict)
        details = [margin_section(in_force)] if in_force and in_force.needles else []
    sections = [first, *extra, _picture_section(inputs, plan, void=room is not None or not holds)]
    if room is not None:
        sections.append(room_section(inputs, room))
    sections += [*details, provenance_section(in_force or plan)]
    return Report(
        title=title,
        subtitle=f"{inputs.scan.description}; lesion {inputs.scene.lesion.name}, "
        f"{inputs.scene.lesion.volume_ml:.1f} ml, wanted margin "
        f"{inputs.scene.lesion.wanted_margin_mm:g} mm; {inputs.scene.antenna.name}",
        verdict=verdict,
        sections=tuple(sections),
    )


def _nothing_holds(verdict: Verdict) -> Section:
    """Say that no number may be used, and why: all that speaks against it, not the warnings."""
    why = verdict.reasons[0].message if verdict.reasons else "no way was found"
    text = Paragraph(f"No hole, depth or angle holds now: {why}.")
    return Section("At the table: nothing may be used", (text,))


def _table_section(inputs: PlanningInputs, plan: Plan, *, in_room: bool) -> Section:
    needle = plan.needles[0]
    numbers = []
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
        numbers += _protractor_numbers(inputs, plan)
    title = "At the table: what holds now" if in_room else "At the table: as planned"
    return Section(title, (KeyNumbers(tuple(numbers)),))


def _energy(size: ZoneSize, antenna: str) -> list[tuple[str, str, str]]:
    if size.power_w is None or size.time_s is None:
        return []
    return [
        ("Power", f"{size.power_w:g} W", antenna),
        ("Time", duration(size.time_s), f"zone: {size.setting}"),
    ]


def _protractor_numbers(inputs: PlanningInputs, plan: Plan) -> list[KeyNumber]:
    if plan.placement is None:
        return []
    angles, gravity = plan.placement.angles, inputs.scene.gravity_lps.tolist()
    across, along = tilt_words(angles.lateral_tilt_deg, angles.craniocaudal_tilt_deg, gravity)
    above = "seen from above, head up"
    return [
        KeyNumber(
            label=label, value=words.split(" ", 1)[0], hint=words.split(" ", 1)[1] + "; " + where
        )
        for label, words, where in (
            ("Lateral tilt", across, above),
            ("Craniocaudal tilt", along, above),
            (
                "In-plane rotation",
                f"{round(angles.in_plane_rotation_deg, 1) + 0.0:.1f}° of the columns",
                f"right-handed about the needle's way in; {row_edge_words(plan.placement)}",
            ),
        )
    ]


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
        "vessels, tumour (red), expected zone (orange), antenna (yellow) and plate.",
    )
