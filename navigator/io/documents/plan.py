"""A plan as JSON: what the operator needs at the table, and what it was made from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from navigator.geometry.frames import check_same_frame
from navigator.io.documents.integrity import sealed
from navigator.io.documents.jsontext import json_text
from navigator.io.documents.versions import versioned
from navigator.model.trajectory import map_trajectory

if TYPE_CHECKING:
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.ablation import AblationZone, Interval, Margin
    from navigator.model.outcome import Verdict
    from navigator.model.placement import TemplatePlacement
    from navigator.model.plan import Plan, PlannedNeedle

PLAN_SCHEMA = "plan/1"
PLANNING_SCAN, INTRAOPERATIVE_SCAN = "planning scan", "intraoperative scan"
ID_DIGITS = 12
"""Hexadecimal digits of a document's hash by which a person tells two plans apart."""


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Write a plan as a document.

    The time that planning took is not part of a plan: the same input makes the same bytes.

    Parameters
    ----------
    plan : Plan
        Any plan.

    Returns
    -------
    dict
        Schema ``plan/1``, in the order of reading, sealed with its hashes.
    """
    return sealed(_plan_fields(plan))


def _plan_fields(plan: Plan) -> dict[str, Any]:
    """Write the fields of a plan."""
    zones = [needle for needle in plan.needles if needle.zone is not None]
    return {
        **versioned(PLAN_SCHEMA),
        **verdict_to_json(plan.verdict),
        "frame": plan.needles[0].trajectory.frame.uid if plan.needles else None,
        "trajectories": [_needle_to_json(needle) for needle in plan.needles],
        "placement": None if plan.placement is None else placement_to_json(plan.placement),
        "margin": None if plan.margin is None else margin_to_json(plan.margin),
        "optimality": {
            "zones": len(zones),
            # one zone is the fewest there can be; for more no bound is computed
            "lower_bound": min(len(zones), 1),
            "proven": len(zones) <= 1,
            "candidates_seen": plan.candidates_seen,
            "candidates_allowed": plan.candidates_allowed,
        },
        "provenance": {
            "engine_version": plan.provenance.engine_version,
            "sha256": dict(sorted(plan.provenance.input_hashes.items())),
        },
    }


def plan_in_room_to_json(
    plan: Plan, *, intraop_from_planning: RigidTransform, intraop_from_template: RigidTransform
) -> dict[str, Any]:
    """Write a plan that holds in the room, its points and its plate in both scans.

    Parameters
    ----------
    plan : Plan
        In the planning frame.
    intraop_from_planning : RigidTransform
        The registration, millimetres.
    intraop_from_template : RigidTransform
        Where the plate was found, millimetres.

    Returns
    -------
    dict
        Schema ``plan/1`` with ``intraop_frame``; each needle has ``entry_intraop_lps_mm`` and
        ``tip_intraop_lps_mm``, the placement ``intraop_from_template``.

    Raises
    ------
    FrameMismatchError
        If plate and registration are of two intraoperative scans.
    """
    intraop = intraop_from_planning.target
    check_same_frame(
        "writing a plan in the room", expected=intraop, got=intraop_from_template.target
    )
    document = _plan_fields(plan)
    document["intraop_frame"] = intraop.uid
    for written, needle in zip(document["trajectories"], plan.needles, strict=True):
        way = map_trajectory(needle.trajectory, intraop_from_planning)
        written["entry_intraop_lps_mm"] = way.entry_mm.tolist()
        written["tip_intraop_lps_mm"] = way.tip_mm.tolist()
    if document["placement"] is not None:
        document["placement"]["intraop_from_template"] = intraop_from_template.matrix.tolist()
    return sealed(document)


def document_id(document: dict[str, Any]) -> str:
    """Give a document a short name by its content.

    Parameters
    ----------
    document : dict
        As it is written.

    Returns
    -------
    str
        First twelve hexadecimal digits of the SHA-256 of its file.
    """
    return hashlib.sha256(json_text(document).encode("utf-8")).hexdigest()[:ID_DIGITS]


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Write a verdict as the interface wants it.

    Parameters
    ----------
    verdict : Verdict
        Any verdict.

    Returns
    -------
    dict
        ``verdict`` and ``reasons``.
    """
    return {
        "verdict": verdict.status.value,
        "reasons": [{"code": r.code, "message": r.message} for r in verdict.reasons],
    }


