"""Scans in and out: one gate for DICOM folders, enhanced files, NRRD, NIfTI and MetaImage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import FileRefusedError, GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.choosing import choose_series
from navigator.io.dicom import find_series, hounsfield_from_slices, looks_like_dicom
from navigator.io.findings import (
    Finding,
    check_not_refused,
    grave_first,
    wide_spacing_findings,
)
from navigator.io.hounsfield import value_findings
from navigator.io.images import image_suffix, read_image, write_image
from navigator.model.volume import Grid, Volume

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.arrays import Floats, Voxels
    from navigator.io.dicom import SeriesEntry
    from navigator.io.identity import PatientIdentity

HASH_DIGITS = 16
"""Hexadecimal digits of a content hash in a frame's name: 64 bits tell any two scans apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScan:
    """A scan, and what was seen while it came in.

    Parameters
    ----------
    volume : Volume
        Hounsfield units on their grid.
    findings : tuple of Finding
        Notes, and things that a person has to confirm; the grave first.
    source_hash : str
        SHA-256 of the volume's content.
    description : str
        Of the series, or the file's name.
    series_uid : str
        Series Instance UID; empty for a file without one.
    patient : PatientIdentity or None
        To be compared with another scan's, and never shown; None for a file without one.
    """

    volume: Volume
    findings: tuple[Finding, ...]
    source_hash: str
    description: str
    series_uid: str
    patient: PatientIdentity | None = field(repr=False)


def load_scan(path: Path, *, series_uid: str | None = None) -> LoadedScan:
    """Read a CT scan with its true geometry, or refuse it.

    Parameters
    ----------
    path : Path
        DICOM folder or file, .nrrd, .nii, .nii.gz or .mha.
    series_uid : str, optional
        Which series of a DICOM folder; needed only where it holds several.

    Returns
    -------
    LoadedScan
        In the LPS frame of its own series or content.

    Raises
    ------
    FileRefusedError
        If nothing readable is there, or a series has to be chosen.
    GeometryRefusedError
        If the series is not one even CT stack, or its values are not Hounsfield units.
    """
    if not path.exists():
        raise missing_path(path)
    if path.is_dir() or (not image_suffix(path) and looks_like_dicom(path)):
        return _load_dicom(path, series_uid)
    if series_uid is not None:
        raise FileRefusedError(
            code="no-such-series",
            what="An image file holds one scan and no series",
            where=str(path),
            expected="no series UID",
            got=series_uid,
            next_step="leave the series out, or give the DICOM folder",
        )
    return _load_file(path)


def missing_path(path: Path) -> FileRefusedError:
    """Refuse a path where nothing lies.

    Parameters
    ----------
    path : Path
        The path.

    Returns
    -------
    FileRefusedError
        To be raised.
    """
    return FileRefusedError(
        code="no-such-path",
        what="There is nothing at this path",
        where=str(path),
        expected="a folder with a DICOM series, or an image file",
        got="nothing",
        next_step="correct the path",
    )


def _load_dicom(path: Path, series_uid: str | None) -> LoadedScan:
    """Read one series of a folder or file."""
    contents = find_series(path)
    entry = choose_series(contents, series_uid, path)
    check_not_refused(entry.findings, f"{path}, series {entry.uid}")
    values, decoder_findings = hounsfield_from_slices(entry.headers)
    value_based = _findings_of_values(values, f"{path}, series {entry.uid}")
    findings = grave_first((*entry.findings, *contents.findings, *decoder_findings, *value_based))
    affine = entry.stack.lps_from_index if entry.stack is not None else np.eye(4)
    content_hash = hash_of_values(values, affine)
    volume = _volume(values, affine, _dicom_frame_uid(entry, content_hash))
    return LoadedScan(
        volume=volume,
        findings=findings,
        source_hash=content_hash,
        description=entry.description,
        series_uid=entry.headers[0].series_uid,
        patient=entry.headers[0].patient,
    )


