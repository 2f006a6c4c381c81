"""A scan read between its voxels or on another grid says what it says at its voxels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.errors import FrameMismatchError, GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.resample import (
    AIR_HU,
    PADDED_HU,
    crop_grid,
    crop_slices,
    image_from_mask,
    image_from_volume,
    resample_to_grid,
    sample_hu,
    sample_membership,
)
from navigator.imaging.upright import rectify
from navigator.model.volume import Grid, Mask, Volume
from tests.navigator.imaging.digitised import upright_grid, voxel_centres_mm
from tests.strategies import grids

if TYPE_CHECKING:
    from navigator.arrays import Floats

SLOPE_HU_PER_MM = np.array([0.3, -0.5, 0.7])
FLOAT32_HU = 1e-3
"""Rounding of float32 for some hundred HU, and of the indices."""
TILTS_DEG = [1.0, -1.0, 5.0, -10.0, 18.5, -24.0, 30.0, -30.0]


def linear_hu(points_mm: Floats) -> Floats:
    return points_mm @ SLOPE_HU_PER_MM


def linear_volume(grid: Grid) -> Volume:
    """Paint a field that trilinear reading knows exactly."""
    return Volume(linear_hu(voxel_centres_mm(grid)).reshape(grid.shape_kji), grid)


def tilted_grid(
    tilt_deg: float, *, shape_kji: tuple[int, int, int] = (16, 40, 30), turn_seed: int | None = None
) -> Grid:
    """Lean an upright stack along j; where a seed is given, turn it in space as well."""
    upright = upright_grid(shape_kji, (2.5, 0.8, 0.7), (-31.3, 12.7, 140.1))
    affine = np.array(upright.lps_from_index)
    affine[1, 0] += 2.5 * np.tan(np.deg2rad(tilt_deg))
    if turn_seed is not None:
        turn = Rotation.random(random_state=turn_seed).as_matrix()
        affine[:3, :3] = turn @ affine[:3, :3]
    return dataclasses.replace(upright, lps_from_index=affine)


# between voxels


@given(grids(), st.integers(0, 2**32 - 1))
def test_a_linear_field_is_read_exactly_between_voxels(grid: Grid, seed: int) -> None:
    last = np.array(grid.shape_kji) - 1
    indices = np.random.default_rng(seed).uniform(0.0, 1.0, size=(5, 8, 3)) * last
    points = grid.points_from_indices(indices.reshape(-1, 3)).reshape(5, 8, 3)
    read = sample_hu(linear_volume(grid), points)
    assert read.shape == (5, 8)
    assert np.abs(read - linear_hu(points)).max() <= FLOAT32_HU


@given(grids())
def test_every_voxel_reads_as_itself_at_its_centre(grid: Grid) -> None:
    """Also on the border of an oblique scan, where rounding leads a hair outside."""
    volume = linear_volume(grid)
    read = sample_hu(volume, voxel_centres_mm(grid))
    assert np.abs(read - volume.values_hu.ravel()).max() <= FLOAT32_HU


@given(grids())
def test_beyond_a_voxel_outside_there_is_air(grid: Grid) -> None:
    volume = Volume(np.full(grid.shape_kji, 500.0), grid)
    outside = np.array([[-1.001] * 3, np.array(grid.shape_kji) + 0.001])
    assert sample_hu(volume, grid.points_from_indices(outside)) == pytest.approx([AIR_HU] * 2)


def test_a_mask_fades_over_one_voxel() -> None:
    members = np.zeros((3, 3, 5), dtype=bool)
    members[:, :, 2] = True
    mask = Mask(members, upright_grid((3, 3, 5), (2.0, 2.0, 2.0)))
    read = sample_membership(mask, [[0, 2, 2], [2, 2, 2], [3, 2, 2], [4, 2, 2], [4.5, 2, 2]])
    assert read == pytest.approx([0.0, 0.0, 0.5, 1.0, 0.75])
    assert sample_membership(mask, [[4, 2, 90.0]])[0] == 0.0


# parts of a grid


@given(grids(), st.integers(0, 2**32 - 1), st.floats(0.0, 20.0))
def test_a_crop_keeps_every_voxel_within_its_rim(grid: Grid, seed: int, padding_mm: float) -> None:
    """Also in a sheared stack, where an index step is longer than the way between the planes."""
    rng = np.random.default_rng(seed)
    points = grid.points_from_indices(rng.uniform(-1, 12, size=(3, 3)))
    slices = crop_slices(grid, points, padding_mm)
    centres = voxel_centres_mm(grid)
    near = np.linalg.norm(centres[:, None] - points[None], axis=-1).min(axis=1) <= padding_mm
    kept = np.zeros(grid.shape_kji, dtype=bool)
    kept[slices] = True
    assert not (near.reshape(grid.shape_kji) & ~kept).any()


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", TILTS_DEG)
def test_a_crop_of_a_tilted_scan_keeps_its_rim(tilt_deg: float) -> None:
    grid = tilted_grid(tilt_deg, shape_kji=(60, 120, 120))
    point = grid.points_from_indices([30.5, 60.5, 60.5])
    slices = crop_slices(grid, point[None], 30.0)
    kept = np.zeros(grid.shape_kji, dtype=bool)
    kept[slices] = True
    outside = voxel_centres_mm(grid)[~kept.ravel()]
    assert np.linalg.norm(outside - point, axis=1).min() > 30.0


@given(grids(sheared=False), st.integers(0, 2**32 - 1), st.floats(0.0, 20.0))
def test_a_crop_keeps_no_more_than_a_voxel_beyond_its_rim(
    grid: Grid, seed: int, padding_mm: float
) -> None:
    points = grid.points_from_indices(
        np.random.default_rng(seed).uniform(0, 1, size=(3, 3)) * (np.array(grid.shape_kji) - 1)
    )
    indices = grid.indices_from_points(points)
    for axis, part in enumerate(crop_slices(grid, points, padding_mm)):
        rim = padding_mm / grid.spacing_mm[axis] + 1.0 + 1e-6
        assert part.start >= max(indices[:, axis].min() - rim, 0.0)
        assert part.stop - 1 <= indices[:, axis].max() + rim
        assert 0 <= part.start < part.stop <= grid.shape_kji[axis]


@pytest.mark.parametrize("where", [-1000.0, 1000.0])
def test_a_crop_far_outside_is_a_voxel_of_the_rim(where: float) -> None:
    grid = upright_grid((4, 5, 6), (2.0, 1.0, 1.0))
    slices = crop_slices(grid, [[where, where, where]], 3.0)
    assert all(part.stop - part.start == 1 for part in slices)
    assert crop_grid(grid, slices).shape_kji == (1, 1, 1)


@given(grids(), st.data())
def test_a_cropped_voxel_stays_at_its_place(grid: Grid, data: st.DataObject) -> None:
    starts = [data.draw(st.integers(0, count - 1)) for count in grid.shape_kji]
    stops = [
        data.draw(st.integers(start + 1, count))
        for start, count in zip(starts, grid.shape_kji, strict=True)
    ]
    k, j, i = (slice(start, stop) for start, stop in zip(starts, stops, strict=True))
    part = crop_grid(grid, (k, j, i))
    assert part.frame == grid.frame
    assert part.shape_kji == tuple(b - a for a, b in zip(starts, stops, strict=True))
    shift = part.points_from_indices([0, 0, 0]) - grid.points_from_indices(starts)
    assert np.abs(shift).max() <= 1e-9
    assert np.array_equal(part.lps_from_index[:3, :3], grid.lps_from_index[:3, :3])


# other grids


@given(grids())
def test_resampled_onto_its_own_grid_a_scan_is_itself(grid: Grid) -> None:
    volume = linear_volume(grid)
    same = resample_to_grid(volume, grid)
    assert np.abs(same.values_hu - volume.values_hu).max() <= FLOAT32_HU


@given(grids(), grids())
def test_resampled_is_sampled_at_the_other_grids_centres(grid: Grid, other: Grid) -> None:
    volume = linear_volume(grid)
    target = dataclasses.replace(other, frame=grid.frame)
    resampled = resample_to_grid(volume, target)
    centres = voxel_centres_mm(target)
    seen = sample_membership(Mask(np.ones(grid.shape_kji, dtype=bool), grid), centres)
    # a point outside reads as air, a voxel outside is marked as one that nobody saw
    unlike_air = (PADDED_HU - AIR_HU) * (1.0 - seen)
    expected = (sample_hu(volume, centres) + unlike_air).reshape(target.shape_kji)
    assert resampled.grid is target
    # next to the border the field falls to air within a voxel: steep in any rounding of an index
    assert np.abs(resampled.values_hu - expected).max() <= 0.05


@pytest.mark.hazard(14)
def test_a_scan_is_not_resampled_onto_a_grid_of_another_frame() -> None:
    volume = linear_volume(upright_grid((3, 4, 5), (2.0, 1.0, 1.0)))
    elsewhere = dataclasses.replace(volume.grid, frame=Frame(FrameKind.LPS, "9.9.9"))
    with pytest.raises(FrameMismatchError):
        resample_to_grid(volume, elsewhere)


# tilted stacks


@given(grids(sheared=False))
def test_a_rectilinear_scan_is_left_as_it_is(grid: Grid) -> None:
    volume = linear_volume(grid)
    assert rectify(volume) is volume


@pytest.mark.hazard(3)
@pytest.mark.parametrize("turn_seed", [None, 0, 1, 2])
@pytest.mark.parametrize("tilt_deg", TILTS_DEG)
def test_a_tilted_scan_is_read_where_it_truly_lies(tilt_deg: float, turn_seed: int | None) -> None:
    grid = tilted_grid(tilt_deg, turn_seed=turn_seed)
    upright = rectify(linear_volume(grid))
    assert upright.grid.is_rectilinear
    assert upright.grid.frame == grid.frame
    points = voxel_centres_mm(upright.grid)
    indices = grid.indices_from_points(points)
    last = np.array(grid.shape_kji) - 1
    within = ((indices >= -1e-6) & (indices <= last + 1e-6)).all(axis=1)
    error = np.abs(upright.values_hu.ravel() - linear_hu(points))
    assert error[within].max() <= 0.01
    # every slice of the stack is there, the first and the last too
    assert (within.reshape(upright.grid.shape_kji).sum(axis=(1, 2)) > 0).all()


@pytest.mark.hazard(3)
@pytest.mark.parametrize("turn_seed", [None, 0, 1])
@pytest.mark.parametrize("tilt_deg", TILTS_DEG)
def test_every_voxel_of_a_tilted_scan_lies_on_the_upright_grid(
    tilt_deg: float, turn_seed: int | None
) -> None:
    grid = tilted_grid(tilt_deg, turn_seed=turn_seed)
    upright = rectify(linear_volume(grid)).grid
    indices = upright.indices_from_points(voxel_centres_mm(grid))
    assert (indices >= -1e-3).all()
    assert (indices <= np.array(upright.shape_kji) - 1 + 1e-3).all()
    # in-plane spacing is kept; slices lie at the same planes
    assert upright.spacing_mm[1:] == pytest.approx(grid.spacing_mm[1:])
    assert upright.spacing_mm[0] == pytest.approx(2.5)
    assert np.abs(indices[:, 0] - np.round(indices[:, 0])).max() <= 1e-6


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", TILTS_DEG)
@pytest.mark.parametrize("turn_seed", [None, 4])
def test_a_landmark_of_a_tilted_scan_stays_within_a_tenth_of_a_millimetre(
    tilt_deg: float, turn_seed: int | None
) -> None:
    grid = tilted_grid(tilt_deg, shape_kji=(18, 60, 60), turn_seed=turn_seed)
    landmark = grid.points_from_indices([9.3, 29.4, 30.2])
    distance = np.linalg.norm(voxel_centres_mm(grid) - landmark, axis=1)
    blob = 1000.0 * np.exp(-0.5 * (distance / 3.5) ** 2) + AIR_HU
    upright = rectify(Volume(blob.reshape(grid.shape_kji), grid))
    weights = np.maximum(upright.values_hu.ravel() - AIR_HU, 0.0)
    found = weights @ voxel_centres_mm(upright.grid) / weights.sum()
    assert np.linalg.norm(found - landmark) <= 0.1


# the way to SimpleITK


@given(grids(sheared=False))
def test_simpleitk_sees_every_voxel_at_its_place(grid: Grid) -> None:
    image = image_from_volume(linear_volume(grid))
    assert image.GetSize() == tuple(reversed(grid.shape_kji))
    corners = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 0, 0]])
    for index in corners * (np.array(grid.shape_kji) - 1):
        point = grid.points_from_indices(index)
        xyz = [int(value) for value in reversed(index)]
        assert np.abs(np.array(image.TransformIndexToPhysicalPoint(xyz)) - point).max() <= 1e-6
        assert image.GetPixel(xyz) == pytest.approx(linear_hu(point), abs=FLOAT32_HU)


def test_simpleitk_sees_a_mask_as_ones() -> None:
    members = np.zeros((2, 3, 4), dtype=bool)
    members[1, 2, 0] = True
    image = image_from_mask(Mask(members, upright_grid((2, 3, 4), (2.5, 0.8, 0.7))))
    assert image.GetPixel([0, 2, 1]) == 1
    assert image.GetPixel([1, 2, 1]) == 0


@pytest.mark.hazard(3)
@given(grids(sheared=True))
def test_a_sheared_stack_never_reaches_simpleitk(grid: Grid) -> None:
    for hand_over in (
        lambda: image_from_volume(linear_volume(grid)),
        lambda: image_from_mask(Mask(np.ones(grid.shape_kji, dtype=bool), grid)),
    ):
        with pytest.raises(GeometryRefusedError) as caught:
            hand_over()
        assert caught.value.refusal.code == "sheared-stack"
        assert str(grid.frame) in caught.value.refusal.where
