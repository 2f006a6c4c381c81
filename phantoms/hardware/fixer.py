"""The fixer arm: a clamp at the plate's edge and jointed rods to the rail of the couch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.errors import HardwareRefusedError
from phantoms.hardware.course import course_line
from phantoms.hardware.driving import course_of
from phantoms.metal import Metal
from phantoms.motion import moved_points
from phantoms.shapes import Affine, Cut, RoundedBox, Tube, sphere
from phantoms.tissues import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from phantoms.hardware.placed import PlacedNeedle
    from phantoms.hardware.plate import PlacedPlate

ROD_RADIUS_MM, JOINT_RADIUS_MM = 7.0, 11.0
CLAMP_MM = (16.0, 34.0)
"""Of the clamp: out from the edge, and along it, millimetres."""
JAW_MM = 5.0
"""So far the clamp's jaws reach over the plate, and so thick they are, millimetres."""
BODY_MARGIN_MM, NEEDLE_MARGIN_MM = 10.0, 15.0
"""The arm's surface stays this far from the skin, and from every needle and its hub."""
LIFTS_MM = (40.0, 70.0, 100.0, 130.0, 160.0)
"""How far above the plate the arm may run, tried in order."""
OUT_MM = 24.0
CHECK_STEP_MM = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FixerArm:
    """A passive arm that holds a plate.

    Parameters
    ----------
    plate : PlacedPlate
        What it holds.
    edge : tuple of int
        Which edge it grips: (1, 0), (-1, 0), (0, 1) or (0, -1) in the plate's axes.
    joints_mm : (n, 3) array
        Corners of its middle line from the clamp to the rail, LPS millimetres of the scan.
    """

    plate: PlacedPlate
    edge: tuple[int, int]
    joints_mm: Floats

    def __post_init__(self) -> None:
        joints = frozen_floats(self.joints_mm, (None, 3), "FixerArm.joints_mm")
        object.__setattr__(self, "joints_mm", joints)
        positive(float(np.linalg.norm(np.diff(joints, axis=0), axis=1).min()), "FixerArm: a rod")


def build_arm(
    plate: PlacedPlate,
    rail_mm: ArrayLike,
    *,
    outside_body_mm: Callable[[Floats], Floats],
    needles: Sequence[PlacedNeedle] = (),
) -> FixerArm:
    """Lead an arm from the plate's edge to the couch rail, clear of patient and needles.

    It leaves the plate sideways, rises, runs above the patient to the rail and comes down to it.

    Parameters
    ----------
    plate : PlacedPlate
        What it holds.
    rail_mm : (3,) array
        Where it stands on the rail, LPS millimetres of the scan.
    outside_body_mm : callable
        Takes (n, 3) points, LPS millimetres, and returns (n,) distances from the skin that the
        true ones are not less than, negative inside.
    needles : sequence of PlacedNeedle
        Whose ways stay free.

    Returns
    -------
    FixerArm
        The first of a few edges and heights that is clear.

    Raises
    ------
    HardwareRefusedError
        If none is.
    """
    rail = frozen_floats(rail_mm, (3,), "rail_mm")
    kept_free = [_line_with_hub(needle) for needle in needles]
    tried = []
    for edge in _edges_by_nearness(plate, rail):
        for lift in LIFTS_MM:
            arm = FixerArm(plate=plate, edge=edge, joints_mm=_joints(plate, rail, edge, lift))
            points = _points_on(arm)
            body = float(outside_body_mm(points).min()) - JOINT_RADIUS_MM
            steel = min((_least_mm(points, line) for line in kept_free), default=np.inf)
            if body >= BODY_MARGIN_MM and steel - JOINT_RADIUS_MM >= NEEDLE_MARGIN_MM:
                return arm
            tried.append(min(body - BODY_MARGIN_MM, steel - JOINT_RADIUS_MM - NEEDLE_MARGIN_MM))
    raise HardwareRefusedError(
        "The fixer arm finds no way clear of patient and needles",
        where="build_arm",
        expected=f"{BODY_MARGIN_MM:g} mm to the skin and {NEEDLE_MARGIN_MM:g} mm to needles",
        got=f"{len(tried)} ways, the best short of it by {-max(tried):.1f} mm",
        next_step="stand it elsewhere on the rail, or on the other side",
    )


