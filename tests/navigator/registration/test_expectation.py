"""What makes two scans differ without motion is taken out before they are compared."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from navigator.registration.expectation import (
    blur_as_reading,
    expect_new_values,
    find_shade,
    tell_tissues_apart,
)

LIVER_HU, WASHED_HU, FAT_HU = 110.0, 80.0, -100.0
SLICE_SHARE = 0.05
"""Squared steps that slices of 2.5 mm blur more than those of 1.5 mm do."""


def test_the_planning_scan_is_blurred_as_reading_between_points_blurs() -> None:
    """The second moment of trilinear reading, averaged over all places between two points."""
    point = np.zeros((9, 9, 9), np.float32)
    point[4, 4, 4] = 1.0
    shares = np.linspace(0.0, 1.0, 1001)
    # a unit split between two points f and 1 - f away from where it is read
    read = np.mean(shares * (1 - shares) ** 2 + (1 - shares) * shares**2)
    at = np.indices(point.shape) - 4.0
    for axis in range(3):
        blurred = float((blur_as_reading(point) * at[axis] ** 2).sum())
        assert read <= blurred <= read + SLICE_SHARE


def half_a_liver() -> tuple[np.ndarray, np.ndarray]:
    """Liver below, fat above, the edge between two points and soft: values and share."""
    share = np.clip((12.3 - np.arange(24.0)) / 3.0 + 0.5, 0.0, 1.0)
    share = np.broadcast_to(share[:, None, None], (24, 16, 16)).astype(np.float32)
    return (FAT_HU + share * (LIVER_HU - FAT_HU)).astype(np.float32), share


def test_where_liver_and_fat_mix_only_the_liver_washes_out() -> None:
    planning, share = half_a_liver()
    new = (FAT_HU + share * (WASHED_HU - FAT_HU)).astype(np.float32)
    expected = expect_new_values(tell_tissues_apart(planning, share), new, np.ones_like(new))
    assert np.abs(expected - new).max() < 3.0


def test_a_liver_that_is_not_known_changes_nothing_but_the_table() -> None:
    planning, _ = half_a_liver()
    tissues = tell_tissues_apart(planning, None)
    assert not tissues.liver.any()
    expected = expect_new_values(tissues, planning, np.ones_like(planning))
    assert np.abs(expected - planning).max() < 1e-3


@pytest.mark.parametrize("spacing_mm", [8.0, 2.2])
def test_a_shade_is_found_and_a_vessel_is_none(spacing_mm: float) -> None:
    shape = (30, 30, 30)
    seen = np.ones(shape, np.float32)
    wide = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=shape), 60.0 / spacing_mm)
    wide *= 15.0 / np.abs(wide).max()
    shade = find_shade(wide.astype(np.float32), seen, 10.0, spacing_mm)
    middle = tuple(slice(8, -8) for _ in range(3))
    assert np.abs(shade - wide)[middle].max() < 0.25 * np.abs(wide).max()
    vessel = np.zeros(shape, np.float32)
    width = max(1, round(4.0 / spacing_mm))
    vessel[:, 15 : 15 + width, 15 : 15 + width] = 25.0
    assert find_shade(vessel, seen, 10.0, spacing_mm).max() < 0.2 * 25.0


def test_what_lies_far_off_is_no_shade() -> None:
    residual = np.zeros((20, 20, 20), np.float32)
    residual[8:12] = 300.0
    assert find_shade(residual, np.ones_like(residual), 10.0, 3.0).max() < 1e-3
