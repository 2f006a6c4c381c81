"""A clean CT series in any of the eight ways to lie on a table, with all that a scanner writes."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.navigator.io.dicom_writer import ENHANCED_CT, StackGeometry, ct_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNT = 16
ROWS, COLUMNS = 40, 44
SPACING_MM = 1.5

DIRECTIONS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "HFDL": ((0, -1, 0), (1, 0, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
}
"""Rows and columns of a picture drawn as the gantry sees the patient, LPS, typed by hand from the
figures of PS3.3, C.7.3.1.1.2."""

MACROS = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept", "RescaleType"),
}
"""Where a multi-frame CT keeps what a plain slice has at the top (PS3.3, C.7.6.16)."""
OF_A_FRAME = (*(keyword for keywords in MACROS.values() for keyword in keywords), "InstanceNumber")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesShape:
    """What a clean series may look like.

    Parameters
    ----------
    patient_position : str
        One of the eight.
    count : int
        Slices.
    spacing_mm, thickness_mm : float
        Distance and thickness of the slices.
    pixel_spacing_mm : (2,) tuple
        From row to row, from column to column.
    turn : (3, 3) array or None
        Turns the whole stack: an oblique series.
    """

    patient_position: str = "HFS"
    count: int = COUNT
    spacing_mm: float = SPACING_MM
    thickness_mm: float = SPACING_MM
    pixel_spacing_mm: tuple[float, float] = (0.8, 0.7)
    turn: NDArray[np.float64] | None = None


def geometry_of(shape: SeriesShape) -> StackGeometry:
    """Place the stack: its slices run into the gantry."""
    turn = np.eye(3) if shape.turn is None else shape.turn
    row, column = (turn @ np.asarray(way, float) for way in DIRECTIONS[shape.patient_position])
    normal = np.cross(row, column)
    return StackGeometry(
        origin_mm=np.array([-12.0, -20.0, 101.1]),
        slice_step_mm=shape.spacing_mm * normal,
        row_direction=row,
        column_direction=column,
        row_step_mm=shape.pixel_spacing_mm[0],
        column_step_mm=shape.pixel_spacing_mm[1],
    )


def body_values(count: int = COUNT) -> NDArray[np.int16]:
    """Paint stored values of a body in air, with noise, each voxel 1024 above its HU."""
    rng = np.random.default_rng(20)
    values = np.full((count, ROWS, COLUMNS), 24.0)
    values[:, 6:34, 6:38] = 924.0
    values[:, 9:31, 9:35] = 1084.0
    values += rng.normal(0.0, 12.0, values.shape)
    return np.clip(values, 1, 4095).astype(np.int16)


def clean_series(shape: SeriesShape | None = None) -> list[Dataset]:
    """Make a series with which nothing is wrong.

    Parameters
    ----------
    shape : SeriesShape, optional
        By default head first, supine, 16 slices.

    Returns
    -------
    list of Dataset
        In order along their normal.
    """
    chosen = SeriesShape() if shape is None else shape
    slices = ct_slices(body_values(chosen.count), geometry_of(chosen))
    for dataset in slices:
        dataset.PatientPosition = chosen.patient_position
        dataset.SliceThickness = str(chosen.thickness_mm)
        dataset.SpacingBetweenSlices = str(chosen.spacing_mm)
        dataset.ImagesInAcquisition = str(chosen.count)
        dataset.GantryDetectorTilt = "0"
        dataset.ConvolutionKernel, dataset.AcquisitionNumber = "B30f", "2"
        dataset.StudyDate = dataset.AcquisitionDate = "20250106"
    return slices


def as_one_file(slices: list[Dataset]) -> Dataset:
    """Put plain slices into one enhanced multi-frame CT, whatever is wrong with them.

    Parameters
    ----------
    slices : list of Dataset
        Plain slices of one size.

    Returns
    -------
    Dataset
        Every value that a frame may have of its own is written frame by frame.
    """
    whole = copy.deepcopy(slices[0])
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = ENHANCED_CT
    for keyword in OF_A_FRAME:
        if keyword in whole:
            delattr(whole, keyword)
    whole.NumberOfFrames = len(slices)
    whole.PerFrameFunctionalGroupsSequence = Sequence([_frame_of(plain) for plain in slices])
    whole.PixelData = b"".join(plain.PixelData for plain in slices)
    return whole


def _frame_of(plain: Dataset) -> Dataset:
    group = Dataset()
    for name, keywords in MACROS.items():
        item = Dataset()
        for keyword in keywords:
            if keyword in plain:
                setattr(item, keyword, plain[keyword].value)
        setattr(group, name, Sequence([item]))
    return group
