"""What speaks for and against a plan, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.ablation.lesions import spread_directions
from navigator.ablation.margin import measure_margin, signed_margins_mm
from navigator.ablation.zones import place_zone
from navigator.arrays import lengths
from navigator.imaging.distance import border_boxes
from navigator.imaging.resample import crop_slices
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.planning.clearance import build_obstacle_boxes, measure_clearances_mm
from navigator.planning.entries import are_imaged
from navigator.planning.unlabelled import unlabelled_along

if TYPE_CHECKING:
    from navigator.model.ablation import AblationZone, Margin
    from navigator.model.placement import TemplatePlacement
    from navigator.planning.bores import BoreCandidate
    from navigator.planning.scene import Scene
    from template_gen import TemplateSpec

LARGEST_PLAY_MM = 0.5
"""Bore less needle diameter beyond which the tip wanders: 3 mm at 80 mm with 15 mm of guide."""

LEAST_PLAY_MM = 0.05
"""Less than this no printer leaves."""

BESIDE_MM = 1.5
"""Points of a tumour's volume lie closer together than this."""

NEAR_UNNAMED_MM = 5.0
"""A label without a name is told of within the widest usual limit of an unknown structure."""

SURFACE_POINTS = 200
"""Directions in which a zone's reach is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan before it is judged.

    Parameters
    ----------
    scene : Scene
        The patient.
    spec : TemplateSpec or None
        The plate; None for a free-hand needle.
    placement : TemplatePlacement or None
        Where it stands.
    best : BoreCandidate
        The needle.
    zone : AblationZone
        What it will ablate.
    margin : Margin
        The margin that it keeps.
    allowed : int
        Bores that broke no limit.
    """

    scene: Scene
    spec: TemplateSpec | None
    placement: TemplatePlacement | None
    best: BoreCandidate
    zone: AblationZone
    margin: Margin
    allowed: int


def draft_plan(
    scene: Scene,
    spec: TemplateSpec | None,
    placement: TemplatePlacement | None,
    best: BoreCandidate,
    *,
    allowed: int,
) -> Draft:
    """Put zone and margin to a chosen needle.

    Parameters
    ----------
    scene : Scene
        The patient.
    spec : TemplateSpec or None
        The plate; None for a free-hand needle.
    placement : TemplatePlacement or None
        Where it stands.
    best : BoreCandidate
        The needle.
    allowed : int
        Bores that broke no limit.

    Returns
    -------
    Draft
        Ready to be judged.
    """
    zone = place_zone(best.choice.size, best.trajectory)
    return Draft(
        scene=scene,
        spec=spec,
        placement=placement,
        best=best,
        zone=zone,
        margin=_in_doubt(measure_margin(scene.lesion, [zone]), scene.position_doubt_mm),
        allowed=allowed,
    )


def _in_doubt(margin: Margin, doubt_mm: float) -> Margin:
    """Widen a margin's range by how far everything may lie beside its place."""
    mam = margin.mam_mm
    return replace(margin, mam_mm=replace(mam, low=mam.low - doubt_mm, high=mam.high + doubt_mm))


def judge_plan(draft: Draft) -> Verdict:
    """Accept a plan, warn, or reject it.

    Parameters
    ----------
    draft : Draft
        The plan.

    Returns
    -------
    Verdict
        Rejected where tumour is left outside the zone; a warning for everything that the
        operator has to look at.
    """
    rejections = (*_residual(draft), *_may_touch(draft))
    warnings = (
        *draft.scene.remarks,
        *_margin_warnings(draft),
        *_axis_warnings(draft),
        *_anatomy_warnings(draft.scene, draft.zone),
        *_clearance_warnings(draft),
        *unlabelled_along(draft.scene, draft.best.trajectory),
        *_plate_warnings(draft),
    )
    return verdict_from_reasons(rejections=rejections, warnings=warnings)


def _residual(draft: Draft) -> tuple[Reason, ...]:
    mam = draft.margin.mam_mm.value
    if mam >= 0 and draft.margin.covered_share >= 1.0:
        return ()
    text = f"the zone leaves {max(-mam, 0.0):.1f} mm of tumour outside"
    return (Reason("residual-tumour", f"{text}; use more antennas or another device"),)


def _may_touch(draft: Draft) -> list[Reason]:
    """Reject where the needle may touch a structure within the doubt about everything's place."""
    doubt = draft.scene.position_doubt_mm
    return [
        Reason(
            "structure-may-be-touched",
            f"the needle passes {name} at {value:.1f} mm, and {doubt:.1f} mm are in doubt; "
            "scan again in the planned breath, or move the plate",
        )
        for name, value in draft.best.clearance_mm.items()
        if doubt > 0 and not value - doubt > 0
    ]


