"""A segmentation holds the voxels it was made from, where they were, by two foreign readers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.io.objects import build_segmentation, bytes_of_object
from navigator.model.volume import Grid, Mask
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from tests.navigator.io.objects.small_case import SmallCase

DECIMAL_STRING_LIMIT_MM = 1e-6


def centres_mm(image: sitk.Image) -> np.ndarray:
    """Find the members of an image where ITK says that they lie: (n, 3) array, LPS."""
    indices = np.argwhere(sitk.GetArrayFromImage(image) > 0)[:, ::-1]
    return np.array([image.TransformIndexToPhysicalPoint(each.tolist()) for each in indices])


@pytest.mark.opens("segmentation", by="highdicom")
@pytest.mark.hazard(1, 14)
def test_highdicom_reads_the_same_voxels(case: SmallCase, object_files: dict[str, Path]) -> None:
    found = hd.seg.segread(object_files["segmentation"])
    assert found.FrameOfReferenceUID == case.source.frame_of_reference_uid
    assert found.number_of_segments == len(case.structures)
    for number, structure in enumerate(case.structures, start=1):
        volume = found.get_volume(segment_numbers=[number], combine_segments=True)
        inside = np.argwhere(volume.array == number)
        points = inside @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        truth = case.grid.points_from_indices(np.argwhere(structure.mask.members))
        assert np.abs(sorted_points(points) - sorted_points(truth)).max() < DECIMAL_STRING_LIMIT_MM


def sorted_points(points: np.ndarray) -> np.ndarray:
    """Put points into an order that rounding does not change."""
    return points[np.lexsort(np.round(points, 3).T)]


@pytest.mark.opens("segmentation", by="dcmqi segimage2itkimage")
@pytest.mark.hazard(1)
def test_dcmqi_reads_the_same_voxels(
    case: SmallCase, object_files: dict[str, Path], tmp_path: Path
) -> None:
    run_program(
        "segimage2itkimage",
        *("--inputDICOM", object_files["segmentation"], "--outputType", "nrrd"),
        *("--outputDirectory", tmp_path, "--prefix", "s"),
    )
    meta = json.loads((tmp_path / "s-meta.json").read_text("utf-8"))
    names = [group[0]["SegmentLabel"] for group in meta["segmentAttributes"]]
    assert names[:3] == ["body", "liver", "gtv"]
    for number, structure in enumerate(case.structures, start=1):
        points = centres_mm(sitk.ReadImage(str(tmp_path / f"s-{number}.nrrd")))
        truth = case.grid.points_from_indices(np.argwhere(structure.mask.members))
        assert np.abs(sorted_points(points) - sorted_points(truth)).max() < DECIMAL_STRING_LIMIT_MM


def test_only_slices_with_a_voxel_are_stored(case: SmallCase, objects: dict[str, Dataset]) -> None:
    frames = sum(int(each.mask.members.any(axis=(1, 2)).sum()) for each in case.structures)
    assert objects["segmentation"].NumberOfFrames == frames


def test_every_frame_refers_to_the_slice_that_it_lies_on(
    case: SmallCase, objects: dict[str, Dataset]
) -> None:
    positions = {
        each.SOPInstanceUID: np.array(each.ImagePositionPatient, dtype=float)
        for each in case.source.slices
    }
    for frame in objects["segmentation"].PerFrameFunctionalGroupsSequence:
        uid = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        placed = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        assert np.array_equal(placed, positions[uid])


def test_terms_and_names_say_what_a_segment_is(objects: dict[str, Dataset]) -> None:
    segments = objects["segmentation"].SegmentSequence
    kinds = [each.SegmentedPropertyTypeCodeSequence[0] for each in segments]
    assert [(each.CodeValue, each.CodingSchemeDesignator) for each in kinds] == [
        ("38266002", "SCT"),
        ("10200004", "SCT"),
        ("108369006", "SCT"),
        ("123037004", "SCT"),
    ]
    odd = segments[3].SegmentLabel
    assert odd.startswith("Gefäß / 血管 x")
    assert len(odd.encode("utf-8")) <= 64


def test_the_same_structures_make_the_same_bytes(
    case: SmallCase, objects: dict[str, Dataset]
) -> None:
    again = build_segmentation(case.structures, case.source, case.subject)
    assert bytes_of_object(again) == bytes_of_object(objects["segmentation"])
    fewer = build_segmentation(case.structures[:3], case.source, case.subject)
    assert fewer.SOPInstanceUID != again.SOPInstanceUID


def test_an_empty_structure_is_refused_by_name(case: SmallCase) -> None:
    empty = replace(case.structures[1], mask=Mask(np.zeros(case.grid.shape_kji, bool), case.grid))
    with pytest.raises(StructureRefusedError, match="liver") as caught:
        build_segmentation([case.structures[0], empty], case.source, case.subject)
    assert caught.value.refusal.code == "empty-structure"


@pytest.mark.hazard(14)
@pytest.mark.parametrize("shift_mm", [[0.5, 0, 0], [0, 0, -2.5], [0, 40.0, 0]])
def test_a_structure_beside_the_slices_is_refused(case: SmallCase, shift_mm: list[float]) -> None:
    affine = case.grid.lps_from_index.copy()
    affine[:3, 3] += shift_mm
    grid = Grid(shape_kji=case.grid.shape_kji, lps_from_index=affine, frame=case.grid.frame)
    moved = replace(case.structures[0], mask=Mask(case.structures[0].mask.members, grid))
    with pytest.raises(GeometryRefusedError) as caught:
        build_segmentation([moved], case.source, case.subject)
    assert caught.value.refusal.code == "structure-not-on-source"
