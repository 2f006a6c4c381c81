"""A marker is a bright sphere of the right size, and its centre is found finer than the voxels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.detection.markers import find_marker_candidates
from navigator.model.volume import Grid, Volume
from tests.navigator.detection.painted import NOISE_HU, RESIN, add_sphere
from tests.navigator.imaging.digitised import upright_grid

SPACINGS = [(2.5, 0.7, 0.7), (2.5, 1.0, 1.0), (1.5, 0.8, 0.8), (1.0, 1.0, 1.0)]
"""(k, j, i), millimetres."""
CENTRE_LIMIT_MM = 0.15
"""What one marker may be off: six of them then hold a plate within the pose's limits."""


def block(
    spacing: tuple[float, float, float], background: float = RESIN
) -> tuple[Grid, np.ndarray]:
    counts = [round(40.0 / step) for step in spacing]
    grid = upright_grid((counts[0], counts[1], counts[2]), spacing, (-20.0, -20.0, -20.0))
    return grid, np.full(grid.shape_kji, background)


def noisy(values: np.ndarray, grid: Grid, seed: int = 3) -> Volume:
    return Volume(values + np.random.default_rng(seed).normal(0.0, NOISE_HU, values.shape), grid)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", range(8))
def test_a_sphere_is_found_wherever_it_falls_between_the_voxels(
    spacing: tuple[float, float, float], seed: int
) -> None:
    grid, values = block(spacing)
    centre = np.random.default_rng(seed).uniform(-5.0, 5.0, size=3)
    add_sphere(values, grid, centre)
    (found,) = find_marker_candidates(noisy(values, grid, seed), 5.0)
    assert np.linalg.norm(found.centre_mm - centre) <= CENTRE_LIMIT_MM
    assert found.peak_hu > 1800.0


@pytest.mark.parametrize("background", [-1000.0, 40.0, 300.0])
def test_the_surroundings_do_not_matter(background: float) -> None:
    grid, values = block((2.5, 0.8, 0.8), background)
    centre = np.array([1.3, -0.6, 0.9])
    add_sphere(values, grid, centre)
    (found,) = find_marker_candidates(noisy(values, grid), 5.0)
    assert np.linalg.norm(found.centre_mm - centre) <= CENTRE_LIMIT_MM


def test_an_air_bore_beside_the_sphere_pushes_it_away_by_less_than_a_third_of_a_millimetre() -> (
    None
):
    grid, values = block((2.5, 0.7, 0.7))
    points = grid.points_from_indices(np.indices(grid.shape_kji).reshape(3, -1).T)
    bore = np.hypot(points[:, 0] - 4.5, points[:, 2]) <= 1.05
    values.reshape(-1)[bore] = -1000.0
    add_sphere(values, grid, np.zeros(3))
    (found,) = find_marker_candidates(noisy(values, grid), 5.0)
    assert np.linalg.norm(found.centre_mm) <= 0.3


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", [-25.0, 18.5, 30.0])
def test_in_a_tilted_scan_a_sphere_is_where_it_truly_is(tilt_deg: float) -> None:
    grid, _ = block((2.5, 0.7, 0.7))
    affine = np.array(grid.lps_from_index)
    affine[1, 0] += 2.5 * np.tan(np.deg2rad(tilt_deg))
    leaning = dataclasses.replace(grid, lps_from_index=affine)
    values = np.full(grid.shape_kji, RESIN)
    centre = leaning.points_from_indices([8.3, 28.4, 28.7])
    add_sphere(values, leaning, centre)
    (found,) = find_marker_candidates(noisy(values, leaning), 5.0)
    assert np.linalg.norm(found.centre_mm - centre) <= CENTRE_LIMIT_MM


def test_two_spheres_are_two_spots() -> None:
    grid, values = block((2.5, 0.8, 0.8))
    for x in (-9.0, 9.0):
        add_sphere(values, grid, np.array([x, 0.0, 0.0]))
    found = find_marker_candidates(noisy(values, grid), 5.0)
    assert sorted(round(float(spot.centre_mm[0])) for spot in found) == [-9, 9]


@pytest.mark.parametrize(
    "kind", ["nothing", "speck", "rod", "ball of 9 mm", "plate", "soft sphere"]
)
def test_what_is_no_marker_is_no_candidate(kind: str) -> None:
    grid, values = block((2.5, 0.8, 0.8), 40.0)
    points = grid.points_from_indices(np.indices(grid.shape_kji).reshape(3, -1).T)
    x, y, z = points.T
    if kind == "speck":
        values[8, 25, 25] = 3000.0
    elif kind == "rod":
        values.reshape(-1)[(np.hypot(y, z) <= 1.5) & (np.abs(x) <= 15.0)] = 3000.0
    elif kind == "ball of 9 mm":
        add_sphere(values, grid, np.zeros(3), radius_mm=4.5)
    elif kind == "plate":
        values.reshape(-1)[np.abs(y) <= 1.0] = 3000.0
    elif kind == "soft sphere":
        add_sphere(values, grid, np.zeros(3), hu=600.0)
    assert find_marker_candidates(noisy(values, grid), 5.0) == ()


def test_a_candidate_cannot_be_changed() -> None:
    grid, values = block((2.5, 0.8, 0.8))
    add_sphere(values, grid, np.zeros(3))
    (found,) = find_marker_candidates(noisy(values, grid), 5.0)
    with pytest.raises(ValueError, match="read-only"):
        found.centre_mm[0] = 0.0
