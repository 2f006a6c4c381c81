"""DICOM Segmentation objects (PS3.3, A.51 and C.8.20): headers, and which frame shows what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.io.dicom.values import frame_item, number_values, text_value, whole_value
from navigator.io.structures.dicom_objects import items, series_of_object, unreadable
from navigator.io.structures.entries import MOST_LISTED, StructureEntry

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

MOST_SIDE = 8192
MOST_FRAMES = 100_000
"""A hundred structures on a thousand slices."""
MOST_VOXELS = 2**34
"""As bits it is the largest file that is read."""
LEAST_STEP_MM, MOST_STEP_MM = 0.01, 1000.0
MOST_FRACTION = 255
"""Fractions are stored in 8 bits (PS3.3, C.8.20.2)."""
MOST_FAR_MM = 1e5
"""No scanner of patients steps or reaches beyond these."""
KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
BACKGROUND = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFrame:
    """One frame.

    Parameters
    ----------
    index : int
        From 0.
    segment : int
        Segment number; 0 in a label map, where a frame shows all of them.
    position_mm : tuple of float
        (3,) centre of the first pixel, LPS millimetres.
    orientation : tuple of float
        (6,) direction along i, then along j.
    spacing_mm : tuple of float
        (2,) step along j, then along i, millimetres.
    """

    index: int
    segment: int
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationHeader:
    """What a segmentation says about its frames.

    Parameters
    ----------
    kind : str
        ``BINARY``, ``FRACTIONAL`` or ``LABELMAP``.
    rows, columns : int
        Size of a frame.
    bits : int
        Bits a pixel.
    most_fraction : int
        Value of a whole pixel, where it is fractional; else 0.
    frames : tuple of SegmentFrame
        In the order stored.
    step_mm : float or None
        Distance between slices as the file gives it, millimetres.
    thickness_mm : float or None
        Thickness of a slice as the file gives it, millimetres.
    """

    kind: str
    rows: int
    columns: int
    bits: int
    most_fraction: int
    frames: tuple[SegmentFrame, ...]
    step_mm: float | None
    thickness_mm: float | None


def read_header(dataset: Dataset, path: Path) -> SegmentationHeader:
    """Read the header of a segmentation, and refuse sizes that cannot be.

    Parameters
    ----------
    dataset : Dataset
        The object.
    path : Path
        Its file.

    Returns
    -------
    SegmentationHeader
        Checked; no pixel is decoded.

    Raises
    ------
    FileRefusedError
        If counts are missing or absurd.
    GeometryRefusedError
        If a frame does not say where it lies, or which segment it shows.
    StructureRefusedError
        If fractions do not say what a whole pixel is.
    """
    kind = text_value(dataset, "SegmentationType").upper()
    rows, columns = (whole_value(dataset, word, 0) for word in ("Rows", "Columns"))
    count = whole_value(dataset, "NumberOfFrames", 0)
    bits = whole_value(dataset, "BitsAllocated", 0)
    if kind not in KINDS or bits not in ((1,) if kind == "BINARY" else (8, 16)):
        raise unreadable(path, "BINARY of 1 bit, FRACTIONAL or LABELMAP", f"{kind!r}, {bits} bits")
    is_sane = 1 <= min(rows, columns) <= max(rows, columns) <= MOST_SIDE
    if not (is_sane and 1 <= count <= MOST_FRAMES and rows * columns * count <= MOST_VOXELS):
        expected = f"frames of up to {MOST_SIDE} x {MOST_SIDE}, {MOST_VOXELS} pixels in all"
        raise unreadable(path, expected, f"{count} frames of {rows} x {columns}")
    groups = items(dataset, "PerFrameFunctionalGroupsSequence")
    if len(groups) != count:
        raise unreadable(path, f"{count} frames described", f"{len(groups)}")
    shared = next(iter(items(dataset, "SharedFunctionalGroupsSequence")), None)
    return SegmentationHeader(
        kind=kind,
        rows=rows,
        columns=columns,
        bits=bits,
        most_fraction=_most_fraction(dataset, path) if kind == "FRACTIONAL" else 0,
        frames=tuple(
            _frame(dataset, index, group, shared, path) for index, group in enumerate(groups)
        ),
        step_mm=_measure_mm("SpacingBetweenSlices", groups[0], shared),
        thickness_mm=_measure_mm("SliceThickness", groups[0], shared),
    )


def segment_entries(dataset: Dataset, path: Path) -> tuple[StructureEntry, ...]:
    """List the segments.

    Parameters
    ----------
    dataset : Dataset
        The object.
    path : Path
        Its file.

    Returns
    -------
    tuple of StructureEntry
        The background of a label map is none of them.

    Raises
    ------
    StructureRefusedError
        If two have one number: which of them a frame shows is not known.
    """
    frame_uid = text_value(dataset, "FrameOfReferenceUID")
    padding = whole_value(dataset, "PixelPaddingValue", BACKGROUND)
    entries = [
        StructureEntry(
            number=whole_value(segment, "SegmentNumber", BACKGROUND),
            name=text_value(segment, "SegmentLabel"),
            frame_uid=frame_uid,
        )
        for segment in items(dataset, "SegmentSequence")
    ]
    is_map = text_value(dataset, "SegmentationType").upper() == "LABELMAP"
    empty = {BACKGROUND, padding} if is_map else {BACKGROUND}
    shown = tuple(entry for entry in entries if entry.number not in empty)
    counts = Counter(entry.number for entry in shown)
    twice = [entry.words for entry in shown if counts[entry.number] > 1]
    if twice:
        raise StructureRefusedError(
            code="segment-number-twice",
            what="Segments of the file share a number",
            where=str(path),
            expected="a number of its own for each segment",
            got=", ".join(twice[:MOST_LISTED]),
            next_step="export the segmentation again; which segment a frame shows is not known",
        )
    return shown


def referenced_series(dataset: Dataset) -> tuple[str, ...]:
    """List the series that a segmentation was made on.

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    tuple of str
        Series Instance UIDs, each once.
    """
    found = [text_value(item, "SeriesInstanceUID") for item in series_of_object(dataset)]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _frame(
    dataset: Dataset, index: int, group: Dataset, shared: Dataset | None, path: Path
) -> SegmentFrame:
    """Read one frame."""
    position, orientation, spacing = (
        number_values(frame_item(dataset, index, keyword), keyword, count)
        for keyword, count in (
            ("ImagePositionPatient", 3),
            ("ImageOrientationPatient", 6),
            ("PixelSpacing", 2),
        )
    )
    if position is None or orientation is None or spacing is None:
        raise _no_place(path, index, "its position, orientation and spacing")
    is_sane = LEAST_STEP_MM <= min(spacing) <= max(spacing) <= MOST_STEP_MM
    if not (is_sane and max(map(abs, position)) <= MOST_FAR_MM):
        raise _no_place(path, index, "a position and spacing that a scanner can have")
    sequence = "SegmentIdentificationSequence"
    identified = items(group, sequence) or items(shared, sequence)
    segment = whole_value(identified[0], "ReferencedSegmentNumber", 0) if identified else 0
    if not segment and text_value(dataset, "SegmentationType").upper() != "LABELMAP":
        raise _no_place(path, index, "the segment that it shows")
    return SegmentFrame(
        index=index,
        segment=segment,
        position_mm=position,
        orientation=orientation,
        spacing_mm=spacing,
    )


def _no_place(path: Path, index: int, expected: str) -> GeometryRefusedError:
    return GeometryRefusedError(
        code="no-spatial-metadata",
        what="A frame of the segmentation does not say what it shows and where",
        where=f"{path}, frame {index + 1}",
        expected=expected,
        got="none that can be read",
        next_step="export the segmentation again",
    )


def _most_fraction(dataset: Dataset, path: Path) -> int:
    """Read the value of a whole pixel."""
    most = whole_value(dataset, "MaximumFractionalValue", 0)
    if not 1 <= most <= MOST_FRACTION:
        raise fraction_out_of_range(path, f"a whole pixel of 1 to {MOST_FRACTION}", f"{most}")
    return most


def fraction_out_of_range(path: Path, expected: str, got: str) -> StructureRefusedError:
    """Refuse fractions that are none.

    Parameters
    ----------
    path : Path
        The file.
    expected, got : str
        In words.

    Returns
    -------
    StructureRefusedError
        To be raised.
    """
    return StructureRefusedError(
        code="fraction-out-of-range",
        what="The segmentation stores fractions that are none",
        where=str(path),
        expected=expected,
        got=got,
        next_step="export the segmentation again, as a binary one where that is possible",
    )


def _measure_mm(keyword: str, group: Dataset, shared: Dataset | None) -> float | None:
    """Read the distance between slices, or their thickness."""
    for holder in (group, shared):
        for measures in items(holder, "PixelMeasuresSequence"):
            found = number_values(measures, keyword, 1)
            if found and LEAST_STEP_MM <= found[0] <= MOST_STEP_MM:
                return found[0]
    return None
