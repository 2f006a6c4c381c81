"""Blurring agrees with scipy's, in double precision, to the digits of single precision."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from navigator.imaging.blurring import blur, weigh_neighbours

SINGLE_HU = 2e-3


# the first example compiles the kernel
@settings(deadline=None)
@given(
    st.integers(0, 2**31),
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    st.tuples(*[st.just(0.0) | st.floats(0.2, 4.0)] * 3),
    st.floats(1.0, 4.0),
)
def test_it_is_scipys_gaussian(
    seed: int, shape: tuple[int, int, int], widths: tuple[float, float, float], truncate: float
) -> None:
    values = np.random.default_rng(seed).uniform(-1000, 1000, shape).astype(np.float32)
    expected = ndimage.gaussian_filter(
        values.astype(float), widths, mode="nearest", truncate=truncate
    )
    assert np.abs(blur(values, widths, reach_ratio=truncate) - expected).max() < SINGLE_HU


def test_nothing_is_written_over() -> None:
    values = np.ones((3, 3, 3), np.float32)
    blur(values, 0.0)[:] = 7.0
    blur(values, 1.0)[:] = 7.0
    assert (values == 1.0).all()


def test_one_width_is_taken_for_all_axes() -> None:
    values = np.random.default_rng(3).normal(size=(7, 8, 9)).astype(np.float32)
    assert (blur(values, 1.5) == blur(values, (1.5, 1.5, 1.5))).all()


def test_neighbours_are_weighed_as_scipy_does() -> None:
    values = np.random.default_rng(4).normal(size=(6, 1, 9)).astype(np.float32)
    expected = values.astype(float)
    for axis in range(3):
        expected = ndimage.correlate1d(expected, (0.1, 0.7, 0.2), axis=axis, mode="nearest")
    assert np.abs(weigh_neighbours(values, (0.1, 0.7, 0.2)) - expected).max() < SINGLE_HU
