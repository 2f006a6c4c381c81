"""Small writers of structure files: each value is written from its definition in the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from tests.navigator.io.dicom_writer import FRAME_OF_REFERENCE, SERIES, decimal_strings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.model.volume import Mask

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a structure file says of where it belongs."""

    frame_uid: str = FRAME_OF_REFERENCE
    series_uid: str = SERIES
    patient_id: str = "P1"


def items(*datasets: Dataset) -> Sequence:
    """Put data sets into a sequence."""
    return Sequence(datasets)


def dataset_of(**values: Any) -> Dataset:  # noqa: ANN401 - DICOM values are of any kind
    """Make a data set."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def save(dataset: Dataset, path: Path) -> Path:
    """Write a data set as a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
    return path


def general(sop_class: str, modality: str, header: Header) -> Dataset:
    """Start an object."""
    return dataset_of(
        SOPClassUID=sop_class,
        SOPInstanceUID=f"{SERIES}.77",
        Modality=modality,
        PatientID=header.patient_id,
        PatientName="Test^One",
        PatientBirthDate="19600101",
        StudyInstanceUID=f"{SERIES}.1",
        SeriesInstanceUID=f"{SERIES}.78",
    )


def segmentation(
    segments: Mapping[str, Mask],
    *,
    header: Header | None = None,
    kind: str = "BINARY",
    order: NDArray[np.int64] | None = None,
) -> Dataset:
    """Make a segmentation; only slices that show a segment get a frame, in any order."""
    header = header or Header()
    sop_class = LABEL_MAP_SEGMENTATION if kind == "LABELMAP" else SEGMENTATION
    dataset = general(sop_class, "SEG", header)
    dataset.FrameOfReferenceUID, dataset.SegmentationType = header.frame_uid, kind
    if header.series_uid:
        dataset.ReferencedSeriesSequence = items(dataset_of(SeriesInstanceUID=header.series_uid))
    dataset.SegmentSequence = items(
        *(
            dataset_of(SegmentNumber=number, SegmentLabel=name)
            for number, name in enumerate(segments, start=1)
        )
    )
    grid = next(iter(segments.values())).grid
    shown = _shown(segments, kind)
    if order is not None:
        shown = [shown[at] for at in order[: len(shown)]]
    rows, columns = grid.directions[:, 1], grid.directions[:, 2]
    spacing = decimal_strings([grid.spacing_mm[1], grid.spacing_mm[2]])
    across = abs(float(np.cross(columns, rows) @ grid.lps_from_index[:3, 0]))
    dataset.SharedFunctionalGroupsSequence = items(
        dataset_of(
            PlaneOrientationSequence=items(
                dataset_of(ImageOrientationPatient=decimal_strings([*columns, *rows]))
            ),
            PixelMeasuresSequence=items(
                dataset_of(
                    PixelSpacing=spacing,
                    SpacingBetweenSlices=decimal_strings([across])[0],
                    SliceThickness=decimal_strings([across])[0],
                )
            ),
        )
    )
    dataset.PerFrameFunctionalGroupsSequence = items(
        *(_group(grid.points_from_indices([k, 0, 0]), number) for k, number, _ in shown)
    )
    _set_pixels(dataset, np.stack([pixels for _, _, pixels in shown]), kind)
    return dataset


def _shown(segments: Mapping[str, Mask], kind: str) -> list[tuple[int, int, NDArray[Any]]]:
    if kind == "LABELMAP":
        values = sum(
            number * mask.members.astype(np.uint8)
            for number, mask in enumerate(segments.values(), start=1)
        )
        return [(k, 0, plane) for k, plane in enumerate(np.asarray(values)) if plane.any()]
    return [
        (k, number, plane)
        for number, mask in enumerate(segments.values(), start=1)
        for k, plane in enumerate(mask.members)
        if plane.any()
    ]


def _group(position: NDArray[np.float64], number: int) -> Dataset:
    group = dataset_of(
        PlanePositionSequence=items(dataset_of(ImagePositionPatient=decimal_strings(position)))
    )
    if number:
        group.SegmentIdentificationSequence = items(dataset_of(ReferencedSegmentNumber=number))
    return group


def _set_pixels(dataset: Dataset, frames: NDArray[Any], kind: str) -> None:
    dataset.NumberOfFrames = len(frames)
    dataset.Rows, dataset.Columns = frames.shape[1:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = 1 if kind == "BINARY" else 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = 0
    if kind == "FRACTIONAL":
        dataset.MaximumFractionalValue, frames = 200, frames.astype(np.uint8) * 200
    stored = (
        np.packbits(frames.ravel(), bitorder="little").tobytes()
        if kind == "BINARY"
        else frames.astype(np.uint8).tobytes()
    )
    dataset.PixelData = stored + b"\0" * (len(stored) % 2)
    dataset["PixelData"].VR = "OB"


def structure_set(
    rois: Mapping[str, list[tuple[str, NDArray[np.float64]]]], *, header: Header | None = None
) -> Dataset:
    """Make a structure set from outlines (n, 3) with their geometric types."""
    header = header or Header()
    dataset = general(STRUCTURE_SET, "RTSTRUCT", header)
    series = dataset_of(SeriesInstanceUID=header.series_uid)
    study = dataset_of(RTReferencedSeriesSequence=items(series))
    dataset.ReferencedFrameOfReferenceSequence = items(
        dataset_of(FrameOfReferenceUID=header.frame_uid, RTReferencedStudySequence=items(study))
    )
    dataset.StructureSetROISequence = items(
        *(
            dataset_of(
                ROINumber=number,
                ROIName=name,
                ReferencedFrameOfReferenceUID=header.frame_uid,
            )
            for number, name in enumerate(rois, start=1)
        )
    )
    dataset.ROIContourSequence = items(
        *(
            dataset_of(
                ReferencedROINumber=number,
                ContourSequence=items(*(_contour(kind, points) for kind, points in outlines)),
            )
            for number, outlines in enumerate(rois.values(), start=1)
        )
    )
    return dataset


def _contour(kind: str, points: NDArray[np.float64]) -> Dataset:
    return dataset_of(
        ContourGeometricType=kind,
        NumberOfContourPoints=len(points),
        ContourData=decimal_strings(points),
    )


def seg_nrrd(
    layers: list[NDArray[np.uint8]],
    segments: list[tuple[str, int, int]],
    affine: NDArray[np.float64],
    path: Path,
) -> Path:
    """Write a .seg.nrrd by hand: layers (k, j, i), and (name, value, layer) of each segment."""
    vectors = [f"({','.join(repr(float(x)) for x in affine[:3, axis])})" for axis in (2, 1, 0)]
    origin = ",".join(repr(float(x)) for x in affine[:3, 3])
    slices, rows, columns = layers[0].shape
    many = len(layers) > 1
    lines = [
        "NRRD0004",
        "type: unsigned char",
        f"dimension: {4 if many else 3}",
        "space: left-posterior-superior",
        f"sizes: {f'{len(layers)} ' if many else ''}{columns} {rows} {slices}",
        f"space directions: {'none ' if many else ''}{' '.join(vectors)}",
        f"kinds: {'list ' if many else ''}domain domain domain",
        "encoding: raw",
        f"space origin: ({origin})",
    ]
    for number, (name, value, layer) in enumerate(segments):
        lines += [
            f"Segment{number}_Name:={name}",
            f"Segment{number}_LabelValue:={value}",
            f"Segment{number}_Layer:={layer}",
        ]
    stored = np.stack(layers, axis=-1).astype(np.uint8)
    path.write_bytes("\n".join([*lines, "", ""]).encode() + stored.tobytes())
    return path
