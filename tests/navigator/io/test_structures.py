"""A label map lies on the voxels of its scan, however its axes run, or is refused."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import FileRefusedError, GeometryRefusedError, StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.structures import load_label_map, load_mask
from navigator.model.anatomy import Role
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (3, 4, 5)
ORIGIN_MM = np.array([-20.0, 30.0, 40.0])
SPACING_MM = np.array([2.5, 0.8, 0.7])
GRID = Grid(
    shape_kji=SHAPE,
    lps_from_index=np.block(
        [[np.eye(3)[:, ::-1] * SPACING_MM, ORIGIN_MM[:, None]], [np.zeros((1, 3)), np.ones((1, 1))]]
    ),
    frame=Frame(FrameKind.LPS, "scan"),
)
LABELS = (np.arange(60) % 7).reshape(SHAPE).astype(np.uint8)


def label_image(values: np.ndarray = LABELS) -> sitk.Image:
    image = sitk.GetImageFromArray(values)
    image.SetOrigin(ORIGIN_MM.tolist())
    image.SetSpacing(SPACING_MM[::-1].tolist())
    return image


def write(image: sitk.Image, path: Path) -> Path:
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.hazard(1)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product([False, True], repeat=3)))
def test_axes_in_any_of_48_orders_are_turned_back(
    tmp_path: Path, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    # SimpleITK turns the image together with its place: the voxels stay where they were
    turned = sitk.Flip(sitk.PermuteAxes(label_image(), order), flips)
    path = write(turned, tmp_path / "labels.nrrd")
    labels = load_label_map(path, {"liver": 2}, GRID)
    np.testing.assert_array_equal(labels.values, LABELS)
    assert labels.grid is GRID


@pytest.mark.hazard(14)
@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.SetOrigin([-20.0, 30.0, 40.4]),
        lambda image: image.SetOrigin([-20.02, 30.0, 40.0]),
        lambda image: image.SetSpacing([0.7, 0.8, 2.51]),
        lambda image: image.SetDirection([0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1]),
        lambda image: image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1]),
    ],
)
def test_a_label_map_beside_the_voxels_is_refused_with_both_geometries(
    tmp_path: Path, change: object
) -> None:
    image = label_image()
    change(image)
    path = write(image, tmp_path / "labels.nrrd")
    with pytest.raises(GeometryRefusedError) as refused:
        load_label_map(path, {"liver": 2}, GRID)
    refusal = refused.value.refusal
    assert refusal.code == "label-map-not-on-scan"
    assert "3 x 4 x 5" in refusal.expected
    assert "3 x 4 x 5" in refusal.got
    assert refusal.expected != refusal.got


def test_a_label_map_of_another_size_is_refused(tmp_path: Path) -> None:
    path = write(label_image(LABELS[:2]), tmp_path / "labels.nrrd")
    with pytest.raises(GeometryRefusedError, match="2 x 4 x 5"):
        load_label_map(path, {"liver": 2}, GRID)


@pytest.mark.hazard(39)
@pytest.mark.parametrize("wanted", [9, [2, 9], [0, 2]])
def test_a_label_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, wanted: int | list[int]
) -> None:
    path = write(label_image(), tmp_path / "labels.nrrd")
    with pytest.raises(StructureRefusedError) as refused:
        load_label_map(path, {"liver": wanted}, GRID)
    assert refused.value.refusal.code == "label-not-there"
    assert "1, 2, 3, 4, 5, 6" in refused.value.refusal.expected


def test_names_roles_and_several_labels_arrive(tmp_path: Path) -> None:
    path = write(label_image(), tmp_path / "labels.nii.gz")
    labels = load_label_map(path, {"liver": 2, "bone": [3, 4], "gtv": 5}, GRID)
    roles = {structure.name: structure.role for structure in labels.structures}
    assert roles == {"liver": Role.TARGET_ORGAN, "bone": Role.OBSTACLE, "gtv": Role.LESION}
    np.testing.assert_array_equal(labels.mask("bone").members, (LABELS == 3) | (LABELS == 4))


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16, np.uint32])
def test_whole_numbers_of_any_type_are_labels(tmp_path: Path, kind: type) -> None:
    path = write(label_image(LABELS.astype(kind)), tmp_path / "labels.nrrd")
    np.testing.assert_array_equal(load_label_map(path, {"a": 1}, GRID).values, LABELS)


@pytest.mark.parametrize("bad", [0.5, -1.0, np.nan, np.inf, 2.0**40])
def test_values_that_are_no_labels_are_refused(tmp_path: Path, bad: float) -> None:
    values = LABELS.astype(np.float64)
    values[1, 2, 3] = bad
    path = write(label_image(values), tmp_path / "labels.nrrd")
    with pytest.raises(StructureRefusedError, match="not-labels"):
        load_label_map(path, {"a": 1}, GRID)


def test_a_mask_alone_lies_on_the_grid_of_its_file(tmp_path: Path) -> None:
    mask = load_mask(write(label_image(), tmp_path / "labels.nrrd"), label=2)
    np.testing.assert_array_equal(mask.members, LABELS == 2)
    assert mask.grid.matches(GRID)
    # by hand: labels 2, 9, 16, ... 58 of 60 voxels, each 2.5 x 0.8 x 0.7 mm
    assert mask.volume_ml == pytest.approx(9 * 1.4 / 1000)


@pytest.mark.parametrize("label", [0, 9, -1, "Liver"])
def test_a_mask_that_is_empty_is_refused(tmp_path: Path, label: int | str) -> None:
    path = write(label_image(), tmp_path / "labels.nrrd")
    with pytest.raises(StructureRefusedError, match="label-not-there"):
        load_mask(path, label=label, grid=GRID)


def test_segments_go_by_the_name_that_the_file_gives_them(tmp_path: Path) -> None:
    image = label_image()
    for key, value in (
        *(("Segment0_Name", "Liver"), ("Segment0_LabelValue", "2")),
        *(("Segment1_Name", "Left kidney"), ("Segment1_LabelValue", "5")),
    ):
        image.SetMetaData(key, value)
    path = write(image, tmp_path / "case.seg.nrrd")
    np.testing.assert_array_equal(load_mask(path, label="Left kidney").members, LABELS == 5)
    with pytest.raises(StructureRefusedError, match="Left kidney = 5"):
        load_mask(path, label="Spleen")


def test_a_missing_label_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="no-such-path"):
        load_label_map(tmp_path / "none.nrrd", {"a": 1}, GRID)
