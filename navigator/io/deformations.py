"""Displacement fields and maps of expected errors on disk, beside the document that names them.

Both are NRRD. The field is a displacement field as ITK knows it: at each point of the planning
scan a vector, LPS millimetres. They are written by this program alone and bound to their document
by SHA-256; a file with another hash is not looked into.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from navigator.errors import FileRefusedError
from navigator.io.earlier_versions import kept_part
from navigator.io.images import last_line, placed_image, read_image, write_image
from navigator.io.saving import replaced_when_complete
from navigator.model.displacement import DisplacementField, ErrorMap
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.geometry.frames import Frame

FIELD_SUFFIX, ERRORS_SUFFIX = ".field.nrrd", ".errors.nrrd"


def save_field(field: DisplacementField, path: Path) -> str:
    """Write a displacement field.

    Parameters
    ----------
    field : DisplacementField
        On an upright grid or a turned one, not a sheared one.
    path : Path
        .nrrd; replaced if there.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    FileRefusedError
        If it cannot be written.
    """
    image = placed_image(field.vectors_mm, field.grid.lps_from_index, is_vector=True)
    with replaced_when_complete(path, ".nrrd") as temporary:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True, compressionLevel=1)
        except RuntimeError as error:
            raise OSError(last_line(str(error))) from error
        return hashlib.sha256(temporary.read_bytes()).hexdigest()


def save_errors(errors: ErrorMap, path: Path) -> str:
    """Write a map of expected errors.

    Parameters
    ----------
    errors : ErrorMap
        On an upright grid or a turned one, not a sheared one.
    path : Path
        .nrrd; replaced if there.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    FileRefusedError
        If it cannot be written.
    """
    write_image(errors.radius95_mm, errors.grid.lps_from_index, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_field(path: Path, *, sha256: str, frame: Frame) -> DisplacementField:
    """Read a displacement field that a document names.

    Parameters
    ----------
    path : Path
        Its file.
    sha256 : str
        As the document has it.
    frame : Frame
        That of the planning scan.

    Returns
    -------
    DisplacementField
        LPS millimetres.

    Raises
    ------
    FileRefusedError
        ``missing-field``, ``field-changed``, or if it cannot be read.
    """
    check_unchanged(path, sha256)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise _unreadable(path, last_line(str(error))) from error
    vectors = sitk.GetArrayFromImage(image)
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (directions * np.array(image.GetSpacing()))[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    grid = Grid(shape_kji=vectors.shape[:3], lps_from_index=affine, frame=frame)
    return DisplacementField(vectors, grid)


def load_errors(path: Path, *, sha256: str, frame: Frame) -> ErrorMap:
    """Read a map of expected errors that a document names.

    Parameters
    ----------
    path : Path
        Its file.
    sha256 : str
        As the document has it.
    frame : Frame
        That of the planning scan.

    Returns
    -------
    ErrorMap
        Millimetres.

    Raises
    ------
    FileRefusedError
        ``missing-field``, ``field-changed``, or if it cannot be read.
    """
    check_unchanged(path, sha256)
    image = read_image(path)
    shape = image.values.shape
    grid = Grid(
        shape_kji=(shape[0], shape[1], shape[2]), lps_from_index=image.lps_from_index, frame=frame
    )
    return ErrorMap(image.values, grid)


def part_of(document: Path, name: str, sha256: str) -> Path:
    """Find a part of a registration by its content: beside it, or among what was kept.

    Parameters
    ----------
    document : Path
        The registration, also one of the earlier versions.
    name : str
        What the document calls the part.
    sha256 : str
        As the document has it.

    Returns
    -------
    Path
        The file of this content; where there is none, the one beside the document, which
        :func:`check_unchanged` refuses.
    """
    beside = document.with_name(name)
    kept = kept_part(beside, sha256)
    for place in (beside, kept, document.with_name(kept.name)):
        if has_content(place, sha256):
            return place
    return beside


def has_content(path: Path, sha256: str) -> bool:
    """Tell whether a file is there and is the one that was written."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def check_unchanged(path: Path, sha256: str) -> None:
    """Refuse a file that is not there, or not the one that was written.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        As its document has it.

    Raises
    ------
    FileRefusedError
        ``missing-field`` or ``field-changed``.
    """
    if not path.is_file():
        raise FileRefusedError(
            code="missing-field",
            what="A part of the registration is not there",
            where=str(path),
            expected="the file that `navigator register` wrote beside the registration",
            got="no such file",
            next_step="keep the files together, or register again",
        )
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    if got != sha256:
        raise FileRefusedError(
            code="field-changed",
            what="A part of the registration is not the one that was written with it",
            where=str(path),
            expected=f"sha256 {sha256}",
            got=f"sha256 {got}",
            next_step="register again",
        )


def _unreadable(path: Path, got: str) -> FileRefusedError:
    return FileRefusedError(
        code="unreadable-file",
        what="The displacement field cannot be read",
        where=str(path),
        expected="an NRRD file of vectors",
        got=got,
        next_step="register again",
    )