def interval_to_json(interval: Interval) -> dict[str, float]:
    """Write a value with its range.

    Parameters
    ----------
    interval : Interval
        Any quantity.

    Returns
    -------
    dict
        ``value``, ``low``, ``high``.
    """
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def margin_to_json(margin: Margin) -> dict[str, Any]:
    """Write a margin; shares become percent here, where a person reads them.

    Parameters
    ----------
    margin : Margin
        Any margin.

    Returns
    -------
    dict
        ``mam_mm``, ``covered_percent``, ``area_percent``, ``thinnest_point_lps_mm`` and more.
    """
    return {
        "mam_mm": interval_to_json(margin.mam_mm),
        "covered_percent": 100.0 * margin.covered_share,
        "wanted_margin_covered_percent": 100.0 * margin.wanted_margin_covered_share,
        "area_percent": {name: 100.0 * share for name, share in margin.area_share.items()},
        "thinnest_point_lps_mm": margin.thinnest_point_mm.tolist(),
        # no error budget is propagated yet, so no probability is claimed
        "p_mam_at_least_goal": None,
    }


def placement_to_json(placement: TemplatePlacement) -> dict[str, Any]:
    """Write where the plate stands, and what its protractor shows.

    Parameters
    ----------
    placement : TemplatePlacement
        Any placement.

    Returns
    -------
    dict
        ``lps_from_template``, the three angles in degrees, and in ``angles_frame`` the scan in
        which they were read: in the room it is not that of the pose.
    """
    angles, frame = placement.angles, placement.lps_from_template.target
    read_in = placement.angles_frame or frame
    return {
        "lps_from_template": placement.lps_from_template.matrix.tolist(),
        "lateral_tilt_deg": angles.lateral_tilt_deg,
        "craniocaudal_tilt_deg": angles.craniocaudal_tilt_deg,
        "in_plane_rotation_deg": angles.in_plane_rotation_deg,
        "angles_frame": {
            "scan": PLANNING_SCAN if read_in == frame else INTRAOPERATIVE_SCAN,
            "frame": read_in.uid,
        },
        "frame": frame.uid,
        "template": placement.lps_from_template.source.uid,
        "template_sha256": placement.template_hash,
    }


def _needle_to_json(needle: PlannedNeedle) -> dict[str, Any]:
    """Write one needle."""
    size = None if needle.zone is None else needle.zone.size
    return {
        "id": needle.name,
        "role": needle.role,
        "bore": needle.bore,
        "entry_lps_mm": needle.trajectory.entry_mm.tolist(),
        "tip_lps_mm": needle.trajectory.tip_mm.tolist(),
        "insertion_depth_mm": needle.trajectory.insertion_depth_mm,
        "guide_depth_mm": needle.guide_depth_mm,
        "power_w": None if size is None else size.power_w,
        "time_s": None if size is None else size.time_s,
        "zone": None if needle.zone is None else _zone_to_json(needle.zone),
        "clearance_mm": dict(sorted(needle.clearance_mm.items())),
    }


def _zone_to_json(zone: AblationZone) -> dict[str, Any]:
    """Write a zone at its place, with the range of its axes and where they come from."""
    size = zone.size
    return {
        "centre_lps_mm": zone.centre_mm.tolist(),
        "axis_lps": zone.axis.tolist(),
        "long_axis_mm": size.long_axis_mm.value,
        "short_axis_mm": size.short_axis_mm.value,
        "long_axis_range_mm": [size.long_axis_mm.low, size.long_axis_mm.high],
        "short_axis_range_mm": [size.short_axis_mm.low, size.short_axis_mm.high],
        "centre_to_tip_mm": interval_to_json(size.centre_to_tip_mm),
        "setting": size.setting,
        "sources": list(size.sources),
    }
