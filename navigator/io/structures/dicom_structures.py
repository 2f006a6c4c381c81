"""DICOM files of structures, opened: a segmentation or a structure set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.io.structures.dicom_objects import (
    LABEL_MAP_SEGMENTATION,
    SEGMENTATION,
    STRUCTURE_SET,
    not_structures,
    patient_of,
    read_object,
    reading,
    sop_class_of,
)
from navigator.io.structures.entries import StructureEntry, StructureFile
from navigator.io.structures.segment_drawing import (
    SegmentationSource,
    draw_segment,
    is_on_slices,
)
from navigator.io.structures.segment_frames import check_pixels
from navigator.io.structures.segmentation import read_header, referenced_series, segment_entries
from navigator.io.structures.structure_set import (
    StructureSetSource,
    draw_outlines,
    roi_entries,
    series_of_structure_set,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.io.structures.entries import PlacedMask
    from navigator.model.volume import Grid


def open_dicom_structures(path: Path) -> StructureFile:
    """Open a DICOM file of structures.

    Parameters
    ----------
    path : Path
        Segmentation or RT Structure Set.

    Returns
    -------
    StructureFile
        Its pixels or outlines are decoded when a structure is drawn.

    Raises
    ------
    FileRefusedError
        If it is not readable, or another kind of object.
    GeometryRefusedError
        If frames do not say where they lie.
    """
    dataset = read_object(path)
    with reading(path):
        sop_class = sop_class_of(dataset)
        if sop_class in {SEGMENTATION, LABEL_MAP_SEGMENTATION}:
            return _segmentation(dataset, path)
        if sop_class == STRUCTURE_SET:
            return _structure_set(dataset, path)
        raise not_structures(path, sop_class)


def _segmentation(dataset: Dataset, path: Path) -> StructureFile:
    """Open a segmentation."""
    header = read_header(dataset, path)
    check_pixels(dataset, header, path)
    series = referenced_series(dataset)
    source = SegmentationSource(path=path, dataset=dataset, header=header, series_uids=series)

    def draw(entry: StructureEntry, grid: Grid | None) -> PlacedMask:
        return draw_segment(source, entry, grid)

    def lies_on(entry: StructureEntry, grid: Grid, whole: bool) -> bool:  # noqa: FBT001 - a callback
        is_cut = (header.rows, header.columns) != grid.shape_kji[1:]
        return not (whole and is_cut) and is_on_slices(source, entry, grid)

    return StructureFile(
        path=path,
        kind=f"DICOM segmentation, {header.kind.lower()}",
        entries=segment_entries(dataset, path),
        carries_frame=True,
        series_uids=series,
        patient=patient_of(dataset),
        findings=(),
        draw=draw,
        lies_on=lies_on,
    )


def _structure_set(dataset: Dataset, path: Path) -> StructureFile:
    """Open a structure set."""
    series = series_of_structure_set(dataset)
    source = StructureSetSource(path=path, dataset=dataset, series_uids=series)

    def draw(entry: StructureEntry, grid: Grid | None) -> PlacedMask:
        return draw_outlines(source, entry, grid)

    return StructureFile(
        path=path,
        kind="DICOM RT structure set",
        entries=roi_entries(dataset),
        carries_frame=True,
        series_uids=series,
        patient=patient_of(dataset),
        findings=(),
        draw=draw,
        # outlines have no voxels: they are drawn on whatever voxels are wanted
        lies_on=lambda _entry, _grid, _whole: True,
    )
