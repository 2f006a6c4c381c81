"""A CT scanner: parts in a room become Hounsfield units on a grid.

Each voxel averages over its box (pixel by slice thickness: a box slice profile by sub-samples), a
Gaussian point spread blurs every slice in its plane, and correlated Gaussian noise of a given
standard deviation is added. The couch belongs to the room and never moves with the patient.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, Hounsfields, Labels, frozen_floats
from phantoms.couch import couch_parts
from phantoms.detector import blur_and_add_noise
from phantoms.errors import ScanRefusedError
from phantoms.field import field_grid
from phantoms.hardware import check_rigid, plate_parts
from phantoms.motion import BodyMotion, Motion, body_chained
from phantoms.painting import ScanGrid, label_map, paint_moved
from phantoms.texture import add_texture

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.anatomy import Patient
    from phantoms.hardware import PlacedPlate
    from phantoms.tissues import Part

LEAST_HU, MOST_HU = -1024, 3071
"""What twelve bits hold with the usual intercept of -1024."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticScan:
    """A scan as the scanner would send it, with its truth.

    Parameters
    ----------
    values_hu : (k, j, i) int16 array
        Hounsfield units.
    lps_from_index : (4, 4) array
        Maps (k, j, i, 1) to LPS millimetres.
    thickness_mm : float
        Slice thickness, millimetres.
    labels : (k, j, i) uint8 array or None
        Values of :data:`phantoms.tissues.LABELS` by voxel centre, where they were asked for.
    frame_of_reference_uid, series_uid, study_uid : str
        Drawn from the contents, so the same scan has the same names.
    seed : int
        The patient's seed.
    """

    values_hu: Hounsfields
    lps_from_index: Floats
    thickness_mm: float
    labels: Labels | None
    frame_of_reference_uid: str
    series_uid: str
    study_uid: str
    seed: int

    @property
    def sha256(self) -> str:
        """Hash of the values, little-endian int16 in (k, j, i) order."""
        return hashlib.sha256(self.values_hu.astype("<i2").tobytes()).hexdigest()


def uid_of(*words: object) -> str:
    """Draw a DICOM UID from words: the same words, the same UID.

    Parameters
    ----------
    *words : object
        Whatever tells the object apart.

    Returns
    -------
    str
        UID under the 2.25 arc, from a name-based UUID.

    References
    ----------
    DICOM PS3.5, B.2; RFC 9562, section 5.5.

    Examples
    --------
    >>> uid_of("scan", 1) == uid_of("scan", 1) != uid_of("scan", 2)
    True
    """
    name = "mwa-navigator phantoms/" + "/".join(str(word) for word in words)
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"


def scan_patient(  # noqa: PLR0913 - the settings of one scan, each by name
    patient: Patient,
    *,
    spacing_kji_mm: ArrayLike,
    rng: np.random.Generator,
    motion: ArrayLike | Motion | BodyMotion | None = None,
    plate: PlacedPlate | None = None,
    noise_hu: float = 12.0,
    with_labels: bool = False,
    grid: ScanGrid | None = None,
) -> SyntheticScan:
    """Scan a patient.

    Parameters
    ----------
    patient : Patient
        Who is scanned.
    spacing_kji_mm : (3,) array
        Slice distance, row distance, column distance, millimetres.
    rng : numpy.random.Generator
        Source of the noise.
    motion : (4, 4) array, Motion or BodyMotion, optional
        How the patient moved since the planning scan, LPS millimetres: one rigid or free-form
        motion for all, or one for each group of parts; still if left out.
    plate : PlacedPlate, optional
        A plate on the patient; its pose is in LPS of this scan.
    noise_hu : float
        Standard deviation of the noise, Hounsfield units; 0 for none.
    with_labels : bool
        Whether the exclusive label map is wanted.
    grid : ScanGrid, optional
        The voxels; those of :func:`phantoms.field.field_grid` if left out.

    Returns
    -------
    SyntheticScan
        With a new frame of reference.

    Raises
    ------
    ScanRefusedError
        If the noise is negative, or a spacing or a motion cannot be scanned.
    """
    if not 0.0 <= noise_hu <= 500.0:
        raise ScanRefusedError(
            "The noise is not one of a CT",
            where="noise_hu",
            expected="0 to 500 HU",
            got=repr(noise_hu),
            next_step="give the standard deviation in Hounsfield units",
        )
    voxels = field_grid(patient, spacing_kji_mm) if grid is None else grid
    painted = paint_moved(_everything(patient, _checked_motion(motion), plate), voxels)
    add_texture(painted, voxels)
    hu = painted.values_hu
    blur_and_add_noise(hu, voxels, noise_hu, rng)
    np.clip(np.rint(hu, out=hu), LEAST_HU, MOST_HU, out=hu)
    values = hu.astype(np.int16)
    values.setflags(write=False)
    return _named_scan(
        values, voxels, label_map(painted.tissue) if with_labels else None, patient.seed
    )


def _checked_motion(motion: ArrayLike | Motion | BodyMotion | None) -> BodyMotion:
    """Take what the caller gave as a motion by group; a matrix has to be rigid."""
    if isinstance(motion, Motion | BodyMotion):
        return body_chained(motion)
    pose = frozen_floats(np.eye(4) if motion is None else motion, (4, 4), "motion")
    check_rigid(pose, "motion")
    return body_chained(pose)


def _everything(
    patient: Patient, motion: BodyMotion, plate: PlacedPlate | None
) -> list[tuple[Part, Floats | Motion]]:
    """List room, patient and plate in painting order, each with how it came to its place."""
    room = np.eye(4)
    placed: list[tuple[Part, Floats | Motion]] = [
        (part, room) for part in couch_parts(patient.field_centre_mm, patient.back_y_mm)
    ]
    from_body = body_chained(patient.lps_from_body, motion)
    placed += [(part, from_body.of(part.group)) for part in patient.parts]
    if plate is not None:
        placed += [(part, plate.lps_from_template) for part in plate_parts(plate)]
    return placed


def _named_scan(
    values: Hounsfields, grid: ScanGrid, labels: Labels | None, seed: int
) -> SyntheticScan:
    content = hashlib.sha256(values.astype("<i2").tobytes())
    content.update(grid.lps_from_index.astype("<f8").tobytes())
    return SyntheticScan(
        values_hu=values,
        lps_from_index=grid.lps_from_index,
        thickness_mm=grid.thickness_mm,
        labels=labels,
        frame_of_reference_uid=uid_of("frame of reference", content.hexdigest()),
        series_uid=uid_of("series", content.hexdigest()),
        study_uid=uid_of("study", seed, content.hexdigest()),
        seed=seed,
    )
