"""The sections of a case's report that show what its numbers rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.app.pictures import draw_room_slices
from navigator.app.planned_and_now import build_comparison
from navigator.model.trajectory import map_trajectory
from navigator.report.content import Paragraph, Picture, Section, Table
from navigator.report.words import millimetres, percent, point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navigator.app.inputs import PlanningInputs
    from navigator.app.steps import RoomCheck
    from navigator.model.plan import Plan, PlannedNeedle
    from navigator.registration.neighbourhood import LocalAgreement
    from navigator.registration.quality import RegistrationQuality

AREA_WORDS = {"lt_0": "below 0 mm", "0_to_5": "0 to 5 mm", "5_to_10": "5 to 10 mm"}


def room_section(inputs: PlanningInputs, planned: Plan, room: RoomCheck) -> Section:
    """Show how patient and plate were found in the intraoperative scan.

    Parameters
    ----------
    inputs : PlanningInputs
        What was planned on.
    planned : Plan
        As planned.
    room : RoomCheck
        What was found.

    Returns
    -------
    Section
        Tables, and a picture where a needle holds.
    """
    blocks: list[Table | Picture | Paragraph] = [
        Table(
            headers=("Check", "Result"), rows=tuple(_room_rows(room)), caption="Intraoperative scan"
        )
    ]
    if room.plan is not None:
        compared = build_comparison(
            planned,
            room.plan,
            gravity_lps=inputs.scene.gravity_lps,
            with_numbers=room.verdict.is_usable,
        )
        blocks += [] if compared is None else [compared]
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
            "The registration is one rigid motion of the whole body; how far the liver around the "
            "tumour lies beside it was looked for. What moves after this scan is in no figure."
        )
    )
    return Section("In the room", tuple(blocks))


def _room_rows(room: RoomCheck) -> list[tuple[str, str]]:
    quality = room.registration.quality
    rows = [
        ("Registration", room.registration.verdict.status.value),
        ("Expected error at the tumour", _known(quality.expected_tre_mm)),
        ("Overlap of the planned body", percent(quality.overlap)),
        ("Resemblance, and of the mirror image", _resemblance(quality)),
        *_surroundings_rows(quality.surroundings),
        ("Forward against backward, 95 %", _known(quality.inverse_consistency_mm)),
        ("Between two starts, 95 %", _known(quality.start_disagreement_mm)),
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
    return rows


def _known(value_mm: float) -> str:
    return millimetres(value_mm) if np.isfinite(value_mm) else "unknown"


def _resemblance(quality: RegistrationQuality) -> str:
    return f"r = {quality.correlation:.2f}, {quality.mirror_correlation:.2f}"


def _surroundings_rows(found: LocalAgreement | None) -> list[tuple[str, str]]:
    if found is None:
        return []
    return [
        ("Tumour's surroundings in the new scan", percent(found.imaged_share)),
        ("They lie beside the body's registration by", millimetres(found.distance_mm)),
    ]


def margin_section(plan: Plan) -> Section:
    """Show zone and margin.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    Section
        Expected values, ranges, distribution, sources.
    """
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
                f"Thinnest at LPS {point(margin.thinnest_point_mm)} mm of the planning scan.",
            ),
            Table(headers=("Signed margin", "Share of the tumour's surface"), rows=areas),
            Table(
                headers=("Where the zone comes from",),
                rows=tuple((source,) for source in size.sources),
            ),
        ),
    )


def needle_section(inputs: PlanningInputs, plan: Plan, room: RoomCheck | None = None) -> Section:
    """Show the drill table, its points in each scan, and the clearances.

    Parameters
    ----------
    inputs : PlanningInputs
        With the limits.
    plan : Plan
        The plan, with a needle.
    room : RoomCheck or None
        The intraoperative check, where there was a scan: the points are given in it too.

    Returns
    -------
    Section
        Three tables.
    """
    limits = inputs.scene.constraints.min_clearance_mm
    drill = tuple(_drill_row(inputs, needle) for needle in plan.needles)
    clearances = tuple(
        (
            name,
            millimetres(value),
            millimetres(limits[name]) if name in limits else "not touched",
        )
        for name, value in sorted(plan.needles[0].clearance_mm.items(), key=lambda item: item[1])
    )
    return Section(
        "Drill table and clearances",
        (
            Table(
                headers=("Needle", "Bore", "Guide depth", "Insertion", "Diameter"),
                rows=drill,
            ),
            _points_table(plan, room),
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
    )


def _points_table(plan: Plan, room: RoomCheck | None) -> Table:
    """Name the scan of every point: the same tissue has other coordinates in each."""
    headers = ["Point", "Planning scan, LPS mm"]
    ways = [(needle.name, [needle.trajectory]) for needle in plan.needles]
    if room is not None:
        headers.append("Intraoperative scan, LPS mm")
        for _, way in ways:
            way.append(map_trajectory(way[0], room.registration.intraop_from_planning))
    rows = []
    for name, way in ways:
        rows.append((f"{name} skin entry", *(point(each.entry_mm) for each in way)))
        rows.append((f"{name} tip", *(point(each.tip_mm) for each in way)))
    return Table(
        headers=tuple(headers),
        rows=tuple(rows),
        caption="The same points, each in the frame of the scan that its column names.",
    )


def provenance_section(plan: Plan, plan_ids: Mapping[str, str]) -> Section:
    """Show the hashes of everything that the numbers were made from.

    Parameters
    ----------
    plan : Plan
        The plan.
    plan_ids : mapping of str to str
        The first digits of the SHA-256 of each plan's file.

    Returns
    -------
    Section
        One table.
    """
    rows = tuple((name, digest) for name, digest in sorted(plan.provenance.input_hashes.items()))
    ids = [(f"{name}, first digits", digits) for name, digits in plan_ids.items()]
    engine = ("engine", f"mwa-navigator {plan.provenance.engine_version}")
    caption = "A changed input voids every number of this report."
    return Section(
        "What it was made from",
        (Table(headers=("File or input", "SHA-256"), rows=(*ids, *rows, engine), caption=caption),),
    )
