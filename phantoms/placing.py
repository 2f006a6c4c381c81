"""A plate held over the patient by the fixer: level, above the tumour, just clear of the skin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.motion import inverse_rigid, moved_points, rotation_about
from phantoms.program import distance_field

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from template_gen.spec import TemplateSpec

CLEARANCE_MM = 4.0
"""From the patient face to the skin, where they come closest, millimetres."""
FACE_STEP_MM = 4.0
MOST_TILT_DEG = 4.0
MOST_TURN_DEG = 5.0
START_MM = 260.0
"""So far above the tumour the plate starts on its way down, millimetres."""
CLOSE_ENOUGH_MM = 1e-3


def face_points_mm(spec: TemplateSpec) -> Floats:
    """List points (n, 3) all over the patient face, template frame, millimetres."""
    plate = spec.plate
    x = np.arange(-0.5 * plate.width_mm, 0.5 * plate.width_mm + 1e-9, FACE_STEP_MM)
    y = np.arange(-0.5 * plate.height_mm, 0.5 * plate.height_mm + 1e-9, FACE_STEP_MM)
    across, down = np.meshgrid(x, y)
    depth = np.full(across.size, plate.thickness_mm)
    points: Floats = np.column_stack([across.ravel(), down.ravel(), depth])
    return points


def skin_clearance_mm(
    patient: Patient, spec: TemplateSpec, lps_from_template: Floats, lps_from_patient: Floats
) -> float:
    """Measure how far the patient face stays from the skin; the true distance is not less.

    Parameters
    ----------
    patient : Patient
        The patient.
    spec : TemplateSpec
        The plate.
    lps_from_template, lps_from_patient : (4, 4) array
        Where plate and patient are in one scan, millimetres.

    Returns
    -------
    float
        Millimetres, over points 4 mm apart.
    """
    body_from_template = inverse_rigid(lps_from_patient @ patient.lps_from_body) @ lps_from_template
    points = moved_points(body_from_template, face_points_mm(spec))
    return float(distance_field(patient.skin)(points).min())


def draw_level_pose(
    patient: Patient,
    spec: TemplateSpec,
    lps_from_patient: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Lower a nearly level plate onto the patient, its middle over the tumour.

    The columns run to the patient's left, the rows toward the feet, the bores straight down
    (posterior), each but for a few degrees.

    Parameters
    ----------
    patient : Patient
        The patient.
    spec : TemplateSpec
        The plate.
    lps_from_patient : (4, 4) array
        How the patient lies against the planning scan, millimetres.
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
    tumour = moved_points(lps_from_patient, patient.tumour_centre_mm)
    height = START_MM
    while True:
        pose[:3, 3] = tumour - height * pose[:3, 2]
        gap = skin_clearance_mm(patient, spec, pose, lps_from_patient) - CLEARANCE_MM
        # the face comes no nearer to the skin than it moves, so this never overshoots
        if gap <= CLOSE_ENOUGH_MM:
            return frozen_floats(pose, (4, 4), "lps_from_template")
        height -= gap
