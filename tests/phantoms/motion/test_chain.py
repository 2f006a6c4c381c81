"""A motion and its inverse lead back within a millionth of a millimetre, and never fold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import root

from phantoms.errors import MotionRefusedError
from phantoms.motion import (
    GROUPS,
    BodyMotion,
    Lattice,
    Motion,
    as_body_motion,
    body_chained,
    chained,
    inverse_rigid,
    moved_points,
    pulled_back,
    rigid_motion,
)
from phantoms.motion.chain import check_miss

seeds = st.integers(0, 2**32 - 1)
LEAD_BACK_MM = 1e-6


def drawn_motion(seed: int, unevenness: float = 0.9) -> Motion:
    """Draw rigid steps and lattices, each as uneven as asked for."""
    rng = np.random.default_rng(seed)
    steps: list[np.ndarray | Lattice] = []
    for _ in range(2):
        draw = rng.normal(size=(4, 4, 4, 3))
        origin = rng.uniform(-40.0, -20.0, 3)
        mild = Lattice(origin_mm=origin, pitch_mm=15.0, coefficients_mm=0.1 * draw)
        size = 0.1 * unevenness / mild.gradient_ratio
        steps.append(Lattice(origin_mm=origin, pitch_mm=15.0, coefficients_mm=size * draw))
        steps.append(rigid_motion(rng, shift_mm=(5, 20), turn_deg=(1, 9), about_mm=[3, 4, 5]))
    return Motion(tuple(steps))


@settings(max_examples=15, deadline=None)
@given(seed=seeds, unevenness=st.floats(0.1, 0.999))
def test_there_and_back_and_back_and_there(seed: int, unevenness: float) -> None:
    motion = drawn_motion(seed, unevenness)
    points = np.random.default_rng(seed).uniform(-60.0, 60.0, (200, 3))
    there = moved_points(motion, points)
    assert np.abs(pulled_back(motion, there) - points).max() <= 1e-8
    back = pulled_back(motion, points)
    # a motion with a gradient near one magnifies what is left of a miss on the way there
    assert np.abs(moved_points(motion, back) - points).max() <= LEAD_BACK_MM


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_points_go_where_a_foreign_solver_finds_them(seed: int) -> None:
    motion = drawn_motion(seed, 0.6)
    start = np.random.default_rng(seed).uniform(-30.0, 30.0, 3)
    found = root(lambda guess: pulled_back(motion, guess) - start, start, tol=1e-12)
    assert moved_points(motion, start) == pytest.approx(found.x, abs=1e-7)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_no_volume_turns_inside_out(seed: int) -> None:
    motion = drawn_motion(seed)
    points = np.random.default_rng(seed).uniform(-50.0, 50.0, (100, 1, 3))
    corners = pulled_back(motion, points + 1e-4 * np.vstack([np.zeros(3), np.eye(3)]))
    assert (np.linalg.det(corners[:, 1:] - corners[:, :1]) > 0.0).all()


def test_a_chain_is_its_parts_one_after_the_other() -> None:
    first, second = drawn_motion(1), drawn_motion(2)
    points = np.random.default_rng(3).uniform(-40.0, 40.0, (50, 3))
    expected = moved_points(second, moved_points(first, points))
    assert np.abs(moved_points(chained(first, second), points) - expected).max() <= 1e-9


def test_rigid_neighbours_become_one_step() -> None:
    rigid = rigid_motion(
        np.random.default_rng(1), shift_mm=(5, 20), turn_deg=(1, 3), about_mm=[1, 2, 3]
    )
    both = chained(rigid, inverse_rigid(rigid), drawn_motion(1), rigid)
    assert len(both.steps) == 5
    assert both.steps[0] == pytest.approx(np.eye(4), abs=1e-9)
    assert chained(rigid, rigid).is_rigid


@pytest.mark.parametrize(
    "bad", [np.diag([1.0, 1.0, -1.0, 1.0]), np.diag([2.0, 1.0, 1.0, 1.0]), np.ones((4, 4))]
)
def test_a_matrix_that_is_not_rigid_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(MotionRefusedError, match="not rigid"):
        Motion((bad,))


def test_a_body_moves_by_all_groups_or_not_at_all() -> None:
    with pytest.raises(MotionRefusedError, match="no motion"):
        BodyMotion({"liver": Motion()})
    with pytest.raises(MotionRefusedError, match="No group"):
        BodyMotion({**dict.fromkeys(GROUPS, Motion()), "spleen": Motion()})
    with pytest.raises(MotionRefusedError, match="No group"):
        as_body_motion(np.eye(4)).of("spleen")
    one = drawn_motion(5)
    body = body_chained(np.eye(4), BodyMotion(dict.fromkeys(GROUPS, Motion()) | {"lung": one}))
    start = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(moved_points(body.of("liver"), start), start)
    assert np.array_equal(moved_points(body.of("lung"), start), moved_points(one, start))
    assert body.of("wall") is body.of("liver")


def test_a_point_that_could_not_be_followed_is_said_so() -> None:
    with pytest.raises(Exception, match="could not be followed"):
        check_miss(1e-8)