def arm_parts(arm: FixerArm) -> list[Part]:
    """Build clamp, rods and joints; paint them before the plate.

    Parameters
    ----------
    arm : FixerArm
        The arm.

    Returns
    -------
    list of Part
        LPS of the scan, in painting order.
    """
    rods = [
        Part(
            name=f"arm rod {place}",
            shape=Tube(np.array(ends), np.full(2, ROD_RADIUS_MM)),
            tissue=tissues.CARBON_FIBRE,
        )
        for place, ends in enumerate(pairwise(arm.joints_mm), 1)
    ]
    joints = [
        Part(name=f"arm joint {place}", shape=sphere(point, JOINT_RADIUS_MM),
             tissue=tissues.ALUMINIUM)
        for place, point in enumerate(arm.joints_mm[1:], 1)
    ]  # fmt: skip
    return [*rods, *joints, _clamp(arm)]


def arm_metals(arm: FixerArm) -> list[Metal]:
    """List the arm's joints as balls of aluminium.

    Parameters
    ----------
    arm : FixerArm
        The arm.

    Returns
    -------
    list of Metal
        LPS of the scan.
    """
    return [
        Metal(points_mm=point[None], radius_mm=JOINT_RADIUS_MM, material="aluminium")
        for point in arm.joints_mm[1:]
    ]


def _clamp(arm: FixerArm) -> Part:
    """Build two jaws that grip the edge, with the slab left out between them."""
    slab = arm.plate.spec.plate
    size = np.array([slab.width_mm, slab.height_mm, slab.thickness_mm])
    out = np.abs(np.array([*arm.edge, 0.0]))
    half = 0.5 * np.where(out > 0, CLAMP_MM[0] + JAW_MM, [CLAMP_MM[1], CLAMP_MM[1], size[2]])
    half[2] += JAW_MM
    middle = np.array([0.0, 0.0, 0.5 * size[2]])
    centre = middle + np.array([*arm.edge, 0.0]) * (0.5 * size + 0.5 * (CLAMP_MM[0] - JAW_MM))
    jaws = RoundedBox(centre_mm=centre, half_extent_mm=half, edge_radius_mm=2.0)
    body = Cut(jaws, RoundedBox(centre_mm=middle, half_extent_mm=0.5 * size))
    shape = Affine(body, arm.plate.lps_from_template)
    return Part(name="arm clamp", shape=shape, tissue=tissues.ALUMINIUM)


def _edges_by_nearness(plate: PlacedPlate, rail: Floats) -> list[tuple[int, int]]:
    """Sort the plate's edges, the one that faces the rail first."""
    edges = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    turn = plate.lps_from_template[:3, :3]
    way = rail - plate.lps_from_template[:3, 3]
    return sorted(edges, key=lambda edge: -float(turn @ np.array([*edge, 0.0]) @ way))


def _joints(plate: PlacedPlate, rail: Floats, edge: tuple[int, int], lift_mm: float) -> Floats:
    """Lay the corners: from the clamp out and up, across to above the rail, down."""
    slab = plate.spec.plate
    out = np.array([*edge, 0.0])
    half = 0.5 * np.array([slab.width_mm, slab.height_mm, 0.0])
    middle = np.array([0.0, 0.0, 0.5 * slab.thickness_mm])
    grip = out * (half + CLAMP_MM[0] - 2.0) + middle
    risen = grip + OUT_MM * out - [0.0, 0.0, lift_mm]
    corners = moved_points(plate.lps_from_template, np.array([grip, risen]))
    above = np.array([rail[0], corners[1][1], rail[2]])
    return np.vstack([corners, above, rail])


def _points_on(arm: FixerArm) -> Floats:
    """Lay points along the rods, without the clamp's own length."""
    rows = []
    for start, end in pairwise(arm.joints_mm):
        count = int(np.ceil(np.linalg.norm(end - start) / CHECK_STEP_MM)) + 1
        rows.append(np.linspace(start, end, count))
    return np.vstack(rows)[int(JOINT_RADIUS_MM / CHECK_STEP_MM) :]


def _line_with_hub(needle: PlacedNeedle) -> Floats:
    """Draw a needle's middle line, its grip included, as points close to each other."""
    course, hub = course_of(needle), needle.needle.hub
    back = course.tail_mm - hub.length_mm * course.direction
    corners = np.vstack([back, course_line(course)])
    pieces = [
        np.linspace(start, end, int(np.ceil(np.linalg.norm(end - start) / CHECK_STEP_MM)) + 1)
        for start, end in pairwise(corners)
    ]
    return np.vstack(pieces)


def _least_mm(points: Floats, line: Floats) -> float:
    """Measure the least distance of two sets of points, less what lies between samples."""
    gaps = np.linalg.norm(points[:, None] - line, axis=-1)
    return float(gaps.min()) - CHECK_STEP_MM
