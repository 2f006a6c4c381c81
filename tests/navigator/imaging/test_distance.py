"""The distance to a structure is that to its nearest voxel, searched one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from navigator.errors import GeometryRefusedError
from navigator.imaging.distance import (
    border_boxes,
    measure_distance_map,
    measure_signed_distances_mm,
)
from navigator.model.volume import Grid, Mask
from tests.navigator.imaging.digitised import upright_grid, voxel_centres_mm
from tests.strategies import grids

FLOAT32_MM = 1e-3

Slices = tuple[slice, slice, slice]


def whole(grid: Grid) -> Slices:
    k, j, i = grid.shape_kji
    return slice(0, k), slice(0, j), slice(0, i)


def random_mask(grid: Grid, seed: int) -> Mask:
    rng = np.random.default_rng(seed)
    return Mask(rng.uniform(size=grid.shape_kji) < rng.choice([0.02, 0.2, 0.7]), grid)


@given(grids(sheared=False), st.integers(0, 2**32 - 1))
def test_every_distance_is_that_to_the_nearest_voxel(grid: Grid, seed: int) -> None:
    mask = random_mask(grid, seed)
    assume(mask.members.any())
    measured = measure_distance_map(mask, whole(grid)).values_mm
    inside = grid.points_from_indices(np.argwhere(mask.members))
    expected, _ = cKDTree(inside).query(voxel_centres_mm(grid))
    assert np.abs(measured.ravel() - expected).max() <= FLOAT32_MM
    assert (measured[mask.members] == 0).all()


@given(st.integers(0, 2**32 - 1))
def test_a_block_knows_only_its_own_voxels(seed: int) -> None:
    grid = upright_grid((6, 9, 8), (2.5, 0.8, 0.7), (5.0, 6.0, 7.0))
    mask = random_mask(grid, seed)
    slices = (slice(1, 4), slice(2, 8), slice(3, 7))
    members = mask.members[slices]
    assume(members.any())
    block = measure_distance_map(mask, slices)
    assert block.values_mm.shape == (3, 6, 4)
    assert block.grid.points_from_indices([0, 0, 0]) == pytest.approx(
        grid.points_from_indices([1, 2, 3])
    )
    inside = block.grid.points_from_indices(np.argwhere(members))
    expected, _ = cKDTree(inside).query(voxel_centres_mm(block.grid))
    assert np.abs(block.values_mm.ravel() - expected).max() <= FLOAT32_MM


def test_one_voxel_by_hand() -> None:
    members = np.zeros((3, 3, 3), dtype=bool)
    members[0, 0, 0] = True
    grid = upright_grid((3, 3, 3), (2.5, 0.8, 0.6))
    values = measure_distance_map(Mask(members, grid), whole(grid)).values_mm
    assert values[2, 0, 0] == pytest.approx(5.0)
    assert values[0, 1, 0] == pytest.approx(0.8)
    assert values[0, 1, 1] == pytest.approx(1.0)


def test_without_a_voxel_everything_is_infinitely_far() -> None:
    grid = upright_grid((3, 4, 5), (2.0, 1.0, 1.0))
    empty = measure_distance_map(Mask(np.zeros(grid.shape_kji, dtype=bool), grid), whole(grid))
    assert np.isposinf(empty.values_mm).all()


def test_a_distance_map_cannot_be_changed() -> None:
    grid = upright_grid((2, 2, 2), (2.0, 1.0, 1.0))
    found = measure_distance_map(Mask(np.ones((2, 2, 2), dtype=bool), grid), whole(grid))
    with pytest.raises(ValueError, match="read-only"):
        found.values_mm[0, 0, 0] = 1.0


@pytest.mark.hazard(3)
@given(grids(sheared=True))
def test_a_sheared_grid_is_refused(grid: Grid) -> None:
    with pytest.raises(GeometryRefusedError) as caught:
        measure_distance_map(Mask(np.ones(grid.shape_kji, dtype=bool), grid), whole(grid))
    assert caught.value.refusal.code == "sheared-stack"


@given(grids(), st.integers(0, 2**32 - 1))
def test_the_border_is_every_voxel_with_a_face_to_the_outside(grid: Grid, seed: int) -> None:
    mask = random_mask(grid, seed)
    framed = np.pad(mask.members, 1)
    expected = []
    for index in np.argwhere(mask.members):
        k, j, i = index + 1
        faces = (
            framed[k - 1, j, i], framed[k + 1, j, i], framed[k, j - 1, i],
            framed[k, j + 1, i], framed[k, j, i - 1], framed[k, j, i + 1],
        )  # fmt: skip
        if not all(faces):
            expected.append(index)
    found = border_boxes(mask, whole(grid))
    wanted = grid.points_from_indices(np.array(expected).reshape(-1, 3))
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max(initial=0.0) <= 1e-9


def test_where_a_block_cuts_a_structure_the_cut_is_border() -> None:
    grid = upright_grid((5, 5, 5), (1.0, 1.0, 1.0))
    mask = Mask(np.ones((5, 5, 5), dtype=bool), grid)
    found = border_boxes(mask, (slice(1, 4), slice(1, 4), slice(1, 4)))
    assert len(found) == 27 - 1
    assert found.min() == 1.0
    assert found.max() == 3.0


def test_signed_distances_count_from_the_outer_voxels() -> None:
    members = np.zeros((9, 1, 1), bool)
    members[2:7] = True
    signed = measure_signed_distances_mm(members, np.array([2.0, 1.0, 1.0]))
    assert signed[:, 0, 0].tolist() == [4.0, 2.0, 0.0, -2.0, -4.0, -2.0, 0.0, 2.0, 4.0]
