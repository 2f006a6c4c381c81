"""Scans as DICOM CT series.

The bytes follow from the contents alone: no clock, no chance, no name of a machine.

References
----------
DICOM PS3.3, C.7 and C.8.2 (CT Image IOD), PS3.10 (files).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

from phantoms.developing import LEAST_HU
from phantoms.files import new_folder
from phantoms.scans import uid_of

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.scans import SyntheticScan

IMPLEMENTATION_UID = uid_of("implementation", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyWords:
    """What the headers say about the examination.

    Parameters
    ----------
    date, time : str
        Of the acquisition, DICOM's DA and TM: fixed, for the scan never happened.
    description : str
        Of the study.
    study_id : str
        Number of the examination.
    """

    date: str = "20250106"
    time: str = "090000"
    description: str = "PHANTOM LIVER ABLATION"
    study_id: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who the headers say was scanned: never a person.

    Parameters
    ----------
    name, patient_id : str
        Research pseudonyms.
    deidentification : str
        How it is known that no person can be told, DICOM's LO.
    is_synthetic : bool
        False where the picture is a real one with things put into it: then nothing is said of how
        it was acquired, for that is not known here.
    """

    name: str
    patient_id: str
    deidentification: str = "SYNTHETIC, NO PERSON"
    is_synthetic: bool = True


def write_dicom_series(
    scan: SyntheticScan,
    folder: Path,
    *,
    patient: Patient | Subject,
    series_description: str,
    study: StudyWords | None = None,
) -> None:
    """Write a scan as a CT series, one file per slice.

    File names do not follow the order of the slices; instance numbers run from head to feet.

    Parameters
    ----------
    scan : SyntheticScan
        The scan.
    folder : Path
        New, or empty.
    patient : Patient or Subject
        Whose scan it is; the name in the header is a research pseudonym.
    series_description : str
        Of the series, at most 64 characters.
    study : StudyWords, optional
        What the headers say about the examination.

    Raises
    ------
    OutputRefusedError
        If the folder is taken or cannot be written.
    """
    words = StudyWords() if study is None else study
    subject = patient if isinstance(patient, Subject) else _subject_of(patient)
    with new_folder(folder) as draft:
        for k in range(scan.values_hu.shape[0]):
            image = Dataset()
            _add_subject(image, scan, subject, words)
            _add_series(image, scan, series_description, words)
            _add_geometry(image, scan, k)
            _add_pixels(image, scan, k)
            if not subject.is_synthetic:
                _unsay_acquisition(image)
            _save(image, draft)


def _subject_of(patient: Patient) -> Subject:
    """Name a synthetic patient by a hash: the seed would tell a method all that is true."""
    word = hashlib.sha256(f"patient {patient.seed}".encode()).hexdigest()[:10].upper()
    return Subject(name=f"PHANTOM^{word}", patient_id=f"PHANTOM-{word}")


def _unsay_acquisition(image: Dataset) -> None:
    """Take back what only a synthetic scan can say of tube, kernel and contrast."""
    image.KVP = None
    for keyword in ("ConvolutionKernel", "ContrastBolusAgent"):
        delattr(image, keyword)
    image.ManufacturerModelName = "hardware put into a real CT"
    image.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]


def _add_subject(image: Dataset, scan: SyntheticScan, subject: Subject, words: StudyWords) -> None:
    image.PatientName = subject.name
    image.PatientID = subject.patient_id
    image.PatientBirthDate = ""
    image.PatientSex = "O"
    image.PatientIdentityRemoved = "YES"
    image.DeidentificationMethod = subject.deidentification
    image.StudyInstanceUID = scan.study_uid
    image.StudyDate = words.date
    image.StudyTime = words.time
    image.StudyID = words.study_id
    image.StudyDescription = words.description
    image.AccessionNumber = ""
    image.ReferringPhysicianName = ""


