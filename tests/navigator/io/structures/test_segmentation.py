"""A DICOM segmentation lies on its scan voxel for voxel, is resampled with care, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highdicom
import numpy as np
import pytest
from pydicom.sr.codedict import codes as codes_of

from navigator.errors import InputRefusedError
from navigator.io.identity import PatientIdentity
from navigator.io.structures import load_mask, load_structure, open_structures
from tests.navigator.io.dicom_writer import SERIES, StackGeometry, ct_slices
from tests.navigator.io.structures.balls import (
    FRAME,
    GRID,
    LIVER,
    TUMOUR,
    ball,
    scan_grid,
)
from tests.navigator.io.structures.writers import Header, dataset_of, items, save, segmentation

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

BOTH = {"Liver": LIVER, "Tumour": TUMOUR}


def codes(path: Path, label: int | str, **options: object) -> list[tuple[str, str]]:
    loaded = load_structure(path, label, **options)
    return [(finding.code, finding.severity.value) for finding in loaded.findings]


def refusal(path: Path, label: int | str, **options: object) -> str:
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, label, **options)
    return refused.value.refusal.code


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_overlapping_segments_arrive_in_any_order_of_frames(
    tmp_path: Path, kind: str, seed: int | None
) -> None:
    count = sum(int(mask.members.any(axis=(1, 2)).sum()) for mask in BOTH.values())
    order = None if seed is None else np.random.default_rng(seed).permutation(count)
    path = save(segmentation(BOTH, kind=kind, order=order), tmp_path / "seg.dcm")
    for number, (name, mask) in enumerate(BOTH.items(), start=1):
        for label in (number, name, name.lower()):
            loaded = load_structure(path, label, grid=GRID)
            np.testing.assert_array_equal(loaded.mask.members, mask.members)
    expected = [] if kind == "BINARY" else [("fractional-cut-at-half", "confirm")]
    assert codes(path, 1, grid=GRID) == expected


def test_a_label_map_segmentation_holds_each_label(tmp_path: Path) -> None:
    apart = {"a": TUMOUR, "b": ball(GRID, (-8.0, -6.0, -8.0), 4.0)}
    path = save(segmentation(apart, kind="LABELMAP"), tmp_path / "seg.dcm")
    for name, mask in apart.items():
        np.testing.assert_array_equal(load_mask(path, label=name, grid=GRID).members, mask.members)


def test_values_of_the_shared_group_and_of_each_frame_are_one(tmp_path: Path) -> None:
    dataset = segmentation(BOTH)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    for group in dataset.PerFrameFunctionalGroupsSequence:
        group.PlaneOrientationSequence = shared.PlaneOrientationSequence
        group.PixelMeasuresSequence = shared.PixelMeasuresSequence
    dataset.SharedFunctionalGroupsSequence = items(dataset_of())
    path = save(dataset, tmp_path / "seg.dcm")
    np.testing.assert_array_equal(load_mask(path, label=1, grid=GRID).members, LIVER.members)


def source_images() -> list[Dataset]:
    """Give the slices that highdicom wants to know, on the grid of the balls."""
    geometry = StackGeometry(
        origin_mm=GRID.lps_from_index[:3, 3],
        slice_step_mm=GRID.lps_from_index[:3, 0],
        row_direction=GRID.directions[:, 2],
        column_direction=GRID.directions[:, 1],
        row_step_mm=float(GRID.spacing_mm[1]),
        column_step_mm=float(GRID.spacing_mm[2]),
    )
    slices = ct_slices(np.zeros(GRID.shape_kji, dtype=np.int16), geometry)
    for each in slices:
        each.PatientSex = each.StudyID = each.AccessionNumber = each.ReferringPhysicianName = ""
        each.StudyDate, each.StudyTime, each.SeriesNumber = "20260101", "120000", 1
    return slices


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("omit", [True, False])
@pytest.mark.parametrize("backwards", [False, True])
def test_what_highdicom_writes_is_read(
    tmp_path: Path, kind: str, *, omit: bool, backwards: bool
) -> None:
    """Another program's file: its own tiling into frames, with and without the empty ones."""
    apart = {"a": TUMOUR, "b": ball(GRID, (-8.0, -6.0, -8.0), 4.0)}
    planes = np.stack([mask.members for mask in apart.values()], axis=-1).astype(np.uint8)
    slices = source_images()
    if backwards:
        planes, slices = planes[::-1], slices[::-1]
    written = highdicom.seg.Segmentation(
        source_images=slices,
        pixel_array=planes.astype(np.float32) if kind == "FRACTIONAL" else planes,
        segmentation_type=kind,
        segment_descriptions=[
            highdicom.seg.SegmentDescription(
                segment_number=number,
                segment_label=name,
                segmented_property_category=codes_of.SCT.Organ,
                segmented_property_type=codes_of.SCT.Liver,
                algorithm_type="MANUAL",
            )
            for number, name in enumerate(apart, start=1)
        ],
        series_instance_uid=f"{SERIES}.5",
        series_number=2,
        sop_instance_uid=f"{SERIES}.5.1",
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=omit,
        content_label="TEST",
    )
    path = tmp_path / "seg.dcm"
    written.save_as(path)
    for name, mask in apart.items():
        loaded = load_structure(path, name, grid=GRID)
        np.testing.assert_array_equal(loaded.mask.members, mask.members)
        expected = ["fractional-cut-at-half"] if kind == "FRACTIONAL" else []
        assert [finding.code for finding in loaded.findings] == expected


