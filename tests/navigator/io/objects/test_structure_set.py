"""Outlines drawn back by area, by a foreign program too, are the voxels that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from navigator.imaging.contours import Outline
from navigator.io.objects import build_structure_set, load_source, save_object
from navigator.io.objects.keyholes import keyholed
from navigator.model.volume import Grid
from tests.navigator.io.objects.small_case import (
    PLANNING,
    SHAPE,
    later_source,
    structures_on,
    write_source,
)
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from tests.navigator.io.objects.small_case import SmallCase


def drawn(dataset: Dataset, number: int, grid: Grid) -> np.ndarray:
    """Fill outlines voxel by voxel: a ray to the right crosses them an odd number of times."""
    members = np.zeros(grid.shape_kji, bool)
    roi = next(each for each in dataset.ROIContourSequence if each.ReferencedROINumber == number)
    for contour in roi.ContourSequence:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        assert len(points) == contour.NumberOfContourPoints
        indices = grid.indices_from_points(points)
        k = round(float(indices[0, 0]))
        assert np.abs(indices[:, 0] - k).max() < 1e-5
        for j in range(grid.shape_kji[1]):
            for i in range(grid.shape_kji[2]):
                members[k, j, i] ^= crossings(indices[:, 1:], j, i) % 2 == 1
    return members


def crossings(line: np.ndarray, j: int, i: int) -> int:
    """Count how often a ray from a voxel centre to the right meets a closed line (n, 2)."""
    count = 0
    for (j0, i0), (j1, i1) in zip(line, np.roll(line, -1, axis=0), strict=True):
        if (j0 > j) != (j1 > j) and i0 + (j - j0) * (i1 - i0) / (j1 - j0) > i:
            count += 1
    return count


@pytest.mark.opens("structure set", by="brute force by area")
@pytest.mark.hazard(1)
def test_filled_outlines_are_the_voxels(case: SmallCase, object_files: dict[str, Path]) -> None:
    found = pydicom.dcmread(object_files["structure set"])
    for number, structure in enumerate(case.structures, start=1):
        assert np.array_equal(drawn(found, number, case.grid), structure.mask.members)


@pytest.mark.hazard(1)
def test_a_sheared_scan_keeps_its_outlines(case: SmallCase, tmp_path: Path) -> None:
    affine = case.grid.lps_from_index.copy()
    affine[:3, 0] += 0.4 * affine[:3, 1]
    grid = Grid(shape_kji=SHAPE, lps_from_index=affine, frame=PLANNING)
    source = later_source(tmp_path, grid)
    structures = structures_on(grid)
    found = build_structure_set(structures, source, case.subject)
    for number, structure in enumerate(structures, start=1):
        assert np.array_equal(
            drawn(_read_back(found, tmp_path), number, grid), structure.mask.members
        )


def _read_back(dataset: Dataset, folder: Path) -> Dataset:
    path = folder / "rt.dcm"
    dataset.save_as(path)
    return pydicom.dcmread(path)


@pytest.mark.opens("structure set", by="plastimatch")
@pytest.mark.hazard(1)
def test_plastimatch_draws_the_same_voxels(tmp_path: Path, case: SmallCase) -> None:
    # it fills outlines on axial grids alone
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, 0.9], [0, 0.8, 0], [2.5, 0, 0]]
    affine[:3, 3] = [-31.0, 17.0, 205.0]
    grid = Grid(shape_kji=SHAPE, lps_from_index=affine, frame=PLANNING)
    write_source(tmp_path / "ct", grid)
    structures = structures_on(grid)[:3]
    source = load_source(tmp_path / "ct")
    save_object(build_structure_set(structures, source, case.subject), tmp_path / "rt.dcm")
    run_program(
        *("plastimatch", "convert", "--input", tmp_path / "rt.dcm"),
        *("--referenced-ct", tmp_path / "ct", "--output-prefix", tmp_path / "masks"),
        *("--prefix-format", "nrrd"),
    )
    for structure in structures:
        image = sitk.ReadImage(str(tmp_path / "masks" / f"{structure.name}.nrrd"))
        assert np.array_equal(sitk.GetArrayFromImage(image) > 0, structure.mask.members)


def test_every_outline_names_the_slice_that_it_lies_in(
    case: SmallCase, object_files: dict[str, Path]
) -> None:
    position = {
        each.SOPInstanceUID: np.array(each.ImagePositionPatient, float)
        for each in case.source.slices
    }
    normal = case.grid.directions[:, 0]
    for roi in pydicom.dcmread(object_files["structure set"]).ROIContourSequence:
        for contour in roi.ContourSequence:
            first = np.array(contour.ContourData[:3], float)
            uid = contour.ContourImageSequence[0].ReferencedSOPInstanceUID
            assert abs((first - position[uid]) @ normal) < 1e-5


def test_a_tumour_is_a_gtv(objects: dict[str, Dataset]) -> None:
    found = [
        each.RTROIInterpretedType for each in objects["structure set"].RTROIObservationsSequence
    ]
    assert found == ["", "", "GTV", ""]


def square(size: float, at: float, *, is_hole: bool = False) -> Outline:
    """Draw a square in the plane z = 0 with a corner at (at, at)."""
    corners = np.array([[0, 0, 0], [size, 0, 0], [size, size, 0], [0, size, 0]], float)
    corners[:, :2] += at
    points = corners[::-1] if is_hole else corners
    return Outline(slice_index=0, points_mm=points, is_hole=is_hole)


def test_a_hole_is_joined_to_the_nearest_outline_around_it() -> None:
    # by hand: 100 - 36 = 64 outside, and 16 - 4 = 12 on the island in the gap
    outlines = [
        square(10, 0),
        square(6, 2, is_hole=True),
        square(4, 3),
        square(2, 4, is_hole=True),
    ]
    areas = []
    for _, line in keyholed(outlines):
        after = np.roll(line, -1, axis=0)
        areas.append(0.5 * abs(np.sum(line[:, 0] * after[:, 1] - after[:, 0] * line[:, 1])))
    assert sorted(areas) == [12.0, 64.0]