def _add_series(image: Dataset, scan: SyntheticScan, description: str, words: StudyWords) -> None:
    image.SOPClassUID = CTImageStorage
    image.Modality = "CT"
    image.SeriesInstanceUID = scan.series_uid
    image.SeriesNumber = "1"
    image.SeriesDescription = description
    image.SeriesDate = image.AcquisitionDate = image.ContentDate = words.date
    image.SeriesTime = image.AcquisitionTime = image.ContentTime = words.time
    image.FrameOfReferenceUID = scan.frame_of_reference_uid
    image.PositionReferenceIndicator = ""
    image.Manufacturer = "mwa-navigator phantoms"
    image.ManufacturerModelName = "synthetic CT"
    image.SoftwareVersions = "1"
    image.PatientPosition = "HFS"
    image.BodyPartExamined = "ABDOMEN"
    image.KVP = "120"
    protocol = scan.protocol
    image.ConvolutionKernel = protocol.kernel.upper()
    if protocol.phase != "none":
        image.ContrastBolusAgent = f"SIMULATED {protocol.phase.upper()} PHASE"
    if protocol.field_of_view_mm is not None:
        image.ReconstructionDiameter = format_number_as_ds(protocol.field_of_view_mm)
    image.AcquisitionNumber = "1"


def _numbers(values: Floats) -> list[str]:
    return [format_number_as_ds(float(value) + 0.0) for value in values]


def _add_geometry(image: Dataset, scan: SyntheticScan, k: int) -> None:
    matrix = scan.lps_from_index
    slice_step, row_step, column_step = (matrix[:3, axis] for axis in range(3))
    row_mm, column_mm = np.linalg.norm(row_step), np.linalg.norm(column_step)
    along = np.concatenate([column_step / column_mm, row_step / row_mm])
    image.ImageOrientationPatient = _numbers(along)
    image.ImagePositionPatient = _numbers(matrix[:3, 3] + k * slice_step)
    image.PixelSpacing = _numbers(np.array([row_mm, column_mm]))
    image.SliceThickness = format_number_as_ds(float(scan.thickness_mm))
    # both are told along and against the slices' normal (PS3.3, C.7.6.16.2.1)
    normal = np.cross(column_step, row_step) / (column_mm * row_mm)
    distance_mm = abs(float(slice_step @ normal))
    image.SpacingBetweenSlices = format_number_as_ds(distance_mm)
    tilt_deg = np.rad2deg(np.arccos(np.clip(distance_mm / np.linalg.norm(slice_step), 0.0, 1.0)))
    image.GantryDetectorTilt = format_number_as_ds(round(float(tilt_deg), 1))
    image.SliceLocation = format_number_as_ds(float(matrix[2, 3] + k * slice_step[2]))
    image.InstanceNumber = str(scan.values_hu.shape[0] - k)
    image.SOPInstanceUID = uid_of("image", scan.series_uid, k)


def _add_pixels(image: Dataset, scan: SyntheticScan, k: int) -> None:
    values = scan.values_hu[k]
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = values.shape
    is_padded = scan.padding_hu is not None
    image.BitsAllocated = 16
    image.BitsStored = 16 if is_padded else 12
    image.HighBit = image.BitsStored - 1
    # padding lies below what a scanner measures, so that no voxel of air is taken for it
    image.PixelRepresentation = int(is_padded)
    if scan.padding_hu is not None:
        image.PixelPaddingValue = scan.padding_hu - LEAST_HU
    image.RescaleIntercept = str(LEAST_HU)
    image.RescaleSlope = "1"
    image.RescaleType = "HU"
    image.WindowCenter, image.WindowWidth = "40", "400"
    stored = (values.astype(np.int32) - LEAST_HU).astype("<i2" if is_padded else "<u2")
    image.PixelData = stored.tobytes()
    image["PixelData"].VR = "OW"


def _save(image: Dataset, folder: Path) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = image.SOPClassUID
    meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = "MWA_PHANTOM_1"
    image.file_meta = meta
    name = hashlib.sha256(str(image.SOPInstanceUID).encode()).hexdigest()[:16]
    image.save_as(folder / f"{name}.dcm", enforce_file_format=True)
