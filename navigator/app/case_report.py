"""The report of a case: what the operator needs at the table, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.app.pictures import draw_case_scene, draw_plan_slices, draw_room_slices
from navigator.report.content import (
    KeyNumber,
    KeyNumbers,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
)
from navigator.report.drawing import DrawingError
from navigator.report.words import duration, millimetres, percent, point, tilt_words

if TYPE_CHECKING:
    from navigator.app.inputs import PlanningInputs
    from navigator.app.steps import RoomCheck
    from navigator.model.ablation import ZoneSize
    from navigator.model.plan import Plan, PlannedNeedle

AREA_WORDS = {"lt_0": "below 0 mm", "0_to_5": "0 to 5 mm", "5_to_10": "5 to 10 mm"}


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
        The numbers to be used stand first: those of the room where there are any, since the
        plan's bore and depth are void once the plate lies.
    """
    in_force = plan
    sections: list[Section] = []
    if room is not None and room.plan is not None and room.plan.needles:
        in_force = room.plan
    # the room voids the numbers of the plan, and what was said for and against them
    verdict = plan.verdict if room is None else room.verdict
    if room is None or in_force is room.plan:
        sections.append(_table_section(inputs, in_force, in_room=room is not None))
    else:
        text = "No hole, depth or angle holds now: registration or plate pose was rejected."
        sections.append(Section("At the table", (Paragraph(text),)))
    sections += extra
    sections.append(_picture_section(inputs, plan))
    if room is not None:
        sections.append(_room_section(inputs, room))
    sections += [_margin_section(in_force), _needle_section(inputs, in_force)]
    sections.append(_provenance_section(in_force))
    return Report(
        title=title,
        subtitle=f"{inputs.scan.description}; lesion {inputs.scene.lesion.name}, "
        f"{inputs.scene.lesion.volume_ml:.1f} ml, wanted margin "
        f"{inputs.scene.lesion.wanted_margin_mm:g} mm; {inputs.scene.antenna.name}",
        verdict=verdict,
        sections=tuple(sections),
    )


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
        numbers += _protractor_numbers(plan)
    title = "At the table: what holds now" if in_room else "At the table: as planned"
    return Section(title, (KeyNumbers(tuple(numbers)),))


def _energy(size: ZoneSize, antenna: str) -> list[tuple[str, str, str]]:
    if size.power_w is None or size.time_s is None:
        return []
    return [
        ("Power", f"{size.power_w:g} W", antenna),
        ("Time", duration(size.time_s), f"zone: {size.setting}"),
    ]


def _protractor_numbers(plan: Plan) -> list[KeyNumber]:
    if plan.placement is None:
        return []
    angles = plan.placement.angles
    across, along = tilt_words(angles.lateral_tilt_deg, angles.craniocaudal_tilt_deg)
    return [
        KeyNumber(
            label=label, value=words.split(" ", 1)[0], hint=words.split(" ", 1)[1] + "; " + where
        )
        for label, words, where in (
            ("Lateral tilt", across, "seen facing the patient"),
            ("Craniocaudal tilt", along, "seen facing the patient"),
            (
                "In-plane rotation",
                f"{round(angles.in_plane_rotation_deg, 1) + 0.0:.1f}° of the columns",
                "right-handed about the needle's way in",
            ),
        )
    ]


def _picture_section(inputs: PlanningInputs, plan: Plan) -> Section:
    slices = Picture(
        png=draw_plan_slices(inputs, plan),
        caption="Planning scan: axial, coronal and sagittal plane through the tumour's centre, "
        "seen from the feet, the front and the left (R L A P H F say which way the patient lies), "
        "and the plane that holds the whole needle. Solid needle: in the plane; dotted: off it.",
    )
    return Section("The plan in pictures", (slices, _scene(inputs, plan)))


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


