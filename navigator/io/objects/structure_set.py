"""Structures as a DICOM RT Structure Set: outlines along the edges of their voxels.

References
----------
DICOM PS3.3, A.19 and C.8.8.5 to C.8.8.8; C.8.8.6.3 (an inner hole is joined to its outline by a
channel of no width, the "keyhole").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian

from navigator.imaging.contours import outlines_from_mask
from navigator.io.objects.completing import ObjectKind, complete_object, new_object, sequence_item
from navigator.io.objects.keyholes import keyholed
from navigator.io.objects.references import code_item, instance_items
from navigator.io.objects.segmentation import check_on_source
from navigator.io.objects.words import LONG_STRING, unlike_texts
from navigator.io.structure_codes import TUMOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from navigator.arrays import Floats
    from navigator.io.objects.source import SourceSeries
    from navigator.io.objects.subject import Subject
    from navigator.io.structure_codes import CodedStructure

STRUCTURE_SET = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.481.3",
    modality="RTSTRUCT",
    series_number=9007,
    description="mwa-navigator: outlines",
    # an explicit syntax holds 64 kB of coordinates an outline, and a body has more
    transfer_syntax_uid=ImplicitVRLittleEndian,
    has_content_date=False,
)
DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"
"""The class by which RT objects name a study (PS3.3, C.8.8.5)."""
CONTOUR_DATA = Tag(0x3006, 0x0050)
DECIMALS = 6
"""Of outline coordinates in millimetres: a decimal string holds 16 characters."""


def build_structure_set(
    structures: Sequence[CodedStructure], source: SourceSeries, subject: Subject
) -> Dataset:
    """Write structures as outlines, slice by slice.

    Parameters
    ----------
    structures : sequence of CodedStructure
        On the grid of the source, a sheared one too: outlines are points in space.
    source : SourceSeries
        The scan that they were drawn on.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        RT Structure Set Storage; gaps are joined to their outline by a keyhole.

    Raises
    ------
    GeometryRefusedError
        If a structure does not lie on the slices of the source.
    """
    for structure in structures:
        check_on_source(structure.mask.grid, source, structure.name)
    dataset = new_object(STRUCTURE_SET)
    dataset.StructureSetLabel = "PLAN"
    dataset.StructureSetDate, dataset.StructureSetTime = subject.date_and_time
    dataset.OperatorsName = ""
    dataset.ApprovalStatus = "UNAPPROVED"
    dataset.FrameOfReferenceUID = source.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    dataset.ReferencedFrameOfReferenceSequence = [_frame_item(source)]
    names = unlike_texts([each.name for each in structures], LONG_STRING)
    numbered = list(enumerate(zip(names, structures, strict=True), start=1))
    dataset.StructureSetROISequence = [
        sequence_item(
            ROINumber=number,
            ReferencedFrameOfReferenceUID=source.frame_of_reference_uid,
            ROIName=name,
            ROIGenerationAlgorithm="",
        )
        for number, (name, _) in numbered
    ]
    dataset.ROIContourSequence = [
        sequence_item(
            ReferencedROINumber=number,
            ROIDisplayColor=list(each.code.colour),
            ContourSequence=_contour_items(each, source),
        )
        for number, (_, each) in numbered
    ]
    dataset.RTROIObservationsSequence = [
        _observation(number, each) for number, (_, each) in numbered
    ]
    return complete_object(dataset, STRUCTURE_SET, subject)


def _frame_item(source: SourceSeries) -> Dataset:
    """Name the frame of reference with its study, series and images."""
    series = sequence_item(
        SeriesInstanceUID=source.series_uid, ContourImageSequence=instance_items(source.slices)
    )
    study = sequence_item(
        ReferencedSOPClassUID=DETACHED_STUDY,
        ReferencedSOPInstanceUID=source.study_uid,
        RTReferencedSeriesSequence=[series],
    )
    return sequence_item(
        FrameOfReferenceUID=source.frame_of_reference_uid, RTReferencedStudySequence=[study]
    )


def _contour_items(structure: CodedStructure, source: SourceSeries) -> list[Dataset]:
    """Write the outlines of one structure, each with the slice that it lies in."""
    items = []
    for index, points_mm in keyholed(outlines_from_mask(structure.mask)):
        item = sequence_item(
            ContourImageSequence=instance_items([source.slices[index]]),
            ContourGeometricType="CLOSED_PLANAR",
            NumberOfContourPoints=len(points_mm),
        )
        # as one text: a million numbers one by one take ten seconds
        item[CONTOUR_DATA] = DataElement(
            CONTOUR_DATA, "DS", _contour_text(points_mm), already_converted=True
        )
        items.append(item)
    return items


def _contour_text(points_mm: Floats) -> str:
    """Write points (n, 3) one after the other; adding zero takes away the negative one."""
    rounded = np.round(points_mm, DECIMALS) + 0.0
    texts = (f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".") for value in rounded.ravel().tolist())
    return "\\".join(texts)


def _observation(number: int, structure: CodedStructure) -> Dataset:
    """Say what a structure is."""
    is_tumour = structure.code == TUMOUR
    return sequence_item(
        ObservationNumber=number,
        ReferencedROINumber=number,
        RTROIIdentificationCodeSequence=[code_item(structure.code.kind)],
        RTROIInterpretedType="GTV" if is_tumour else "",
        ROIInterpreter="",
    )
