"""A plan read back from its file: the nouns that were written, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents.field_reading import invalid, read_fields, verdict_from_fields
from navigator.io.documents.plan import INTRAOPERATIVE_SCAN, PLAN_SCHEMA
from navigator.io.documents.plan_agreement import check_plan_agrees
from navigator.io.documents.versions import open_document
from navigator.io.documents.written_fields import PlanFields
from navigator.model.ablation import AblationZone, Interval, Margin, ZoneSize
from navigator.model.placement import ProtractorAngles, TemplatePlacement
from navigator.model.plan import Plan, PlannedNeedle, Provenance
from navigator.model.trajectory import Trajectory

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.documents.written_fields import (
        IntervalFields,
        MarginFields,
        NeedleFields,
        PlateFields,
        ZoneFields,
    )
    from navigator.io.findings import Finding
    from navigator.model.outcome import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFields:
    """Where a plan that holds in the room lies in the intraoperative scan.

    Parameters
    ----------
    frame : Frame
        The intraoperative scan.
    trajectories : tuple of Trajectory
        One for each needle of the plan, in its order, in `frame`.
    intraop_from_template : RigidTransform or None
        Where the plate stands, millimetres; None for a free-hand plan.
    """

    frame: Frame
    trajectories: tuple[Trajectory, ...]
    intraop_from_template: RigidTransform | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """What a plan file holds.

    Parameters
    ----------
    plan : Plan
        Needles, plate, margin, verdict and provenance, in the frame of the planning scan.
    frame : Frame or None
        The planning scan; None for a plan without a needle.
    room : RoomFields or None
        The same in the intraoperative scan, where the plan was made for the room.
    form : tuple of int
        Major and minor version in which it was written.
    root_sha256 : str or None
        Hash over the whole file's content, verified; None for a file of form 1.0, in which a
        change cannot be seen.
    notes : tuple of Finding
        What a person should know of an older or newer form.
    """

    plan: Plan
    frame: Frame | None
    room: RoomFields | None
    form: tuple[int, int]
    root_sha256: str | None
    notes: tuple[Finding, ...]


def load_plan(path: Path) -> PlanDocument:
    """Read a plan, refuse it where anything in it was changed or does not agree.

    A rejected plan is read too: its verdict is in `plan`, and the caller decides.

    Parameters
    ----------
    path : Path
        JSON file, schema ``plan/1``.

    Returns
    -------
    PlanDocument
        Of the nouns of :mod:`navigator.model`.

    Raises
    ------
    FileRefusedError
        If the file is not there or not strict JSON.
    InputRefusedError
        ``unknown-schema``, ``document-changed``, ``wrong-units`` or ``invalid-plan``.
    """
    opened = open_document(path, PLAN_SCHEMA)
    fields, notes = read_fields(opened, PlanFields, path)
    verdict = verdict_from_fields(fields, path)
    try:
        frame = None if fields.frame is None else Frame(FrameKind.LPS, fields.frame)
        plan = _plan(fields, frame, verdict)
        room = _room(fields)
    except ValueError as error:
        raise invalid("plan", path, "a value", "what the command writes", str(error)) from error
    check_plan_agrees(fields, path)
    return PlanDocument(
        plan=plan,
        frame=frame,
        room=room,
        form=opened.form,
        root_sha256=opened.root_sha256,
        notes=notes,
    )


def _plan(fields: PlanFields, frame: Frame | None, verdict: Verdict) -> Plan:
    """Build the plan's noun; what lies in a scan needs the scan's frame."""
    needles: tuple[PlannedNeedle, ...] = ()
    margin = None
    if frame is not None:
        needles = tuple(_needle(each, frame) for each in fields.trajectories)
        margin = None if fields.margin is None else _margin(fields.margin, frame)
    elif fields.trajectories or fields.margin is not None:
        raise ValueError("needles or a margin without the frame that they lie in")
    return Plan(
        needles=needles,
        placement=None if fields.placement is None else _placement(fields.placement),
        margin=margin,
        verdict=verdict,
        provenance=Provenance(
            input_hashes=dict(fields.provenance.sha256),
            engine_version=fields.provenance.engine_version,
        ),
        candidates_seen=fields.optimality.candidates_seen,
        candidates_allowed=fields.optimality.candidates_allowed,
    )


def _needle(needle: NeedleFields, frame: Frame) -> PlannedNeedle:
    return PlannedNeedle(
        name=needle.id,
        role=needle.role,
        bore=needle.bore,
        trajectory=Trajectory(
            entry_mm=np.array(needle.entry_lps_mm),
            tip_mm=np.array(needle.tip_lps_mm),
            frame=frame,
        ),
        guide_depth_mm=needle.guide_depth_mm,
        zone=None if needle.zone is None else _zone(needle, needle.zone, frame),
        clearance_mm=dict(needle.clearance_mm),
    )


def _zone(needle: NeedleFields, zone: ZoneFields, frame: Frame) -> AblationZone:
    """Build a zone at its place, with the power and time that stand beside it."""
    size = ZoneSize(
        power_w=needle.power_w,
        time_s=needle.time_s,
        long_axis_mm=_ranged(zone.long_axis_mm, zone.long_axis_range_mm),
        short_axis_mm=_ranged(zone.short_axis_mm, zone.short_axis_range_mm),
        centre_to_tip_mm=_interval(zone.centre_to_tip_mm),
        setting=zone.setting,
        sources=zone.sources,
    )
    centre, axis = np.array(zone.centre_lps_mm), np.array(zone.axis_lps)
    return AblationZone(centre_mm=centre, axis=axis, size=size, frame=frame)


def _ranged(value: float, ends: tuple[float, float]) -> Interval:
    return Interval(value=value, low=ends[0], high=ends[1])


def _interval(fields: IntervalFields) -> Interval:
    return Interval(value=fields.value, low=fields.low, high=fields.high)


def _margin(fields: MarginFields, frame: Frame) -> Margin:
    """Build a margin; the percent of the file become shares again."""
    return Margin(
        mam_mm=_interval(fields.mam_mm),
        area_share={str(name): percent / 100 for name, percent in fields.area_percent.items()},
        covered_share=fields.covered_percent / 100,
        wanted_margin_covered_share=fields.wanted_margin_covered_percent / 100,
        thinnest_point_mm=np.array(fields.thinnest_point_lps_mm),
        frame=frame,
    )


def _placement(fields: PlateFields) -> TemplatePlacement:
    """Build the plate's pose; angles that were read in the room keep the room's frame."""
    target = Frame(FrameKind.LPS, fields.frame)
    read_in = Frame(FrameKind.LPS, fields.angles_frame.frame)
    in_room = fields.angles_frame.scan == INTRAOPERATIVE_SCAN
    if in_room == (read_in == target):
        raise ValueError("angles_frame: the scan named and its frame do not agree")
    return TemplatePlacement(
        lps_from_template=RigidTransform(
            matrix=np.array(fields.lps_from_template),
            target=target,
            source=Frame(FrameKind.TEMPLATE, fields.template),
        ),
        angles=ProtractorAngles(
            lateral_tilt_deg=fields.lateral_tilt_deg,
            craniocaudal_tilt_deg=fields.craniocaudal_tilt_deg,
            in_plane_rotation_deg=fields.in_plane_rotation_deg,
        ),
        template_hash=fields.template_sha256,
        angles_frame=read_in if in_room else None,
    )


def _room(fields: PlanFields) -> RoomFields | None:
    """Build what lies in the intraoperative scan; all of it or nothing has to be there."""
    ways = [(each.entry_intraop_lps_mm, each.tip_intraop_lps_mm) for each in fields.trajectories]
    pose = None if fields.placement is None else fields.placement.intraop_from_template
    if fields.intraop_frame is None:
        if pose is not None or any(point is not None for way in ways for point in way):
            raise ValueError("points or a plate in the room without `intraop_frame`")
        return None
    frame = Frame(FrameKind.LPS, fields.intraop_frame)
    if (fields.placement is None) != (pose is None):
        raise ValueError("a plate whose place in the room is missing")
    trajectories = []
    for entry, tip in ways:
        if entry is None or tip is None:
            raise ValueError("a needle whose points in the room are missing")
        trajectories.append(Trajectory(entry_mm=np.array(entry), tip_mm=np.array(tip), frame=frame))
    stands = None
    if fields.placement is not None:
        plate = Frame(FrameKind.TEMPLATE, fields.placement.template)
        stands = RigidTransform(matrix=np.array(pose), target=frame, source=plate)
    return RoomFields(frame=frame, trajectories=tuple(trajectories), intraop_from_template=stands)
