"""Scans and structures as a command names them: a path, and which part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.imaging.occupancy import grow_grid
from navigator.imaging.upright import rectified_grid
from navigator.io.structures import LoadedMask, load_structure, open_structures

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.identity import PatientIdentity
    from navigator.model.volume import Grid


@dataclass(frozen=True, slots=True)
class MaskChoice:
    """A structure in a file.

    Parameters
    ----------
    path : Path
        Label map, .seg.nrrd, DICOM SEG or RTSTRUCT.
    label : str
        Label value, segment or ROI number, or the name of a structure.
    """

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class ScanChoice:
    """A scan in a file or folder.

    Parameters
    ----------
    path : Path
        DICOM folder or image file.
    series_uid : str or None
        Which series of a folder that holds several.
    """

    path: Path
    series_uid: str | None = None


def load_choice(
    choice: MaskChoice,
    grid: Grid | None,
    patient: PatientIdentity | None = None,
    *,
    twin: Grid | None = None,
) -> LoadedMask:
    """Read a structure.

    Parameters
    ----------
    choice : MaskChoice
        File and label.
    grid : Grid or None
        Voxels on which it must lie; None takes the file's own.
    patient : PatientIdentity or None
        The scan's.
    twin : Grid or None
        Other voxels of a tilted scan, on which it may have been drawn.

    Returns
    -------
    LoadedMask
        At least one voxel, and what was seen.

    Raises
    ------
    InputRefusedError
        If the file, its grid or the label cannot be used.
    """
    label = int(choice.label) if choice.label.isdecimal() else choice.label
    return load_structure(choice.path, label, grid=grid, patient=patient, twin=twin)


def twin_grid(grid: Grid) -> Grid | None:
    """Find the upright voxels of a tilted scan: what `navigator convert` writes lies on them.

    Parameters
    ----------
    grid : Grid
        Of a scan as it was read.

    Returns
    -------
    Grid or None
        None where the scan is not tilted.
    """
    upright = rectified_grid(grid)
    return None if upright is grid else upright


def grid_of_choices(first: MaskChoice, others: list[MaskChoice]) -> Grid:
    """Find voxels on which several structures can be laid where no scan is given.

    A DICOM segmentation stores only the slices that show something: the voxels of the first
    structure are carried on until they hold the others too.

    Parameters
    ----------
    first : MaskChoice
        Its voxels are kept.
    others : list of MaskChoice
        Structures that must not be cut off.

    Returns
    -------
    Grid
        That of the first where its file says nothing of a frame of reference: a label map covers
        its scan already.

    Raises
    ------
    InputRefusedError
        If a file or label cannot be used.
    """
    grid = load_choice(first, None).mask.grid
    if not open_structures(first.path).carries_frame:
        return grid
    own = [load_choice(o, None).mask for o in others if open_structures(o.path).carries_frame]
    return grow_grid(grid, [corner for mask in own for corner in mask.grid.corners_mm()])
