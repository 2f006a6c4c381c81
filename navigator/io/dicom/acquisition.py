"""What a slice says about how it was made: nothing of it places a voxel, all of it is compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.io.dicom.values import frame_item, number_values, text_value, words_value

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ACQUISITION_TAGS = (
    *("SOPInstanceUID", "InstanceNumber", "ImagesInAcquisition", "NumberOfSeriesRelatedInstances"),
    *("PatientPosition", "SliceThickness", "SpacingBetweenSlices", "GantryDetectorTilt"),
    *("ConvolutionKernel", "AcquisitionNumber", "StudyDate", "AcquisitionDate"),
    *("LossyImageCompressionRatio", "NumberOfFrames"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How one slice was made, as its header tells; None or empty where it tells nothing.

    Parameters
    ----------
    instance_uid : str
        SOP Instance UID.
    instance_number : int or None
        Number of the image in its series; None for the frames of a multi-frame image.
    announced : int or None
        How many images the header says there are.
    patient_position : str
        How the patient lay in the gantry, e.g. ``HFS`` (PS3.3, C.7.3.1.1.2).
    thickness_mm, spacing_mm : float or None
        Slice Thickness, and Spacing Between Slices without its sign, millimetres.
    tilt_deg : float or None
        Gantry/Detector Tilt, degrees.
    kernel, acquisition, date : str
        Convolution Kernel, Acquisition Number, and the day of the acquisition.
    compression_ratio : float or None
        How many times smaller lossy compression made the pixels, all steps together.
    frames : int or None
        How many frames the header of a multi-frame image announces.
    """

    instance_uid: str
    instance_number: int | None
    announced: int | None
    patient_position: str
    thickness_mm: float | None
    spacing_mm: float | None
    tilt_deg: float | None
    kernel: str
    acquisition: str
    date: str
    compression_ratio: float | None
    frames: int | None


def acquisition_from_dataset(dataset: Dataset, frame: int | None) -> Acquisition:
    """Read how one frame was made.

    Parameters
    ----------
    dataset : Dataset
        Header of its file.
    frame : int or None
        Frame of a multi-frame CT from 0; None for a plain image.

    Returns
    -------
    Acquisition
        What can be read of it.
    """
    spacing_mm = _number(frame_item(dataset, frame, "SpacingBetweenSlices"), "SpacingBetweenSlices")
    series, acquired = (
        _whole(dataset, keyword)
        for keyword in ("NumberOfSeriesRelatedInstances", "ImagesInAcquisition")
    )
    ratios = _ratios(dataset)
    return Acquisition(
        instance_uid=text_value(dataset, "SOPInstanceUID"),
        instance_number=_whole(dataset, "InstanceNumber") if frame is None else None,
        announced=(series or acquired) if frame is None else None,
        patient_position=text_value(dataset, "PatientPosition").upper(),
        thickness_mm=_number(frame_item(dataset, frame, "SliceThickness"), "SliceThickness"),
        spacing_mm=None if spacing_mm is None else abs(spacing_mm),
        tilt_deg=_number(dataset, "GantryDetectorTilt"),
        kernel="/".join(words_value(dataset, "ConvolutionKernel")),
        acquisition=text_value(dataset, "AcquisitionNumber"),
        date=text_value(dataset, "AcquisitionDate") or text_value(dataset, "StudyDate"),
        compression_ratio=math.prod(ratios) if ratios else None,
        frames=None if frame is None else _whole(dataset, "NumberOfFrames"),
    )


def _number(dataset: Dataset, keyword: str) -> float | None:
    """Read one finite number."""
    numbers = number_values(dataset, keyword, 1)
    return None if numbers is None else numbers[0]


def _whole(dataset: Dataset, keyword: str) -> int | None:
    """Read one whole number."""
    number = _number(dataset, keyword)
    return None if number is None else int(number)


def _ratios(dataset: Dataset) -> list[float]:
    """Read the ratio of each lossy step that was taken one after another."""
    numbers = []
    for word in words_value(dataset, "LossyImageCompressionRatio"):
        try:
            numbers.append(float(word))
        except ValueError:
            return []
    return numbers
