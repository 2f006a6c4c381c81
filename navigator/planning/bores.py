"""The best bore, depth, power and time of a plate that stands where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.imaging.resample import sample_membership
from navigator.model.trajectory import Trajectory
from navigator.planning.clearance import ObstacleBoxes, measure_clearances_mm
from navigator.planning.depth import DepthChoice, choose_depth, zone_volume_mm3
from navigator.planning.entries import SkinEntries, are_imaged, find_skin_entries
from navigator.planning.plate import BoreLine, bore_lines

if TYPE_CHECKING:
    from navigator.model.placement import TemplatePlacement
    from navigator.planning.scene import Scene
    from template_gen import TemplateSpec

FREE_LINE_SLACK_MM = 1.5
"""A free line starts at a skin point that was interpolated between samples 1 mm apart."""

SPARE_WORTH_MM = 3.0
"""Clearance beyond every limit that is worth a larger zone or a needle beside the tumour's centre:
what registration and a bent needle may take of it; more is as good."""

BORES_TRIED = 16
"""Bores nearest the tumour's centre; at 5 mm pitch these reach 10 mm to every side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoreCandidate:
    """A needle through a bore that breaks no limit.

    Parameters
    ----------
    line : BoreLine
        The bore.
    choice : DepthChoice
        Depth, power, time.
    trajectory : Trajectory
        Skin to tip.
    clearance_mm : dict of str to float
        Exact clearance to every obstacle, millimetres.
    """

    line: BoreLine
    choice: DepthChoice
    trajectory: Trajectory
    clearance_mm: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoreSearch:
    """What came of a plate's bores.

    Parameters
    ----------
    best : BoreCandidate or None
        None where no bore reaches.
    seen, allowed : int
        Bores looked at, and bores that broke no limit.
    refused : dict of str to int
        How many bores fell to each reason.
    """

    best: BoreCandidate | None
    seen: int
    allowed: int
    refused: dict[str, int]


def find_best_bore(
    scene: Scene, spec: TemplateSpec, placement: TemplatePlacement, obstacles: ObstacleBoxes
) -> BoreSearch:
    """Choose bore, depth, power and time on a plate that stands where it stands.

    Parameters
    ----------
    scene : Scene
        The patient.
    spec : TemplateSpec
        The plate.
    placement : TemplatePlacement
        Where it stands, in the scene's frame.
    obstacles : ObstacleBoxes
        What the needle must keep clear of.

    Returns
    -------
    BoreSearch
        The bore with the largest margin up to the wanted one; among equals the one with more
        clearance up to a few millimetres, then the smaller zone.
    """
    refused: dict[str, int] = {}
    candidates = []
    lines = _nearest_lines(scene, bore_lines(spec, placement))
    for line in lines:
        found = try_line(scene, line, obstacles)
        if isinstance(found, str):
            refused[found] = refused.get(found, 0) + 1
        else:
            candidates.append(found)
    best = min(candidates, key=lambda item: rank_candidate(item, scene)) if candidates else None
    return BoreSearch(best=best, seen=len(lines), allowed=len(candidates), refused=refused)


def _nearest_lines(scene: Scene, lines: tuple[BoreLine, ...]) -> list[BoreLine]:
    centre = scene.lesion.centre_mm

    def miss(line: BoreLine) -> float:
        return float(lengths(np.cross(centre - line.origin_mm, line.direction)))

    return sorted(lines, key=miss)[:BORES_TRIED]


def try_line(scene: Scene, line: BoreLine, obstacles: ObstacleBoxes) -> BoreCandidate | str:
    """Find the best use of a line, or why it has none.

    Parameters
    ----------
    scene : Scene
        The patient.
    line : BoreLine
        A bore, or a free line from the skin.
    obstacles : ObstacleBoxes
        What the needle must keep clear of.

    Returns
    -------
    BoreCandidate or str
        The needle, or the reason in words.
    """
    if not scene.antenna.diameter_mm <= line.diameter_mm:
        return "bore narrower than the antenna"
    choice = choose_depth(line.origin_mm, line.direction, scene.lesion, scene.sizes)
    way = _way_to(scene, line, choice)
    if isinstance(way, str):
        return way
    clearance = measure_clearances_mm(obstacles, way, scene.antenna.diameter_mm)
    for name, value in clearance.items():
        if not value >= scene.constraints.min_clearance_mm.get(name, 0.0):
            return f"too near {name}"
    return BoreCandidate(line=line, choice=choice, trajectory=way, clearance_mm=clearance)


def _way_to(scene: Scene, line: BoreLine, choice: DepthChoice) -> Trajectory | str:
    """Find where the needle enters, or why it cannot."""
    offset = choice.size.centre_to_tip_mm.value
    tip = line.origin_mm + choice.guide_depth_mm * line.direction
    entry = find_skin_entries(
        scene.patient, (tip - offset * line.direction)[None], line.direction[None]
    )
    if not entry.usable[0]:
        return _why_no_entry(entry)
    beyond = tip - np.linspace(0.0, offset, 20)[:, None] * line.direction
    if not (sample_membership(scene.body, beyond) >= 0.5).all():
        return "the tip would leave the body"
    if not are_imaged(scene.patient, beyond).all():
        return "the tip would leave the scan"
    depth = float(entry.depths_mm[0]) + offset
    if not depth <= scene.constraints.max_insertion_depth_mm:
        return "too deep"
    if choice.guide_depth_mm < depth - FREE_LINE_SLACK_MM:
        return "the plate stands below the skin"
    skin: Floats = tip - depth * line.direction
    return Trajectory(entry_mm=skin, tip_mm=tip, frame=scene.lesion.frame)


def _why_no_entry(entry: SkinEntries) -> str:
    if entry.leaves_scan[0]:
        return "the skin above lies outside the scan"
    if entry.covered[0]:
        return "something lies over the skin"
    return "no clean skin entry within the scan"


def reaches_goal(candidate: BoreCandidate, scene: Scene) -> bool:
    """Tell whether a needle keeps the wanted margin.

    Parameters
    ----------
    candidate : BoreCandidate
        The needle.
    scene : Scene
        The patient.

    Returns
    -------
    bool
        By the points that the search looks at.
    """
    return candidate.choice.mam_mm >= scene.lesion.wanted_margin_mm


def rank_candidate(candidate: BoreCandidate, scene: Scene) -> tuple[float | str, ...]:
    """Give the key by which needles are sorted, best first.

    Parameters
    ----------
    candidate : BoreCandidate
        The needle.
    scene : Scene
        The patient.

    Returns
    -------
    tuple
        Margin up to the wanted one, clearance to spare up to `SPARE_WORTH_MM`, volume of the
        zone, distance of the axis from the tumour's centre, depth, label.
    """
    margin = min(candidate.choice.mam_mm, scene.lesion.wanted_margin_mm)
    spare = min(
        value - scene.constraints.min_clearance_mm.get(name, 0.0)
        for name, value in candidate.clearance_mm.items()
    )
    aside = np.cross(scene.lesion.centre_mm - candidate.line.origin_mm, candidate.line.direction)
    # a tenth of a millimetre of margin is not worth a narrower way
    return (
        -round(margin, 1),
        -round(min(spare, SPARE_WORTH_MM)),
        zone_volume_mm3(candidate.choice.size),
        round(float(lengths(aside)), 1),
        candidate.choice.guide_depth_mm,
        candidate.line.label,
    )
