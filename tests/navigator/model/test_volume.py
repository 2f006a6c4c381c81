"""A grid tells where every voxel lies, tilt and shear included; what lies on it cannot change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Mask, Volume
from tests.strategies import grids

ROUNDING = 1e-9

FRAME = Frame(FrameKind.LPS, "1.2.3")


def box_grid(spacing_kji: tuple[float, float, float] = (2.5, 0.8, 0.7)) -> Grid:
    """Build an upright grid: k runs to the head, j to the back, i to the left."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * spacing_kji
    affine[:3, 3] = [-10.0, 20.0, 30.0]
    return Grid(shape_kji=(4, 3, 2), lps_from_index=affine, frame=FRAME)


def tilted(grid: Grid, tilt_deg: float) -> Grid:
    """Lean the stack along j as a tilted gantry does."""
    affine = np.array(grid.lps_from_index)
    drift = np.tan(np.deg2rad(tilt_deg)) * grid.spacing_mm[0]
    affine[:3, 0] += drift * grid.directions[:, 1]
    return dataclasses.replace(grid, lps_from_index=affine)


def test_an_upright_grid_by_hand() -> None:
    grid = box_grid()
    assert grid.points_from_indices([0, 0, 0]).tolist() == [-10, 20, 30]
    assert grid.points_from_indices([2, 0, 0]) == pytest.approx([-10, 20, 35])
    assert grid.points_from_indices([0, 1, 0]) == pytest.approx([-10, 20.8, 30])
    assert grid.points_from_indices([0, 0, 1]) == pytest.approx([-9.3, 20, 30])
    assert grid.spacing_mm == pytest.approx([2.5, 0.8, 0.7])
    assert grid.voxel_volume_mm3 == pytest.approx(1.4)
    assert grid.is_rectilinear


@given(grids(), st.integers(0, 2**32 - 1))
def test_an_index_comes_back_from_its_point(grid: Grid, seed: int) -> None:
    indices = np.random.default_rng(seed).uniform(-2.0, 14.0, size=(40, 3))
    points = grid.points_from_indices(indices)
    assert np.abs(grid.indices_from_points(points) - indices).max() <= 1e-8
    assert np.abs(grid.points_from_indices(indices[0]) - points[0]).max() <= ROUNDING


@given(grids(), st.integers(0, 2**32 - 1))
def test_a_step_along_an_axis_is_a_spacing_long(grid: Grid, seed: int) -> None:
    start = np.random.default_rng(seed).uniform(0.0, 10.0, size=3)
    for axis in range(3):
        step = grid.points_from_indices(start + np.eye(3)[axis]) - grid.points_from_indices(start)
        assert np.linalg.norm(step) == pytest.approx(grid.spacing_mm[axis], rel=1e-9)
        assert step == pytest.approx(grid.spacing_mm[axis] * grid.directions[:, axis], abs=ROUNDING)


@given(grids())
def test_the_volume_of_a_voxel_is_that_of_its_parallelepiped(grid: Grid) -> None:
    k, j, i = grid.lps_from_index[:3, :3].T
    assert grid.voxel_volume_mm3 == pytest.approx(abs(float(np.dot(k, np.cross(j, i)))), rel=1e-9)


@given(grids())
def test_a_leaning_stack_is_known_as_one(grid: Grid) -> None:
    leans = [
        abs(float(grid.directions[:, a] @ grid.directions[:, b]))
        for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    assume(not 0.9e-4 < max(leans) < 1.1e-4)
    assert grid.is_rectilinear is (max(leans) <= 1e-4)


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", [0.01, 0.5, 1.0, -1.0, 10.0, -18.5, 30.0])
def test_a_tilt_is_kept_and_not_straightened(tilt_deg: float) -> None:
    grid = tilted(box_grid(), tilt_deg)
    assert not grid.is_rectilinear
    # the slices stay where they are; each is set back by its drift
    shift = grid.points_from_indices([3, 0, 0]) - box_grid().points_from_indices([3, 0, 0])
    assert shift == pytest.approx([0, 3 * 2.5 * np.tan(np.deg2rad(tilt_deg)), 0], abs=ROUNDING)
    assert grid.voxel_volume_mm3 == pytest.approx(1.4)


@given(grids())
def test_the_corners_are_half_a_voxel_beyond_the_outer_centres(grid: Grid) -> None:
    corners = grid.indices_from_points(grid.corners_mm())
    last = np.array(grid.shape_kji) - 0.5
    expected = {
        (a, b, c) for a in (-0.5, last[0]) for b in (-0.5, last[1]) for c in (-0.5, last[2])
    }
    assert {tuple(np.round(corner, 6)) for corner in corners} == expected


def test_grids_match_where_no_corner_is_off_by_a_hundredth() -> None:
    grid = box_grid()
    nudged = np.array(grid.lps_from_index)
    nudged[:3, 3] += 0.009 / np.sqrt(3)
    assert grid.matches(dataclasses.replace(grid, lps_from_index=nudged))
    nudged[:3, 3] += 0.01
    assert not grid.matches(dataclasses.replace(grid, lps_from_index=nudged))
    assert not grid.matches(dataclasses.replace(grid, shape_kji=(4, 3, 3)))
    assert not grid.matches(tilted(grid, 1.0))
    assert not grid.matches(box_grid((2.6, 0.8, 0.7)))


def test_mirrored_grids_do_not_match() -> None:
    grid = box_grid()
    mirrored = np.array(grid.lps_from_index)
    mirrored[:, 2] *= -1.0
    assert not grid.matches(dataclasses.replace(grid, lps_from_index=mirrored))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lps_from_index": np.diag([1.0, 1.0, 0.0, 1.0])}, "flat grid"),
        ({"lps_from_index": np.full((4, 4), np.nan)}, "finite"),
        ({"lps_from_index": np.eye(3)}, "shape"),
        ({"shape_kji": (4, 0, 2)}, "three counts"),
        ({"shape_kji": (4, -1, 2)}, "three counts"),
        ({"shape_kji": (4, 3)}, "three counts"),
    ],
)
@pytest.mark.hazard(22)
def test_what_is_no_grid_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(box_grid(), **change)  # type: ignore[arg-type]  # on purpose


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_scan_with_values_that_are_no_numbers_is_refused(value: float) -> None:
    values = np.zeros((4, 3, 2))
    values[1, 2, 0] = value
    with pytest.raises(GeometryRefusedError) as caught:
        Volume(values, box_grid())
    assert caught.value.refusal.code == "non-finite-values"
    assert "1 voxels" in caught.value.refusal.got


def test_values_that_do_not_fit_their_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="Volume: expected shape"):
        Volume(np.zeros((2, 3, 4)), box_grid())
    with pytest.raises(ValueError, match="Mask: expected shape"):
        Mask(np.zeros((4, 3, 1), dtype=bool), box_grid())


def test_a_scan_cannot_be_changed() -> None:
    values = np.zeros((4, 3, 2), dtype=np.float32)
    scan = Volume(values, box_grid())
    values[0, 0, 0] = 99.0
    assert scan.values_hu[0, 0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        scan.values_hu[0, 0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        scan.grid.lps_from_index[0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        scan.values_hu = values  # type: ignore[misc]  # the very thing that must fail


def test_the_volume_of_a_mask_is_counted() -> None:
    members = np.zeros((4, 3, 2), dtype=bool)
    members[1:3, :, 0] = True
    mask = Mask(members, box_grid())
    assert mask.volume_ml == pytest.approx(6 * 1.4 / 1000)
    with pytest.raises(ValueError, match="read-only"):
        mask.members[0, 0, 0] = True
