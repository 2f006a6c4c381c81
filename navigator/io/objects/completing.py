"""What every object carries, and how it becomes a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from navigator import __version__
from navigator.errors import FileRefusedError
from navigator.io.objects.identifiers import uid_from_content
from navigator.io.objects.words import field_text
from navigator.io.saving import replaced_when_complete

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.objects.subject import Subject

MAKER = "mwa-navigator"
NO_UID_YET = "2.25.1"
"""Stands for UIDs until the content is complete from which they follow."""
UTF_8 = "ISO_IR 192"
RESEARCH_ONLY = "RESEARCH SOFTWARE, NOT A MEDICAL DEVICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectKind:
    """One kind of object that this package writes.

    Parameters
    ----------
    sop_class_uid, modality : str
        As the standard lists them.
    series_number : int
        High, to stand behind the scanner's own.
    description : str
        Of the series.
    transfer_syntax_uid : str
        How it is encoded.
    has_content_date : bool
        Whether the standard gives it a Content Date.
    """

    sop_class_uid: str
    modality: str
    series_number: int
    description: str
    transfer_syntax_uid: str = ExplicitVRLittleEndian
    has_content_date: bool = True


def new_object(kind: ObjectKind) -> Dataset:
    """Begin an object that is written attribute by attribute.

    Parameters
    ----------
    kind : ObjectKind
        What it shall be.

    Returns
    -------
    Dataset
        With nothing in it but its class.
    """
    dataset = Dataset()
    dataset.SOPClassUID = kind.sop_class_uid
    return dataset


def complete_object(dataset: Dataset, kind: ObjectKind, subject: Subject) -> Dataset:
    """Give an object patient, study, series, equipment, dates and UIDs.

    Parameters
    ----------
    dataset : Dataset
        With all that is special to its kind; changed in place.
    kind : ObjectKind
        What it is.
    subject : Subject
        Whose it is.

    Returns
    -------
    Dataset
        The same, complete; its UIDs follow from its content.
    """
    for keyword, value in subject.attributes.items():
        if keyword in dataset:
            # setting a value in place would change a source that shares the element
            delattr(dataset, keyword)
        setattr(dataset, keyword, value)
    date, time = subject.date_and_time
    dataset.SpecificCharacterSet = UTF_8
    dataset.ReferringPhysicianName = ""
    dataset.Modality = kind.modality
    dataset.SeriesNumber = kind.series_number
    dataset.SeriesDescription = kind.description
    dataset.InstanceNumber = 1
    if kind.has_content_date:
        dataset.ContentDate, dataset.ContentTime = date, time
    _add_equipment(dataset)
    for item in dataset.get("ContributingEquipmentSequence") or ():
        item.ContributionDateTime = date + time
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime"):
        if keyword in dataset:
            delattr(dataset, keyword)
    _add_uids(dataset, kind)
    return dataset


def _add_equipment(dataset: Dataset) -> None:
    """Name this program as the maker (General and Enhanced General Equipment)."""
    dataset.Manufacturer = MAKER
    dataset.ManufacturerModelName = MAKER
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = field_text(__version__)


def _add_uids(dataset: Dataset, kind: ObjectKind) -> None:
    """Name instance, series and dimensions by the content of everything else."""
    dataset.SOPInstanceUID = dataset.SeriesInstanceUID = NO_UID_YET
    _set_dimension_uid(dataset, NO_UID_YET)
    dataset.file_meta = _file_meta(dataset, kind)
    content = hashlib.sha256(bytes_of_object(dataset)).digest()
    dataset.SeriesInstanceUID = uid_from_content("series", kind.sop_class_uid, content)
    dataset.SOPInstanceUID = uid_from_content("instance", kind.sop_class_uid, content)
    _set_dimension_uid(dataset, uid_from_content("dimensions", content))
    dataset.file_meta = _file_meta(dataset, kind)


def _set_dimension_uid(dataset: Dataset, uid: str) -> None:
    """Put one UID wherever the organization of the dimensions is named."""
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in dataset.get(keyword) or ():
            item.DimensionOrganizationUID = uid


def _file_meta(dataset: Dataset, kind: ObjectKind) -> FileMetaDataset:
    """Describe the file (PS3.10, 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(kind.transfer_syntax_uid)
    meta.ImplementationClassUID = UID(uid_from_content("implementation", MAKER))
    meta.ImplementationVersionName = "MWA_NAVIGATOR"
    return meta


def bytes_of_object(dataset: Dataset) -> bytes:
    """Encode an object as a file.

    Parameters
    ----------
    dataset : Dataset
        With its file meta information.

    Returns
    -------
    bytes
        In its own transfer syntax, the 128 free bytes blank.
    """
    stream = BytesIO()
    dataset.preamble = b"\0" * 128
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def save_object(dataset: Dataset, path: Path) -> None:
    """Write an object, and read it back before it takes its place.

    Parameters
    ----------
    dataset : Dataset
        A complete object.
    path : Path
        Where it shall be; replaced if there.

    Raises
    ------
    FileRefusedError
        If it cannot be written, or what lies on the disk is not what was written.
    """
    content = bytes_of_object(dataset)
    with replaced_when_complete(path) as temporary:
        temporary.write_bytes(content)
        found = pydicom.dcmread(temporary)
        if bytes_of_object(found) != content:
            raise FileRefusedError(
                code="not-read-back",
                what="The DICOM object on the disk differs from the one that was written",
                where=str(path),
                expected=f"SHA-256 {hashlib.sha256(content).hexdigest()}",
                got="other bytes",
                next_step="check the disk, then write again",
            )


def sequence_item(**values: object) -> Dataset:
    """Make an item of a sequence.

    Parameters
    ----------
    **values
        By DICOM keyword.

    Returns
    -------
    Dataset
        The item.
    """
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
