"""RT Structure Sets (PS3.3, A.19 and C.8.8.5 to C.8.8.8): ROIs and their outlines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataelem import RawDataElement

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contour_grid import encloses_area, grid_of_contours
from navigator.imaging.contour_volume import mask_from_contours
from navigator.io.dicom.values import number_values, text_value, whole_value
from navigator.io.structures.belonging import own_frame_name, scan_frame_uids
from navigator.io.structures.contour_findings import contour_findings
from navigator.io.structures.dicom_objects import items, reading, series_of_outlines, unreadable
from navigator.io.structures.entries import PlacedMask, StructureEntry, empty_structure

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.arrays import Floats
    from navigator.model.volume import Grid

CLOSED, CLOSED_XOR = "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"
MOST_POINTS = 5_000_000
"""A body on a thousand slices with a point every 0.3 mm has four million."""
MOST_DIGITS = 64
"""A decimal string has 16 (PS3.5, 6.2); one that is far longer would make all others as long."""
MOST_FAR_MM = 1e5
"""A hundred metres from the origin of the scanner there is no patient."""
OWN_PITCH_MM = 0.5
"""Pixels of a structure that is read without a scan: finer than those of any body CT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureSetSource:
    """An opened structure set.

    Parameters
    ----------
    path : Path
        Its file.
    dataset : Dataset
        The object.
    series_uids : tuple of str
        Series that it was drawn on.
    """

    path: Path
    dataset: Dataset = field(repr=False)
    series_uids: tuple[str, ...]


def roi_entries(dataset: Dataset) -> tuple[StructureEntry, ...]:
    """List the ROIs.

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    tuple of StructureEntry
        With the kinds of their outlines where none encloses a volume.
    """
    fallback = text_value(dataset, "FrameOfReferenceUID")
    kinds = {
        whole_value(item, "ReferencedROINumber", -1): {
            text_value(contour, "ContourGeometricType")
            for contour in items(item, "ContourSequence")
        }
        for item in items(dataset, "ROIContourSequence")
    }
    entries = []
    for roi in items(dataset, "StructureSetROISequence"):
        number = whole_value(roi, "ROINumber", -1)
        found = kinds.get(number, set())
        is_closed = bool(found & {CLOSED, CLOSED_XOR})
        entries.append(
            StructureEntry(
                number=number,
                name=text_value(roi, "ROIName"),
                frame_uid=text_value(roi, "ReferencedFrameOfReferenceUID") or fallback,
                outlines="" if is_closed else ", ".join(sorted(found)) or "none",
            )
        )
    return tuple(entries)


def series_of_structure_set(dataset: Dataset) -> tuple[str, ...]:
    """List the series that a structure set was drawn on.

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    tuple of str
        Series Instance UIDs, each once.
    """
    found = [text_value(series, "SeriesInstanceUID") for series in series_of_outlines(dataset)]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def draw_outlines(
    source: StructureSetSource, entry: StructureEntry, grid: Grid | None
) -> PlacedMask:
    """Draw a ROI from its outlines.

    Parameters
    ----------
    source : StructureSetSource
        Opened.
    entry : StructureEntry
        The ROI.
    grid : Grid or None
        Of the scan; None lays a grid along the planes of the outlines.

    Returns
    -------
    PlacedMask
        With what had to be interpreted.

    Raises
    ------
    StructureRefusedError
        If it has no closed outline, they cross, or nothing of it lies on the scan.
    GeometryRefusedError
        If its planes are not the scan's and nothing says that the frame of reference is one.
    """
    outlines, left_out, is_xor, slab_mm = _outlines(source, entry)
    if grid is None:
        name = own_frame_name(entry.frame_uid, source.series_uids, source.path.name)
        closed = [each for each in outlines if encloses_area(each)]
        frame = Frame(FrameKind.LPS, name)
        target = grid_of_contours(closed or outlines, frame, OWN_PITCH_MM, slab_mm)
    else:
        target = grid
    drawn = mask_from_contours(outlines, target, is_xor=is_xor, slab_mm=slab_mm)
    if grid is not None and not (
        drawn.is_on_slices or (entry.frame_uid and scan_frame_uids(grid)[0])
    ):
        raise GeometryRefusedError(
            code="structure-not-on-scan",
            what=f"The outlines of {entry.words} do not lie in the slices of the scan",
            where=str(source.path),
            expected="outlines in its slices, or a frame of reference that is known for both",
            got=f"{drawn.planes} planes elsewhere, and no frame of reference to go by",
            next_step="give the scan as DICOM, so that the frames of reference can be compared",
        )
    if not drawn.mask.members.any():
        raise empty_structure(
            source.path, entry, f"{drawn.source_ml:.3g} ml, none of it on the scan"
        )
    return PlacedMask(drawn.mask, contour_findings(entry, drawn, left_out, is_xor=is_xor))


