"""A plate held over the patient by the fixer: level, above the tumour, just clear of the skin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.hardware import PlacedPlate
from phantoms.motion import (
    as_body_motion,
    as_motion,
    chained,
    moved_points,
    pulled_back,
    rotation_about,
)
from phantoms.program import distance_field
from template_gen.spec import marker_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.anatomy import Patient
    from phantoms.motion import BodyMotion, Motion
    from phantoms.recipes import PlateState
    from template_gen.spec import TemplateSpec

CLEARANCE_MM = 4.0
"""From the patient face to the skin, where they come closest, millimetres."""
FACE_STEP_MM = 4.0
MOST_TILT_DEG = 4.0
MOST_TURN_DEG = 5.0
START_MM = 260.0
"""So far above the tumour the plate starts on its way down, millimetres."""
CLOSE_ENOUGH_MM = 1e-3
LEAST_CLEARANCE_MM = 1.0
"""A plate that slips stays this far off the skin, millimetres."""


def face_points_mm(spec: TemplateSpec) -> Floats:
    """List points (n, 3) all over the patient face, template frame, millimetres."""
    plate = spec.plate
    x = np.arange(-0.5 * plate.width_mm, 0.5 * plate.width_mm + 1e-9, FACE_STEP_MM)
    y = np.arange(-0.5 * plate.height_mm, 0.5 * plate.height_mm + 1e-9, FACE_STEP_MM)
    across, down = np.meshgrid(x, y)
    depth = np.full(across.size, plate.thickness_mm)
    points: Floats = np.column_stack([across.ravel(), down.ravel(), depth])
    return points


def skin_distance(patient: Patient, motion: Floats | Motion) -> Callable[[Floats], Floats]:
    """Give the function that says how far points lie from the skin of a patient who has moved.

    Parameters
    ----------
    patient : Patient
        The patient.
    motion : (4, 4) array or Motion
        Of his wall since the planning scan, LPS millimetres.

    Returns
    -------
    callable
        Takes (n, 3) points, LPS millimetres after the motion, and returns (n,) millimetres,
        negative inside; the true distance is not less.
    """
    skin, stretch = distance_field(patient.skin), as_motion(motion).stretch_factor
    from_body = chained(patient.lps_from_body, motion)

    def outside_mm(points: Floats) -> Floats:
        # what lies so far off at rest has come closer by the stretch at most
        return skin(pulled_back(from_body, points)) / stretch

    return outside_mm


def skin_clearance_mm(
    outside_mm: Callable[[Floats], Floats], spec: TemplateSpec, lps_from_template: Floats
) -> float:
    """Measure how far the patient face stays from the skin; the true distance is not less.

    Parameters
    ----------
    outside_mm : callable
        As of :func:`skin_distance`.
    spec : TemplateSpec
        The plate.
    lps_from_template : (4, 4) array
        Where it is in the same scan, millimetres.

    Returns
    -------
    float
        Millimetres, over points 4 mm apart.
    """
    return float(outside_mm(moved_points(lps_from_template, face_points_mm(spec))).min())


def draw_level_pose(
    patient: Patient,
    spec: TemplateSpec,
    motion: Floats | BodyMotion,
    rng: np.random.Generator,
) -> Floats:
    """Lower a nearly level plate onto the patient, its middle over the tumour.

    Parameters
    ----------
    patient : Patient
        The patient.
    spec : TemplateSpec
        The plate.
    motion : (4, 4) array or BodyMotion
        How the patient lies against the planning scan, LPS millimetres.
    rng : numpy.random.Generator
        Source of the small tilts.

    Returns
    -------
    (4, 4) array
        ``lps_from_template``, read-only, millimetres.
    """
    body = as_body_motion(motion)
    target = moved_points(body.of("liver"), patient.tumour_centre_mm)
    outside = skin_distance(patient, body.of("wall"))
    return draw_pose_above(target, partial(skin_clearance_mm, outside, spec), rng)


def draw_pose_above(
    target_mm: Floats, clearance_mm: Callable[[Floats], float], rng: np.random.Generator
) -> Floats:
    """Lower a nearly level plate onto the skin, its middle over a target.

    The columns run to the patient's left, the rows toward the feet, the bores straight down
    (posterior), each but for a few degrees.

    Parameters
    ----------
    target_mm : (3,) array
        What lies under the middle of the plate, LPS millimetres.
    clearance_mm : callable
        Takes a pose (4, 4) and returns how far the patient face stays from the skin, millimetres.
    rng : numpy.random.Generator
        Source of the small tilts.

    Returns
    -------
    (4, 4) array
        ``lps_from_template``, read-only, millimetres.
    """
    level = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    lean, turn = rng.uniform(-MOST_TILT_DEG, MOST_TILT_DEG, 2), rng.uniform(-1.0, 1.0)
    tilt = rotation_about([1.0, 0.0, 0.0], np.deg2rad(lean[0])) @ rotation_about(
        [0.0, 0.0, 1.0], np.deg2rad(lean[1])
    )
    pose = np.eye(4)
    pose[:3, :3] = tilt @ rotation_about([0, 1, 0], np.deg2rad(MOST_TURN_DEG * turn)) @ level
    height = START_MM
    while True:
        pose[:3, 3] = target_mm - height * pose[:3, 2]
        gap = clearance_mm(pose) - CLEARANCE_MM
        # the face comes no nearer to the skin than it moves, so this never overshoots
        if gap <= CLOSE_ENOUGH_MM:
            return frozen_floats(pose, (4, 4), "lps_from_template")
        height -= gap


def plate_as_it_stands(
    state: PlateState,
    spec: TemplateSpec,
    planned: Floats,
    clearance_mm: Callable[[Floats], float],
    rng: np.random.Generator,
) -> PlacedPlate:
    """Put a plate where a case says that it stands, against where the plan wants it.

    Parameters
    ----------
    state : PlateState
        Whether it has slipped, is turned, or has lost markers.
    spec : TemplateSpec
        The plate that is put on.
    planned : (4, 4) array
        Where the plan wants it, ``lps_from_template``, millimetres.
    clearance_mm : callable
        Takes a pose (4, 4) and returns how far the patient face stays from the skin, millimetres.
    rng : numpy.random.Generator
        Draws the slip's direction and the lost markers.

    Returns
    -------
    PlacedPlate
        In LPS of the scan.
    """
    pose = planned @ _turned_plate(state, spec)
    if state.slip_mm:
        pose = _slipped(pose, state.slip_mm, clearance_mm, rng)
    lost = rng.permutation(marker_labels(spec))[: state.lost_markers]
    standing = frozen_floats(pose, (4, 4), "lps_from_template")
    return PlacedPlate(spec, standing, tuple(str(label) for label in lost))


def _turned_plate(state: PlateState, spec: TemplateSpec) -> Floats:
    """Build the plate's turn in its own frame: in its plane, then over its row axis."""
    turn = np.eye(4)
    turn[:3, :3] = rotation_about([0, 0, 1], np.deg2rad(state.turned_deg))
    if not state.is_turned_over:
        return turn
    over = np.diag([1.0, -1.0, -1.0, 1.0])
    over[2, 3] = spec.plate.thickness_mm
    return turn @ over


def _slipped(
    pose: Floats,
    slip_mm: float,
    clearance_mm: Callable[[Floats], float],
    rng: np.random.Generator,
) -> Floats:
    """Shift a plate in its plane, in a direction drawn among those that keep off the skin."""
    start = rng.uniform(0.0, 2.0 * np.pi)
    best, widest = pose, -np.inf
    for angle in start + np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False):
        shift = np.eye(4)
        shift[:2, 3] = slip_mm * np.cos(angle), slip_mm * np.sin(angle)
        clearance = clearance_mm(pose @ shift)
        if clearance > widest:
            best, widest = pose @ shift, clearance
        if clearance >= LEAST_CLEARANCE_MM:
            break
    return best
