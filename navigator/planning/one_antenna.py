"""A plan for one antenna through a coordinate template."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.distance import border_boxes
from navigator.model.outcome import Reason, verdict_from_reasons
from navigator.model.plan import Plan, PlannedNeedle, Provenance
from navigator.planning.bores import find_best_bore, try_line
from navigator.planning.clearance import ClearanceField, build_clearance_field
from navigator.planning.depth import choose_depth
from navigator.planning.directions import Directions, find_directions
from navigator.planning.entries import find_skin_entries
from navigator.planning.judgement import Draft, draft_plan, judge_plan
from navigator.planning.plate import BoreLine, Pointer, stand_plate_on_skin

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.model.placement import TemplatePlacement
    from navigator.planning.scene import Scene
    from template_gen import TemplateSpec

DIRECTIONS_TRIED = 25
"""Best directions for which a plate is stood up and its bores are tried."""


def plan_one_antenna(scene: Scene, spec: TemplateSpec, provenance: Provenance) -> Plan:
    """Choose where the plate shall stand, and bore, depth, power and time.

    Parameters
    ----------
    scene : Scene
        The patient.
    spec : TemplateSpec
        The plate.
    provenance : Provenance
        What the plan is made from.

    Returns
    -------
    Plan
        Rejected, and without a needle, where no direction on the protractor reaches the
        tumour within the limits.
    """
    field = _field(scene)
    directions = _directions(scene, field)
    skin = _skin_points(scene)
    refused, seen = Counter(directions.refused), 0
    for normal in directions.normals[:DIRECTIONS_TRIED]:
        pointer = Pointer(target_mm=scene.lesion.centre_mm, normal=normal, frame=scene.lesion.frame)
        placement = stand_plate_on_skin(skin, spec, pointer=pointer, gravity_lps=scene.gravity_lps)
        search = find_best_bore(scene, spec, placement, field)
        seen += search.seen
        if search.best is not None:
            draft = draft_plan(scene, spec, placement, search.best, allowed=search.allowed)
            return _plan(draft, provenance, directions.seen + seen)
        refused.update(search.refused)
    return _no_way(refused, None, provenance, directions.seen + seen)


def plan_through_standing_plate(
    scene: Scene, spec: TemplateSpec, placement: TemplatePlacement, provenance: Provenance
) -> Plan:
    """Choose bore, depth, power and time for a plate that stands where it stands.

    Parameters
    ----------
    scene : Scene
        The patient.
    spec : TemplateSpec
        The plate.
    placement : TemplatePlacement
        Its pose in the scene's frame.
    provenance : Provenance
        What the plan is made from.

    Returns
    -------
    Plan
        Rejected, and without a needle, where no bore reaches the tumour within the limits.
    """
    search = find_best_bore(scene, spec, placement, _field(scene))
    if search.best is None:
        return _no_way(search.refused, placement, provenance, search.seen)
    draft = draft_plan(scene, spec, placement, search.best, allowed=search.allowed)
    return _plan(draft, provenance, search.seen)


def plan_free_hand(scene: Scene, provenance: Provenance) -> Plan:
    """Choose entry, direction, depth, power and time without a plate.

    Parameters
    ----------
    scene : Scene
        The patient.
    provenance : Provenance
        What the plan is made from.

    Returns
    -------
    Plan
        Rejected, and without a needle, where no direction reaches the tumour within the limits.
    """
    field = _field(scene)
    directions = _directions(scene, field)
    refused, seen = Counter(directions.refused), 0
    for seen, normal in enumerate(directions.normals[:DIRECTIONS_TRIED], start=1):
        centre = scene.lesion.centre_mm
        entry = find_skin_entries(scene.body, centre[None], normal[None])
        line = BoreLine(
            label="",
            origin_mm=centre - float(entry.depths_mm[0]) * normal,
            direction=normal,
            diameter_mm=scene.antenna.diameter_mm,
        )
        found = try_line(scene, line, field)
        if not isinstance(found, str):
            draft = draft_plan(scene, None, None, found, allowed=1)
            return _plan(draft, provenance, directions.seen + seen)
        refused[found] += 1
    return _no_way(refused, None, provenance, directions.seen + seen)


def _directions(scene: Scene, field: ClearanceField) -> Directions:
    """Find the directions for the zone that would serve a straight-down needle best."""
    centred = choose_depth(scene.lesion.centre_mm, scene.gravity_lps, scene.lesion, scene.sizes)
    return find_directions(scene, field, centred.guide_depth_mm)


def _field(scene: Scene) -> ClearanceField:
    """Measure distances in the block that holds every allowed needle."""
    reach = scene.constraints.max_insertion_depth_mm
    centre = scene.lesion.centre_mm
    return build_clearance_field(scene.obstacles, np.stack([centre - reach, centre + reach]))


def _skin_points(scene: Scene) -> Floats:
    """List the corners of the body's border voxels that look outward: the skin at its highest."""
    count = scene.body.grid.shape_kji
    whole = (slice(0, count[0]), slice(0, count[1]), slice(0, count[2]))
    half = 0.5 * float(scene.body.grid.spacing_mm.max())
    return border_boxes(scene.body, whole) - half * scene.gravity_lps


def _plan(draft: Draft, provenance: Provenance, seen: int) -> Plan:
    needle = PlannedNeedle(
        name="N1",
        role="antenna",
        bore=draft.best.line.label or None,
        trajectory=draft.best.trajectory,
        guide_depth_mm=None if draft.spec is None else draft.best.choice.guide_depth_mm,
        zone=draft.zone,
        clearance_mm=draft.best.clearance_mm,
    )
    return Plan(
        needles=(needle,),
        placement=draft.placement,
        margin=draft.margin,
        verdict=judge_plan(draft),
        provenance=provenance,
        candidates_seen=seen,
        candidates_allowed=draft.allowed,
    )


def _no_way(
    refused: dict[str, int],
    placement: TemplatePlacement | None,
    provenance: Provenance,
    seen: int,
) -> Plan:
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items()))
    message = (
        f"no bore reaches the tumour within the limits ({seen} ways tried: {reasons or 'none'}); "
        "allow more tilt or depth, check the labels, or move the plate"
    )
    return Plan(
        needles=(),
        placement=placement,
        margin=None,
        verdict=verdict_from_reasons(rejections=(Reason("no-bore-reaches", message),)),
        provenance=provenance,
        candidates_seen=seen,
        candidates_allowed=0,
    )
