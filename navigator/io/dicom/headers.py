"""The headers of DICOM files: everything that the gate needs, and no pixel."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from io import BufferedReader, FileIO
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.tag import Tag

from navigator.errors import FileRefusedError
from navigator.io.caps import MOST_DICOM_ELEMENT_BYTES, check_regular_file
from navigator.io.dicom.acquisition import (
    ACQUISITION_TAGS,
    Acquisition,
    acquisition_from_dataset,
)
from navigator.io.dicom.pixel_source import (
    PixelSource,
    StoredValue,
    find_stored_value,
    pixel_source_from_dataset,
)
from navigator.io.dicom.values import (
    frame_item,
    number_values,
    raw_value,
    text_value,
    words_value,
)
from navigator.io.identity import PatientIdentity

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MULTIFRAME_CT = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
"""Enhanced CT, and Legacy Converted Enhanced CT."""

PREFIX_START, PREFIX = 128, b"DICM"
"""Every DICOM file has these letters behind 128 free bytes (PS3.10, 7.1)."""
BARE_DATASET_START = b"\x08\x00"
"""A data set written without the prefix begins with group 0008."""
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")

KEYWORDS = (
    *("SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality"),
    *("PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "SeriesInstanceUID"),
    "SeriesDescription",
    *("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated"),
    *("BitsStored", "HighBit", "PixelRepresentation", "LossyImageCompression"),
    *("RescaleIntercept", "RescaleSlope", "RescaleType"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *ACQUISITION_TAGS,
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
)
TAGS: list[Any] = [Tag(keyword) for keyword in KEYWORDS]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceHeader:
    """What one slice says about itself; None where it says nothing that can be read.

    Parameters
    ----------
    source : PixelSource
        Where and how its pixels are stored.
    sop_class_uid : str
        What kind of object it is: as stored, else as its file says, else empty.
    instance_uid, modality, series_uid, study_uid, frame_of_reference_uid, description : str
        As stored; empty where absent.
    patient : PatientIdentity
        Identifier and birth date: only ever compared, never shown.
    patient_name : str
        Only ever compared, never shown.
    image_type : tuple of str
        Values of Image Type, or of the frame's own type.
    position_mm : (3,) tuple or None
        Centre of the first voxel, LPS millimetres.
    orientation : (6,) tuple or None
        Direction along i, then along j, LPS.
    pixel_spacing_mm : (2,) tuple or None
        Step along j (row to row), then along i (column to column), millimetres.
    rescale : (2,) tuple or None
        Slope and intercept from stored values to Hounsfield units.
    rescale_type : str
        Unit after rescaling as stored; empty means Hounsfield units.
    is_lossy : bool
        Whether the file says that it was compressed with loss.
    acquisition : Acquisition
        How it was made.
    """

    source: PixelSource
    sop_class_uid: str
    instance_uid: str
    modality: str
    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    description: str
    patient: PatientIdentity = field(repr=False)
    patient_name: str = field(repr=False)
    image_type: tuple[str, ...]
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, ...] | None
    rescale: tuple[float, float] | None
    rescale_type: str
    is_lossy: bool
    acquisition: Acquisition


def looks_like_dicom(path: Path) -> bool:
    """Tell whether a file claims to be DICOM, by its first bytes or by its name.

    A file that claims it and is not readable is refused: it may be the missing slice.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    bool
        True for a DICOM file, for a data set written without the prefix, and for any ``.dcm``.

    Raises
    ------
    FileRefusedError
        If the file cannot be opened.
    """
    check_regular_file(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(PREFIX_START + len(PREFIX))
    except OSError as error:
        raise _unreadable(path, error) from error
    claimed_by_name = path.suffix.lower() in DICOM_SUFFIXES
    return claimed_by_name or start[PREFIX_START:] == PREFIX or start[:2] == BARE_DATASET_START


def read_headers(path: Path) -> tuple[SliceHeader, ...]:
    """Read the headers of one DICOM file.

    Parameters
    ----------
    path : Path
        A DICOM file.

    Returns
    -------
    tuple of SliceHeader
        One for a plain image or any other object, one a frame for a multi-frame CT.

    Raises
    ------
    FileRefusedError
        If the file is not readable DICOM, or is a deflated one.
    """
    try:
        with pydicom.config.disable_value_validation(), warnings.catch_warnings():
            # what pydicom would warn of is judged by the gate, value by value
            warnings.simplefilter("ignore")
            return _read_quietly(path)
    except FileRefusedError:
        raise
    except Exception as error:  # a damaged header makes pydicom raise errors of many kinds
        raise _unreadable(path, error) from error


class _HeaderStream(BufferedReader):
    """A file that is never read to its end.

    Only what inflates a deflated data set asks for all that is left, and a small file can
    inflate to anything: it is stopped before it starts.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise _InflationError
        if size > MOST_DICOM_ELEMENT_BYTES:
            raise OverflowError(f"an element of {size} bytes stands in the header")
        return super().read(size)


