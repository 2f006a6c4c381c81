"""The compiled loops do what their plain words say, and the same input gives the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from navigator.registration._lattice_kernels import read_on_lattice, shrink_clipped
from navigator.registration._normal_kernels import sum_at_nodes, sum_rigid
from navigator.registration._warp_kernels import (
    blend_layers,
    carry_scan,
    expect_values,
)

SHAPE = (7, 9, 8)


def smooth_image(seed: int, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, 200.0, shape)
    return ndimage.gaussian_filter(noise, 1.2).astype(np.float32)


def test_blocks_are_averaged_and_padding_and_metal_are_told() -> None:
    values = np.random.default_rng(0).uniform(-300.0, 500.0, (5, 6, 8)).astype(np.float32)
    values[0, :2, :2] = -2000.0
    values[4, 3, 3] = 3000.0
    means, imaged, metal = shrink_clipped(values, (1, 2, 2), (-200.0, 400.0), -1025.0, 1500.0)
    blocks = values.reshape(5, 3, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(5, 3, 4, 4)
    wanted = np.clip(blocks, -200.0, 400.0).mean(axis=-1)
    shown = (blocks >= -1025.0).all(axis=-1)
    assert np.abs(means - wanted)[shown].max() < 1e-3
    assert imaged[0, 0, 0] == 0.0
    assert means[0, 0, 0] == -200.0
    assert metal[4, 1, 1] == 0.25
    assert metal.sum() == 0.25


def test_a_lattice_is_read_trilinearly() -> None:
    image = smooth_image(1)
    affine = np.array([[0.9, 0.1, 0.0, 0.3], [0.0, 0.8, -0.1, 1.0], [0.05, 0.0, 0.7, 0.5]])
    read = read_on_lattice(image, affine, (5, 6, 7), -200.0)
    at = affine[:, :3] @ np.indices((5, 6, 7)).reshape(3, -1) + affine[:, 3:]
    wanted = ndimage.map_coordinates(image, at, order=1, mode="nearest").reshape(5, 6, 7)
    beyond = ((at < -0.5) | (at > np.array(SHAPE)[:, None] - 0.5)).any(axis=0).reshape(5, 6, 7)
    assert np.abs(read - wanted)[~beyond].max() < 1e-3
    assert (read[beyond] == -200.0).all()


def test_layers_are_blended_by_their_shares() -> None:
    rng, step = np.random.default_rng(2), 3
    fields = rng.normal(size=(2, 3, 4, 4, 4)).astype(np.float32)
    share = rng.random(SHAPE).astype(np.float32)
    blended = np.empty((*SHAPE, 3), np.float32)
    blend_layers(fields, np.stack([share, 1 - share]), step, blended)
    at = np.indices(SHAPE).reshape(3, -1) / step
    for axis in range(3):
        both = [
            ndimage.map_coordinates(field[axis], at, order=1).reshape(SHAPE) for field in fields
        ]
        wanted = share * both[0] + (1 - share) * both[1]
        assert np.abs(blended[..., axis] - wanted).max() < 1e-4


def carried_by(moving: np.ndarray, affine: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    at = affine[:, :3] @ (np.indices(SHAPE) + np.moveaxis(displacement, -1, 0)).reshape(3, -1)
    return ndimage.map_coordinates(moving, at + affine[:, 3:], order=1, cval=np.nan).reshape(SHAPE)


def test_the_new_scan_is_read_where_a_point_lies_in_it() -> None:
    moving = smooth_image(3)
    affine = np.array([[1.0, 0.05, 0.0, 0.2], [-0.05, 1.0, 0.0, 0.4], [0.0, 0.0, 1.0, -0.3]])
    displacement = np.random.default_rng(4).normal(0.0, 0.5, (*SHAPE, 3)).astype(np.float32)
    carried, seen = np.empty(SHAPE, np.float32), np.empty(SHAPE, np.float32)
    everywhere = np.ones(SHAPE, np.float32)
    carry_scan(moving, everywhere, affine, displacement, everywhere, carried, seen)
    wanted = carried_by(moving, affine, displacement)
    assert 0.3 < seen.mean() < 1.0
    assert np.abs(carried - wanted)[seen > 0].max() < 0.05
    carry_scan(moving, 0 * everywhere, affine, displacement, everywhere, carried, seen)
    assert not seen.any()


def test_each_tissue_of_a_point_changes_by_its_own_table() -> None:
    fixed, inner, outer = (smooth_image(seed) for seed in (5, 8, 9))
    share = np.random.default_rng(5).random(SHAPE).astype(np.float32)
    share[:3], share[5:] = 0.0, 1.0
    centres = -200.0 + 8.0 * (np.arange(75) + 0.5)
    changes, expected = np.stack([10.0 + 0.1 * centres, -0.5 * centres]), np.empty_like(fixed)
    expect_values(fixed, share, inner, outer, changes, (-200.0, 8.0), expected)
    by_inner, by_outer = (
        np.interp(each, centres, table)
        for each, table in ((inner, changes[1]), (outer, changes[0]))
    )
    wanted = fixed + share * by_inner + (1 - share) * by_outer
    assert np.abs(expected - wanted).max() < 1e-2


NOISE_HU, EDGE_STEPS, FACTOR = 15.0, 0.2, 2.0


def slopes_of(image: np.ndarray) -> np.ndarray:
    """Central differences, zero at the border."""
    slopes = np.zeros((3, *SHAPE))
    for axis in range(3):
        inner = tuple(slice(1, -1) if a == axis else slice(None) for a in range(3))
        slopes[axis][inner] = np.gradient(image, axis=axis)[inner]
    return slopes


def cost(expected: np.ndarray, carried: np.ndarray, weights: np.ndarray) -> float:
    """Geman-McClure with a spread that grows on edges: its slope is what the loops sum."""
    spread = NOISE_HU**2 + EDGE_STEPS**2 * (slopes_of(expected) ** 2).sum(axis=0)
    e2 = (carried - expected).astype(float) ** 2 / spread
    return float((0.5 * weights * e2 / (1.0 + e2 / FACTOR**2)).sum())


def test_the_forces_at_nodes_are_the_slope_of_the_cost() -> None:
    """Moving the carried image along the planning slopes by a node's share changes the cost so."""
    rng, step = np.random.default_rng(6), 2
    expected = smooth_image(6)
    carried = expected + smooth_image(7) * 0.3
    weights = rng.random(SHAPE).astype(np.float32)
    share = rng.uniform(0.7, 1.0, SHAPE).astype(np.float32)
    counts = tuple(-(-(n - 1) // step) + 1 for n in SHAPE)
    sums = sum_at_nodes(
        expected, carried, weights, share, NOISE_HU, EDGE_STEPS, FACTOR, step, counts
    )
    slopes = slopes_of(expected)
    at = np.indices(SHAPE) / step
    for _ in range(8):
        node = tuple(int(rng.integers(0, n)) for n in counts)
        axis = int(rng.integers(0, 3))
        hats = np.prod([np.clip(1 - np.abs(at[a] - node[a]), 0, None) for a in range(3)], axis=0)
        step_by = 1e-3 * slopes[axis] * hats
        both = [cost(expected, carried + sign * step_by, weights * share) for sign in (1, -1)]
        assert -(both[0] - both[1]) / 2e-3 == pytest.approx(
            float(sums[6 + axis][node]), rel=2e-3, abs=0.002
        )


def test_beyond_a_layers_surface_only_what_runs_across_it_counts() -> None:
    """A layer that ends along z: slopes along z pull everywhere, those along y in it alone."""
    share = np.zeros(SHAPE, np.float32)
    share[:] = np.clip((0.6 * SHAPE[0] - np.arange(SHAPE[0])) / 3.0, 0.0, 1.0)[:, None, None]
    beyond = (share > 0.0) & (share < 0.7)
    carried = smooth_image(8)
    for axis in range(2):
        ramp = 20.0 * np.arange(SHAPE[axis], dtype=np.float32)
        expected = np.zeros(SHAPE, np.float32) + ramp.reshape(
            [-1 if a == axis else 1 for a in range(3)]
        )
        sums = sum_at_nodes(
            expected, carried, np.ones(SHAPE, np.float32), share, NOISE_HU, 0.0, 1e6, 2,
            tuple(-(-(n - 1) // 2) + 1 for n in SHAPE),
        )  # fmt: skip
        slope = slopes_of(expected)[axis]
        each = -share * slope * (carried - expected) / NOISE_HU**2
        wanted = each.sum() if axis == 0 else each[~beyond].sum()
        # the hats of all nodes add up to one at every point
        assert float(sums[6 + axis].sum(dtype=float)) == pytest.approx(wanted, rel=1e-3)
        assert abs(each[beyond].sum()) > 0.05 * abs(each.sum())


def test_a_small_rigid_motion_is_read_off() -> None:
    """An image of planes: the normal equations give shift and turn back."""
    shape = (24, 24, 24)
    z, y, x = np.indices(shape) - 11.5
    shift, turn = np.array([0.2, -0.1, 0.15]), np.array([0.004, -0.006, 0.005])
    moved = np.stack([z, y, x])
    moved += shift[:, None, None, None]
    # turn about (z, y, x) in the right-handed sense of x, y, z
    moved[2] += -turn[0] * y + turn[1] * z
    moved[1] += turn[0] * x - turn[2] * z
    moved[0] += -turn[1] * x + turn[2] * y

    def image(at: np.ndarray) -> np.ndarray:
        waves = (
            np.sin(at[0] / 3)
            + np.sin(at[1] / 2.5 + 1)
            + np.cos(at[2] / 3.5)
            + np.sin((at[0] + at[1]) / 4)
        )
        return (60.0 * waves + 40.0 * np.sin((at[2] - at[0]) / 5)).astype(np.float32)

    # what lies at p in the planning scan lies at p + d in the new one
    expected, carried = image(moved), image(np.stack([z, y, x]))
    sums = sum_rigid(expected, carried, np.ones(shape, np.float32), np.full(3, 11.5), 1e6)
    normal = np.zeros((6, 6))
    normal[np.triu_indices(6)] = sums[:21]
    normal += np.triu(normal, 1).T
    found = np.linalg.solve(normal, sums[21:27])
    assert np.abs(found[:3] - shift).max() < 0.02
    assert np.abs(found[3:] - turn).max() < 1e-3
