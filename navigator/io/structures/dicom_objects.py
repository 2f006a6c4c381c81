"""DICOM objects that hold structures: segmentations and structure sets."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from navigator.errors import FileRefusedError, NavigatorError
from navigator.io.dicom.values import raw_value, text_value, uid_name
from navigator.io.identity import PatientIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
MOST_FILE_BYTES = 2**31
"""A hundred organs of a whole body as bits take half of it."""


def read_object(path: Path) -> Dataset:
    """Read a DICOM file as a whole.

    Parameters
    ----------
    path : Path
        A file that claims to be DICOM.

    Returns
    -------
    Dataset
        With its pixels, not decoded.

    Raises
    ------
    FileRefusedError
        If it is not readable, deflated, or larger than any such object.
    """
    with reading(path):
        size = path.stat().st_size
        if size > MOST_FILE_BYTES:
            raise unreadable(path, f"at most {MOST_FILE_BYTES} bytes", f"{size} bytes")
        if read_file_meta_info(path).get("TransferSyntaxUID", "") == DeflatedExplicitVRLittleEndian:
            raise unreadable(path, "a data set that is not deflated", "a deflated one")
        return pydicom.dcmread(path)


def is_structure_file(path: Path) -> bool:
    """Tell whether a DICOM file is a segmentation or a structure set, by its file header.

    Parameters
    ----------
    path : Path
        A file that claims to be DICOM.

    Returns
    -------
    bool
        False also where the header cannot be read.
    """
    try:
        with reading(path):
            sop_class = str(read_file_meta_info(path).get("MediaStorageSOPClassUID", ""))
    except FileRefusedError:
        return False
    return sop_class in {SEGMENTATION, LABEL_MAP_SEGMENTATION, STRUCTURE_SET}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever pydicom raises on damage into a refusal.

    Parameters
    ----------
    path : Path
        The file that is being read.

    Raises
    ------
    FileRefusedError
        In place of any error that is not one of this package.
    """
    try:
        with pydicom.config.disable_value_validation(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except NavigatorError:
        raise
    except Exception as error:  # a damaged file makes pydicom raise errors of many kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise unreadable(path, "a whole DICOM SEG or RTSTRUCT (PS3.10)", reason) from error


def unreadable(path: Path, expected: str, got: str) -> FileRefusedError:
    """Refuse a file of structures that cannot be read.

    Parameters
    ----------
    path : Path
        The file.
    expected, got : str
        What it should be, and what it is.

    Returns
    -------
    FileRefusedError
        To be raised.
    """
    return FileRefusedError(
        code="unreadable-file",
        what="The structures in the file cannot be read",
        where=str(path),
        expected=expected,
        got=got,
        next_step="export the structures again",
    )


def not_structures(path: Path, sop_class: str) -> FileRefusedError:
    """Refuse a DICOM object of another kind.

    Parameters
    ----------
    path : Path
        The file.
    sop_class : str
        What it is.

    Returns
    -------
    FileRefusedError
        To be raised.
    """
    return FileRefusedError(
        code="not-structures",
        what="The DICOM file holds no structures",
        where=str(path),
        expected="a Segmentation or an RT Structure Set",
        got=uid_name(sop_class) or "no SOP Class UID",
        next_step="give the file of the segmentation or of the structure set",
    )


def items(dataset: Dataset | None, keyword: str) -> list[Dataset]:
    """List the items of a sequence.

    Parameters
    ----------
    dataset : Dataset or None
        A data set or an item.
    keyword : str
        DICOM keyword of the sequence.

    Returns
    -------
    list of Dataset
        Empty where there is none.
    """
    value: Any = None if dataset is None else raw_value(dataset, keyword)
    return list(value) if isinstance(value, pydicom.Sequence) else []


def patient_of(dataset: Dataset) -> PatientIdentity:
    """Take whose object it is.

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    PatientIdentity
        To be compared, never shown.
    """
    return PatientIdentity(
        patient_id=text_value(dataset, "PatientID"),
        birth_date=text_value(dataset, "PatientBirthDate"),
        is_removed=text_value(dataset, "PatientIdentityRemoved").upper() == "YES",
        image_uids=frozenset(
            text_value(item, "ReferencedSOPInstanceUID")
            for series, keyword in (
                *((each, "ReferencedInstanceSequence") for each in series_of_object(dataset)),
                *((each, "ContourImageSequence") for each in series_of_outlines(dataset)),
            )
            for item in items(series, keyword)
        )
        - {""},
    )


def series_of_object(dataset: Dataset) -> list[Dataset]:
    """List the series that an object refers to (Common Instance Reference, PS3.3, C.12.2).

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    list of Dataset
        Items of its own study, and of others: an object under a pseudonym is in another.
    """
    own = items(dataset, "ReferencedSeriesSequence")
    studies = items(dataset, "StudiesContainingOtherReferencedInstancesSequence")
    return own + [each for study in studies for each in items(study, "ReferencedSeriesSequence")]


def series_of_outlines(dataset: Dataset) -> list[Dataset]:
    """List the series that a structure set was drawn on (PS3.3, C.8.8.5).

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    list of Dataset
        Items of all of its frames of reference.
    """
    return [
        series
        for frame in items(dataset, "ReferencedFrameOfReferenceSequence")
        for study in items(frame, "RTReferencedStudySequence")
        for series in items(study, "RTReferencedSeriesSequence")
    ]


def sop_class_of(dataset: Dataset) -> str:
    """Tell what kind of object it is: as stored, else as its file says.

    Parameters
    ----------
    dataset : Dataset
        The object.

    Returns
    -------
    str
        SOP Class UID; empty where unknown.
    """
    in_file = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    return text_value(dataset, "SOPClassUID") or in_file
