"""A small writer of CT series: the geometry is written from its definition, not from our reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
SERIES = "1.2.826.0.1.3680043.10.1.5"
STUDY = "1.2.826.0.1.3680043.10.1.2"
FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.10.1.3"
INTERCEPT = -1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGeometry:
    """Where the voxels of a written stack lie.

    Parameters
    ----------
    origin_mm, slice_step_mm : (3,) array
        Centre of the first voxel, and the way from slice to slice, LPS millimetres.
    row_direction, column_direction : (3,) array
        Along i and along j.
    row_step_mm, column_step_mm : float
        From row to row (along j) and from column to column (along i), millimetres.
    """

    origin_mm: NDArray[np.float64]
    slice_step_mm: NDArray[np.float64]
    row_direction: NDArray[np.float64]
    column_direction: NDArray[np.float64]
    row_step_mm: float
    column_step_mm: float

    def place_mm(self, k: int, j: int, i: int) -> NDArray[np.float64]:
        """Centre of a voxel by the equation of PS3.3, C.7.6.2.1.1."""
        return (
            self.origin_mm
            + k * self.slice_step_mm
            + j * self.row_step_mm * self.column_direction
            + i * self.column_step_mm * self.row_direction
        )


AXIAL = StackGeometry(
    origin_mm=np.array([-12.0, -20.0, 100.0]),
    slice_step_mm=np.array([0.0, 0.0, 1.5]),
    row_direction=np.array([1.0, 0.0, 0.0]),
    column_direction=np.array([0.0, 1.0, 0.0]),
    row_step_mm=0.8,
    column_step_mm=0.7,
)


def decimal_strings(numbers: ArrayLike) -> list[str]:
    """Numbers as DICOM writes them, up to sixteen characters each."""
    return [_decimal_string(float(number)) for number in np.ravel(numbers)]


def _decimal_string(number: float) -> str:
    """Write the digits that fit; pydicom makes 17 characters of 9.999999999999998."""
    text = format_number_as_ds(number)
    return text if len(text) <= 16 else format_number_as_ds(round(number, 10))


def ct_slices(stored: NDArray[np.int16], geometry: StackGeometry = AXIAL) -> list[Dataset]:
    """Make the data sets of a plain CT series, one a slice, in order."""
    return [_slice(stored[k], geometry, k) for k in range(len(stored))]


def _slice(pixels: NDArray[np.int16], geometry: StackGeometry, k: int) -> Dataset:
    dataset = _general(CT, f"{SERIES}.{k + 1}")
    dataset.InstanceNumber = k + 1
    dataset.SliceThickness = "7"
    dataset.ImagePositionPatient = decimal_strings(geometry.place_mm(k, 0, 0))
    dataset.ImageOrientationPatient = decimal_strings(_directions(geometry))
    dataset.PixelSpacing = decimal_strings([geometry.row_step_mm, geometry.column_step_mm])
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", "-1024", "HU"
    set_pixels(dataset, pixels)
    return dataset


def _directions(geometry: StackGeometry) -> NDArray[np.float64]:
    return np.concatenate([geometry.row_direction, geometry.column_direction])


def _general(sop_class: str, instance_uid: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = instance_uid
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, instance_uid
    dataset.Modality, dataset.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate = "P1", "Test^One", "19600101"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.FrameOfReferenceUID, dataset.SeriesDescription = FRAME_OF_REFERENCE, "Abdomen 1.5"
    return dataset


def set_pixels(dataset: Dataset, pixels: NDArray[Any]) -> None:
    """Store pixels of 16 bits as they are."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"


def enhanced_ct(stored: NDArray[np.int16], geometry: StackGeometry, order: list[int]) -> Dataset:
    """Make one enhanced multi-frame CT, its frames in the order given."""
    dataset = _general(ENHANCED_CT, f"{SERIES}.99")
    dataset.NumberOfFrames = len(order)
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = decimal_strings([geometry.row_step_mm, geometry.column_step_mm])
    plane.ImageOrientationPatient = decimal_strings(_directions(geometry))
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([plane])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([_frame(geometry, k) for k in order])
    set_pixels(dataset, stored[order])
    return dataset


def _frame(geometry: StackGeometry, k: int) -> Dataset:
    group, position, rescale = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = decimal_strings(geometry.place_mm(k, 0, 0))
    # a slope of its own for every frame: each must be applied to its own pixels
    rescale.RescaleSlope, rescale.RescaleIntercept = str(k + 1), "-1024"
    rescale.RescaleType = "HU"
    group.PlanePositionSequence = Sequence([position])
    group.PixelValueTransformationSequence = Sequence([rescale])
    return group


def write_files(
    datasets: list[Dataset], folder: Path, names: list[str] | None = None
) -> list[Path]:
    """Write each data set to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = names or [f"IM{index:04d}" for index in range(len(datasets))]
    paths = [folder / name for name in wanted]
    for dataset, path in zip(datasets, paths, strict=True):
        dataset.save_as(path, enforce_file_format=True)
    return paths


def numbered_voxels(shape: tuple[int, int, int]) -> NDArray[np.int16]:
    """Make stored values that are all different, so that each voxel is a landmark."""
    count = int(np.prod(shape))
    return np.arange(1, count + 1, dtype=np.int16).reshape(shape)
