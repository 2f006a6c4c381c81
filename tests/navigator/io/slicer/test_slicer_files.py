"""Files for 3D Slicer say their coordinate system and unit, and open in ITK as what they are."""

from __future__ import annotations

import json
import platform
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import FileRefusedError, GeometryRefusedError, StructureRefusedError
from navigator.io.slicer import (
    needle_markup,
    point_markup,
    save_markup,
    save_segments,
    save_transform,
)
from navigator.model.volume import Grid
from tests.navigator.io.objects.small_case import (
    PLANNING,
    SHAPE,
    oblique_grid,
    patient_motion,
    plan_on,
    structures_on,
)

if TYPE_CHECKING:
    from pathlib import Path

WRITING_LIMIT_MM = 1e-9
TEXT_LIMIT_MM = 1e-6


@pytest.mark.opens("seg.nrrd", by="SimpleITK")
@pytest.mark.hazard(1)
def test_itk_reads_every_segment_from_its_layer(tmp_path: Path) -> None:
    grid = oblique_grid()
    structures = structures_on(grid)
    path = tmp_path / "s.seg.nrrd"
    save_segments(structures, path)
    image = sitk.ReadImage(str(path))
    layers = sitk.GetArrayFromImage(image)
    layers = layers if layers.ndim == 4 else layers[..., None]
    assert layers.shape[-1] > 1, "these structures overlap"
    for number, structure in enumerate(structures):
        tags = {
            key: image.GetMetaData(f"Segment{number}_{key}")
            for key in ("Name", "LabelValue", "Layer", "Extent", "Tags", "Color", "ID")
        }
        assert tags["Name"].replace("\\\\", "\\") == structure.name
        assert tags["Extent"] == "0 21 0 17 0 6"
        members = layers[..., int(tags["Layer"])] == int(tags["LabelValue"])
        assert np.array_equal(members, structure.mask.members)
        assert f"SCT^{structure.code.kind.value}^" in tags["Tags"]
        assert [float(part) for part in tags["Color"].split()] == pytest.approx(
            [part / 255 for part in structure.code.colour], abs=1e-5
        )
    for k, j, i in ((0, 0, 0), (6, 17, 21), (3, 5, 7)):
        place = image.TransformIndexToPhysicalPoint((i, j, k))
        assert np.abs(place - grid.points_from_indices([k, j, i])).max() < WRITING_LIMIT_MM


def test_structures_that_do_not_overlap_share_one_layer(tmp_path: Path) -> None:
    path = tmp_path / "s.seg.nrrd"
    save_segments(structures_on(oblique_grid())[2:], path)
    assert sitk.ReadImage(str(path)).GetNumberOfComponentsPerPixel() == 1
    again = tmp_path / "again.seg.nrrd"
    save_segments(structures_on(oblique_grid())[2:], again)
    assert path.read_bytes() == again.read_bytes()


def test_a_sheared_grid_or_no_structure_is_refused(tmp_path: Path) -> None:
    affine = oblique_grid().lps_from_index.copy()
    affine[:3, 0] += 0.4 * affine[:3, 1]
    sheared = Grid(shape_kji=SHAPE, lps_from_index=affine, frame=PLANNING)
    with pytest.raises(GeometryRefusedError):
        save_segments(structures_on(sheared), tmp_path / "s.seg.nrrd")
    with pytest.raises(StructureRefusedError):
        save_segments((), tmp_path / "s.seg.nrrd")
    assert not list(tmp_path.iterdir())


@pytest.mark.opens("mrk.json", by="the schema's own words")
@pytest.mark.hazard(1)
def test_a_markup_says_its_coordinate_system_and_unit(tmp_path: Path) -> None:
    way = plan_on(oblique_grid()).needles[0].trajectory
    save_markup(needle_markup("N1", way), tmp_path / "n.mrk.json")
    save_markup(point_markup({"N1": way.tip_mm}), tmp_path / "t.mrk.json")
    (line,), (points,) = (
        json.loads((tmp_path / name).read_text("utf-8"))["markups"]
        for name in ("n.mrk.json", "t.mrk.json")
    )
    for markup in (line, points):
        assert markup["coordinateSystem"] == "LPS"
        assert markup["coordinateUnits"] == "mm"
        assert all(each["positionStatus"] == "defined" for each in markup["controlPoints"])
    assert line["type"] == "Line"
    assert [each["position"] for each in line["controlPoints"]] == [
        [-20.5, -34.75, 130.125],
        [-20.5, 31.25, 218.125],
    ]
    assert points["type"] == "Fiducial"
    assert points["controlPoints"][0]["position"] == [-20.5, 31.25, 218.125]


@pytest.mark.opens("itk transform", by="SimpleITK")
@pytest.mark.hazard(20)
@pytest.mark.parametrize("suffix", [".tfm", ".h5"])
def test_a_transform_leads_from_the_fixed_to_the_moving_scan(suffix: str, tmp_path: Path) -> None:
    motion = patient_motion()
    path = tmp_path / f"planning_to_room{suffix}"
    save_transform(motion, path)
    planning_mm = np.array([[-31.0, 17.0, 205.0], [40.0, -20.0, 180.0]])
    room_mm = motion.map_points(planning_mm)
    found = sitk.ReadTransform(str(path))
    back = [found.TransformPoint(point.tolist()) for point in room_mm]
    assert np.abs(np.array(back) - planning_mm).max() < TEXT_LIMIT_MM


@pytest.mark.opens("itk transform", by="SimpleITK")
@pytest.mark.hazard(20)
def test_resampling_with_it_moves_the_planning_scan_into_the_room(tmp_path: Path) -> None:
    motion = patient_motion()
    save_transform(motion, tmp_path / "t.tfm")
    scan = sitk.Image(60, 60, 60, sitk.sitkFloat32)
    scan.SetOrigin((-60.0, -60.0, -60.0))
    scan.SetSpacing((2.0, 2.0, 2.0))
    marker_mm = np.array([10.0, -16.0, 22.0])
    scan[scan.TransformPhysicalPointToIndex(marker_mm.tolist())] = 1000.0
    moved = sitk.Resample(scan, scan, sitk.ReadTransform(str(tmp_path / "t.tfm")), sitk.sitkLinear)
    values = sitk.GetArrayFromImage(moved)
    indices = np.argwhere(values > 0)
    weights = values[values > 0]
    centre = (indices * weights[:, None]).sum(axis=0) / weights.sum()
    found = moved.TransformContinuousIndexToPhysicalPoint(centre[::-1].tolist())
    # a marker of one voxel is spread over its neighbours: half a voxel
    assert np.linalg.norm(found - motion.map_points(marker_mm)) < 1.0


def test_a_transform_is_the_same_bytes_at_another_time(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}{suffix}" for suffix in (".tfm", ".h5") for name in "ab"]
    for path in paths[::2]:
        save_transform(patient_motion(), path)
    # HDF5 keeps whole seconds
    time.sleep(1.1)
    for path in paths[1::2]:
        save_transform(patient_motion(), path)
    for one, other in (paths[:2], paths[2:]):
        assert one.read_bytes() == other.read_bytes()
    assert platform.release().encode() not in paths[2].read_bytes()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError):
        save_transform(patient_motion(), tmp_path / "t.mat")
