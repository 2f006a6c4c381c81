"""The body is the patient with all that is inside; what the scanner did not see is told apart."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import StructureRefusedError
from navigator.imaging.tissue import find_body, find_imaged
from navigator.model.volume import Volume
from tests.navigator.imaging.digitised import upright_grid, voxel_centres_mm

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Grid

HALF_WIDTH_MM, HALF_HEIGHT_MM = 150.0, 100.0
LENGTH_MM = 60.0


def room(spacing_kji: tuple[float, float, float] = (5.0, 2.0, 2.0)) -> Grid:
    k, j, i = spacing_kji
    counts = (round(LENGTH_MM / k) + 1, round(300.0 / j) + 1, round(360.0 / i) + 1)
    return upright_grid(counts, spacing_kji, (-180.0, -130.0, 0.0))


def torso(points: Floats) -> Booleans:
    x, y, _ = points.T
    return (x / HALF_WIDTH_MM) ** 2 + (y / HALF_HEIGHT_MM) ** 2 <= 1.0


def couch(points: Floats, top_mm: float) -> Booleans:
    """Give a flat shell of 4 mm thickness."""
    x, y, _ = points.T
    return (np.abs(x) <= 170) & (y >= top_mm) & (y <= top_mm + 4.0)


def line(points: Floats, x_mm: float, y_mm: float) -> Booleans:
    """Give a tube of 5 mm diameter that runs along the patient."""
    x, y, _ = points.T
    return np.hypot(x - x_mm, y - y_mm) <= 2.5


def lung(points: Floats) -> Booleans:
    x, y, _ = points.T
    return np.hypot(x - 70.0, y) <= 40.0


def paint(grid: Grid, top_mm: float) -> tuple[Volume, Booleans, Booleans]:
    """Paint torso, lung, couch and three lines; give the scan, the torso and the couch."""
    points = voxel_centres_mm(grid)
    values = np.full(len(points), -1000.0)
    values[couch(points, top_mm) & ~torso(points)] = -200.0
    values[torso(points)] = 40.0
    values[lung(points)] = -850.0
    for x_mm, y_mm in ((-60.0, -112.0), (0.0, -104.0), (40.0, -120.0)):
        values[line(points, x_mm, y_mm) & ~torso(points)] = 200.0
    noise = np.random.default_rng(4).normal(0.0, 25.0, size=len(points))
    shape = grid.shape_kji
    return (
        Volume((values + noise).reshape(shape), grid),
        torso(points).reshape(shape),
        (couch(points, top_mm) & ~torso(points)).reshape(shape),
    )


@pytest.mark.parametrize("spacing", [(5.0, 2.0, 2.0), (2.5, 2.0, 1.0)])
def test_the_body_is_found_without_couch_and_lines_and_with_its_lungs(
    spacing: tuple[float, float, float],
) -> None:
    volume, true, shell = paint(room(spacing), top_mm=112.0)
    body = find_body(volume)
    assert body.grid is volume.grid
    assert not (body.members & shell).any()
    wrong = int((body.members ^ true).sum())
    assert wrong <= 0.005 * true.sum()
    # what is wrong lies at the skin: never deeper than the lines touch
    assert not (~body.members & (true & np.roll(true, 6, 1) & np.roll(true, -6, 1))).any()


def test_a_couch_on_which_the_body_lies_is_cut_off() -> None:
    volume, true, shell = paint(room(), top_mm=98.0)
    body = find_body(volume)
    # near the contact the wedge between back and shell may stay: the outermost 5 cm must not
    x = voxel_centres_mm(volume.grid)[:, 0].reshape(volume.grid.shape_kji)
    assert not (body.members & shell & (np.abs(x) > 100.0)).any()
    assert (body.members & true).sum() >= 0.995 * true.sum()


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1), (2, 1, 0), (1, 0, 2)])
def test_the_order_in_which_a_file_stores_its_axes_does_not_matter(
    axes: tuple[int, int, int],
) -> None:
    volume, _, _ = paint(room(), top_mm=112.0)
    affine = volume.grid.lps_from_index[:, [*axes, 3]]
    shape = tuple(volume.grid.shape_kji[axis] for axis in axes)
    stored = dataclasses.replace(
        volume.grid, shape_kji=(shape[0], shape[1], shape[2]), lps_from_index=affine
    )
    found = find_body(Volume(volume.values_hu.transpose(axes), stored))
    assert np.array_equal(found.members, find_body(volume).members.transpose(axes))


@pytest.mark.parametrize("hu", [-1000.0, -501.0])
def test_air_alone_is_no_body(hu: float) -> None:
    grid = room()
    with pytest.raises(StructureRefusedError) as caught:
        find_body(Volume(np.full(grid.shape_kji, hu), grid))
    assert caught.value.refusal.code == "no-body"
    assert "0 ml" in caught.value.refusal.got


def test_a_bottle_is_no_body() -> None:
    """0.3 litres of water on a couch."""
    grid = room()
    points = voxel_centres_mm(grid)
    values = np.where(np.hypot(points[:, 0], points[:, 1]) <= 40.0, 0.0, -1000.0)
    values[couch(points, 112.0)] = -100.0
    with pytest.raises(StructureRefusedError) as caught:
        find_body(Volume(values.reshape(grid.shape_kji), grid))
    assert "500 ml" in caught.value.refusal.expected


def test_a_body_that_fills_the_field_of_view_is_found() -> None:
    grid = upright_grid((4, 120, 120), (10.0, 2.0, 2.0))
    body = find_body(Volume(np.full(grid.shape_kji, 50.0), grid))
    assert body.members.mean() > 0.99


def circle(grid: Grid, radius_mm: float) -> Booleans:
    x, y, _ = voxel_centres_mm(grid).T
    return (np.hypot(x, y - 20.0) <= radius_mm).reshape(grid.shape_kji)


@pytest.mark.parametrize("padding_hu", [-1026.0, -1500.0, -2000.0, -3024.0, -32768.0])
def test_what_lies_beyond_the_reconstructed_circle_was_not_imaged(padding_hu: float) -> None:
    """Noise of 40 HU in unclipped air puts a quarter of its voxels below -1025 HU."""
    grid = room((5.0, 2.0, 2.0))
    inside = circle(grid, 170.0)
    noise = np.random.default_rng(3).normal(-1000.0, 40.0, size=grid.shape_kji)
    imaged = find_imaged(Volume(np.where(inside, noise, padding_hu), grid))
    assert imaged.grid is grid
    assert not (imaged.members & ~circle(grid, 172.0)).any()
    assert (~imaged.members & circle(grid, 166.0)).mean() <= 1e-4


@pytest.mark.parametrize("least_hu", [-1024.0, -1025.0])
def test_air_down_to_the_least_that_twelve_bits_hold_was_imaged(least_hu: float) -> None:
    grid = room((5.0, 2.0, 2.0))
    assert find_imaged(Volume(np.full(grid.shape_kji, least_hu), grid)).members.all()


def test_a_scan_that_is_all_padding_was_not_imaged() -> None:
    grid = room((5.0, 2.0, 2.0))
    assert not find_imaged(Volume(np.full(grid.shape_kji, -2000.0), grid)).members.any()


def test_padding_is_air_to_the_body() -> None:
    volume, true, _ = paint(room(), top_mm=112.0)
    outside = ~circle(volume.grid, 175.0)
    padded = Volume(np.where(outside, -3024.0, volume.values_hu), volume.grid)
    assert not (true & outside).any()
    np.testing.assert_array_equal(find_body(padded).members, find_body(volume).members)
