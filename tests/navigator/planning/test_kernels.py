"""The compiled loop says what plain numpy says: the least trilinear value along each ray."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from navigator.planning._kernels import least_along_rays

ROUNDING = 1e-5
"""Maps are float32."""


def by_scipy(
    maps: np.ndarray, starts: np.ndarray, steps: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Do the same with scipy, one ray at a time."""
    least = np.full((len(starts), len(maps)), np.inf)
    last = np.array(maps.shape[1:]) - 1
    for ray, (start, step, count) in enumerate(zip(starts, steps, counts, strict=True)):
        at = start + np.arange(count)[:, None] * step
        at = at[((at >= 0) & (at <= last)).all(axis=1)]
        for layer, values in enumerate(maps):
            if len(at):
                read = ndimage.map_coordinates(values.astype(float), at.T, order=1, mode="nearest")
                least[ray, layer] = read.min()
    return least


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    layers=st.integers(1, 3),
)
def test_least_values_are_those_of_scipy(
    seed: int, shape: tuple[int, int, int], layers: int
) -> None:
    rng = np.random.default_rng(seed)
    maps = rng.uniform(0, 50, size=(layers, *shape)).astype(np.float32)
    starts = rng.uniform(-2, np.array(shape) + 1, size=(20, 3))
    steps = rng.normal(0, 0.7, size=(20, 3))
    counts = rng.integers(1, 25, size=20)
    found = least_along_rays(maps, starts, steps, counts)
    assert np.allclose(found, by_scipy(maps, starts, steps, counts), atol=ROUNDING)


def test_the_outermost_voxel_centres_count() -> None:
    values = np.arange(27, dtype=np.float32).reshape(1, 3, 3, 3)
    corners = np.array([[0.0, 0, 0], [2, 2, 2], [2, 0, 2]])
    found = least_along_rays(values, corners, np.zeros((3, 3)), np.ones(3, np.int64))
    assert found[:, 0].tolist() == [0.0, 26.0, 20.0]


@pytest.mark.parametrize("start", [[-0.001, 1, 1], [1, 2.001, 1], [1, 1, -5]])
def test_a_ray_outside_the_grid_meets_nothing(start: list[float]) -> None:
    values = np.zeros((1, 3, 3, 3), np.float32)
    found = least_along_rays(values, np.array([start]), np.zeros((1, 3)), np.array([1]))
    assert np.isinf(found).all()


def test_a_structure_that_is_not_in_the_block_is_infinitely_far_also_between_voxels() -> None:
    values = np.full((1, 4, 4, 4), np.inf, np.float32)
    start, step = np.array([[0.3, 0.4, 0.5]]), np.array([[0.25, 0.2, 0.1]])
    assert np.isinf(least_along_rays(values, start, step, np.array([6]))).all()


def test_no_ray_is_no_answer() -> None:
    none = np.empty((0, 3))
    found = least_along_rays(np.zeros((2, 3, 3, 3), np.float32), none, none, np.empty(0, np.int64))
    assert found.shape == (0, 2)
