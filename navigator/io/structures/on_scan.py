"""A structure on the voxels of a scan, and what that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import GeometryRefusedError
from navigator.imaging.occupancy import resample_mask
from navigator.imaging.slice_shifts import shift_slices
from navigator.io.findings import Finding, Severity
from navigator.io.structures.entries import PlacedMask, empty_structure
from navigator.io.structures.lattice import find_lattice, lay_on_lattice
from navigator.model.volume import Grid, Mask

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.geometry.frames import Frame
    from navigator.io.structures.entries import StructureEntry

CHANGED_SHARE, MOVED_MM = 0.1, 1.0
"""Beyond either a resampled structure has to be looked at: a tenth of a 20 mm lesion's volume is
0.3 mm of its radius."""
TILTED_SLICES = "the other voxels of the tilted scan"
"""What a structure is carried from where it was not drawn on the voxels that are used."""
NEXT_IF_TILTED = (
    "; the scan is tilted: where a program straightens it without resampling, segment what "
    "`navigator convert SCAN OUT.nrrd` writes"
)
LOST_SHARE = 1e-3
"""Less than this outside the scan is rounding."""


def place_mask(
    own: Mask, grid: Grid, entry: StructureEntry, path: Path, *, may_move: bool
) -> PlacedMask:
    """Lay a structure on a scan: voxel for voxel where they agree, else resampled.

    Parameters
    ----------
    own : Mask
        On the file's own grid.
    grid : Grid
        Of the scan.
    entry : StructureEntry
        Which structure.
    path : Path
        The file.
    may_move : bool
        Whether the frames of reference are known to be one: else nothing is resampled.

    Returns
    -------
    PlacedMask
        With a note of the resampling, and of what lies outside the scan.

    Raises
    ------
    GeometryRefusedError
        If it would have to be resampled and may not.
    StructureRefusedError
        If nothing of it is left.
    """
    lattice = find_lattice(own.grid, grid)
    if lattice is not None:
        mask = Mask(lay_on_lattice(own.members, lattice, grid), grid)
        findings = lost_findings(entry, own.volume_ml, mask.volume_ml)
    elif may_move:
        moved = resample_mask(Mask(own.members, _reframed(own.grid, grid.frame)), grid)
        mask = moved.mask
        findings = (
            *changed_findings(entry, moved.kept_ml, mask.volume_ml, moved.moved_mm, "its grid"),
            *lost_findings(entry, moved.source_ml, moved.kept_ml),
        )
    else:
        raise not_on_scan(path, own.grid, grid)
    if not mask.members.any():
        raise empty_structure(path, entry, f"{own.volume_ml:.3g} ml, none of it on the scan")
    return PlacedMask(mask, findings)


def carry_mask(placed: PlacedMask, grid: Grid, entry: StructureEntry, path: Path) -> PlacedMask:
    """Carry a structure from the sheared voxels of a tilted scan to the upright ones, or back.

    Parameters
    ----------
    placed : PlacedMask
        On the one.
    grid : Grid
        The other, in the same frame.
    entry : StructureEntry
        Which structure.
    path : Path
        Its file.

    Returns
    -------
    PlacedMask
        With what was seen before, and what this changed.

    Raises
    ------
    StructureRefusedError
        If nothing of it lies there.
    """
    shifted = shift_slices(placed.mask.members.astype(np.int32), placed.mask.grid, grid)
    mask = Mask(shifted.values > 0, grid)
    before_ml, after_ml = placed.mask.volume_ml, mask.volume_ml
    if not mask.members.any():
        raise empty_structure(path, entry, f"{before_ml:.3g} ml, none of it on the scan")
    moved_mm = shifted.moved_mm(mask.members)
    changed = changed_findings(entry, after_ml, after_ml, moved_mm, TILTED_SLICES)
    lost = lost_findings(entry, before_ml, after_ml)
    return PlacedMask(mask, (*placed.findings, *changed, *lost))


def _reframed(grid: Grid, frame: Frame) -> Grid:
    """Name the frame of a grid that was found to be the scan's."""
    return Grid(shape_kji=grid.shape_kji, lps_from_index=grid.lps_from_index, frame=frame)


