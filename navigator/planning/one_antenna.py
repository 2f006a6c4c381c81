"""A plan for one antenna through a coordinate template."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.distance import border_boxes
from navigator.imaging.resample import whole_slices
from navigator.model.outcome import Reason, verdict_from_reasons
from navigator.model.plan import Plan, PlannedNeedle, Provenance
from navigator.planning.bores import (
    BoreCandidate,
    find_best_bore,
    reaches_goal,
    try_line,
)
from navigator.planning.clearance import (
    ClearanceField,
    build_clearance_field,
    build_obstacle_boxes,
)
from navigator.planning.depth import choose_depth
from navigator.planning.directions import Directions, find_directions
from navigator.planning.entries import find_skin_entries
from navigator.planning.judgement import Draft, draft_plan, judge_plan
from navigator.planning.plate import (
    PRESSING_REJECTED_MM,
    PRESSING_WARNED_MM,
    BoreLine,
    Pointer,
    plate_depth_in_skin_mm,
    stand_plate_on_skin,
    tilt_deg,
)

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.model.placement import TemplatePlacement
    from navigator.planning.bores import BoreSearch
    from navigator.planning.scene import Scene
    from template_gen import TemplateSpec

WORTHWHILE_MARGIN_MM = 0.1
"""Less margin is not worth a deeper or more tilted way."""

DIRECTIONS_COMPARED = 25
"""Directions with a way, best first, of which the one with the most margin is taken: the first
that keeps the wanted margin ends the search."""

PLATES_TRIED, FREE_LINES_TRIED = 100, 1000
"""Directions of the quick look that are tried exactly: some 10 s where none of them has a way."""

TILT_TOLERANCE_DEG = 0.5
"""A standing plate's tilt is measured; markers tell it to a fraction of this."""


@dataclass(slots=True)
class _Tally:
    """What a search over directions has come across so far."""

    refused: Counter[str]
    seen: int
    allowed: int = 0
    directions_with_a_way: int = 0

    def add(self, search: BoreSearch) -> None:
        """Count one plate's bores."""
        self.refused.update(search.refused)
        self.seen += search.seen
        self.allowed += search.allowed

    def is_enough(self, found: BoreCandidate, scene: Scene) -> bool:
        """Count a direction that has a way, and tell whether to stop looking."""
        self.directions_with_a_way += 1
        return reaches_goal(found, scene) or self.directions_with_a_way >= DIRECTIONS_COMPARED


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
    obstacles = build_obstacle_boxes(scene.obstacles)
    directions = _directions(scene)
    skin = _skin_points(scene) - 0.5 * float(scene.body.grid.spacing_mm.max()) * scene.gravity_lps
    tally = _Tally(Counter(directions.refused), seen=directions.seen)
    best: tuple[TemplatePlacement, BoreCandidate] | None = None
    for normal in directions.normals[:PLATES_TRIED]:
        pointer = Pointer(target_mm=scene.lesion.centre_mm, normal=normal, frame=scene.lesion.frame)
        placement = stand_plate_on_skin(skin, spec, pointer=pointer, gravity_lps=scene.gravity_lps)
        search = find_best_bore(scene, spec, placement, obstacles)
        tally.add(search)
        if search.best is None:
            continue
        if best is None or _has_more_margin(search.best, best[1]):
            best = placement, search.best
        if tally.is_enough(search.best, scene):
            break
    if best is None:
        return _no_way(tally.refused, None, provenance, tally.seen)
    draft = draft_plan(scene, spec, best[0], best[1], allowed=tally.allowed)
    return _plan(draft, provenance, tally.seen)


