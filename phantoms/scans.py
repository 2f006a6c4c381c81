"""A synthetic scan with its truth, named by its contents."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.developing import PADDING_HU

if TYPE_CHECKING:
    from phantoms.arrays import Floats, Hounsfields, Labels
    from phantoms.painting import ScanGrid
    from phantoms.protocol import ScanProtocol

GRAVITY_LPS = (0.0, 1.0, 0.0)
"""Straight down in every scan of a patient on the back: the scanner's axes stay in the room."""


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


def named_scan(  # noqa: PLR0913 - the parts of a scan, each by name
    values: Hounsfields,
    grid: ScanGrid,
    protocol: ScanProtocol,
    *,
    lps_from_couch: Floats,
    labels: Labels | None,
    seed: int,
) -> SyntheticScan:
    """Put a scan together and name it by its contents.

    Parameters
    ----------
    values : (k, j, i) int16 array
        Hounsfield units.
    grid : ScanGrid
        Where they lie.
    protocol : ScanProtocol
        How it was taken.
    lps_from_couch : (4, 4) array
        Roll of the couch, millimetres.
    labels : (k, j, i) uint8 array or None
        The label map, where it was asked for.
    seed : int
        The patient's.

    Returns
    -------
    SyntheticScan
        The same contents have the same names.
    """
    content = hashlib.sha256(values.astype("<i2").tobytes())
    content.update(grid.lps_from_index.astype("<f8").tobytes())
    return SyntheticScan(
        values_hu=values,
        lps_from_index=grid.lps_from_index,
        thickness_mm=grid.thickness_mm,
        protocol=protocol,
        lps_from_couch=lps_from_couch,
        labels=labels,
        frame_of_reference_uid=uid_of("frame of reference", content.hexdigest()),
        series_uid=uid_of("series", content.hexdigest()),
        study_uid=uid_of("study", seed, content.hexdigest()),
        seed=seed,
    )
