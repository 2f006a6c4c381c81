"""Structures by name or number, from any file that holds some."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from navigator.errors import FileRefusedError
from navigator.io.dicom import looks_like_dicom
from navigator.io.images import image_suffix
from navigator.io.structures.belonging import check_belongs
from navigator.io.structures.dicom_structures import open_dicom_structures
from navigator.io.structures.entries import choose_entry
from navigator.io.structures.label_images import open_label_image
from navigator.io.structures.on_scan import (
    border_findings,
    carry_mask,
    not_on_scan,
    not_on_tilted,
)
from navigator.io.volumes import missing_path

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.findings import Finding
    from navigator.io.identity import PatientIdentity
    from navigator.io.structures.entries import PlacedMask, StructureEntry, StructureFile
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
    twin: Grid | None = None,
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
    twin : Grid, optional
        Other voxels of a tilted scan, upright or sheared; what lies on them is carried to `grid`.

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
    return draw_structure(file, entry, grid, patient, twin=twin)


def draw_structure(
    file: StructureFile,
    entry: StructureEntry,
    grid: Grid | None,
    patient: PatientIdentity | None,
    *,
    twin: Grid | None = None,
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
    twin : Grid or None
        As :func:`load_structure`.

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
    if grid is None:
        placed = file.draw(entry, grid)
    elif twin is None:
        placed = _with_border(entry, file.draw(entry, grid))
    else:
        placed = _draw_on_tilted(file, entry, grid, twin)
    return LoadedMask(
        mask=placed.mask,
        name=entry.name or str(entry.number),
        findings=(
            *file.findings,
            *belonging,
            *placed.findings,
        ),
    )


def _draw_on_tilted(
    file: StructureFile, entry: StructureEntry, grid: Grid, twin: Grid
) -> PlacedMask:
    """Draw a structure on either of the grids of a tilted scan.

    Programs that know no shear straighten the stack without moving a voxel: what is drawn there
    may fit among the upright voxels, and lies elsewhere in the body. It has another extent.
    """
    # a part of the sheared voxels is told by their lean, one of the upright voxels by nothing
    on_grid, on_twin = (file.lies_on(entry, each, each.is_rectilinear) for each in (grid, twin))
    if not on_grid and on_twin:
        # the border is that of the voxels that were scanned
        return carry_mask(_with_border(entry, file.draw(entry, twin)), grid, entry, file.path)
    if not on_grid and not file.carries_frame:
        sheared = twin if grid.is_rectilinear else grid
        raise not_on_scan(file.path, file.draw(entry, None).mask.grid, sheared)
    placed = _with_border(entry, file.draw(entry, grid))
    if on_grid:
        return placed
    return replace(placed, findings=(*placed.findings, not_on_tilted(entry)))


def _with_border(entry: StructureEntry, placed: PlacedMask) -> PlacedMask:
    """Note where a structure reaches the border of its voxels, unless it is cut off there."""
    if any(finding.code == "structure-clipped" for finding in placed.findings):
        return placed
    return replace(placed, findings=(*placed.findings, *border_findings(entry, placed.mask)))


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
