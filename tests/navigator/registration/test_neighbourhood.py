"""A liver that slid against the body is seen, and by how much: by painted truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.geometry.rigid import identity_transform
from navigator.model.volume import Mask, Volume
from navigator.registration.neighbourhood import (
    LATTICE_MM,
    SEARCH_STEPS,
    LocalAgreement,
    measure_local_agreement,
    neighbourhood_of,
)
from navigator.registration.quality import LEAST_LOCAL_CORRELATION
from tests.navigator.registration.small_patient import (
    INTRAOP,
    LIVER_MM,
    PLANNING,
    everything,
    liver_of,
    motion,
    scan,
    scanner_grid,
    slid,
    small_patient,
)

SAME_PLACE = identity_transform(target=INTRAOP, source=PLANNING)
FINE = (2.5, 2.5, 2.5)
RADIUS_MM = 40.0


def agreement(shift: tuple[float, float, float], seed: int = 1) -> LocalAgreement:
    patient = small_patient(seed)
    planning = scan(patient, scanner_grid(PLANNING, spacing_kji_mm=FINE))
    intraop = scan(
        slid(patient, shift), scanner_grid(INTRAOP, spacing_kji_mm=(2.5, 2.0, 2.0)), seed=9
    )
    region = neighbourhood_of(planning.grid, LIVER_MM, RADIUS_MM, liver_of(patient, planning.grid))
    shown = everything(intraop.grid)
    return measure_local_agreement(planning, intraop, SAME_PLACE, region, shown)


@pytest.mark.hazard(19, 20)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "shift", [(0.0, 0.0, 0.0), (0.0, 0.0, 15.0), (0.0, 0.0, -9.5), (4.0, -5.0, 12.5), (2.0, 1.0, 0)]
)
def test_the_shift_of_the_liver_is_found(shift: tuple[float, float, float], seed: int) -> None:
    found = agreement(shift, seed)
    assert np.abs(found.shift_mm - shift).max() < LATTICE_MM / 2
    assert found.correlation > 0.75
    assert found.imaged_share == 1.0
    assert not found.at_end_of_search


def test_a_shift_beyond_the_search_is_named_as_such() -> None:
    found = agreement((0.0, 0.0, 26.0))
    assert found.at_end_of_search or found.correlation < LEAST_LOCAL_CORRELATION


@pytest.mark.hazard(19)
def test_what_the_new_scan_does_not_show_is_counted() -> None:
    planning = scan(small_patient(1), scanner_grid(PLANNING, spacing_kji_mm=FINE))
    upper = scan(
        small_patient(1), scanner_grid(INTRAOP, spacing_kji_mm=FINE, from_mm=LIVER_MM[2]), seed=9
    )
    region = neighbourhood_of(planning.grid, LIVER_MM, RADIUS_MM, None)
    found = measure_local_agreement(planning, upper, SAME_PLACE, region, everything(upper.grid))
    assert found.imaged_share == pytest.approx(0.5, abs=0.05)


@pytest.mark.hazard(12, 19)
def test_a_target_in_the_padding_is_not_imaged() -> None:
    planning = scan(small_patient(1), scanner_grid(PLANNING, spacing_kji_mm=FINE))
    again = Volume(planning.values_hu, dataclasses.replace(planning.grid, frame=INTRAOP))
    region = neighbourhood_of(planning.grid, LIVER_MM, RADIUS_MM, None)
    nothing = Mask(np.zeros(again.grid.shape_kji, dtype=bool), again.grid)
    found = measure_local_agreement(planning, again, SAME_PLACE, region, nothing)
    assert (found.imaged_share, found.correlation) == (0.0, 0.0)


def test_a_constant_neighbourhood_tells_nothing() -> None:
    grid = scanner_grid(PLANNING, spacing_kji_mm=FINE)
    even = Volume(np.full(grid.shape_kji, 50.0), grid)
    again = Volume(even.values_hu, dataclasses.replace(grid, frame=INTRAOP))
    region = neighbourhood_of(grid, LIVER_MM, RADIUS_MM, None)
    found = measure_local_agreement(even, again, SAME_PLACE, region, everything(again.grid))
    assert found.correlation == 0.0
    assert found.distance_mm == 0.0


def test_a_motion_of_the_whole_body_is_no_shift_of_the_liver() -> None:
    true = motion((4.0, -3.0, 6.0), (8.0, -6.0, 10.0))
    planning = scan(small_patient(1), scanner_grid(PLANNING, spacing_kji_mm=FINE))
    roomy = scanner_grid(INTRAOP, spacing_kji_mm=FINE, from_mm=-20.0, to_mm=190.0)
    intraop = scan(small_patient(1), roomy, true, seed=9)
    region = neighbourhood_of(planning.grid, LIVER_MM, RADIUS_MM, None)
    found = measure_local_agreement(planning, intraop, true, region, everything(roomy))
    assert found.distance_mm < 0.5


def test_the_neighbourhood_is_the_ball_in_the_organ() -> None:
    grid = scanner_grid(PLANNING, spacing_kji_mm=(4.0, 4.0, 4.0))
    points = grid.points_from_indices(np.indices(grid.shape_kji).reshape(3, -1).T)
    points = points.reshape(*grid.shape_kji, 3)
    organ = Mask(points[..., 0] < LIVER_MM[0], grid)
    ball = np.linalg.norm(points - LIVER_MM, axis=-1) <= RADIUS_MM
    whole = neighbourhood_of(grid, LIVER_MM, RADIUS_MM, None)
    assert np.array_equal(whole.members, ball)
    part = neighbourhood_of(grid, LIVER_MM, RADIUS_MM, organ)
    assert np.array_equal(part.members, ball & organ.members)
    # at the border of the grid the ball is cut off
    low = grid.points_from_indices(np.zeros(3))
    assert neighbourhood_of(grid, low, 9.0, None).members[0, 0, 0]


def test_the_search_covers_what_breathing_moves() -> None:
    assert SEARCH_STEPS * LATTICE_MM >= 20.0