def _dicom_frame_uid(entry: SeriesEntry, content_hash: str) -> str:
    """Name a frame by its UIDs; where the header lacks one, the content stands in for it."""
    first = entry.headers[0]
    stand_in = uid_from_hash(content_hash)
    return f"{first.frame_of_reference_uid or stand_in}/{first.series_uid or stand_in}"


def _load_file(path: Path) -> LoadedScan:
    """Read an image file that has no UIDs of its own."""
    image = read_image(path)
    with np.errstate(over="ignore"):
        values = np.asarray(image.values, dtype=np.float32)
    value_based = _findings_of_values(values, str(path))
    content_hash = hash_of_values(values, image.lps_from_index)
    volume = _volume(values, image.lps_from_index, uid_from_hash(content_hash))
    return LoadedScan(
        volume=volume,
        findings=grave_first(
            (
                *image.findings,
                *wide_spacing_findings(float(volume.grid.spacing_mm.max())),
                *value_based,
            )
        ),
        source_hash=content_hash,
        description=path.name,
        series_uid="",
        patient=None,
    )


def _findings_of_values(values: Voxels, where: str) -> tuple[Finding, ...]:
    """Refuse what is not in Hounsfield units, and say what is odd about the rest."""
    findings = value_findings(values)
    check_not_refused(findings, where)
    return findings


def _volume(values: Voxels, affine: Floats, frame_uid: str) -> Volume:
    """Put values on their grid."""
    slices, rows, columns = values.shape
    values.setflags(write=False)
    grid = Grid(
        shape_kji=(slices, rows, columns),
        lps_from_index=affine,
        frame=Frame(FrameKind.LPS, frame_uid),
    )
    return Volume(values, grid)


def hash_of_values(values: NDArray[Any], lps_from_index: Floats) -> str:
    """Name a scan by its content.

    Parameters
    ----------
    values : (k, j, i) array
        Its values.
    lps_from_index : (4, 4) array
        Its affine, LPS millimetres.

    Returns
    -------
    str
        SHA-256 over element type, shape, affine and values, hexadecimal.
    """
    digest = hashlib.sha256()
    digest.update(f"{values.dtype.str} {values.shape}".encode())
    digest.update(np.ascontiguousarray(lps_from_index, dtype="<f8").tobytes())
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def hash_of_volume(volume: Volume) -> str:
    """Name a volume by its content, whatever frame it is in.

    Parameters
    ----------
    volume : Volume
        A scan.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hash_of_values(volume.values_hu, volume.grid.lps_from_index)


def uid_from_hash(content_hash: str) -> str:
    """Name a frame by content, so that two different scans never share one.

    Parameters
    ----------
    content_hash : str
        SHA-256, hexadecimal.

    Returns
    -------
    str
        Its first digits.

    Examples
    --------
    >>> uid_from_hash("00112233445566778899aabbccddeeff")
    'sha256-0011223344556677'
    """
    return f"sha256-{content_hash[:HASH_DIGITS]}"


def save_scan(volume: Volume, path: Path) -> None:
    """Write a scan as an image file, as a whole or not at all.

    Parameters
    ----------
    volume : Volume
        A scan whose axes stand at right angles.
    path : Path
        .nrrd, .nii, .nii.gz or .mha; replaced if there.

    Raises
    ------
    GeometryRefusedError
        If the scan is sheared: these formats would straighten it without resampling.
    FileRefusedError
        If the file cannot be written.
    """
    if not volume.grid.is_rectilinear:
        raise GeometryRefusedError(
            code="sheared-volume",
            what="A tilted scan cannot be stored in this format as it is",
            where=str(path),
            expected="axes at right angles",
            got=f"directions {volume.grid.directions.round(4).tolist()}",
            next_step="resample it to a rectilinear grid first",
        )
    write_image(volume.values_hu, volume.grid.lps_from_index, path)
