"""The body is the patient with all that is inside, without couch, lines and air."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import StructureRefusedError
from navigator.imaging.tissue import find_body
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