def _clearance_warnings(draft: Draft) -> list[Reason]:
    """Warn where a limit may be broken within the doubt, and near labels without a name."""
    doubt, limits = draft.scene.position_doubt_mm, draft.scene.constraints.min_clearance_mm
    warnings = []
    for name, value in draft.best.clearance_mm.items():
        limit = limits.get(name, 0.0)
        if 0 < value - doubt < limit:
            text = f"{name} is {value:.1f} mm away, and may be {value - doubt:.1f} mm"
            warnings.append(Reason("clearance-uncertain", f"{text} (limit {limit:g} mm); look"))
    if draft.scene.unnamed is not None:
        boxes = build_obstacle_boxes({"unnamed": draft.scene.unnamed})
        diameter = draft.scene.antenna.diameter_mm
        near = measure_clearances_mm(boxes, draft.best.trajectory, diameter)["unnamed"] - doubt
        if near < NEAR_UNNAMED_MM:
            text = "the needle passes through a label that the request does not name"
            if near > 0:
                text = f"a label that the request does not name lies {near:.1f} mm from the needle"
            warnings.append(Reason("label-unnamed", f"{text}; see what it is, and name it"))
    return warnings


def _margin_warnings(draft: Draft) -> list[Reason]:
    mam, wanted = draft.margin.mam_mm, draft.scene.lesion.wanted_margin_mm
    warnings = []
    if 0 <= mam.value < wanted:
        text = f"the least margin is {mam.value:.1f} mm of the {wanted:g} mm wanted"
        warnings.append(Reason("margin-below-goal", f"{text}; use more antennas or another device"))
    if mam.low < wanted and mam.value >= 0:
        meaning = "tumour would be left" if mam.low < 0 else f"{wanted:g} mm are wanted"
        text = f"at the low end of its range the margin is {mam.low:.1f} mm: {meaning}"
        warnings.append(Reason("margin-uncertain", f"{text}; prove the margin after the ablation"))
    return warnings


def _axis_warnings(draft: Draft) -> list[Reason]:
    """Warn where the antenna passes beside the tumour: a zone is surest on its own axis."""
    way, inside = draft.best.trajectory, draft.scene.lesion.inside_mm
    aside = lengths(np.cross(inside - way.tip_mm, way.direction))
    if float(aside.min()) <= BESIDE_MM:
        return []
    text = f"the antenna passes {float(aside.min()):.1f} mm beside the tumour"
    return [Reason("antenna-beside-tumour", f"{text}; move the plate so that a bore points at it")]


def _anatomy_warnings(scene: Scene, zone: AblationZone) -> list[Reason]:
    warnings = []
    for name in scene.unsegmented:
        text = f"{name} was not segmented: it is unknown, not free"
        warnings.append(Reason("structure-unknown", f"{text}; look for it along the needle"))
    warnings += _zone_beyond_scan(scene, zone)
    for name, mask in scene.obstacles.items():
        block = crop_slices(
            mask.grid, zone.centre_mm[None], padding_mm=reach_of(zone) + scene.position_doubt_mm
        )
        points = border_boxes(mask, block)
        if not len(points):
            continue
        reach = "reaches" if signed_margins_mm(points, [zone]).max() > 0 else "may reach"
        largest = signed_margins_mm(points, [zone], bound="high").max() + scene.position_doubt_mm
        if reach == "reaches" or largest > 0:
            text = f"the zone {reach} into {name}; protect it, or choose less power"
            code = "zone-reaches-structure" if reach == "reaches" else "zone-may-reach-structure"
            warnings.append(Reason(code, text))
    return warnings


def _zone_beyond_scan(scene: Scene, zone: AblationZone) -> list[Reason]:
    """Warn where the zone reaches beyond the scan: nobody knows what lies there."""
    surface = zone.centre_mm + reach_of(zone) * spread_directions(SURFACE_POINTS)
    if are_imaged(scene.patient, surface).all():
        return []
    text = "the zone may reach beyond the scan, where nothing was imaged"
    return [Reason("zone-leaves-scan", f"{text}; scan a longer slab")]


def reach_of(zone: AblationZone) -> float:
    """Measure the longest half axis of a zone at the high end of its range.

    Parameters
    ----------
    zone : AblationZone
        The zone.

    Returns
    -------
    float
        Millimetres.
    """
    return 0.5 * max(zone.size.long_axis_mm.high, zone.size.short_axis_mm.high)


def _plate_warnings(draft: Draft) -> list[Reason]:
    if draft.spec is None or draft.placement is None:
        return []
    warnings = []
    half = 0.5 * np.array([draft.spec.plate.width_mm, draft.spec.plate.height_mm])
    thickness = draft.spec.plate.thickness_mm
    corners = [[x * half[0], y * half[1], thickness] for x in (-1, 1) for y in (-1, 1)]
    points = draft.placement.lps_from_template.map_points(corners)
    if not are_imaged(draft.scene.patient, points).all():
        text = "a part of the plate stands beyond the scan, where the skin was not imaged"
        warnings.append(Reason("plate-overhangs-scan", f"{text}; see there that it stands free"))
    line, antenna = draft.best.line, draft.scene.antenna
    play = line.diameter_mm - antenna.diameter_mm
    if play < LEAST_PLAY_MM:
        text = f"bore {line.label} leaves {play:.2f} mm of play around the antenna"
        warnings.append(Reason("tight-bore", f"{text}; try the antenna in the printed plate"))
    if not play <= LARGEST_PLAY_MM:
        text = f"bore {line.label} leaves {play:.2f} mm of play around the antenna"
        warnings.append(Reason("loose-bore", f"{text}; print the plate with narrower bores"))
    return warnings
