"""A segment of a DICOM segmentation, drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.imaging.contour_grid import step_across
from navigator.io.findings import Finding, Severity
from navigator.io.structures.belonging import own_frame_name, scan_frame_uids
from navigator.io.structures.entries import PlacedMask, empty_structure
from navigator.io.structures.on_scan import lost_findings, place_mask
from navigator.io.structures.segment_frames import frame_members
from navigator.io.structures.segment_placing import (
    contradicts_scan,
    find_slices,
    is_thick_stack,
    lay_frames,
    own_grid,
)
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.arrays import Booleans
    from navigator.io.structures.entries import StructureEntry
    from navigator.io.structures.segment_placing import FrameSlices
    from navigator.io.structures.segmentation import SegmentationHeader, SegmentFrame
    from navigator.model.volume import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationSource:
    """An opened segmentation.

    Parameters
    ----------
    path : Path
        Its file.
    dataset : Dataset
        The object, its pixels not decoded.
    header : SegmentationHeader
        Checked.
    series_uids : tuple of str
        Series that it was made on.
    """

    path: Path
    dataset: Dataset = field(repr=False)
    header: SegmentationHeader
    series_uids: tuple[str, ...]

    def decode(self, index: int, entry: StructureEntry) -> Booleans:
        """Decode which pixels (j, i) of a frame belong to a segment."""
        return frame_members(self.dataset, self.header, index, entry, self.path)


def draw_segment(
    source: SegmentationSource, entry: StructureEntry, grid: Grid | None
) -> PlacedMask:
    """Draw a segment.

    Parameters
    ----------
    source : SegmentationSource
        Opened.
    entry : StructureEntry
        The segment.
    grid : Grid or None
        Of the scan; None takes a grid through the frames.

    Returns
    -------
    PlacedMask
        Slices without a frame are empty: only slices that show something need be stored.

    Raises
    ------
    GeometryRefusedError
        If the frames are no even stack, or would have to be resampled to a scan of another or
        unknown frame of reference.
    StructureRefusedError
        If nothing is left of it, or one place is stored twice.
    """
    frames = _frames_of(source, entry)
    findings = _fractional_findings(source.header, entry)
    slices = None if grid is None else find_slices(frames, source.header, grid)
    is_thick = slices is not None and is_thick_stack(source.header, slices.step_mm)
    if grid is not None and slices is not None and not is_thick:
        laid, stored = _on_slices(source, frames, slices, grid, entry)
        findings += _spacing_findings(source.header, entry, slices.step_mm, stored_ml=stored)
        return PlacedMask(laid.mask, (*findings, *laid.findings))
    own = _on_own_grid(source, frames, entry)
    if grid is not None and slices is not None:
        thin_ml = own.volume_ml * slices.step_mm / step_across(own.grid, 0)
        findings += _thick_findings(source, entry, grid, thin_ml=thin_ml, thick_ml=own.volume_ml)
    findings += _thickness_findings(source.header, entry)
    if grid is None:
        return PlacedMask(own, findings)
    is_known = bool(entry.frame_uid and scan_frame_uids(grid)[0])
    placed = place_mask(own, grid, entry, source.path, may_move=is_known)
    return PlacedMask(placed.mask, (*findings, *placed.findings))


def is_on_slices(source: SegmentationSource, entry: StructureEntry, grid: Grid) -> bool:
    """Tell whether each frame of a segment is a slice of a scan.

    Parameters
    ----------
    source : SegmentationSource
        Opened.
    entry : StructureEntry
        The segment.
    grid : Grid
        Of the scan.

    Returns
    -------
    bool
        Pixel for voxel, whatever the file says of its spacing.
    """
    return find_slices(_frames_of(source, entry), source.header, grid) is not None


def _on_slices(
    source: SegmentationSource,
    frames: tuple[SegmentFrame, ...],
    slices: FrameSlices,
    grid: Grid,
    entry: StructureEntry,
) -> tuple[PlacedMask, float]:
    """Draw a segment on the slices of the scan that its frames are; its volume in the file too."""
    laid = lay_frames(frames, slices, grid, lambda index: source.decode(index, entry))
    voxel_ml = grid.voxel_volume_mm3 / 1000.0
    mask = Mask(laid.members, grid)
    if not mask.members.any():
        raise empty_structure(source.path, entry, f"{laid.stored} pixels, none on the scan")
    stored_ml = laid.stored * voxel_ml
    return PlacedMask(mask, lost_findings(entry, stored_ml, mask.volume_ml)), stored_ml


def _frames_of(source: SegmentationSource, entry: StructureEntry) -> tuple[SegmentFrame, ...]:
    """List the frames that show a segment, each place once."""
    is_map = source.header.kind == "LABELMAP"
    frames = tuple(
        frame for frame in source.header.frames if is_map or frame.segment == entry.number
    )
    if not frames:
        raise empty_structure(source.path, entry, "no frame")
    places = {tuple(np.round(frame.position_mm, 2)) for frame in frames}
    if len(places) < len(frames):
        raise StructureRefusedError(
            code="frames-at-one-place",
            what=f"Two frames of {entry.words} lie at one place",
            where=str(source.path),
            expected=f"{len(frames)} places",
            got=f"{len(places)}",
            next_step="export the segmentation again; which of the two holds is not known",
        )
    return frames


def _on_own_grid(
    source: SegmentationSource, frames: tuple[SegmentFrame, ...], entry: StructureEntry
) -> Mask:
    """Draw a segment on a grid through all frames of its file."""
    name = own_frame_name(entry.frame_uid, source.series_uids, source.path.name)
    grid, slice_of_frame = own_grid(source.header, source.path, name)
    members = np.zeros(grid.shape_kji, dtype=np.bool_)
    for frame in frames:
        members[slice_of_frame[frame.index]] |= source.decode(frame.index, entry)
    if not members.any():
        raise empty_structure(source.path, entry, f"{len(frames)} frames without a pixel of it")
    return Mask(members, grid)


def _fractional_findings(header: SegmentationHeader, entry: StructureEntry) -> tuple[Finding, ...]:
    """Say that a fractional segment was cut at one half."""
    if header.kind != "FRACTIONAL":
        return ()
    return (
        Finding(
            code="fractional-cut-at-half",
            severity=Severity.CONFIRM,
            what=f"{entry.words} is stored as fractions and was cut at one half",
            expected="voxels that are in or out",
            got=f"values from 0 to {header.most_fraction}",
            next_step="see whether the outline at one half is what was meant",
        ),
    )


def _spacing_findings(
    header: SegmentationHeader, entry: StructureEntry, scan_step_mm: float, *, stored_ml: float
) -> tuple[Finding, ...]:
    """Say that frames lie on slices of the scan and the file gives them another spacing."""
    if header.step_mm is None or not contradicts_scan(header, scan_step_mm):
        return ()
    other_ml = stored_ml * header.step_mm / scan_step_mm
    return (
        Finding(
            code="slice-spacing-contradicts-scan",
            severity=Severity.CONFIRM,
            what=f"The frames of {entry.words} lie on slices of the scan and were laid on those "
            "alone; the file gives them another spacing",
            expected=f"slices {scan_step_mm:.4g} mm apart, as in the scan: {stored_ml:.3g} ml",
            got=f"a SpacingBetweenSlices of {header.step_mm:.4g} mm, by which it had "
            f"{other_ml:.3g} ml",
            next_step="compare its outline with the scan, slice by slice",
        ),
    )


def _thick_findings(
    source: SegmentationSource,
    entry: StructureEntry,
    grid: Grid,
    *,
    thin_ml: float,
    thick_ml: float,
) -> tuple[Finding, ...]:
    """Say that slices of another series are thicker than the scan's; of the scan's own none is.

    Raises
    ------
    StructureRefusedError
        If nothing says that it was drawn on another series: neither slabs nor single slices with
        empty ones between them are then what was drawn for sure.
    """
    series_uid = scan_frame_uids(grid)[1]
    by_file = f"slabs of {source.header.step_mm or 0.0:.4g} mm as the file says: {thick_ml:.3g} ml"
    by_scan = f"single slices with empty ones between them: {thin_ml:.3g} ml"
    if not (series_uid and source.series_uids and series_uid not in source.series_uids):
        raise StructureRefusedError(
            code="thick-or-sparse",
            what=f"The frames of {entry.words} lie on some slices of the scan, at even distances, "
            "and may stand for those alone or for slabs",
            where=str(source.path),
            expected="a frame for each slice of the scan, or slices of another series",
            got=f"{by_file}; or {by_scan}",
            next_step="fill the slices between in the program that drew it, and export it again "
            "on the slices of the scan",
        )
    return (
        Finding(
            code="slices-thicker-than-scan",
            severity=Severity.CONFIRM,
            what=f"{entry.words} was drawn on another series, in thicker slices than the scan's, "
            "and fills all of their thickness",
            expected="the slices of the scan",
            got=f"{by_file}; it would be {by_scan}",
            next_step="compare its outline with the scan, at its ends above all",
        ),
    )


def _thickness_findings(header: SegmentationHeader, entry: StructureEntry) -> tuple[Finding, ...]:
    """Say that the thickness of a slice was taken for the distance between slices."""
    if header.step_mm is not None:
        return ()
    return (
        Finding(
            code="thickness-taken-for-spacing",
            severity=Severity.CONFIRM,
            what=f"The slices of {entry.words} were taken to lie as far apart as they are thick",
            expected="a SpacingBetweenSlices",
            got=f"a SliceThickness of {header.thickness_mm:.4g} mm alone",
            next_step="see whether the slices overlap or leave gaps; compare its volume",
        ),
    )
