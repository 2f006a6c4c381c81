"""Rigid motions as DICOM Spatial Registration.

The matrix of an item carries a point of the item's frame of reference to the frame of reference of
the object itself: with A the object's frame and B the item's, A_point = matrix @ B_point. So the
object's own frame is the *target* of our ``target_from_source``, and the item of the source holds
its matrix as it is, nothing inverted.

References
----------
DICOM PS3.3, A.39.1 and C.20.2; CID 7100 (registration types).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import InputRefusedError
from navigator.io.objects.completing import (
    ObjectKind,
    complete_object,
    new_object,
    sequence_item,
)
from navigator.io.objects.references import add_common_references, code_item, instance_items
from navigator.io.objects.words import decimal_text
from navigator.io.structure_codes import Code

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from navigator.arrays import Floats
    from navigator.geometry.rigid import RigidTransform
    from navigator.io.objects.source import SourceSeries
    from navigator.io.objects.subject import Subject

SPATIAL_REGISTRATION = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.66.1",
    modality="REG",
    series_number=9002,
    description="mwa-navigator: registration",
)
BY_IMAGE_CONTENT = Code("125024", "DCM", "Image Content-based Alignment")
BY_MARKERS = Code("125022", "DCM", "Fiducial Alignment")
IDENTITY = Code("125021", "DCM", "Frame of Reference Identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSide:
    """One of the two spaces that a registration joins.

    Parameters
    ----------
    frame_of_reference_uid : str
        Its UID.
    source : SourceSeries or None
        The images in it; None for a space without images, such as a plate's.
    """

    frame_of_reference_uid: str
    source: SourceSeries | None = None


def build_spatial_registration(  # noqa: PLR0913 - both sides of a motion, each by name
    target_from_source: RigidTransform,
    *,
    target: RegistrationSide,
    source: RegistrationSide,
    kind: Code | None,
    label: str,
    subject: Subject,
) -> Dataset:
    """Write a rigid motion.

    Parameters
    ----------
    target_from_source : RigidTransform
        Carries points of `source` to `target`, millimetres.
    target : RegistrationSide
        Becomes the registered frame: the object's own.
    source : RegistrationSide
        Becomes the item that holds the matrix.
    kind : Code or None
        How the motion was found (CID 7100); None where it was planned, not found.
    label : str
        Of the content: at most 16 capital letters, digits and underscores.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        Spatial Registration Storage with two items: the source's matrix, and the identity for
        the target.

    Raises
    ------
    InputRefusedError
        If both sides have one frame of reference.
    """
    check_two_frames(target, source)
    dataset = new_object(SPATIAL_REGISTRATION)
    add_content_names(dataset, label)
    dataset.FrameOfReferenceUID = target.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    dataset.RegistrationSequence = [
        _side_item(target, np.eye(4), IDENTITY),
        _side_item(source, target_from_source.matrix, kind),
    ]
    add_common_references(
        dataset, subject.study_uid, [s.source for s in (target, source) if s.source is not None]
    )
    return complete_object(dataset, SPATIAL_REGISTRATION, subject)


def check_two_frames(target: RegistrationSide, source: RegistrationSide) -> None:
    """Refuse a registration of a frame with itself.

    Parameters
    ----------
    target, source : RegistrationSide
        The two sides.

    Raises
    ------
    InputRefusedError
        If they share their UID: a reader could not tell which points shall move.
    """
    if target.frame_of_reference_uid == source.frame_of_reference_uid:
        raise InputRefusedError(
            code="one-frame-of-reference",
            what="DICOM cannot say how a frame of reference moves against itself",
            where="Frame of Reference UID (0020,0052) of both scans",
            expected="two frames of reference",
            got="one for both, as where a scanner keeps it over a whole examination",
            next_step="use the .tfm file, which names no frame",
        )


def add_content_names(dataset: Dataset, label: str) -> None:
    """Fill the Content Identification macro (PS3.3, 10.9).

    Parameters
    ----------
    dataset : Dataset
        The object; changed in place.
    label : str
        Of the content.
    """
    dataset.ContentLabel = label
    dataset.ContentDescription = ""
    dataset.ContentCreatorName = ""
    # without it General Series wants a side, and a liver has none
    dataset.BodyPartExamined = "LIVER"


def matrix_item(matrix: Floats, kind: Code | None) -> Dataset:
    """Write a matrix with how it was found.

    Parameters
    ----------
    matrix : (4, 4) array
        Rigid, millimetres, for column vectors.
    kind : Code or None
        Of CID 7100.

    Returns
    -------
    Dataset
        Item of a Matrix Registration Sequence; the matrix row by row, as decimal strings.
    """
    rows = [decimal_text(value) for value in matrix.ravel()]
    inner = sequence_item(
        FrameOfReferenceTransformationMatrix=rows, FrameOfReferenceTransformationMatrixType="RIGID"
    )
    return sequence_item(
        RegistrationTypeCodeSequence=[] if kind is None else [code_item(kind)],
        MatrixSequence=[inner],
    )


def _side_item(side: RegistrationSide, matrix: Floats, kind: Code | None) -> Dataset:
    """Write one side: its frame, its images, its matrix to the registered frame."""
    item = sequence_item(
        FrameOfReferenceUID=side.frame_of_reference_uid,
        MatrixRegistrationSequence=[matrix_item(matrix, kind)],
    )
    if side.source is not None:
        item.ReferencedImageSequence = instance_items(side.source.slices)
    return item