def _room_section(inputs: PlanningInputs, room: RoomCheck) -> Section:
    quality = room.registration.quality
    rows = [
        ("Registration", room.registration.verdict.status.value),
        ("Expected error of the rigid part", millimetres(quality.expected_tre_mm)),
        ("Overlap of the planned body", percent(quality.overlap)),
        ("Forward against backward, 95 %", millimetres(quality.inverse_consistency_mm)),
        ("Between two starts, 95 %", millimetres(quality.start_disagreement_mm)),
        ("Plate", room.located.verdict.status.value),
    ]
    if room.located.lps_from_template is not None:
        rows += [
            ("Markers found", str(len(room.located.markers))),
            ("Marker residual (FRE, not an accuracy)", f"{room.located.fre_mm:.2f} mm"),
            ("Expected error 100 mm below the plate", f"{room.located.expected_tre_mm:.2f} mm"),
            (
                "Next-best naming of the markers fits worse by",
                f"{room.located.ambiguity_ratio:.0f} x",
            ),
        ]
    blocks: list[Table | Picture | Paragraph] = [
        Table(headers=("Check", "Result"), rows=tuple(rows), caption="Intraoperative scan")
    ]
    if room.plan is not None and room.plan.needles:
        blocks.append(
            Picture(
                png=draw_room_slices(inputs, room),
                caption="Intraoperative scan with what holds now, carried over by the "
                "registration: tumour, expected zone and needle.",
            )
        )
    blocks.append(
        Paragraph(
            "The registration is rigid: it does not see how the liver slides under the ribs. "
            "Breathing adds its own error, which is not in these figures."
        )
    )
    return Section("In the room", tuple(blocks))


def _margin_section(plan: Plan) -> Section:
    margin, needle = plan.margin, plan.needles[0]
    if margin is None or needle.zone is None:
        return Section("Margin", (Paragraph("No zone, no margin."),))
    mam, size = margin.mam_mm, needle.zone.size
    ranges = [
        ("Long axis of the zone", size.long_axis_mm),
        ("Short axis of the zone", size.short_axis_mm),
        ("Zone centre to tip", size.centre_to_tip_mm),
        ("Least margin (MAM)", mam),
    ]
    rows = tuple(
        (name, millimetres(item.value), f"{item.low:.1f} to {item.high:.1f} mm")
        for name, item in ranges
    )
    areas = tuple(
        (AREA_WORDS.get(name, "10 mm or more"), percent(share))
        for name, share in margin.area_share.items()
    )
    return Section(
        "Zone and margin",
        (
            Table(
                headers=("Quantity", "Expected", "Range"),
                rows=rows,
                caption=f"Tumour volume inside the zone: {percent(margin.covered_share)}. "
                f"Thinnest at LPS {point(margin.thinnest_point_mm)} mm.",
            ),
            Table(headers=("Signed margin", "Share of the tumour's surface"), rows=areas),
            Table(
                headers=("Where the zone comes from",),
                rows=tuple((source,) for source in size.sources),
            ),
        ),
    )


def _needle_section(inputs: PlanningInputs, plan: Plan) -> Section:
    limits = inputs.scene.constraints.min_clearance_mm
    drill = tuple(_drill_row(inputs, needle) for needle in plan.needles)
    clearances = tuple(
        (
            name,
            millimetres(value) if np.isfinite(value) else "not near",
            millimetres(limits[name]) if name in limits else "not touched",
        )
        for name, value in sorted(plan.needles[0].clearance_mm.items(), key=lambda item: item[1])
    )
    return Section(
        "Drill table and clearances",
        (
            Table(
                headers=(
                    *("Needle", "Bore", "Guide depth", "Insertion", "Diameter"),
                    *("Skin entry, LPS mm", "Tip, LPS mm"),
                ),
                rows=drill,
                caption="Points are of the planning scan.",
            ),
            Table(
                headers=("Structure", "Clearance of the needle's surface", "Limit"),
                rows=clearances,
                caption=f"Exact for the structures as segmented; {plan.candidates_seen} ways "
                "were looked at.",
            ),
        ),
    )


def _drill_row(inputs: PlanningInputs, needle: PlannedNeedle) -> tuple[str, ...]:
    depth = needle.guide_depth_mm
    return (
        f"{needle.name} {needle.role}",
        needle.bore or "free hand",
        "-" if depth is None else millimetres(depth),
        millimetres(needle.trajectory.insertion_depth_mm),
        f"{inputs.scene.antenna.diameter_mm:g} mm",
        point(needle.trajectory.entry_mm),
        point(needle.trajectory.tip_mm),
    )


def _provenance_section(plan: Plan) -> Section:
    rows = tuple((name, digest) for name, digest in sorted(plan.provenance.input_hashes.items()))
    engine = ("engine", f"mwa-navigator {plan.provenance.engine_version}")
    caption = "A changed input voids every number of this report."
    return Section(
        "What it was made from",
        (Table(headers=("Input", "SHA-256"), rows=(*rows, engine), caption=caption),),
    )
