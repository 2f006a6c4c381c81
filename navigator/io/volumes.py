"""Scans in and out: one gate for DICOM folders, enhanced files, NRRD, NIfTI and MetaImage."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

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
from navigator.io.hashing import hash_of_slices, uid_from_hash
from navigator.io.hounsfield import findings_from_tallies
from navigator.io.images import image_suffix, read_image, write_image
from navigator.io.looks import look_at_slice
from navigator.io.progress import tell_nobody
from navigator.model.volume import Grid, Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from navigator.arrays import Floats, Voxels
    from navigator.io.dicom import SeriesEntry
    from navigator.io.identity import PatientIdentity
    from navigator.io.looks import SliceLook


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


def load_scan(
    path: Path,
    *,
    series_uid: str | None = None,
    tell: Callable[[str], None] = tell_nobody,
) -> LoadedScan:
    """Read a CT scan with its true geometry, or refuse it.

    Parameters
    ----------
    path : Path
        DICOM folder or file, .nrrd, .nii, .nii.gz or .mha.
    series_uid : str, optional
        Which series of a DICOM folder; needed only where it holds several.
    tell : callable of str
        Told the progress of a long series.

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
        return _load_dicom(path, series_uid, tell)
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


def _load_dicom(path: Path, series_uid: str | None, tell: Callable[[str], None]) -> LoadedScan:
    """Read one series of a folder or file."""
    contents = find_series(path, tell=tell)
    entry = choose_series(contents, series_uid, path)
    check_not_refused(entry.findings, f"{path}, series {entry.uid}")
    values, looks, decoder_findings = hounsfield_from_slices(entry.headers, tell=tell)
    affine = entry.stack.lps_from_index if entry.stack is not None else np.eye(4)
    value_based = _judge_values(values, looks, f"{path}, series {entry.uid}")
    content_hash = hash_of_slices(values, affine, (look.digest for look in looks))
    findings = grave_first((*entry.findings, *contents.findings, *decoder_findings, *value_based))
    volume = _volume(values, affine, _dicom_frame_uid(entry, content_hash))
    return LoadedScan(
        volume=volume,
        findings=findings,
        source_hash=content_hash,
        description=entry.description,
        series_uid=entry.headers[0].series_uid,
        patient=replace(
            entry.headers[0].patient,
            image_uids=frozenset(each.instance_uid for each in entry.headers) - {""},
        ),
    )


def _dicom_frame_uid(entry: SeriesEntry, content_hash: str) -> str:
    """Name a frame by its UIDs; where the header lacks one, the content stands in for it."""
    first = entry.headers[0]
    stand_in = uid_from_hash(content_hash)
    return f"{first.frame_of_reference_uid or stand_in}/{first.series_uid or stand_in}"


def _load_file(path: Path) -> LoadedScan:
    """Read an image file that has no UIDs of its own."""
    image = read_image(path)
    _check_no_segments(path, image.tags)
    with np.errstate(over="ignore"):
        values = np.asarray(image.values, dtype=np.float32)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        looks = tuple(pool.map(look_at_slice, values))
    value_based = _judge_values(values, looks, str(path))
    content_hash = hash_of_slices(values, image.lps_from_index, (look.digest for look in looks))
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


def _check_no_segments(path: Path, tags: Mapping[str, str]) -> None:
    """Refuse a segmentation of 3D Slicer: its header names segments, its values are labels."""
    if "Segment0_ID" in tags:
        raise GeometryRefusedError(
            code="segmentation-not-scan",
            what="The file holds a segmentation, not a scan",
            where=str(path),
            expected="Hounsfield units",
            got=f"segments, {tags.get('Segment0_Name', 'without a name')} the first",
            next_step="give the CT scan that was segmented",
        )


def _judge_values(values: Voxels, looks: tuple[SliceLook, ...], where: str) -> tuple[Finding, ...]:
    """Refuse what is not in Hounsfield units, and say what is odd about the rest."""
    findings = findings_from_tallies(tuple(look.tally for look in looks), values)
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
