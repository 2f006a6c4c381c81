"""Structures by name or number, from any file that holds some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from navigator.errors import FileRefusedError
from navigator.io.dicom import looks_like_dicom
from navigator.io.images import image_suffix
from navigator.io.structures.belonging import check_belongs
from navigator.io.structures.dicom_structures import open_dicom_structures
from navigator.io.structures.entries import choose_entry
from navigator.io.structures.label_images import open_label_image
from navigator.io.structures.on_scan import border_findings
from navigator.io.volumes import missing_path

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.findings import Finding
    from navigator.io.identity import PatientIdentity
    from navigator.io.structures.entries import StructureEntry, StructureFile
    from navigator.model.volume import Grid, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedMask:
    """A structure, and what was seen while it came in.

    Parameters
    ----------
    mask : Mask
        At least one voxel.
    name : str
        As the file names it, or its number.
    findings : tuple of Finding
        Notes, and things that a person has to confirm.
    """

    mask: Mask
    name: str
    findings: tuple[Finding, ...]


def open_structures(path: Path) -> StructureFile:
    """Open a file of structures and list what it holds.

    Parameters
    ----------
    path : Path
        Label map (.nrrd, .nii, .nii.gz, .mha), .seg.nrrd, DICOM SEG or RTSTRUCT.

    Returns
    -------
    StructureFile
        Opened; DICOM structures are decoded when they are drawn.

    Raises
    ------
    InputRefusedError
        If it is not there, or not readable, or holds no structures.
    """
    if not path.exists():
        raise missing_path(path)
    if path.is_dir():
        raise FileRefusedError(
            code="not-structures",
            what="A folder is no file of structures",
            where=str(path),
            expected="a label map, a .seg.nrrd, a DICOM SEG or an RTSTRUCT file",
            got="a folder",
            next_step="give the file itself",
        )
    if not image_suffix(path) and looks_like_dicom(path):
        return open_dicom_structures(path)
    return open_label_image(path)


def load_structure(
    path: Path,
    label: int | str,
    *,
    grid: Grid | None = None,
    patient: PatientIdentity | None = None,
) -> LoadedMask:
    """Read one structure, with what a person has to know about it.

    Parameters
    ----------
    path : Path
        As :func:`open_structures`.
    label : int or str
        Label value, segment number or ROI number; or the name.
    grid : Grid, optional
        Of the scan; by default the file's own voxels.
    patient : PatientIdentity, optional
        The scan's.

    Returns
    -------
    LoadedMask
        On `grid` where one is given.

    Raises
    ------
    GeometryRefusedError
        If it is of another frame of reference, or its voxels are not the scan's and it has none.
    StructureRefusedError
        If it is not there, ambiguous, or empty.
    InputRefusedError
        If the file cannot be read, or is another patient's.
    """
    file = open_structures(path)
    entry = choose_entry(file, label, "the mask")
    return draw_structure(file, entry, grid, patient)


def draw_structure(
    file: StructureFile, entry: StructureEntry, grid: Grid | None, patient: PatientIdentity | None
) -> LoadedMask:
    """Draw a structure of an opened file.

    Parameters
    ----------
    file : StructureFile
        Opened.
    entry : StructureEntry
        One of its entries.
    grid : Grid or None
        Of the scan; None takes the file's own voxels.
    patient : PatientIdentity or None
        The scan's.

    Returns
    -------
    LoadedMask
        On `grid` where one is given.

    Raises
    ------
    InputRefusedError
        As :func:`load_structure`.
    """
    belonging: tuple[Finding, ...] = ()
    if grid is not None and file.carries_frame:
        belonging = check_belongs(file, entry, grid, patient)
    placed = file.draw(entry, grid)
    is_clipped = any(finding.code == "structure-clipped" for finding in placed.findings)
    border = () if grid is None or is_clipped else border_findings(entry, placed.mask)
    return LoadedMask(
        mask=placed.mask,
        name=entry.name or str(entry.number),
        findings=(
            *file.findings,
            *belonging,
            *placed.findings,
            *border,
        ),
    )


def load_mask(path: Path, *, label: int | str, grid: Grid | None = None) -> Mask:
    """Read the voxels of one structure; :func:`load_structure` tells what was seen as well.

    Parameters
    ----------
    path : Path
        As :func:`open_structures`.
    label : int or str
        Number or name.
    grid : Grid, optional
        Of the scan; by default the file's own.

    Returns
    -------
    Mask
        At least one voxel.

    Raises
    ------
    InputRefusedError
        As :func:`load_structure`.
    """
    return load_structure(path, label, grid=grid).mask


def structure_rows(file: StructureFile) -> list[dict[str, Any]]:
    """List the structures of a file as JSON.

    Parameters
    ----------
    file : StructureFile
        Opened.

    Returns
    -------
    list of dict
        ``number``, ``name``, and ``outlines`` where they enclose no volume.
    """
    rows: list[dict[str, Any]] = []
    for entry in file.entries:
        row: dict[str, Any] = {"number": entry.number, "name": entry.name}
        rows.append(row | ({"outlines": entry.outlines} if entry.outlines else {}))
    return rows
