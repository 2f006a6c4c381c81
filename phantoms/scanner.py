"""A CT scanner: parts in a room become Hounsfield units on a grid.

Each voxel averages over its box (pixel by slice thickness: a box slice profile), metal throws its
streaks, a kernel gives every slice its sharpness and the noise its grain, and detector elements
that read falsely draw rings. The couch is as high as the patient's back; along and across it
belongs to the room. Couch and patient may be rolled together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.contrast import parts_in_phase
from phantoms.couch import couch_parts
from phantoms.developing import develop_scan, stored_values
from phantoms.errors import ScanRefusedError
from phantoms.field import couch_roll, protocol_grid
from phantoms.hardware import check_rigid, plate_metals, plate_parts
from phantoms.metal import check_metals
from phantoms.motion import BodyMotion, Motion, body_chained, moved_points
from phantoms.noise import pixel_size_mm, slice_distance_mm
from phantoms.painting import ScanGrid, label_map, paint_moved
from phantoms.protocol import ScanProtocol, checked_spacing, dose_for_noise
from phantoms.scans import SyntheticScan, named_scan
from phantoms.texture import add_texture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from phantoms.anatomy import Patient
    from phantoms.hardware import PlacedPlate
    from phantoms.metal import Metal
    from phantoms.tissues import Part

USUAL_NOISE_HU = 12.0
SPACING_DRIFT_MM = 1e-6


def scan_patient(  # noqa: PLR0913 - the settings of one scan, each by name
    patient: Patient,
    *,
    rng: np.random.Generator,
    protocol: ScanProtocol | None = None,
    spacing_kji_mm: ArrayLike | None = None,
    noise_hu: float | None = None,
    motion: ArrayLike | Motion | BodyMotion | None = None,
    plate: PlacedPlate | None = None,
    devices: Sequence[Part] = (),
    metals: Sequence[Metal] = (),
    with_labels: bool = False,
    grid: ScanGrid | None = None,
) -> SyntheticScan:
    """Scan a patient.

    Parameters
    ----------
    patient : Patient
        Who is scanned.
    rng : numpy.random.Generator
        Source of the noise.
    protocol : ScanProtocol, optional
        How the scan is taken.
    spacing_kji_mm : (3,) array, optional
        In place of a protocol: slice, row and column distance of an otherwise usual scan whose
        slices touch, millimetres.
    noise_hu : float, optional
        Only with `spacing_kji_mm`: standard deviation of the noise over the body's inner half,
        Hounsfield units; 12 if left out, 0 for none.
    motion : (4, 4) array, Motion or BodyMotion, optional
        How the patient moved on the level couch since the planning scan, LPS millimetres: one
        rigid or free-form motion for all, or one for each group of parts; still if left out.
    plate : PlacedPlate, optional
        A plate on the patient; its pose is in LPS of this scan, a rolled couch included.
    devices : sequence of Part
        Needles and whatever else is in the scan, LPS of this scan, painted last.
    metals : sequence of Metal
        What of the devices throws streaks, LPS of this scan. The plate's markers are added.
    with_labels : bool
        Whether the exclusive label map is wanted.
    grid : ScanGrid, optional
        The voxels, spaced as the protocol says; those of :func:`phantoms.field.protocol_grid` if
        left out.

    Returns
    -------
    SyntheticScan
        With a new frame of reference.

    Raises
    ------
    ScanRefusedError
        If a setting, a motion or a grid cannot be scanned.
    """
    settings = _settled_protocol(protocol, spacing_kji_mm, noise_hu)
    voxels = protocol_grid(patient, settings) if grid is None else grid
    _check_grid(voxels, settings)
    roll = couch_roll(patient, settings.couch_roll_deg)
    moved = _checked_motion(motion)
    from_body = body_chained(patient.lps_from_body, moved, roll)
    placed = [*_couch_under(patient, moved, roll), *_everything(patient, from_body, plate, devices)]
    painted = paint_moved(parts_in_phase(placed, settings.phase), voxels)
    add_texture(painted, voxels)
    hu = painted.values_hu
    streaking = [*check_metals(metals), *([] if plate is None else plate_metals(plate))]
    develop_scan(hu, voxels, settings, rng, metals=streaking, axis_mm=patient.field_centre_mm)
    return named_scan(
        stored_values(hu, voxels, settings),
        voxels,
        settings,
        lps_from_couch=roll,
        labels=label_map(painted.tissue) if with_labels else None,
        seed=patient.seed,
    )


def _checked_motion(motion: ArrayLike | Motion | BodyMotion | None) -> BodyMotion:
    """Take what the caller gave as a motion by group; a matrix has to be rigid."""
    if isinstance(motion, Motion | BodyMotion):
        return body_chained(motion)
    pose = frozen_floats(np.eye(4) if motion is None else motion, (4, 4), "motion")
    check_rigid(pose, "motion")
    return body_chained(pose)


def _settled_protocol(
    protocol: ScanProtocol | None, spacing_kji_mm: ArrayLike | None, noise_hu: float | None
) -> ScanProtocol:
    """Build the protocol that a spacing stands for, or take the one given; not both."""
    if (protocol is None) == (spacing_kji_mm is None) or (protocol and noise_hu is not None):
        raise ScanRefusedError(
            "The scan needs either a protocol or a spacing",
            where="scan_patient",
            expected="protocol, or spacing_kji_mm with or without noise_hu",
            got=f"protocol={protocol}, spacing_kji_mm={spacing_kji_mm!r}, noise_hu={noise_hu}",
            next_step="give one of the two; a protocol sets the noise by its dose",
        )
    if protocol is not None:
        return protocol
    spacing = checked_spacing(np.asarray(spacing_kji_mm))
    wanted_hu = USUAL_NOISE_HU if noise_hu is None else noise_hu
    return ScanProtocol(
        spacing_kji_mm=spacing,
        thickness_mm=spacing[0],
        dose=dose_for_noise(wanted_hu, thickness_mm=spacing[0]),
    )


def _check_grid(grid: ScanGrid, protocol: ScanProtocol) -> None:
    """Refuse a grid that is not spaced as the protocol says."""
    found = np.array([slice_distance_mm(grid), *pixel_size_mm(grid), grid.thickness_mm])
    wanted = np.array([*protocol.spacing_kji_mm, protocol.thickness_mm])
    if not np.abs(found - wanted).max() <= SPACING_DRIFT_MM:
        raise ScanRefusedError(
            "The grid is not the protocol's",
            where="grid",
            expected=f"slice, row, column distance and thickness {wanted.tolist()} mm",
            got=f"{found.tolist()} mm",
            next_step="build the grid from the same numbers",
        )


def _couch_under(
    patient: Patient, motion: BodyMotion, roll: Floats
) -> list[tuple[Part, Floats | Motion]]:
    """Put the couch as high as the patient's back lies after a motion on it, and roll it."""
    back = np.array([patient.field_centre_mm[0], patient.back_y_mm, patient.field_centre_mm[2]])
    resting_y_mm = float(moved_points(motion.of("wall"), back)[1])
    return [(part, roll) for part in couch_parts(patient.field_centre_mm, resting_y_mm)]


def _everything(
    patient: Patient,
    body: BodyMotion,
    plate: PlacedPlate | None,
    devices: Sequence[Part],
) -> list[tuple[Part, Floats | Motion]]:
    """List patient, plate and devices in painting order, each with how it got there."""
    placed: list[tuple[Part, Floats | Motion]] = [
        (part, body.of(part.group)) for part in patient.parts
    ]
    if plate is not None:
        placed += [(part, plate.lps_from_template) for part in plate_parts(plate)]
    return placed + [(part, np.eye(4)) for part in devices]
