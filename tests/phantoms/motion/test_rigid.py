"""Rigid motions keep distances, their inverses undo them, and their size is the one asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from phantoms.motion import (
    inverse_rigid,
    moved_points,
    random_direction,
    rigid_about,
    rigid_motion,
    rotation_about,
)

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, angle_rad=st.floats(-7.0, 7.0))
def test_rotations_agree_with_scipy(seed: int, angle_rad: float) -> None:
    axis = random_direction(np.random.default_rng(seed))
    expected = Rotation.from_rotvec(angle_rad * axis).as_matrix()
    assert np.abs(rotation_about(3.0 * axis, angle_rad) - expected).max() <= 1e-12


@given(seed=seeds)
def test_a_motion_and_its_inverse_lead_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    motion = rigid_motion(rng, shift_mm=(5, 20), turn_deg=(1, 3), about_mm=rng.normal(0, 300, 3))
    points = rng.normal(0.0, 300.0, (20, 3))
    there = moved_points(motion, points)
    assert np.abs(moved_points(inverse_rigid(motion), there) - points).max() <= 1e-9


@given(seed=seeds)
def test_shift_and_turn_lie_in_the_ranges_asked_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    about = rng.normal(0, 300, 3)
    motion = rigid_motion(rng, shift_mm=(5, 20), turn_deg=(1, 3), about_mm=about)
    shift = np.linalg.norm(moved_points(motion, about) - about)
    turn = np.degrees(Rotation.from_matrix(motion[:3, :3]).magnitude())
    assert 5.0 - 1e-9 <= shift <= 20.0 + 1e-9
    assert 1.0 - 1e-6 <= turn <= 3.0 + 1e-6
    assert np.linalg.det(motion[:3, :3]) == pytest.approx(1.0, abs=1e-12)


def test_a_turn_leaves_its_centre_in_place() -> None:
    motion = rigid_about(rotation_about([0, 0, 1], 0.5), [10.0, 20.0, 30.0], [0.0, 0.0, 0.0])
    assert moved_points(motion, [10.0, 20.0, 30.0]) == pytest.approx([10.0, 20.0, 30.0])
    assert not motion.flags.writeable
