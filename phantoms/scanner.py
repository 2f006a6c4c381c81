"""A CT scanner: parts in a room become Hounsfield units on a grid.

Each voxel averages over its box (pixel by slice thickness: a box slice profile), metal throws its
streaks, a kernel gives every slice its sharpness and the noise its grain, and detector elements
that read falsely draw rings. The couch belongs to the room and never moves with the patient; couch
and patient may be rolled together.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, Hounsfields, Labels, frozen_floats
from phantoms.contrast import parts_in_phase
from phantoms.couch import couch_parts
from phantoms.detector import add_texture
from phantoms.developing import PADDING_HU, develop_scan, stored_values
from phantoms.errors import ScanRefusedError
from phantoms.field import couch_roll, protocol_grid
from phantoms.hardware import check_rigid, markers_lps_mm, plate_parts
from phantoms.metal import Metal, check_metals
from phantoms.motion import inverse_rigid
from phantoms.noise import pixel_size_mm, slice_distance_mm
from phantoms.painting import ScanGrid, label_map, paint_parts
from phantoms.protocol import ScanProtocol, checked_spacing, dose_for_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from phantoms.anatomy import Patient
    from phantoms.hardware import PlacedPlate
    from phantoms.tissues import Part

USUAL_NOISE_HU = 12.0
GRAVITY_LPS = (0.0, 1.0, 0.0)
"""Straight down in every scan of a patient on the back: the scanner's axes stay in the room."""
SPACING_DRIFT_MM = 1e-6


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
    protocol : ScanProtocol
        How it was taken.
    lps_from_couch : (4, 4) array
        Roll of couch and patient, millimetres; the identity for a level couch.
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
    protocol: ScanProtocol
    lps_from_couch: Floats
    labels: Labels | None
    frame_of_reference_uid: str
    series_uid: str
    study_uid: str
    seed: int

    @property
    def padding_hu(self) -> int | None:
        """What stands where nothing was reconstructed; None where the whole square was."""
        return None if self.protocol.field_of_view_mm is None else PADDING_HU

    @property
    def gravity_couch(self) -> Floats:
        """Straight down as seen from the couch (3,), unit vector in the frame of a level scan."""
        down: Floats = self.lps_from_couch[:3, :3].T @ np.array(GRAVITY_LPS)
        return down

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
    rng: np.random.Generator,
    protocol: ScanProtocol | None = None,
    spacing_kji_mm: ArrayLike | None = None,
    noise_hu: float | None = None,
    lps_from_patient: ArrayLike | None = None,
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
    lps_from_patient : (4, 4) array, optional
        How the patient lies on the level couch against the planning scan: rigid, millimetres;
        identity if left out.
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
    pose = frozen_floats(
        np.eye(4) if lps_from_patient is None else lps_from_patient, (4, 4), "lps_from_patient"
    )
    check_rigid(pose, "lps_from_patient")
    voxels = protocol_grid(patient, settings) if grid is None else grid
    _check_grid(voxels, settings)
    roll = couch_roll(patient, settings.couch_roll_deg)
    lps_from_body = frozen_floats(roll @ pose @ patient.lps_from_body, (4, 4), "lps_from_body")
    placed = _everything(patient, (roll, lps_from_body), plate, devices)
    hu, tissue = paint_parts(parts_in_phase(placed, settings.phase), voxels)
    add_texture(hu, tissue, voxels, inverse_rigid(lps_from_body))
    streaking = (*check_metals(metals), *_marker_metals(plate))
    develop_scan(hu, voxels, settings, rng, metals=streaking, axis_mm=patient.field_centre_mm)
    return _named_scan(
        stored_values(hu, voxels, settings),
        voxels,
        settings,
        roll,
        (label_map(tissue) if with_labels else None, patient.seed),
    )


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


def _marker_metals(plate: PlacedPlate | None) -> list[Metal]:
    """List the plate's markers as metal."""
    if plate is None:
        return []
    places = markers_lps_mm(plate)
    return [
        Metal(
            points_mm=places[marker.label][None],
            radius_mm=0.5 * marker.diameter_mm,
            material="aluminium",
        )
        for marker in plate.spec.markers
        if marker.label in places
    ]


def _everything(
    patient: Patient,
    poses: tuple[Floats, Floats],
    plate: PlacedPlate | None,
    devices: Sequence[Part],
) -> list[tuple[Part, Floats]]:
    """List couch, patient, plate and devices in painting order, each with its pose.

    `poses` are ``lps_from_couch`` and ``lps_from_body``.
    """
    couch, body = poses
    placed = [(part, couch) for part in couch_parts(patient.field_centre_mm, patient.back_y_mm)]
    placed += [(part, body) for part in patient.parts]
    if plate is not None:
        placed += [(part, plate.lps_from_template) for part in plate_parts(plate)]
    return placed + [(part, np.eye(4)) for part in devices]


def _named_scan(
    values: Hounsfields,
    grid: ScanGrid,
    protocol: ScanProtocol,
    roll: Floats,
    labels_and_seed: tuple[Labels | None, int],
) -> SyntheticScan:
    content = hashlib.sha256(values.astype("<i2").tobytes())
    content.update(grid.lps_from_index.astype("<f8").tobytes())
    labels, seed = labels_and_seed
    return SyntheticScan(
        values_hu=values,
        lps_from_index=grid.lps_from_index,
        thickness_mm=grid.thickness_mm,
        protocol=protocol,
        lps_from_couch=roll,
        labels=labels,
        frame_of_reference_uid=uid_of("frame of reference", content.hexdigest()),
        series_uid=uid_of("series", content.hexdigest()),
        study_uid=uid_of("study", seed, content.hexdigest()),
        seed=seed,
    )
