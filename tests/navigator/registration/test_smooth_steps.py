"""The solver solves: its matrix is that of the written energy, and PCG gives the dense solution."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.registration._smoothness_kernels import apply_system, conjugate_gradients
from navigator.registration.smooth_steps import fit_affine_step, smoothness_within, solve_step

SHAPE = (4, 3, 5)


def energy(field: np.ndarray, nodes: np.ndarray, first: float, second: float) -> float:
    """Half the weighted squared first and second differences, written as slices."""
    total = 0.0
    for axis in range(3):
        inside = np.moveaxis(nodes, axis, 0)
        u = np.moveaxis(field, axis + 1, 1).astype(float)
        once = (u[:, 1:] - u[:, :-1]) * (inside[1:] & inside[:-1])
        twice = (u[:, 2:] - 2 * u[:, 1:-1] + u[:, :-2]) * (inside[2:] & inside[1:-1] & inside[:-2])
        total += 0.5 * first * (once**2).sum() + 0.5 * second * (twice**2).sum()
    return total


def some_nodes(seed: int) -> np.ndarray:
    nodes = np.random.default_rng(seed).random(SHAPE) > 0.25
    nodes[1:3, :, 1:4] = True
    return nodes


def some_tensors(seed: int) -> np.ndarray:
    slopes = np.random.default_rng(seed).normal(size=(6, 3, *SHAPE))
    z, y, x = slopes[:, 0], slopes[:, 1], slopes[:, 2]
    tensors = np.stack(
        [(a * b).sum(axis=0) for a, b in ((z, z), (y, y), (x, x), (z, y), (z, x), (y, x))]
    )
    return tensors.astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_the_smoothness_is_the_slope_of_its_energy(seed: int) -> None:
    rng, nodes = np.random.default_rng(seed), some_nodes(seed)
    smooth = smoothness_within(nodes, 0.7, 1.3)
    field = rng.normal(size=(3, *SHAPE)).astype(np.float32)
    slope = smooth.apply(field)
    for _ in range(10):
        place = tuple(rng.integers(0, n) for n in field.shape)
        step = np.zeros(field.shape)
        step[place] = 0.5
        # the energy is a parabola: the central difference is exact
        wanted = energy(field + step, nodes, 0.7, 1.3) - energy(field - step, nodes, 0.7, 1.3)
        assert slope[place] == pytest.approx(wanted, abs=1e-4)


def test_an_affine_field_does_not_bend_up_to_the_border() -> None:
    smooth = smoothness_within(some_nodes(4), 0.0, 5.0)
    ramps = np.indices(SHAPE).astype(np.float32)
    field = np.stack([2 * ramps[0] - ramps[1], 0.5 * ramps[2], 1 + ramps[1]])
    assert np.abs(smooth.apply(field)).max() < 1e-4


def dense_matrix(tensors: np.ndarray, nodes: np.ndarray, first: float, second: float) -> np.ndarray:
    smooth = smoothness_within(nodes, first, second)
    count = 3 * nodes.size
    columns = []
    for number in range(count):
        unit = np.zeros(count, np.float32)
        unit[number] = 1.0
        out = np.empty((3, *SHAPE), np.float32)
        apply_system(tensors, smooth.ties, smooth.bends, unit.reshape(3, *SHAPE), out)
        columns.append(out.ravel())
    return np.array(columns).T


@pytest.mark.parametrize("seed", range(3))
def test_conjugate_gradients_give_the_dense_solution(seed: int) -> None:
    tensors, nodes = some_tensors(seed), some_nodes(seed)
    matrix = dense_matrix(tensors, nodes, 0.2, 0.4).astype(float)
    assert np.abs(matrix - matrix.T).max() < 1e-5
    smooth = smoothness_within(nodes, 0.2, 0.4)
    diagonal = tensors[:3] + smooth.diagonal()
    assert np.abs(np.diag(matrix) - diagonal.ravel()).max() < 1e-4
    right = np.random.default_rng(seed).normal(size=(3, *SHAPE)).astype(np.float32)
    found, rounds = conjugate_gradients(
        tensors, smooth.ties, smooth.bends, diagonal, right, np.zeros_like(right), 500, 1e-6
    )
    assert 0 < rounds < 500
    wanted = np.linalg.solve(matrix, right.ravel().astype(float)).reshape(right.shape)
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_an_affine_motion_that_the_data_ask_for_is_found_at_once() -> None:
    tensors, nodes = some_tensors(7), np.ones(SHAPE, dtype=bool)
    ramps = np.indices(SHAPE).astype(np.float32)
    wanted = np.stack([0.1 * ramps[0], 1 - 0.2 * ramps[2], 0.3 * ramps[1]]).astype(np.float32)
    forces = np.empty_like(wanted)
    nothing = np.zeros((3, *SHAPE), np.float32)
    apply_system(tensors, nothing, nothing, wanted, forces)
    found = fit_affine_step(tensors, forces, nodes)
    assert np.abs(found - wanted).max() < 0.01
    smooth = smoothness_within(nodes, 0.0, 3.0)
    assert np.abs(solve_step(tensors, forces, smooth, nothing) - wanted).max() < 0.02


def test_a_layer_without_nodes_takes_no_step() -> None:
    """Where the new scan shows nothing of it, as a slab below the liver does."""
    nodes = np.zeros(SHAPE, dtype=bool)
    smooth = smoothness_within(nodes, 0.1, 0.2)
    forces = np.ones((3, *SHAPE), np.float32)
    assert not solve_step(some_tensors(1), forces, smooth, np.zeros_like(forces)).any()


def test_a_layer_in_a_corner_is_solved_as_in_the_whole() -> None:
    """The box about the layer is cut out of the arrays; the dense solution knows of no box."""
    nodes = np.zeros(SHAPE, dtype=bool)
    nodes[1:, 1:, 2:] = True
    tensors = np.where(nodes, some_tensors(2), 0).astype(np.float32)
    forces = np.where(nodes, np.random.default_rng(5).normal(size=(3, *SHAPE)), 0)
    smooth = smoothness_within(nodes, 0.3, 0.2)
    field = np.random.default_rng(6).normal(size=(3, *SHAPE)).astype(np.float32)
    size = 3 * nodes.size
    matrix = np.zeros((size, size))
    for column in range(size):
        unit = np.zeros(size, np.float32)
        unit[column] = 1.0
        out = np.empty((3, *SHAPE), np.float32)
        apply_system(tensors, smooth.ties, smooth.bends, unit.reshape(3, *SHAPE), out)
        matrix[:, column] = out.ravel()
    right = forces - smooth.apply(field)
    chosen = np.broadcast_to(nodes, (3, *SHAPE)).ravel()
    dense = np.zeros(size)
    dense[chosen] = np.linalg.solve(matrix[np.ix_(chosen, chosen)], right.ravel()[chosen])
    step = solve_step(tensors, forces.astype(np.float32), smooth, field)
    # the solver stops at a hundredth of the right side
    assert np.abs(step.ravel() - dense).max() < 0.05 * np.abs(dense).max()
    assert not step[:, ~nodes].any()
