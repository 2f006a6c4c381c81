"""An opening by a disc is what two distance maps make of it; a filled slice has no holes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from navigator.imaging.slices import fill_slice, open_slice


def opened_by_distances(part: np.ndarray, spacing_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Open by Euclidean distance maps: the slow way, without a thought about discs."""
    framed = np.pad(part, 1)
    core = ndimage.distance_transform_edt(framed, sampling=spacing_mm) > radius_mm
    if not core.any():
        return np.zeros_like(part)
    near = ndimage.distance_transform_edt(~core, sampling=spacing_mm) <= radius_mm
    return (near & framed)[1:-1, 1:-1]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    grain=st.sampled_from([0.5, 1.5, 4.0]),
    share=st.sampled_from([0.3, 0.6, 0.9, 1.0]),
    spacing=st.sampled_from([(0.78, 0.78), (2.0, 2.0), (1.0, 0.7), (0.8, 3.0), (6.0, 6.0)]),
    radius=st.sampled_from([1.0, 5.0, 9.7]),
)
def test_the_opening_is_that_of_two_distance_maps(
    seed: int, grain: float, share: float, spacing: tuple[float, float], radius: float
) -> None:
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(47, 61)), grain)
    part = field <= np.quantile(field, share)
    spacing_mm = np.array(spacing)
    np.testing.assert_array_equal(
        open_slice(part, spacing_mm, radius), opened_by_distances(part, spacing_mm, radius)
    )
    np.testing.assert_array_equal(fill_slice(part), ndimage.binary_fill_holes(part))


@pytest.mark.parametrize(("width", "is_kept"), [(10, False), (11, True)])
def test_a_bar_is_kept_where_the_disc_fits_into_it(width: int, *, is_kept: bool) -> None:
    """A disc of 5 mm about a centre holds 11 pixels of 1 mm across."""
    part = np.zeros((40, 60), dtype=bool)
    part[10 : 10 + width, :] = True
    assert open_slice(part, np.array([1.0, 1.0]), 5.0)[:, 30].any() == is_kept
