"""Displacement fields as DICOM Deformable Spatial Registration.

The grid lies in the registered frame, the object's own. At each of its points a vector leads to the
place in the source frame that belongs there: source_point = registered_point + vector, with the
matrices before and after it left out. That is the direction in which an image is resampled, and the
opposite of a point's way in a Spatial Registration.

References
----------
DICOM PS3.3, A.39.2 and C.20.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import GeometryRefusedError
from navigator.io.objects.completing import ObjectKind, complete_object, new_object, sequence_item
from navigator.io.objects.references import add_common_references, code_item, instance_items
from navigator.io.objects.registration import (
    BY_IMAGE_CONTENT,
    RegistrationSide,
    add_content_names,
    check_two_frames,
)
from navigator.io.objects.words import decimal_text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from navigator.arrays import Floats
    from navigator.io.objects.subject import Subject
    from navigator.model.volume import Grid

DEFORMABLE_REGISTRATION = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.66.3",
    modality="REG",
    series_number=9003,
    description="mwa-navigator: deformable registration",
)


def build_deformable_registration(
    displacement_mm: Floats,
    grid: Grid,
    *,
    registered: RegistrationSide,
    source: RegistrationSide,
    subject: Subject,
) -> Dataset:
    """Write a displacement field.

    Parameters
    ----------
    displacement_mm : (k, j, i, 3) array
        From each point of the grid to the place in the source frame that belongs there, LPS
        millimetres; NaN where it is not known.
    grid : Grid
        Points in the registered frame, axes at right angles.
    registered : RegistrationSide
        Frame of the grid.
    source : RegistrationSide
        Frame in which the vectors end.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        Deformable Spatial Registration Storage; vectors as float32.

    Raises
    ------
    GeometryRefusedError
        If the grid is sheared, or the vectors do not fit it.
    InputRefusedError
        If both sides have one frame of reference.
    """
    check_two_frames(registered, source)
    _check_field(displacement_mm, grid)
    dataset = new_object(DEFORMABLE_REGISTRATION)
    add_content_names(dataset, "DEFORMATION")
    dataset.FrameOfReferenceUID = registered.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    item = sequence_item(
        SourceFrameOfReferenceUID=source.frame_of_reference_uid,
        RegistrationTypeCodeSequence=[code_item(BY_IMAGE_CONTENT)],
        DeformableRegistrationGridSequence=[_grid_item(displacement_mm, grid)],
    )
    if source.source is not None:
        item.ReferencedImageSequence = instance_items(source.source.slices)
    dataset.DeformableRegistrationSequence = [item]
    add_common_references(
        dataset,
        subject.study_uid,
        [side.source for side in (registered, source) if side.source is not None],
    )
    return complete_object(dataset, DEFORMABLE_REGISTRATION, subject)


def _check_field(displacement_mm: Floats, grid: Grid) -> None:
    """Refuse a field that the format cannot hold."""
    shape = np.shape(displacement_mm)
    if grid.is_rectilinear and shape == (*grid.shape_kji, 3):
        return
    raise GeometryRefusedError(
        code="field-not-on-grid",
        what="The displacement field cannot be stored on this grid",
        where="displacement field",
        expected=f"axes at right angles, {(*grid.shape_kji, 3)} values",
        got=f"directions {grid.directions.round(4).tolist()}, {shape} values",
        next_step="resample the field to a rectilinear grid",
    )


def _grid_item(displacement_mm: Floats, grid: Grid) -> Dataset:
    """Write grid and vectors; the third axis follows from the other two by the right hand."""
    affine, vectors = grid.lps_from_index, np.asarray(displacement_mm)
    origin = affine[:3, 3]
    if np.linalg.det(affine[:3, 2::-1]) < 0:
        origin = origin + (grid.shape_kji[0] - 1) * affine[:3, 0]
        vectors = vectors[::-1]
    directions = grid.directions
    along = [*directions[:, 2], *directions[:, 1]]
    return sequence_item(
        ImageOrientationPatient=[decimal_text(value) for value in along],
        ImagePositionPatient=[decimal_text(value) for value in origin],
        GridDimensions=list(grid.shape_kji[::-1]),
        GridResolution=grid.spacing_mm[::-1].tolist(),
        VectorGridData=np.ascontiguousarray(vectors, dtype="<f4").tobytes(),
    )