def changed_findings(
    entry: StructureEntry, before_ml: float, after_ml: float, moved_mm: float, source: str
) -> tuple[Finding, ...]:
    """Say that a structure was resampled, and how far that changed it.

    Parameters
    ----------
    entry : StructureEntry
        Which.
    before_ml, after_ml : float
        Volume on the scan before and after a voxel had to be in or out, millilitres.
    moved_mm : float
        How far that moved its centre, millimetres.
    source : str
        What it was drawn on.

    Returns
    -------
    tuple of Finding
        One: a note, or to be confirmed where the change is large.
    """
    change = after_ml / before_ml - 1.0 if before_ml > 0 else 0.0
    is_large = abs(change) > CHANGED_SHARE or moved_mm > MOVED_MM
    return (
        Finding(
            code="structure-resampled",
            severity=Severity.CONFIRM if is_large else Severity.NOTE,
            what=f"{entry.words} was carried from {source} to the voxels of the scan",
            expected=f"the voxels of the scan, {before_ml:.3g} ml",
            got=f"{after_ml:.3g} ml ({change:+.1%}), its centre moved by {moved_mm:.2f} mm",
            next_step="compare its outline with the scan",
        ),
    )


def lost_findings(entry: StructureEntry, source_ml: float, kept_ml: float) -> tuple[Finding, ...]:
    """Say that a part of a structure lies outside the scan.

    Parameters
    ----------
    entry : StructureEntry
        Which.
    source_ml, kept_ml : float
        Volume in the file, and on the scan, millilitres.

    Returns
    -------
    tuple of Finding
        One to confirm, or none.
    """
    if not source_ml - kept_ml > LOST_SHARE * source_ml:
        return ()
    return (
        Finding(
            code="structure-clipped",
            severity=Severity.CONFIRM,
            what=f"A part of {entry.words} lies outside the scan and is cut off",
            expected=f"{source_ml:.3g} ml, all of it on the scan",
            got=f"{kept_ml:.3g} ml",
            next_step="take the scan that shows all of it; what is cut off is unknown, not free",
        ),
    )


def border_findings(entry: StructureEntry, mask: Mask) -> tuple[Finding, ...]:
    """Note that a structure reaches the first or last slice: the rest of it may not be imaged.

    Parameters
    ----------
    entry : StructureEntry
        Which.
    mask : Mask
        On the scan.

    Returns
    -------
    tuple of Finding
        One note, or none. Most scans end in the body, so that this alone is no reason to stop.
    """
    ends = [mask.members.take(at, axis).any() for axis in range(3) for at in (0, -1)]
    if not any(ends):
        return ()
    return (
        Finding(
            code="structure-at-border",
            severity=Severity.NOTE,
            what=f"{entry.words} reaches the border of the scan",
            expected="a voxel of scan around it",
            got=f"{sum(map(bool, ends))} of six borders reached",
            next_step="do not take the border for the structure's own surface",
        ),
    )


def not_on_tilted(entry: StructureEntry) -> Finding:
    """Ask to look at a structure that has neither the sheared nor the upright voxels of its scan.

    Parameters
    ----------
    entry : StructureEntry
        Which.

    Returns
    -------
    Finding
        To be confirmed.
    """
    return Finding(
        code="not-on-tilted-voxels",
        severity=Severity.CONFIRM,
        what=f"The scan is tilted, and {entry.words} was drawn on other voxels than the scan's",
        expected="its sheared voxels, or all of those that `navigator convert` writes",
        got="others, of the same frame of reference",
        next_step="compare its outline with the scan at both ends: a program that straightens "
        "tilted slices leaves it beside its place by more and more",
    )


def not_on_scan(path: Path, own: Grid, grid: Grid) -> GeometryRefusedError:
    """Refuse voxels that are none of the scan's and carry no frame of reference.

    Parameters
    ----------
    path : Path
        The file.
    own, grid : Grid
        Of the file and of the scan.

    Returns
    -------
    GeometryRefusedError
        To be raised.
    """
    return GeometryRefusedError(
        code="label-map-not-on-scan",
        what="The label map does not lie on the voxels of the scan",
        where=str(path),
        expected=_grid_words(grid),
        got=_grid_words(own),
        next_step="export the segmentation on the grid of this scan (same size, origin, spacing)"
        + ("" if grid.is_rectilinear else NEXT_IF_TILTED),
    )


def _grid_words(grid: Grid) -> str:
    """Describe a grid in one line."""
    return (
        f"{' x '.join(map(str, grid.shape_kji))} voxels (k, j, i) of "
        f"{grid.spacing_mm.round(4).tolist()} mm, the first at "
        f"{grid.lps_from_index[:3, 3].round(3).tolist()}, axes {grid.directions.round(4).tolist()}"
    )