@pytest.mark.parametrize("shear", [0.33, -0.2])
def test_a_tilted_scan_gets_its_own_voxels_back(tmp_path: Path, shear: float) -> None:
    grid = scan_grid(shear=shear)
    mask = ball(grid, (0.0, 2.0, 0.0), 9.0)
    path = save(segmentation({"x": mask}), tmp_path / "seg.dcm")
    np.testing.assert_array_equal(load_mask(path, label="x", grid=grid).members, mask.members)
    alone = load_mask(path, label="x")
    np.testing.assert_allclose(
        np.sort(alone.grid.points_from_indices(np.argwhere(alone.members)), axis=0),
        np.sort(grid.points_from_indices(np.argwhere(mask.members)), axis=0),
        atol=1e-6,
    )


@pytest.mark.hazard(14)
def test_the_same_geometry_in_another_frame_of_reference_is_refused(tmp_path: Path) -> None:
    path = save(segmentation(BOTH, header=Header(frame_uid="1.2.3.4")), tmp_path / "seg.dcm")
    assert refusal(path, "Liver", grid=GRID) == "other-frame-of-reference"


@pytest.mark.hazard(14)
def test_another_series_or_no_frame_of_reference_has_to_be_confirmed(tmp_path: Path) -> None:
    other = save(segmentation(BOTH, header=Header(series_uid="1.2.3.9")), tmp_path / "a.dcm")
    assert codes(other, 1, grid=GRID) == [("drawn-on-other-series", "confirm")]
    nameless = save(segmentation(BOTH, header=Header(frame_uid="")), tmp_path / "b.dcm")
    assert codes(nameless, 1, grid=GRID) == [("frame-of-reference-unknown", "confirm")]
    shifted = scan_grid(origin_mm=(-20.3, -20.0, -20.0))
    assert refusal(nameless, 1, grid=shifted) == "label-map-not-on-scan"


def test_another_patient_is_refused(tmp_path: Path) -> None:
    path = save(segmentation(BOTH, header=Header(patient_id="P2")), tmp_path / "seg.dcm")
    patient = PatientIdentity(patient_id="P1", birth_date="19600101")
    assert refusal(path, 1, grid=GRID, patient=patient) == "wrong-patient"


@pytest.mark.parametrize("spacing_mm", [(1.0, 0.8, 0.8), (3.0, 1.1, 0.7), (2.0, 0.4, 0.4)])
@pytest.mark.parametrize("shear", [0.0, 0.2])
def test_another_grid_of_the_frame_is_resampled_and_told(
    tmp_path: Path, spacing_mm: tuple[float, float, float], shear: float
) -> None:
    path = save(segmentation(BOTH), tmp_path / "seg.dcm")
    grid = scan_grid(spacing_mm, shear=shear, origin_mm=(-20.4, -19.7, -20.9))
    loaded = load_structure(path, "Liver", grid=grid)
    assert [finding.code for finding in loaded.findings] == ["structure-resampled"]
    found = grid.points_from_indices(np.argwhere(loaded.mask.members)).mean(axis=0)
    wanted = GRID.points_from_indices(np.argwhere(LIVER.members)).mean(axis=0)
    assert np.linalg.norm(found - wanted) <= 0.3 * max(spacing_mm)
    assert loaded.mask.volume_ml == pytest.approx(LIVER.volume_ml, rel=0.05)


@pytest.mark.hazard(39)
def test_slices_of_a_thicker_series_leave_no_gap_and_both_volumes_are_told(tmp_path: Path) -> None:
    """Its places are places of the scan, but its slices are twice as thick."""
    drawn = ball(scan_grid((4.0, 0.8, 0.8)), (0, 0, 0), 12.0)
    header = Header(series_uid=f"{SERIES}.4")
    path = save(segmentation({"x": drawn}, header=header), tmp_path / "seg.dcm")
    loaded = load_structure(path, "x", grid=GRID)
    slices = np.flatnonzero(loaded.mask.members.any(axis=(1, 2)))
    assert (np.diff(slices) == 1).all()
    told = {finding.code: finding for finding in loaded.findings}
    assert told["slices-thicker-than-scan"].severity.value == "confirm"
    assert told["drawn-on-other-series"].severity.value == "confirm"
    for volume_ml in (drawn.volume_ml, drawn.volume_ml / 2):
        assert f"{volume_ml:.3g} ml" in told["slices-thicker-than-scan"].got


