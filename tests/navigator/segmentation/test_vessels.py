"""A click follows a vessel full of contrast; where it runs into an organ it stops or is refused."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.segmentation.vessels import grow_vessel
from tests.navigator.segmentation.painted import (
    VESSEL_HU,
    Paint,
    ball,
    dice,
    points_of,
    room,
    scan,
    surface_distances_mm,
    tube,
)

COARSE = (2.0, 1.0, 1.0)


@pytest.mark.parametrize("radius", [3.0, 5.0, 10.0])
def test_a_vessel_is_followed_through_the_scan(radius: float) -> None:
    grid = room(COARSE, half_mm=30.0)
    away = tube(points_of(grid), (2.0, 1.0, 0.0), 2, radius)
    found = grow_vessel(scan(grid, Paint(away, VESSEL_HU)), np.array([2.0, 1.0, 10.0]))
    assert not found.refusals
    assert found.surface_uncertainty_mm is not None
    errors = surface_distances_mm(found.mask.members, away >= 0, grid.spacing_mm)
    assert errors.mean() <= 0.35
    assert errors.mean() <= found.surface_uncertainty_mm
    assert found.mask.volume_ml == pytest.approx((away >= 0).sum() * 2e-3, rel=0.6 / radius)
    assert {remark.code for remark in found.remarks} == {"vessels-unknown", "vessel-cut"}


def test_a_vessel_that_runs_into_an_organ_ends_in_its_mouth_or_is_refused() -> None:
    grid = room(COARSE)
    points = points_of(grid)
    vein, spleen = tube(points, (0, 0, 0), 2, 4.0), ball(points, (0, 0, 40.0), 22.0)
    volume = scan(grid, Paint(np.maximum(vein, spleen), VESSEL_HU))
    near = grow_vessel(volume, np.array([0.0, 0.0, 12.0]))
    assert [reason.code for reason in near.refusals] == ["vessel-leaks"]
    far = grow_vessel(volume, np.array([0.0, 0.0, -20.0]))
    assert not far.refusals
    assert not (far.mask.members & (spleen > 8.0)).any()


@pytest.mark.parametrize(
    ("radius", "hu", "code"),
    [
        (30.0, VESSEL_HU, "vessel-no-contrast"),
        (19.0, VESSEL_HU, "vessel-is-lump"),
        (6.0, 75.0, "vessel-no-contrast"),
    ],
)
def test_an_organ_and_blood_without_contrast_are_refused(
    radius: float, hu: float, code: str
) -> None:
    grid = room(COARSE)
    points = points_of(grid)
    shape = tube(points, (0, 0, 0), 2, radius) if radius < 10 else ball(points, (0, 0, 0), radius)
    at = np.array([0.0, 0.0, 0.0 if radius != 19.0 else 12.0])
    found = grow_vessel(scan(grid, Paint(shape, hu), base_hu=40.0), at)
    assert [reason.code for reason in found.refusals] == [code]
    assert not found.mask.members.any()


def test_another_vessel_beside_it_is_not_taken() -> None:
    grid = room(COARSE, half_mm=30.0)
    points = points_of(grid)
    one, other = tube(points, (-8.0, 0, 0), 2, 5.0), tube(points, (8.0, 0, 0), 2, 5.0)
    found = grow_vessel(
        scan(grid, Paint(np.maximum(one, other), VESSEL_HU)), np.array([-8.0, 0, 0])
    )
    assert dice(found.mask.members, one >= 0) >= 0.9
    assert not (found.mask.members & (other > 0)).any()
