"""The best bore, depth, power and time of a plate that stands where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.model.trajectory import Trajectory
from navigator.planning.clearance import ClearanceField, measure_clearances_mm
from navigator.planning.depth import DepthChoice, choose_depth
from navigator.planning.entries import find_skin_entries
from navigator.planning.plate import BoreLine, bore_lines

if TYPE_CHECKING:
    from navigator.model.placement import TemplatePlacement
    from navigator.planning.scene import Scene
    from template_gen import TemplateSpec

FREE_LINE_SLACK_MM = 1.5
"""A free line starts at a skin point that was interpolated between samples 1 mm apart."""

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
    scene: Scene, spec: TemplateSpec, placement: TemplatePlacement, field: ClearanceField
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
    field : ClearanceField
        Distances to the obstacles.

    Returns
    -------
    BoreSearch
        The bore with the largest margin up to the wanted one; among equals the one with more
        clearance, then the smaller zone and depth.
    """
    refused: dict[str, int] = {}
    candidates = []
    lines = _nearest_lines(scene, bore_lines(spec, placement))
    for line in lines:
        found = try_line(scene, line, field)
        if isinstance(found, str):
            refused[found] = refused.get(found, 0) + 1
        else:
            candidates.append(found)
    best = min(candidates, key=lambda item: _rank(item, scene)) if candidates else None
    return BoreSearch(best=best, seen=len(lines), allowed=len(candidates), refused=refused)


def _nearest_lines(scene: Scene, lines: tuple[BoreLine, ...]) -> list[BoreLine]:
    centre = scene.lesion.centre_mm

    def miss(line: BoreLine) -> float:
        return float(lengths(np.cross(centre - line.origin_mm, line.direction)))

    return sorted(lines, key=miss)[:BORES_TRIED]


def try_line(scene: Scene, line: BoreLine, field: ClearanceField) -> BoreCandidate | str:
    """Find the best use of a line, or why it has none.

    Parameters
    ----------
    scene : Scene
        The patient.
    line : BoreLine
        A bore, or a free line from the skin.
    field : ClearanceField
        Distances to the obstacles.

    Returns
    -------
    BoreCandidate or str
        The needle, or the reason in words.
    """
    if not scene.antenna.diameter_mm <= line.diameter_mm:
        return "bore narrower than the antenna"
    choice = choose_depth(line.origin_mm, line.direction, scene.lesion, scene.sizes)
    tip = line.origin_mm + choice.guide_depth_mm * line.direction
    inside = tip - choice.size.centre_to_tip_mm.value * line.direction
    entry = find_skin_entries(scene.body, inside[None], line.direction[None])
    if not entry.usable[0]:
        return "no clean skin entry within the scan"
    depth = float(entry.depths_mm[0]) + choice.size.centre_to_tip_mm.value
    if not depth <= scene.constraints.max_insertion_depth_mm:
        return "too deep"
    if choice.guide_depth_mm < depth - FREE_LINE_SLACK_MM:
        return "the plate stands below the skin"
    skin: Floats = tip - depth * line.direction
    way = Trajectory(entry_mm=skin, tip_mm=tip, frame=scene.lesion.frame)
    clearance = measure_clearances_mm(field, way, scene.antenna.diameter_mm)
    for name, value in clearance.items():
        if not value >= scene.constraints.min_clearance_mm.get(name, 0.0):
            return f"too near {name}"
    return BoreCandidate(line=line, choice=choice, trajectory=way, clearance_mm=clearance)


def _rank(candidate: BoreCandidate, scene: Scene) -> tuple[float, float, float, str]:
    margin = min(candidate.choice.mam_mm, scene.lesion.wanted_margin_mm)
    spare = min(
        value - scene.constraints.min_clearance_mm.get(name, 0.0)
        for name, value in candidate.clearance_mm.items()
    )
    # a tenth of a millimetre of margin is not worth a narrower way
    return (
        -round(margin, 1),
        -round(min(spare, 10.0), 1),
        candidate.choice.guide_depth_mm,
        candidate.line.label,
    )