def _has_more_margin(one: BoreCandidate, other: BoreCandidate) -> bool:
    """Tell whether a later direction is worth more: directions come in order of preference."""
    return one.choice.mam_mm > other.choice.mam_mm + WORTHWHILE_MARGIN_MM


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
        Rejected, and without a needle, where the plate reaches into the patient, leans too far,
        or no bore reaches the tumour within the limits.
    """
    depth_mm = plate_depth_in_skin_mm(_skin_points(scene), spec, placement)
    misplaced = _misplaced(scene, placement, depth_mm)
    if misplaced is not None:
        return _nothing(misplaced, placement, provenance)
    if depth_mm > PRESSING_WARNED_MM:
        scene = replace(scene, remarks=(*scene.remarks, _pressing(depth_mm)))
    search = find_best_bore(scene, spec, placement, build_obstacle_boxes(scene.obstacles))
    if search.best is None:
        return _no_way(search.refused, placement, provenance, search.seen)
    draft = draft_plan(scene, spec, placement, search.best, allowed=search.allowed)
    return _plan(draft, provenance, search.seen)


def _misplaced(scene: Scene, placement: TemplatePlacement, depth_mm: float) -> Reason | None:
    """Say why a plate cannot stand where it was said to stand; None where it can."""
    tilt, limit = tilt_deg(placement), scene.constraints.max_tilt_deg
    if not tilt <= limit + TILT_TOLERANCE_DEG:
        text = f"the plate leans {tilt:.1f} deg from gravity (limit {limit:g} deg)"
        return Reason("plate-tilted", f"{text}; set it more upright, or allow more tilt")
    if not depth_mm <= PRESSING_REJECTED_MM:
        text = f"the plate would reach {depth_mm:.0f} mm below the planned skin"
        return Reason("plate-in-patient", f"{text}; check its pose, and the registration")
    return None


def _pressing(depth_mm: float) -> Reason:
    text = f"the plate reaches {depth_mm:.1f} mm below the planned skin"
    return Reason("plate-presses", f"{text}; see that it does not press: it moves the liver")


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
    obstacles = build_obstacle_boxes(scene.obstacles)
    directions = _directions(scene)
    tally = _Tally(Counter(directions.refused), seen=directions.seen)
    best: BoreCandidate | None = None
    for normal in directions.normals[:FREE_LINES_TRIED]:
        centre = scene.lesion.centre_mm
        entry = find_skin_entries(scene.patient, centre[None], normal[None])
        line = BoreLine(
            label="",
            origin_mm=centre - float(entry.depths_mm[0]) * normal,
            direction=normal,
            diameter_mm=scene.antenna.diameter_mm,
        )
        found = try_line(scene, line, obstacles)
        tally.seen += 1
        if isinstance(found, str):
            tally.refused[found] += 1
            continue
        tally.allowed += 1
        if best is None or _has_more_margin(found, best):
            best = found
        if tally.is_enough(found, scene):
            break
    if best is None:
        return _no_way(tally.refused, None, provenance, tally.seen)
    return _plan(draft_plan(scene, None, None, best, allowed=tally.allowed), provenance, tally.seen)


def _directions(scene: Scene) -> Directions:
    """Find the directions for the zone that would serve a straight-down needle best."""
    centred = choose_depth(scene.lesion.centre_mm, scene.gravity_lps, scene.lesion, scene.sizes)
    return find_directions(scene, _field(scene), centred.guide_depth_mm)


def _field(scene: Scene) -> ClearanceField:
    """Measure distances in the block that holds every allowed needle."""
    reach = scene.constraints.max_insertion_depth_mm
    centre = scene.lesion.centre_mm
    widest = max(scene.constraints.min_clearance_mm.values(), default=0.0)
    return build_clearance_field(
        scene.obstacles,
        np.stack([centre - reach, centre + reach]),
        widest_limit_mm=widest + 0.5 * scene.antenna.diameter_mm,
    )


def _skin_points(scene: Scene) -> Floats:
    """List the centres of the body's border voxels."""
    return border_boxes(scene.body, whole_slices(scene.body.grid))


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
    return _nothing(Reason("no-bore-reaches", message), placement, provenance, seen=seen)


def _nothing(
    why: Reason, placement: TemplatePlacement | None, provenance: Provenance, *, seen: int = 0
) -> Plan:
    """Give a plan without a needle, and the reason."""
    return Plan(
        needles=(),
        placement=placement,
        margin=None,
        verdict=verdict_from_reasons(rejections=(why,)),
        provenance=provenance,
        candidates_seen=seen,
        candidates_allowed=0,
    )