class _InflationError(Exception):
    """Something asked for all that is left of a file."""


def _read_quietly(path: Path) -> tuple[SliceHeader, ...]:
    """Read one file up to its pixels."""
    with _HeaderStream(FileIO(path)) as stream:
        try:
            dataset = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=TAGS)
        except _InflationError:
            raise _deflated(path) from None
        if _sop_class_of(dataset) in (CT_IMAGE, *MULTIFRAME_CT) and not stream.peek(1):
            # pydicom takes the end of the file for the end of the header
            raise EOFError("the file ends before its pixels")
        syntax = dataset.file_meta.get("TransferSyntaxUID", "")
        return _headers_from_dataset(path, dataset, find_stored_value(stream, syntax))


def _headers_from_dataset(
    path: Path, dataset: Dataset, stored: StoredValue | None
) -> tuple[SliceHeader, ...]:
    """Make one header a frame."""
    sop_class = _sop_class_of(dataset)
    count = 0
    if sop_class in MULTIFRAME_CT:
        count = len(raw_value(dataset, "PerFrameFunctionalGroupsSequence") or ())
    frames: tuple[int | None, ...] = tuple(range(count)) or (None,)
    return tuple(_header(path, frame, dataset, stored, sop_class) for frame in frames)


def _sop_class_of(dataset: Dataset) -> str:
    """Tell what kind of object it is: as stored, else as its file says."""
    in_file = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    return text_value(dataset, "SOPClassUID") or in_file


def _header(
    path: Path, frame: int | None, dataset: Dataset, stored: StoredValue | None, sop_class: str
) -> SliceHeader:
    """Put one frame's values into a header."""

    def numbers(keyword: str, count: int) -> tuple[float, ...] | None:
        return number_values(frame_item(dataset, frame, keyword), keyword, count)

    slope, intercept = numbers("RescaleSlope", 1), numbers("RescaleIntercept", 1)
    return SliceHeader(
        source=pixel_source_from_dataset(path, frame or 0, dataset, stored),
        sop_class_uid=sop_class,
        instance_uid=text_value(dataset, "SOPInstanceUID"),
        modality=text_value(dataset, "Modality"),
        series_uid=text_value(dataset, "SeriesInstanceUID"),
        study_uid=text_value(dataset, "StudyInstanceUID"),
        frame_of_reference_uid=text_value(dataset, "FrameOfReferenceUID"),
        description=text_value(dataset, "SeriesDescription"),
        patient=PatientIdentity(
            patient_id=text_value(dataset, "PatientID"),
            birth_date=text_value(dataset, "PatientBirthDate"),
        ),
        patient_name=text_value(dataset, "PatientName"),
        image_type=words_value(frame_item(dataset, frame, "FrameType"), "FrameType")
        or words_value(dataset, "ImageType"),
        position_mm=numbers("ImagePositionPatient", 3),
        orientation=numbers("ImageOrientationPatient", 6),
        pixel_spacing_mm=numbers("PixelSpacing", 2),
        rescale=(slope[0], intercept[0]) if slope and intercept else None,
        rescale_type=text_value(frame_item(dataset, frame, "RescaleType"), "RescaleType"),
        is_lossy=text_value(dataset, "LossyImageCompression") == "01",
        acquisition=acquisition_from_dataset(dataset, frame),
    )


def _deflated(path: Path) -> FileRefusedError:
    """Refuse a deflated file before anything inflates it: 1 MB can hold 1 GB."""
    return FileRefusedError(
        code="deflated-transfer-syntax",
        what="The file is deflated, and a small deflated file can fill the memory",
        where=str(path),
        expected="a transfer syntax that compresses the pixels alone, or nothing",
        got="Deflated Explicit VR Little Endian (1.2.840.10008.1.2.1.99)",
        next_step="export the series again as Explicit VR Little Endian",
    )


def _unreadable(path: Path, error: Exception) -> FileRefusedError:
    """Refuse a file that is not readable DICOM."""
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return FileRefusedError(
        code="unreadable-file",
        what="The file cannot be read as DICOM",
        where=str(path),
        expected="a DICOM file with its header complete (PS3.10)",
        got=reason,
        next_step="send or export the series again; take the file out if it is not part of it",
    )