@pytest.mark.hazard(39)
@pytest.mark.parametrize("series_uid", [SERIES, ""])
def test_thick_slices_or_single_ones_of_the_scan_itself_are_not_guessed(
    tmp_path: Path, series_uid: str
) -> None:
    """Every second slice of the scan that it names: slabs twice as thick, or half of a tumour."""
    drawn = ball(scan_grid((4.0, 0.8, 0.8)), (0, 0, 0), 12.0)
    header = Header(series_uid=series_uid)
    path = save(segmentation({"x": drawn}, header=header), tmp_path / "seg.dcm")
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, "x", grid=GRID)
    assert refused.value.refusal.code == "thick-or-sparse"
    for volume_ml in (drawn.volume_ml, drawn.volume_ml / 2):
        assert f"{volume_ml:.3g} ml" in refused.value.refusal.got


def test_what_lies_outside_the_scan_is_told_and_nothing_left_is_refused(tmp_path: Path) -> None:
    path = save(segmentation(BOTH), tmp_path / "seg.dcm")
    half = scan_grid(origin_mm=(-20.0, -20.0, 0.0))
    assert codes(path, "Liver", grid=half) == [("structure-clipped", "confirm")]
    aside = scan_grid(origin_mm=(-20.0, -20.0, 60.0))
    assert refusal(path, "Liver", grid=aside) == "empty-structure"


@pytest.mark.hazard(39)
def test_absent_ambiguous_and_empty_structures_are_refused(tmp_path: Path) -> None:
    path = save(segmentation(BOTH), tmp_path / "seg.dcm")
    for label in (3, "Spleen"):
        assert refusal(path, label, grid=GRID) == "label-not-there"
    twice = segmentation(BOTH)
    twice.SegmentSequence[1].SegmentLabel = "liver"
    path = save(twice, tmp_path / "twice.dcm")
    assert refusal(path, "LIVER", grid=GRID) == "ambiguous-structure"
    assert load_structure(path, "Liver", grid=GRID).mask.volume_ml == LIVER.volume_ml
    empty = segmentation(BOTH)
    empty.SegmentSequence.append(dataset_of(SegmentNumber=3, SegmentLabel="Spleen"))
    assert refusal(save(empty, tmp_path / "empty.dcm"), "Spleen", grid=GRID) == "empty-structure"


def truncated(dataset: Dataset) -> None:
    dataset.PixelData = dataset.PixelData[:-200]


def huge(dataset: Dataset) -> None:
    dataset.Rows = dataset.Columns = 65535


def twice_at_one_place(dataset: Dataset) -> None:
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence


def without_position(dataset: Dataset) -> None:
    del dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def without_segment(dataset: Dataset) -> None:
    del dataset.PerFrameFunctionalGroupsSequence[2].SegmentIdentificationSequence


def skewed(dataset: Dataset) -> None:
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0.5, 0.8, 0]


def askew_position(dataset: Dataset) -> None:
    group = dataset.PerFrameFunctionalGroupsSequence[2]
    group.PlanePositionSequence[0].ImagePositionPatient[0] += 3


def tiny_pixels(dataset: Dataset) -> None:
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = [1e-200, 1e-200]


def far_away(dataset: Dataset) -> None:
    group = dataset.PerFrameFunctionalGroupsSequence[2]
    group.PlanePositionSequence[0].ImagePositionPatient[0] = 1e300


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (tiny_pixels, "no-spatial-metadata"),
        (far_away, "no-spatial-metadata"),
        (truncated, "unreadable-file"),
        (huge, "unreadable-file"),
        (twice_at_one_place, "frames-at-one-place"),
        (without_position, "no-spatial-metadata"),
        (without_segment, "no-spatial-metadata"),
        (skewed, "no-spatial-metadata"),
        (askew_position, "uneven-frames"),
    ],
)
def test_damage_has_its_own_refusal(tmp_path: Path, change: object, code: str) -> None:
    dataset = segmentation(BOTH)
    change(dataset)
    assert refusal(save(dataset, tmp_path / "seg.dcm"), "Liver", grid=GRID) == code


def test_a_segmentation_lists_what_it_holds(tmp_path: Path) -> None:
    file = open_structures(save(segmentation(BOTH), tmp_path / "seg.dcm"))
    assert [(entry.number, entry.name) for entry in file.entries] == [(1, "Liver"), (2, "Tumour")]
    assert file.kind == "DICOM segmentation, binary"
    assert "P1" not in repr(file)
    assert load_mask(file.path, label=1).grid.frame == FRAME
