"""What the engine said against what was true; shares no geometry with the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.motion import inverse_rigid, moved_points
from template_gen import all_bores

if TYPE_CHECKING:
    from navigator.app.procedure import CaseResult
    from navigator.model.ablation import AblationZone
    from navigator.model.plan import PlannedNeedle
    from phantoms.arrays import Floats
    from template_gen import TemplateSpec

CIRCLE_POINTS = 4000
ELLIPSE_POINTS = 20000
"""Points on the two curves: the chords sag by 1e-6 mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of a demonstration.

    Parameters
    ----------
    intraop_from_planning : (4, 4) array
        How the patient moved, millimetres.
    intraop_from_template : (4, 4) array
        Where the plate stands in the intraoperative scan, millimetres.
    tumour_centre_mm : (3,) array
        In the planning scan, millimetres.
    tumour_diameter_mm : float
        It is an exact sphere.
    """

    intraop_from_planning: Floats
    intraop_from_template: Floats
    tumour_centre_mm: Floats
    tumour_diameter_mm: float


def compare_with_truth(result: CaseResult, truth: Truth) -> list[dict[str, str]]:
    """Compare a case with the truth.

    Parameters
    ----------
    result : CaseResult
        With a room check.
    truth : Truth
        What is true.

    Returns
    -------
    list of dict
        Rows of ``quantity``, ``engine``, ``truth``, ``error`` as text, and ``value`` of the
        error in its unit where there is one.
    """
    room = result.room
    if room is None:
        raise ValueError("compare_with_truth: expected a room check")
    found = room.registration.intraop_from_planning.matrix
    rows = [_registration_row(found, truth)]
    if room.located.lps_from_template is not None:
        rows += _pose_rows(room.located.lps_from_template.matrix, truth)
    # the room voids the plan's numbers: where it has none, nothing is driven
    now = room.plan
    if now is None or not now.needles or now.margin is None or result.inputs.spec is None:
        return rows
    needle, reported_mm = now.needles[0], now.margin.mam_mm.value
    rows.append(_margin_row(needle, reported_mm, truth))
    driven = drive_needle(needle, result.inputs.spec, truth)
    if driven is not None:
        rows += _execution_rows(needle, driven, truth, reported_mm)
    return rows


def _row(quantity: str, engine: str, truth: str, error: str) -> dict[str, str]:
    return {"quantity": quantity, "engine": engine, "truth": truth, "error": error}


def _registration_row(found: Floats, truth: Truth) -> dict[str, str]:
    engine = moved_points(found, truth.tumour_centre_mm)
    actual = moved_points(truth.intraop_from_planning, truth.tumour_centre_mm)
    shift = float(np.linalg.norm(actual - truth.tumour_centre_mm))
    seen = float(np.linalg.norm(engine - truth.tumour_centre_mm))
    error = float(np.linalg.norm(engine - actual))
    return _row("patient's shift at the tumour", f"{seen:.2f} mm", f"{shift:.2f} mm",
                f"{error:.2f} mm")  # fmt: skip


def _pose_rows(found: Floats, truth: Truth) -> list[dict[str, str]]:
    actual = truth.intraop_from_template
    apart = float(np.linalg.norm(found[:3, 3] - actual[:3, 3]))
    turn = found[:3, :3].T @ actual[:3, :3]
    # the sine keeps its digits where the angle is small
    sine = float(np.linalg.norm(turn - turn.T)) / np.sqrt(8.0)
    angle = float(np.rad2deg(np.arcsin(min(1.0, sine))))
    below = np.array([0.0, 0.0, 115.0])
    deep = float(np.linalg.norm(moved_points(found, below) - moved_points(actual, below)))
    return [
        _row("plate's place, centre of its face", "found", "as mounted", f"{apart:.2f} mm"),
        _row("plate's direction", "found", "as mounted", f"{angle:.2f} deg"),
        _row("plate, carried 100 mm into the patient", "found", "as mounted", f"{deep:.2f} mm"),
    ]


def _margin_row(needle: PlannedNeedle, reported_mm: float, truth: Truth) -> dict[str, str]:
    if needle.zone is None:
        raise ValueError("_margin_row: expected a needle with a zone")
    analytic = _zone_margin_mm(needle.zone, needle.zone.centre_mm, needle.zone.axis, truth)
    return _row("least margin of the plan", f"{reported_mm:.2f} mm", f"{analytic:.2f} mm",
                f"{reported_mm - analytic:+.2f} mm")  # fmt: skip


def _zone_margin_mm(zone: AblationZone, centre_mm: Floats, axis: Floats, truth: Truth) -> float:
    """Measure the margin of the true tumour in a zone of the planned size at any place."""
    return sphere_margin_mm(
        zone_centre_mm=centre_mm,
        zone_axis=axis,
        half_axes_mm=(0.5 * zone.size.long_axis_mm.value, 0.5 * zone.size.short_axis_mm.value),
        tumour_centre_mm=truth.tumour_centre_mm,
        tumour_radius_mm=0.5 * truth.tumour_diameter_mm,
    )


def sphere_margin_mm(
    *,
    zone_centre_mm: Floats,
    zone_axis: Floats,
    half_axes_mm: tuple[float, float],
    tumour_centre_mm: Floats,
    tumour_radius_mm: float,
) -> float:
    """Measure the least margin of a spherical tumour in an ellipsoid of revolution.

    Both bodies are symmetric about the plane through the zone's axis and the tumour's centre,
    so that the least margin lies in it: a circle against an ellipse, by dense points.

    Parameters
    ----------
    zone_centre_mm, zone_axis : (3,) array
        Centre (millimetres) and unit axis of the zone.
    half_axes_mm : (along, across)
        Half axes of the zone, millimetres.
    tumour_centre_mm : (3,) array
        Same frame, millimetres.
    tumour_radius_mm : float
        Millimetres.

    Returns
    -------
    float
        Least signed margin, millimetres, to 1e-3.

    Examples
    --------
    A 10 mm sphere in the middle of a 20 mm sphere keeps 5 mm:

    >>> round(sphere_margin_mm(zone_centre_mm=np.zeros(3), zone_axis=np.array([0, 0, 1.0]),
    ...     half_axes_mm=(10.0, 10.0), tumour_centre_mm=np.zeros(3), tumour_radius_mm=5.0), 3)
    5.0
    """
    offset = np.asarray(tumour_centre_mm) - zone_centre_mm
    along = float(offset @ zone_axis)
    across = float(np.linalg.norm(offset - along * np.asarray(zone_axis)))
    turn = np.linspace(0.0, 2.0 * np.pi, CIRCLE_POINTS, endpoint=False)
    circle = np.column_stack([along + tumour_radius_mm * np.cos(turn),
                              across + tumour_radius_mm * np.sin(turn)])  # fmt: skip
    inside = (circle[:, 0] / half_axes_mm[0]) ** 2 + (circle[:, 1] / half_axes_mm[1]) ** 2 <= 1.0
    sweep = np.linspace(0.0, 2.0 * np.pi, ELLIPSE_POINTS, endpoint=False)
    ellipse = np.column_stack([half_axes_mm[0] * np.cos(sweep), half_axes_mm[1] * np.sin(sweep)])
    nearest = np.array([
        float(np.sqrt(((ellipse - point) ** 2).sum(axis=1).min())) for point in circle
    ])  # fmt: skip
    return float(np.where(inside, nearest, -nearest).min())


@dataclass(frozen=True, slots=True)
class DrivenNeedle:
    """A needle as it truly lies.

    Parameters
    ----------
    tip_mm : (3,) array
        In the planning scan's LPS, millimetres.
    direction : (3,) array
        Unit direction toward the tip, same frame.
    """

    tip_mm: Floats
    direction: Floats


def drive_needle(needle: PlannedNeedle, spec: TemplateSpec, truth: Truth) -> DrivenNeedle | None:
    """Drive a needle through the named bore to the named depth, where the plate truly stands.

    Parameters
    ----------
    needle : PlannedNeedle
        Bore and guide depth.
    spec : TemplateSpec
        The plate.
    truth : Truth
        Where plate and patient truly are.

    Returns
    -------
    DrivenNeedle or None
        None for a needle without a bore.
    """
    if needle.bore is None or needle.guide_depth_mm is None:
        return None
    bore = next(axis for axis in all_bores(spec) if axis.label == needle.bore)
    ends = np.stack([bore.entry_mm, bore.entry_mm + needle.guide_depth_mm * bore.direction])
    planning_from_template = (
        inverse_rigid(truth.intraop_from_planning) @ truth.intraop_from_template
    )
    entry, tip = moved_points(planning_from_template, ends)
    return DrivenNeedle(tip, (tip - entry) / np.linalg.norm(tip - entry))


def _execution_rows(
    needle: PlannedNeedle, driven: DrivenNeedle, truth: Truth, reported_mm: float
) -> list[dict[str, str]]:
    miss = driven.tip_mm - needle.trajectory.tip_mm
    depth = float(miss @ needle.trajectory.direction)
    lateral = float(np.linalg.norm(miss - depth * needle.trajectory.direction))
    label = f"{needle.bore} at {needle.guide_depth_mm:.0f} mm"
    rows = [
        _row("tip, lateral error in the patient", label, "as driven", f"{lateral:.2f} mm"),
        _row("tip, depth error in the patient", label, "as driven", f"{depth:+.2f} mm"),
    ]
    if needle.zone is not None:
        margin = driven_margin_mm(needle, needle.zone, driven, truth)
        rows.append(_row("least margin, needle as it lies", f"{reported_mm:.2f} mm",
                         f"{margin:.2f} mm", f"{reported_mm - margin:+.2f} mm"))  # fmt: skip
    return rows


def driven_margin_mm(
    needle: PlannedNeedle, zone: AblationZone, driven: DrivenNeedle, truth: Truth
) -> float:
    """Measure the margin of the true tumour in the zone about the needle as it truly lies.

    Parameters
    ----------
    needle : PlannedNeedle
        As planned.
    zone : AblationZone
        Its zone, which goes with the tip and turns with the shaft.
    driven : DrivenNeedle
        Where the needle lies.
    truth : Truth
        Where the tumour is.

    Returns
    -------
    float
        Least signed margin, millimetres.
    """
    ahead = float((zone.centre_mm - needle.trajectory.tip_mm) @ needle.trajectory.direction)
    return _zone_margin_mm(zone, driven.tip_mm + ahead * driven.direction, driven.direction, truth)
