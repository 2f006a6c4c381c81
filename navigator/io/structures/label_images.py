"""Label maps and segments of .seg.nrrd: on the voxels of their scan, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.errors import GeometryRefusedError
from navigator.io.findings import Severity
from navigator.io.structures.entries import (
    PlacedMask,
    StructureEntry,
    StructureFile,
    empty_structure,
)
from navigator.io.structures.label_reading import LabelImage, read_label_image
from navigator.io.structures.lattice import find_lattice, lay_on_lattice
from navigator.io.structures.on_scan import not_on_scan, place_mask
from navigator.model.volume import Grid, Mask

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.arrays import Labels


def open_label_image(path: Path) -> StructureFile:
    """Open a label map as a file of structures.

    Parameters
    ----------
    path : Path
        Integer image: .nrrd, .seg.nrrd, .nii, .nii.gz or .mha.

    Returns
    -------
    StructureFile
        Without a frame of reference: none of these formats carries one.

    Raises
    ------
    InputRefusedError
        As :func:`read_label_image`.
    """
    image = read_label_image(path)

    def draw(entry: StructureEntry, grid: Grid | None) -> PlacedMask:
        members = image.layers[entry.layer] == entry.number
        if not members.any():
            raise empty_structure(path, entry, "no voxel of this label")
        if grid is None:
            _check_place_sure(path, image)
            return PlacedMask(Mask(members, image.grid), ())
        check_on_scan(path, image, grid)
        return place_mask(Mask(members, image.grid), grid, entry, path, may_move=False)

    return StructureFile(
        path=path,
        kind="segments of .seg.nrrd" if image.has_segments else "label map",
        entries=image.entries,
        carries_frame=False,
        series_uids=(),
        patient=None,
        findings=(*image.findings, *image.beside.findings),
        draw=draw,
        lies_on=lambda _, grid, whole: (covers_scan if whole else is_on_scan)(image, grid),
        unnamed=image.beside.error,
    )


def labels_on_scan(path: Path, image: LabelImage, grid: Grid) -> Labels:
    """Lay the labels of a single layer on a scan.

    Parameters
    ----------
    path : Path
        The file.
    image : LabelImage
        Of one layer.
    grid : Grid
        Of the scan.

    Returns
    -------
    (k, j, i) array of int
        On the scan.

    Raises
    ------
    GeometryRefusedError
        If its voxels are not those of the scan.
    """
    check_on_scan(path, image, grid)
    lattice = find_lattice(image.grid, grid)
    if lattice is None:
        raise not_on_scan(path, image.grid, grid)
    laid: Labels = lay_on_lattice(image.layers[0], lattice, grid)
    return laid


def check_on_scan(path: Path, image: LabelImage, grid: Grid) -> None:
    """Refuse a label map that does not cover the voxels of a scan, one for one.

    Parameters
    ----------
    path : Path
        The file.
    image : LabelImage
        As read.
    grid : Grid
        Of the scan.

    Raises
    ------
    GeometryRefusedError
        If its voxels are others. Segments of a .seg.nrrd may be cropped to a part of the scan.
    """
    if not is_on_scan(image, grid):
        raise not_on_scan(path, image.grid, grid)


def is_on_scan(image: LabelImage, grid: Grid) -> bool:
    """Tell whether the voxels of a label map are those of a scan.

    Parameters
    ----------
    image : LabelImage
        As read.
    grid : Grid
        Of the scan.

    Returns
    -------
    bool
        Segments of a .seg.nrrd may be cropped to a part of the scan; any other map has all voxels.
    """
    is_part = image.has_segments and find_lattice(image.grid, grid) is not None
    return is_part or covers_scan(image, grid)


def covers_scan(image: LabelImage, grid: Grid) -> bool:
    """Tell whether a label map has every voxel of a scan and no other.

    Parameters
    ----------
    image : LabelImage
        As read.
    grid : Grid
        Of the scan.

    Returns
    -------
    bool
        Whatever the order of its axes.
    """
    lattice = find_lattice(image.grid, grid)
    if lattice is None:
        return False
    counts = tuple(image.grid.shape_kji[axis] for axis in lattice.order)
    return lattice.start_kji == (0, 0, 0) and counts == tuple(grid.shape_kji)


def _check_place_sure(path: Path, image: LabelImage) -> None:
    """Refuse a label map whose place is in doubt, where no scan settles it."""
    doubts = [finding for finding in image.findings if finding.severity is Severity.CONFIRM]
    if doubts:
        raise GeometryRefusedError(
            code=doubts[0].code,
            what=doubts[0].what,
            where=str(path),
            expected=doubts[0].expected,
            got=doubts[0].got,
            next_step=doubts[0].next_step,
        )
