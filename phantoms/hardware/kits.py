"""The needles of one ablation, driven through the bores that lie best to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.errors import HardwareRefusedError
from phantoms.hardware.gauges import OUTER_MM
from phantoms.hardware.needles import build_needle
from phantoms.hardware.placed import DrivenNeedle, drive_needle
from phantoms.hardware.slack import guide_ends_mm
from phantoms.motion import inverse_rigid, moved_points
from template_gen.spec import all_bores

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.hardware.needles import Needle, Role
    from phantoms.hardware.plate import PlacedPlate
    from template_gen.spec import BoreAxis

LENGTHS_MM = (150.0, 200.0, 250.0, 300.0)
PLAY_MM = 0.15
"""A needle is taken at least this much thinner than its bore, millimetres."""
LEFT_OUTSIDE_MM = 20.0
"""So much shaft is left between hub and bore at least, millimetres."""
SLOT_AHEAD_MM = 9.5
"""An antenna's tip goes this far beyond the target, so that its active zone lies on it."""
FIXING_APART_MM = 12.5
"""Fixing needles stand at the corners of a square of twice this width round the target."""

WANTED: tuple[tuple[Role, str, tuple[float, float], float], ...] = (
    ("antenna", "A1", (0.0, 0.0), SLOT_AHEAD_MM),
    ("fixing", "F1", (-FIXING_APART_MM, -FIXING_APART_MM), 0.0),
    ("fixing", "F2", (FIXING_APART_MM, -FIXING_APART_MM), 0.0),
    ("fixing", "F3", (FIXING_APART_MM, FIXING_APART_MM), 0.0),
    ("fixing", "F4", (-FIXING_APART_MM, FIXING_APART_MM), 0.0),
    ("locating", "L1", (0.0, FIXING_APART_MM), -5.0),
)
"""Role, name, place against the target along columns and rows, and depth beyond it, mm."""


def drive_kit(
    plate: PlacedPlate,
    target_mm: Floats,
    rng: np.random.Generator,
    *,
    antenna_bend_mm: float = np.inf,
) -> list[DrivenNeedle]:
    """Drive one antenna at a target, four fixing needles round it, and one locating needle.

    No way is planned: what lies between the skin and the target is not looked at.

    Parameters
    ----------
    plate : PlacedPlate
        The plate as it stands in the scan.
    target_mm : (3,) array
        LPS millimetres of the scan.
    rng : numpy.random.Generator
        Draws the slack of each needle, and the antenna's bending direction.
    antenna_bend_mm : float
        Bend radius of the antenna, millimetres; infinite for a straight one.

    Returns
    -------
    list of DrivenNeedle
        The antenna first.

    Raises
    ------
    HardwareRefusedError
        If the plate has too few bores, or no needle is long or thin enough for them.
    """
    target = moved_points(inverse_rigid(plate.lps_from_template), target_mm)
    free = {axis.label: axis for axis in all_bores(plate.spec)}
    if len(free) < len(WANTED):
        _refuse(f"at least {len(WANTED)} bores", f"{len(free)}", "take a plate with more bores")
    driven = []
    for role, name, (column_mm, row_mm), beyond_mm in WANTED:
        goal = target + np.array([column_mm, row_mm, 0.0])
        axis = free.pop(min(free.values(), key=lambda each: _off_mm(each, goal)).label)
        depth = float((goal - axis.entry_mm) @ axis.direction) + beyond_mm
        bend = antenna_bend_mm if role == "antenna" else np.inf
        turn = float(rng.uniform(-np.pi, np.pi))
        needle = _fitting(role, name, axis, depth, (bend, turn))
        driven.append(drive_needle(needle, plate, axis.label, depth, rng))
    return driven


def _refuse(expected: str, got: str, next_step: str) -> None:
    """Refuse a plate for a kit."""
    raise HardwareRefusedError(
        "The needles of one ablation do not fit this plate",
        where="drive_kit",
        expected=expected,
        got=got,
        next_step=next_step,
    )


def _off_mm(axis: BoreAxis, goal: Floats) -> float:
    """Measure how far a bore's axis passes from a point."""
    return float(np.linalg.norm(np.cross(goal - axis.entry_mm, axis.direction)))


def _fitting(
    role: Role, name: str, axis: BoreAxis, depth_mm: float, bend: tuple[float, float]
) -> Needle:
    """Choose the thickest gauge that passes a bore, one thinner but for antennas, and a length."""
    gauges = [gauge for gauge in sorted(OUTER_MM) if OUTER_MM[gauge] <= axis.diameter_mm - PLAY_MM]
    if not gauges:
        _refuse("a bore that some gauge passes", f"{axis.diameter_mm:g} mm", "widen the bores")
    least = depth_mm + LEFT_OUTSIDE_MM - min(guide_ends_mm(axis)[0], 0.0)
    lengths = [length for length in LENGTHS_MM if length >= least]
    if not lengths:
        _refuse(f"a needle of up to {LENGTHS_MM[-1]:g} mm", f"{least:.0f} mm", "come closer")
    return build_needle(
        role,
        name,
        gauge=gauges[0] if role == "antenna" else gauges[min(1, len(gauges) - 1)],
        length_mm=lengths[0],
        bend_radius_mm=bend[0],
        bend_direction_rad=bend[1],
    )