def _outlines(
    source: StructureSetSource, entry: StructureEntry
) -> tuple[list[Floats], list[str], bool, float | None]:
    """Read the closed outlines (n, 3) of a ROI, kinds left out, whether by xor, and the slab."""
    outlines: list[Floats] = []
    left_out: list[str] = []
    kinds: set[str] = set()
    slab_mm = None
    budget = MOST_POINTS
    with reading(source.path):
        for contour in _contours_of(source.dataset, entry):
            kind = text_value(contour, "ContourGeometricType")
            if kind not in {CLOSED, CLOSED_XOR}:
                left_out.append(kind or "no type")
                continue
            kinds.add(kind)
            _check_no_offset(contour, entry, source.path)
            points = _points(contour, entry, source.path, budget)
            budget -= len(points)
            thickness = number_values(contour, "ContourSlabThickness", 1)
            slab_mm = slab_mm or (thickness[0] if thickness and thickness[0] > 0 else None)
            outlines.append(points)
    if not outlines:
        raise StructureRefusedError(
            code="no-closed-outline",
            what=f"The structure {entry.words} has no closed outline, so it has no volume",
            where=str(source.path),
            expected=f"outlines of type {CLOSED} or {CLOSED_XOR}",
            got=", ".join(sorted(set(left_out))) or "no outline at all",
            next_step="take another structure: a point or a line cannot be planned on",
        )
    return outlines, left_out, kinds == {CLOSED_XOR}, slab_mm


def _contours_of(dataset: Dataset, entry: StructureEntry) -> list[Dataset]:
    """List the contours of a ROI."""
    return [
        contour
        for item in items(dataset, "ROIContourSequence")
        if whole_value(item, "ReferencedROINumber", -1) == entry.number
        for contour in items(item, "ContourSequence")
    ]


def _check_no_offset(contour: Dataset, entry: StructureEntry, path: Path) -> None:
    """Refuse outlines that are meant to lie elsewhere than their points (retired: PS3.3 2016)."""
    offset = number_values(contour, "ContourOffsetVector", 3)
    if offset is not None and any(offset):
        raise StructureRefusedError(
            code="outline-offset",
            what=f"The outlines of {entry.words} are stored with an offset, which is retired",
            where=str(path),
            expected="points where they are meant",
            got=f"Contour Offset Vector {list(offset)}",
            next_step="export the structure set again without offset",
        )


def _points(contour: Dataset, entry: StructureEntry, path: Path, budget: int) -> Floats:
    """Read the points (n, 3) of an outline, millimetres, without a number object for each."""
    element: Any = contour.get_item("ContourData")
    raw = element.value if isinstance(element, RawDataElement) else None
    if isinstance(raw, bytes):
        if raw.count(b"\\") >= 3 * budget:
            raise unreadable(path, f"at most {MOST_POINTS} points for {entry.words}", "more")
        words = raw.strip(b" \0").split(b"\\")
        if max(map(len, words)) > MOST_DIGITS:
            raise unreadable(path, f"numbers of up to {MOST_DIGITS} characters", "a longer one")
        numbers = np.array(words).astype(np.float64)
    else:
        numbers = np.array([float(part) for part in contour.ContourData])
    announced = whole_value(contour, "NumberOfContourPoints", len(numbers) // 3)
    is_sane = np.abs(numbers) <= MOST_FAR_MM
    if len(numbers) != 3 * announced or not is_sane.all():
        raise StructureRefusedError(
            code="outline-damaged",
            what=f"An outline of {entry.words} is not whole",
            where=str(path),
            expected=f"{announced} points of three numbers, at most {MOST_FAR_MM:g} mm off",
            got=f"{len(numbers)} numbers, {int((~is_sane).sum())} of them absurd",
            next_step="export the structure set again",
        )
    return numbers.reshape(-1, 3)
