"""The directions that the protractor can set, and which of them are worth standing a plate for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.model.placement import normal_from_tilts
from navigator.planning.clearance import (
    ClearanceField,
    bound_clearances_mm,
    interpolation_doubt_mm,
)
from navigator.planning.entries import SkinEntries, find_skin_entries

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.planning.scene import Constraints, Scene

WORTH_OF_CLEARANCE_MM = 5.0
"""Clearance beyond the limit that is still worth something; more is as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Directions toward one target, best first.

    Parameters
    ----------
    normals : (n, 3) array
        Unit directions into the patient that break no limit by the quick look.
    seen : int
        How many were looked at.
    refused : dict of str to int
        How many fell to each reason.
    """

    normals: Floats
    seen: int
    refused: dict[str, int]


def protractor_normals(constraints: Constraints, gravity_lps: Floats) -> tuple[Floats, Floats]:
    """List every direction on the protractor's steps within the allowed tilt.

    Parameters
    ----------
    constraints : Constraints
        Step and largest tilt, degrees.
    gravity_lps : (3,) array
        Direction of gravity.

    Returns
    -------
    normals : (n, 3) array
        Unit directions into the patient.
    tilts_deg : (n,) array
        Angle of each to gravity, degrees.
    """
    steps = int(np.floor(constraints.max_tilt_deg / constraints.protractor_step_deg))
    angles = np.arange(-steps, steps + 1) * constraints.protractor_step_deg
    lateral, cranial = np.meshgrid(angles, angles, indexing="ij")
    normals = normal_from_tilts(lateral.ravel(), cranial.ravel(), gravity_lps)
    tilts = np.rad2deg(np.arccos(np.clip(normals @ gravity_lps, -1.0, 1.0)))
    within = tilts <= constraints.max_tilt_deg + 1e-9
    return normals[within], tilts[within]


def find_directions(scene: Scene, field: ClearanceField, tip_offset_mm: float) -> Directions:
    """Find the directions in which a needle through the tumour's centre breaks no limit.

    Parameters
    ----------
    scene : Scene
        The patient.
    field : ClearanceField
        Distances to the obstacles.
    tip_offset_mm : float
        How far the tip lies beyond the tumour's centre, millimetres.

    Returns
    -------
    Directions
        Ranked: shallow, upright, and clear of everything by `WORTH_OF_CLEARANCE_MM`.
    """
    normals, tilts = protractor_normals(scene.constraints, scene.gravity_lps)
    tips = scene.lesion.centre_mm + tip_offset_mm * normals
    entries = find_skin_entries(
        scene.patient, np.repeat(scene.lesion.centre_mm[None], len(tips), 0), normals
    )
    depths = entries.depths_mm + tip_offset_mm
    clean = entries.usable
    skin = np.where(clean[:, None], tips - depths[:, None] * normals, tips - normals)
    spare = bound_clearances_mm(field, skin, tips, scene.antenna.diameter_mm)
    spare -= np.array([scene.constraints.min_clearance_mm.get(name, 0.0) for name in field.names])
    least = spare.min(axis=1)
    shallow = np.nan_to_num(depths, nan=np.inf) <= scene.constraints.max_insertion_depth_mm
    allowed = clean & shallow & (least >= 0)
    # the bound is generous, so that nothing is refused wrongly; ranks go by the likely value
    likely = least - interpolation_doubt_mm(field)
    cost = (
        np.nan_to_num(depths) / scene.constraints.max_insertion_depth_mm
        + 0.5 * tilts / max(scene.constraints.max_tilt_deg, 1e-9)
        + (1.0 - np.clip(likely / WORTH_OF_CLEARANCE_MM, 0.0, 1.0))
    )
    order = np.flatnonzero(allowed)[np.lexsort((cost[allowed], likely[allowed] < 0))]
    return Directions(
        normals=normals[order],
        seen=len(normals),
        refused=_count_reasons(entries, shallow, spare, field.names),
    )


def _count_reasons(
    entries: SkinEntries, shallow: Booleans, spare: Floats, names: tuple[str, ...]
) -> dict[str, int]:
    """Count the directions that fall to each reason; one may fall to several."""
    clean, leaves, covered = entries.usable, entries.leaves_scan, entries.covered
    counts = {
        "the skin above lies outside the scan": int(leaves.sum()),
        "something lies over the skin": int((covered & ~leaves).sum()),
        "no clean skin entry": int((~clean & ~leaves & ~covered).sum()),
        "too deep": int((clean & ~shallow).sum()),
    }
    for column, name in enumerate(names):
        counts[f"too near {name}"] = int((clean & (spare[:, column] < 0)).sum())
    return {reason: count for reason, count in counts.items() if count}
