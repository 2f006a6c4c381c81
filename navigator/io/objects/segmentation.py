"""Structures as a DICOM Segmentation on the slices of their scan.

References
----------
DICOM PS3.3, A.51 and C.8.20; PS3.16, CID 7150 ff.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import highdicom as hd
import numpy as np
from highdicom.color import CIELabColor
from highdicom.sr import CodedConcept

from navigator import __version__
from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.io.objects.completing import (
    MAKER,
    NO_UID_YET,
    ObjectKind,
    complete_object,
    sequence_item,
)
from navigator.io.objects.references import add_common_references
from navigator.io.objects.words import LONG_STRING, decimal_text, unlike_texts
from navigator.io.structure_codes import kept_structures
from navigator.model.volume import SAME_GRID_LIMIT_MM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from navigator.arrays import Booleans, Floats
    from navigator.io.objects.source import SourceSeries
    from navigator.io.objects.subject import Subject
    from navigator.io.structure_codes import Code, CodedStructure
    from navigator.model.volume import Grid

SEGMENTATION = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.66.4",
    modality="SEG",
    series_number=9001,
    description="mwa-navigator: structures",
)


def build_segmentation(
    structures: Sequence[CodedStructure], source: SourceSeries, subject: Subject
) -> Dataset:
    """Write structures as a segmentation; slices without a voxel are left out.

    Parameters
    ----------
    structures : sequence of CodedStructure
        On the grid of the source, each with a voxel at least; they may overlap.
    source : SourceSeries
        The scan that they were drawn on.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        Segmentation Storage, binary, one segment a structure in the order given.

    Raises
    ------
    StructureRefusedError
        If there is none, or one is empty.
    GeometryRefusedError
        If they do not lie on the slices of the source, or the grid is sheared.
    """
    _check_filled(structures)
    grid = structures[0].mask.grid
    for structure in structures:
        check_on_source(structure.mask.grid, source, structure.name)
    _check_not_sheared(grid)
    used = np.flatnonzero(np.any([_slices_of(each) for each in structures], axis=0))
    slices = source.copied_slices()
    pixels = np.stack([each.mask.members[used] for each in structures], axis=-1)
    with warnings.catch_warnings():
        # what it warns of is judged by tests with other programs
        warnings.simplefilter("ignore")
        dataset = hd.seg.Segmentation(
            source_images=[slices[k] for k in used],
            pixel_array=pixels,
            segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=_descriptions(structures),
            series_instance_uid=NO_UID_YET,
            series_number=SEGMENTATION.series_number,
            sop_instance_uid=NO_UID_YET,
            instance_number=1,
            manufacturer=MAKER,
            manufacturer_model_name=MAKER,
            software_versions=__version__,
            device_serial_number="0",
            content_label="STRUCTURES",
            content_description="Structures of a plan for microwave ablation",
            omit_empty_frames=True,
        )
    # highdicom takes the thickness of the source, and readers then take it for the spacing
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence = [_pixel_measures(grid)]
    add_common_references(dataset, subject.study_uid, [source])
    return complete_object(dataset, SEGMENTATION, subject)


def _check_filled(structures: Sequence[CodedStructure]) -> None:
    """Refuse nothing, and structures without a voxel."""
    _, empty = kept_structures(structures)
    if empty or not structures:
        raise StructureRefusedError(
            code="empty-structure",
            what="A segmentation cannot hold a structure without a voxel",
            where="structures to be exported",
            expected="one structure or more, each with a voxel",
            got=f"nothing in {', '.join(empty)}" if empty else "none",
            next_step="leave the empty structure out",
        )


def check_on_source(grid: Grid, source: SourceSeries, name: str) -> None:
    """Refuse voxels that do not lie on the slices of a series.

    Parameters
    ----------
    grid : Grid
        Of a structure.
    source : SourceSeries
        The slices, in the order of the grid's first axis.
    name : str
        Of the structure, for the message.

    Raises
    ------
    GeometryRefusedError
        If a corner of a slice is elsewhere, by more than 0.01 mm beyond the straightness that
        the gate allows.
    """
    rows, columns = grid.shape_kji[1:]
    first = source.slices[0]
    is_same = len(source.slices) == grid.shape_kji[0] and (first.Rows, first.Columns) == (
        rows,
        columns,
    )
    if is_same:
        corners = _corners_of_slices(source, rows, columns)
        k, j, i = np.meshgrid(
            np.arange(grid.shape_kji[0]), [0, rows - 1], [0, columns - 1], indexing="ij"
        )
        ours = grid.points_from_indices(np.stack([k, j, i], axis=-1))
        is_same = bool(np.abs(corners - ours).max() <= SLICE_LIMIT_MM)
    if not is_same:
        raise GeometryRefusedError(
            code="structure-not-on-source",
            what="The structure does not lie on the slices of the scan",
            where=name,
            expected=f"{len(source.slices)} slices of {first.Rows} x {first.Columns} voxels, "
            "in the place of the scan",
            got=" x ".join(map(str, grid.shape_kji)) + " voxels (k, j, i), or another place",
            next_step="give the scan on which the structures were drawn",
        )


SLICE_LIMIT_MM = 0.1 + SAME_GRID_LIMIT_MM
"""The gate takes a stack whose slices leave the straight line by 0.1 mm."""


def _corners_of_slices(source: SourceSeries, rows: int, columns: int) -> Floats:
    """Find the centres of the outer voxels of all slices: (k, 2, 2, 3) array, LPS millimetres."""
    first = np.array([each.ImagePositionPatient for each in source.slices], dtype=np.float64)
    along_i, along_j = np.reshape(
        np.array(source.slices[0].ImageOrientationPatient, dtype=np.float64), (2, 3)
    )
    step_j, step_i = np.array(source.slices[0].PixelSpacing, dtype=np.float64)
    down = np.array([0, rows - 1])[:, None, None] * step_j * along_j
    right = np.array([0, columns - 1])[None, :, None] * step_i * along_i
    corners: Floats = first[:, None, None, :] + down + right
    return corners


def _check_not_sheared(grid: Grid) -> None:
    """Refuse a tilted stack: readers take the slices for a box and straighten it."""
    if not grid.is_rectilinear:
        raise GeometryRefusedError(
            code="sheared-volume",
            what="A segmentation of a tilted scan would be straightened by its readers",
            where="structures to be exported",
            expected="axes at right angles",
            got=f"directions {grid.directions.round(4).tolist()}",
            next_step="resample scan and structures to a rectilinear grid first",
        )


def _slices_of(structure: CodedStructure) -> Booleans:
    """Tell which slices have a voxel of a structure: (k,) array."""
    return np.asarray(structure.mask.members.any(axis=(1, 2)), dtype=np.bool_)


def _pixel_measures(grid: Grid) -> Dataset:
    """State spacing along rows, columns and slices; the slices fill the space between them."""
    slice_mm, row_mm, column_mm = (decimal_text(step) for step in grid.spacing_mm)
    return sequence_item(
        PixelSpacing=[row_mm, column_mm], SliceThickness=slice_mm, SpacingBetweenSlices=slice_mm
    )


def _descriptions(structures: Sequence[CodedStructure]) -> list[hd.seg.SegmentDescription]:
    """Name each segment, say what it is, and give it a colour."""
    labels = unlike_texts([each.name for each in structures], LONG_STRING)
    return [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=coded(structure.code.category),
            segmented_property_type=coded(structure.code.kind),
            # what a person drew and what a program found is not known here
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
            algorithm_identification=hd.AlgorithmIdentificationSequence(
                name=MAKER,
                family=CodedConcept("123109", "DCM", "Manual Processing"),
                version=__version__,
            ),
            display_color=CIELabColor.from_rgb(*structure.code.colour),
        )
        for number, (label, structure) in enumerate(zip(labels, structures, strict=True), start=1)
    ]


def coded(code: Code) -> CodedConcept:
    """Give a code to highdicom.

    Parameters
    ----------
    code : Code
        Value, scheme, meaning.

    Returns
    -------
    CodedConcept
        The same.
    """
    return CodedConcept(code.value, code.scheme, code.meaning)
