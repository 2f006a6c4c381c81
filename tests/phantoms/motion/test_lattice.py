"""A lattice's bounds hold, one that might fold is refused, and cubics are met exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantoms.errors import MotionRefusedError, ShapeRefusedError
from phantoms.motion import Lattice, Motion, fit_lattice, moved_points, pulled_back
from phantoms.motion.lattice import displacement_range_mm

seeds = st.integers(0, 2**32 - 1)
STEP_MM = 1e-4


def drawn(seed: int, size_mm: float = 0.7, pitch_mm: float = 6.0) -> Lattice:
    """Draw a lattice of 4 x 5 x 3 nodes from the origin on."""
    draw = np.random.default_rng(seed).uniform(-size_mm, size_mm, (4, 5, 3, 3))
    return Lattice(origin_mm=np.zeros(3), pitch_mm=pitch_mm, coefficients_mm=draw)


def shifts_mm(lattice: Lattice, points: np.ndarray) -> np.ndarray:
    return pulled_back(Motion((lattice,)), points) - points


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_the_displacement_and_the_way_back_keep_their_gradient_bounds(seed: int) -> None:
    lattice = drawn(seed)
    rng = np.random.default_rng(seed)
    points = rng.uniform(-15.0, 40.0, (400, 3))
    away = rng.normal(size=(400, 3))
    away *= STEP_MM / np.linalg.norm(away, axis=1, keepdims=True)
    change = shifts_mm(lattice, points + away) - shifts_mm(lattice, points)
    steepest = np.linalg.norm(change, axis=1).max() / STEP_MM
    assert steepest <= lattice.gradient_ratio + 1e-7
    stretched = np.linalg.norm(change + away, axis=1).max() / STEP_MM
    assert stretched <= lattice.stretch_factor + 1e-7
    assert lattice.stretch_factor <= 1.0 + lattice.gradient_ratio


def test_the_bounds_are_met_by_even_stretches() -> None:
    # inside a large lattice the displacement is the even one; only the rim is steeper
    even = np.diag([0.1, -0.2, 0.05])
    nodes = 10.0 * (np.indices((9, 9, 9)).transpose(1, 2, 3, 0) - 4.0)
    lattice = Lattice(
        origin_mm=np.full(3, -40.0), pitch_mm=10.0, coefficients_mm=0.25 * nodes @ even
    )
    assert shifts_mm(lattice, np.array([[9.0, 8.0, 7.0]]))[0] == pytest.approx(
        0.25 * even @ [9.0, 8.0, 7.0], abs=1e-12
    )
    assert lattice.gradient_ratio < 1.0


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_the_displacement_stays_inside_its_range(seed: int) -> None:
    lattice = drawn(seed)
    rng = np.random.default_rng(seed)
    box = np.sort(rng.uniform(-20.0, 40.0, (2, 3)), axis=0)
    sources = rng.uniform(box[0], box[1], (300, 3))
    moved = moved_points(Motion((lattice,)), sources) - sources
    least, most = displacement_range_mm(lattice, box)
    assert (moved >= least - 1e-9).all()
    assert (moved <= most + 1e-9).all()


def test_nothing_moves_where_no_node_reaches() -> None:
    lattice = drawn(3)
    far = np.array([[-12.0, 5, 5], [30.0, 5, 5], [5, 36.0, 5], [5, 5, -12.0], [900, 900, 900]])
    assert np.array_equal(shifts_mm(lattice, far), np.zeros((5, 3)))
    least, most = displacement_range_mm(lattice, np.array([[100.0] * 3, [120.0] * 3]))
    assert np.array_equal([least, most], np.zeros((2, 3)))
    endless = displacement_range_mm(lattice, np.array([[-np.inf] * 3, [np.inf] * 3]))
    assert endless[1] == pytest.approx(
        np.maximum(-lattice.coefficients_mm.reshape(-1, 3), 0).max(0)
    )


@pytest.mark.hazard(21)
def test_a_displacement_that_folds_is_refused() -> None:
    coefficients = np.zeros((5, 5, 5, 3))
    coefficients[2, 2, 2, 0] = 60.0
    with pytest.raises(MotionRefusedError, match="fold"):
        Lattice(origin_mm=np.zeros(3), pitch_mm=10.0, coefficients_mm=coefficients)
    with pytest.raises(ShapeRefusedError):
        Lattice(origin_mm=np.zeros(3), pitch_mm=0.0, coefficients_mm=np.zeros((2, 2, 2, 3)))
    with pytest.raises(ShapeRefusedError):
        Lattice(origin_mm=np.zeros(3), pitch_mm=1.0, coefficients_mm=np.zeros((0, 2, 2, 3)))


@settings(max_examples=8, deadline=None)
@given(seed=seeds)
def test_a_lattice_meets_a_cubic_exactly_away_from_its_rim(seed: int) -> None:
    rng = np.random.default_rng(seed)
    powers = np.array([(a, b, c) for a in range(4) for b in range(4) for c in range(4)])
    factors = rng.normal(size=(len(powers), 3))
    factors /= 1e5 * 40.0 ** powers.sum(axis=1, keepdims=True)

    def cubic(points: np.ndarray) -> np.ndarray:
        return np.prod(points[:, None, :] ** powers, axis=2) @ factors

    lattice = fit_lattice(cubic, low_mm=[-40] * 3, high_mm=[40] * 3, pitch_mm=5.0)
    points = rng.uniform(-25.0, 25.0, (50, 3))
    assert np.abs(shifts_mm(lattice, points) - cubic(points)).max() <= 1e-12
