"""Painted needles have their volume, their axis, their bend and their gap where the truth says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms import tissues
from phantoms.detector import blur_and_add_noise
from phantoms.hardware import (
    FreeNeedle,
    Needle,
    PlacedNeedle,
    ThreadedNeedle,
    build_needle,
    course_line,
    course_of,
    directions_along,
    needle_metals,
    needle_parts,
    points_along,
)
from phantoms.motion import moved_points
from phantoms.painting import ScanGrid, paint_parts

if TYPE_CHECKING:
    from phantoms.tissues import Part

AXIS_LIMIT_MM = 0.05
ENTRY, TIP = np.array([3.2, -31.0, -12.0]), np.array([-6.1, 28.7, 17.3])
WITHOUT_HUB = slice(1, None)


def placed(needle: Needle) -> FreeNeedle:
    return FreeNeedle(needle=needle, entry_mm=ENTRY, tip_mm=TIP)


def grid_round(
    points_mm: np.ndarray, margin_mm: float, spacing_kji: tuple[float, float, float]
) -> ScanGrid:
    low, high = points_mm.min(axis=0) - margin_mm, points_mm.max(axis=0) + margin_mm
    spacing = np.array(spacing_kji)
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(spacing)[::-1]
    matrix[:3, 3] = low
    shape = np.ceil((high - low)[::-1] / spacing).astype(int) + 1
    return ScanGrid(
        shape_kji=tuple(shape.tolist()), lps_from_index=matrix, thickness_mm=spacing_kji[0]
    )


def painted(parts: list[Part], grid: ScanGrid) -> np.ndarray:
    hu, _ = paint_parts([(part, np.eye(4)) for part in parts], grid)
    return hu.astype(np.float64)


def volume_mm3(parts: list[Part], grid: ScanGrid) -> float:
    """Add up the share of metal, each part painted as steel."""
    steel = [replace(part, tissue=tissues.STEEL) for part in parts]
    share = (painted(steel, grid) + 1000.0) / (tissues.STEEL.hu + 1000.0)
    return float(share.sum() * abs(np.linalg.det(grid.lps_from_index[:3, :3])))


@pytest.mark.parametrize("bend_mm", [np.inf, 120.0])
@pytest.mark.parametrize("gauge", [13, 18])
def test_a_needle_with_a_pencil_tip_has_its_analytic_volume(gauge: int, bend_mm: float) -> None:
    needle = build_needle(
        "locating", "L", gauge=gauge, length_mm=75.0, bend_radius_mm=bend_mm, bend_direction_rad=0.7
    )
    line = course_line(course_of(placed(needle)))
    found = volume_mm3(
        needle_parts(placed(needle))[WITHOUT_HUB], grid_round(line, 4.0, (1.0, 0.8, 0.8))
    )
    # a tube round a curve has the volume of its cut times the curve's length (Pappus)
    cut = np.pi * needle.diameter_mm**2 / 4.0
    assert found == pytest.approx(cut * (75.0 - needle.tip_mm * 2.0 / 3.0), rel=0.002)


def test_a_cannula_has_the_volume_of_its_wall() -> None:
    needle = build_needle("coaxial", "C", gauge=13, length_mm=75.0, bend_radius_mm=200.0)
    line = course_line(course_of(placed(needle)))
    wall = [part for part in needle_parts(placed(needle)) if part.name == "C shaft"]
    cut = np.pi * (needle.diameter_mm**2 - needle.lumen_mm**2) / 4.0
    found = volume_mm3(wall, grid_round(line, 4.0, (1.0, 0.8, 0.8)))
    assert found == pytest.approx(cut * 75.0, rel=0.002)


@pytest.mark.parametrize("bend_mm", [np.inf, 120.0])
def test_the_centroid_of_each_slice_lies_on_the_axis(bend_mm: float) -> None:
    needle = build_needle(
        "fixing", "F", gauge=15, length_mm=80.0, bend_radius_mm=bend_mm, bend_direction_rad=-1.2
    )
    entry, tip = np.array([3.2, -8.0, 36.0]), np.array([-6.1, 11.3, -28.0])
    lying = FreeNeedle(needle=needle, entry_mm=entry, tip_mm=tip)
    course = course_of(lying)
    truth = points_along(course, np.linspace(0.0, 80.0, 8001))
    grid = grid_round(truth, 6.0, (0.5, 0.4, 0.4))
    shaft = needle_parts(lying)[WITHOUT_HUB]
    hu, _ = paint_parts([(part, np.eye(4)) for part in shaft], grid)
    blur_and_add_noise(hu, grid, 0.0, np.random.default_rng(0))
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    world = moved_points(grid.lps_from_index, index)
    for k in range(grid.shape_kji[0]):
        z = world[k, 0, 0, 2]
        if not truth[-1, 2] + 6.0 < z < truth[0, 2] - 1.0:
            continue  # whole cuts only
        weight = hu[k].astype(float) + 1000.0
        centroid = (world[k] * weight[..., None]).sum(axis=(0, 1)) / weight.sum()
        nearest = truth[np.abs(truth[:, 2] - z).argmin()]
        assert np.linalg.norm((centroid - nearest)[:2]) <= AXIS_LIMIT_MM, z


def test_the_antenna_shows_a_gap_at_its_active_zone_and_metal_on_both_sides() -> None:
    needle = build_needle("antenna", "A", gauge=14, length_mm=75.0, bend_radius_mm=150.0)
    course = course_of(placed(needle))
    grid = grid_round(points_along(course, np.linspace(55.0, 75.0, 40)), 4.0, (0.4, 0.4, 0.4))
    hu = painted(needle_parts(placed(needle)), grid)
    profile = {}
    for along in (60.0, 65.5, 70.0):
        point = points_along(course, [along])[0]
        k, j, i = np.rint(
            np.linalg.solve(grid.lps_from_index[:3, :3], point - grid.lps_from_index[:3, 3])
        ).astype(int)
        profile[along] = hu[k, j, i]
    # the slot of 3 mm begins 8 mm behind the tip: from 64 to 67 mm
    assert profile[65.5] == pytest.approx(tissues.PTFE.hu, abs=1.0)
    assert min(profile[60.0], profile[70.0]) > 10_000.0


@pytest.mark.parametrize("tip", ["trocar", "pencil"])
def test_no_metal_stands_beyond_the_tip_and_some_reaches_it(tip: str) -> None:
    needle = replace(build_needle("fixing", "F", gauge=13, length_mm=75.0), tip=tip)
    course = course_of(placed(needle))
    end, ahead = points_along(course, [75.0])[0], directions_along(course, [75.0])[0]
    grid = grid_round(end[None], 3.0, (0.1, 0.1, 0.1))
    share = painted(needle_parts(placed(needle)), grid) > -900.0
    points = moved_points(grid.lps_from_index, np.argwhere(share))
    assert ((points - end) @ ahead).max() == pytest.approx(0.0, abs=0.2)


def test_metals_follow_the_shaft_and_leave_the_gap_open() -> None:
    antenna = build_needle("antenna", "A", gauge=17, length_mm=120.0, bend_radius_mm=150.0)
    cannula = build_needle("coaxial", "C", gauge=14, length_mm=75.0, bend_radius_mm=150.0)
    carrier = placed(cannula)
    both: list[PlacedNeedle] = [
        carrier,
        ThreadedNeedle(needle=antenna, carrier=carrier, beyond_mm=15.0),
    ]
    wall, shaft, tip = (metal for each in both for metal in needle_metals(each))
    assert wall.radius_mm == pytest.approx(np.sqrt(2.108**2 - 1.6**2) / 2.0)
    assert {metal.material for metal in (wall, shaft, tip)} == {"steel"}
    course = course_of(both[1])
    assert shaft.points_mm[[0, -1]] == pytest.approx(points_along(course, [0.0, 109.0]), abs=1e-9)
    assert tip.points_mm[[0, -1]] == pytest.approx(points_along(course, [112.0, 120.0]), abs=1e-9)
