"""A rigid motion keeps lengths and hands, knows both its frames, and is never not a number."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.errors import FrameMismatchError, NavigatorError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import (
    RigidTransform,
    angle_between_rotations_rad,
    check_rigid,
    identity_transform,
    matrix_from_rotation_and_shift,
    renormalised,
    rotation_from_axis_angle,
)
from tests.strategies import (
    SPECIAL_ANGLES_RAD,
    angles_rad,
    directions,
    point_sets_mm,
    points_mm,
    rigid_transforms,
    rotations,
)

if TYPE_CHECKING:
    from navigator.arrays import Floats

ROUNDING = 1e-12
"""Of float64 over the few products of a rotation."""
ROUNDING_MM = 1e-9
"""The same over coordinates of half a metre."""

PLANNING = Frame(FrameKind.LPS, "planning")
INTRAOP = Frame(FrameKind.LPS, "intraop")
PLATE = Frame(FrameKind.TEMPLATE, "T-0001")


def motion(matrix: Floats) -> RigidTransform:
    return RigidTransform(matrix=matrix, target=INTRAOP, source=PLANNING)


# rotations against scipy, which uses quaternions


@pytest.mark.hazard(22)
@given(directions(), angles_rad())
def test_a_turn_about_an_axis_is_scipys(axis: Floats, angle_rad: float) -> None:
    expected = Rotation.from_rotvec(angle_rad * axis).as_matrix()
    assert np.abs(rotation_from_axis_angle(axis, angle_rad) - expected).max() <= ROUNDING


@given(directions(), st.floats(1e-3, 1e3), angles_rad())
def test_the_length_of_the_axis_does_not_matter(
    axis: Floats, length: float, angle_rad: float
) -> None:
    difference = rotation_from_axis_angle(length * axis, angle_rad) - rotation_from_axis_angle(
        axis, angle_rad
    )
    assert np.abs(difference).max() <= ROUNDING


@pytest.mark.hazard(23)
@given(directions(), angles_rad())
def test_a_whole_turn_more_changes_nothing(axis: Floats, angle_rad: float) -> None:
    once = rotation_from_axis_angle(axis, angle_rad)
    for alias in (angle_rad + 2 * np.pi, angle_rad - 2 * np.pi):
        assert np.abs(rotation_from_axis_angle(axis, alias) - once).max() <= ROUNDING


@pytest.mark.parametrize(
    ("axis", "carried", "expected"),
    [
        ([1, 0, 0], [0, 1, 0], [0, 0, 1]),
        ([0, 1, 0], [0, 0, 1], [1, 0, 0]),
        ([0, 0, 1], [1, 0, 0], [0, 1, 0]),
    ],
)
def test_a_quarter_turn_by_the_right_hand(
    axis: list[float], carried: list[float], expected: list[float]
) -> None:
    turned = rotation_from_axis_angle(axis, np.pi / 2) @ carried
    assert np.abs(turned - expected).max() <= ROUNDING


def test_an_axis_without_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="rotation axis"):
        rotation_from_axis_angle([0, 0, 0], 1.0)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("angle_rad", [np.nan, np.inf])
def test_an_angle_that_is_no_number_makes_no_motion(angle_rad: float) -> None:
    with np.errstate(invalid="ignore"):
        turn = rotation_from_axis_angle([0, 0, 1], angle_rad)
    with pytest.raises(ValueError, match="finite"):
        motion(matrix_from_rotation_and_shift(turn, [0, 0, 0]))


# the angle between two rotations


@given(rotations(), directions(), angles_rad())
def test_the_angle_between_two_rotations_is_scipys(
    first: Floats, axis: Floats, angle_rad: float
) -> None:
    second = Rotation.from_rotvec(angle_rad * axis).as_matrix() @ first
    expected = Rotation.from_matrix(first.T @ second).magnitude()
    assert angle_between_rotations_rad(first, second) == pytest.approx(expected, abs=1e-7)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("angle_rad", SPECIAL_ANGLES_RAD)
def test_the_angle_of_special_turns(angle_rad: float) -> None:
    turn = rotation_from_axis_angle([1, 2, -2], angle_rad)
    wrapped = abs((angle_rad + np.pi) % (2 * np.pi) - np.pi)
    assert angle_between_rotations_rad(np.eye(3), turn) == pytest.approx(wrapped, abs=1e-12)


def test_a_small_angle_is_not_lost_to_rounding() -> None:
    turn = rotation_from_axis_angle([0, 1, 0], 1e-9)
    assert angle_between_rotations_rad(np.eye(3), turn) == pytest.approx(1e-9, rel=1e-6)


# what a motion is


@pytest.mark.hazard(22)
@given(rigid_transforms())
def test_every_motion_is_finite_and_right_handed(moved: RigidTransform) -> None:
    assert np.isfinite(moved.matrix).all()
    assert np.linalg.det(moved.rotation) == pytest.approx(1.0, abs=ROUNDING)
    assert np.array_equal(moved.matrix[3], [0, 0, 0, 1])


@given(rigid_transforms(), point_sets_mm(6))
def test_distances_are_kept(moved: RigidTransform, points: Floats) -> None:
    carried = moved.map_points(points)
    before = np.linalg.norm(points[:, None] - points[None], axis=-1)
    after = np.linalg.norm(carried[:, None] - carried[None], axis=-1)
    assert np.abs(before - after).max() <= ROUNDING_MM


@given(rigid_transforms(), points_mm(), points_mm())
def test_vectors_turn_and_do_not_shift(moved: RigidTransform, a: Floats, b: Floats) -> None:
    expected = moved.map_points(b) - moved.map_points(a)
    assert np.abs(moved.map_vectors(b - a) - expected).max() <= ROUNDING_MM


@given(rigid_transforms(), point_sets_mm(5))
def test_many_points_map_as_each_alone(moved: RigidTransform, points: Floats) -> None:
    alone = np.stack([(moved.matrix @ [*point, 1.0])[:3] for point in points])
    assert np.abs(moved.map_points(points) - alone).max() <= ROUNDING_MM


def test_the_shift_is_where_the_source_origin_lands() -> None:
    moved = motion(matrix_from_rotation_and_shift(np.diag([-1.0, -1.0, 1.0]), [10, 20, 30]))
    assert moved.map_points([0, 0, 0]).tolist() == [10, 20, 30]
    assert moved.shift_mm.tolist() == [10, 20, 30]
    assert moved.map_points([1, 2, 3]).tolist() == [9, 18, 33]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.diag([1.0, 1.0, -1.0, 1.0]), "mirror"),
        (np.diag([1.0, 1.0, 1.001, 1.0]), "orthonormal"),
        (np.eye(4) + 0.01 * np.eye(4, k=1), "orthonormal"),
        (np.diag([1.0, 1.0, 1.0, 2.0]), "last row"),
        (np.eye(4)[[3, 1, 2, 0]], "last row"),
        (np.zeros((4, 4)), "last row"),
        (np.eye(3), "shape"),
    ],
)
@pytest.mark.hazard(1)
def test_what_is_no_rigid_motion_is_refused(matrix: Floats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        motion(matrix)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 2), (0, 3), (3, 1)])
def test_a_motion_with_one_bad_number_is_refused(value: float, place: tuple[int, int]) -> None:
    matrix = np.eye(4)
    matrix[place] = value
    with pytest.raises(ValueError, match="finite"):
        motion(matrix)


def test_a_check_of_a_bare_matrix_fails_on_nan_too() -> None:
    matrix = np.eye(4)
    matrix[0, 0] = np.nan
    with pytest.raises(ValueError, match="orthonormal"):
        check_rigid(matrix)


def test_a_matrix_kept_in_float32_is_still_a_motion() -> None:
    turn = Rotation.from_rotvec([0.3, -1.2, 0.7]).as_matrix().astype(np.float32)
    motion(matrix_from_rotation_and_shift(turn, [0, 0, 0]))


# frames in chains


@pytest.mark.hazard(20)
@given(
    rigid_transforms(target=PLATE, source=INTRAOP),
    rigid_transforms(target=INTRAOP, source=PLANNING),
    points_mm(),
)
def test_a_chain_maps_as_its_links_one_after_the_other(
    template_from_intraop: RigidTransform, intraop_from_planning: RigidTransform, point: Floats
) -> None:
    template_from_planning = template_from_intraop @ intraop_from_planning
    assert (template_from_planning.target, template_from_planning.source) == (PLATE, PLANNING)
    one_by_one = template_from_intraop.map_points(intraop_from_planning.map_points(point))
    assert np.abs(template_from_planning.map_points(point) - one_by_one).max() <= ROUNDING_MM


@pytest.mark.hazard(20)
@given(rigid_transforms(target=INTRAOP, source=PLANNING), rigid_transforms())
def test_a_chain_across_frames_raises(first: RigidTransform, second: RigidTransform) -> None:
    for left, right in ((first, second), (second, first)):
        if left.source == right.target:
            assert (left @ right).target == left.target
            continue
        with pytest.raises(FrameMismatchError, match="composing transforms"):
            left @ right


@pytest.mark.hazard(20)
def test_a_motion_applied_twice_or_the_wrong_way_round_raises() -> None:
    intraop_from_planning = identity_transform(target=INTRAOP, source=PLANNING)
    template_from_intraop = identity_transform(target=PLATE, source=INTRAOP)
    for left, right in (
        (intraop_from_planning, intraop_from_planning),
        (intraop_from_planning, template_from_intraop),
        (template_from_intraop, intraop_from_planning.inverse()),
        (template_from_intraop.inverse(), intraop_from_planning),
    ):
        with pytest.raises(FrameMismatchError) as caught:
            left @ right
        assert str(left.source) in str(caught.value)
        assert str(right.target) in str(caught.value)
        assert isinstance(caught.value, NavigatorError)
        assert isinstance(caught.value, ValueError)


@pytest.mark.hazard(20, 22)
@given(rigid_transforms(target=INTRAOP, source=PLANNING), points_mm())
def test_there_and_back_is_where_one_was(moved: RigidTransform, point: Floats) -> None:
    back = moved.inverse()
    assert (back.target, back.source) == (PLANNING, INTRAOP)
    assert np.abs(back.map_points(moved.map_points(point)) - point).max() <= ROUNDING_MM
    assert np.abs((back @ moved).matrix - np.eye(4)).max() <= ROUNDING_MM
    assert np.abs(back.matrix - np.linalg.inv(moved.matrix)).max() <= ROUNDING_MM


@given(rigid_transforms(target=PLANNING, source=PLANNING))
def test_a_long_chain_stays_rigid(step: RigidTransform) -> None:
    chain = identity_transform(target=PLANNING, source=PLANNING)
    for _ in range(200):
        chain = chain @ step
    drift = chain.rotation.T @ chain.rotation - np.eye(3)
    assert np.abs(drift).max() <= ROUNDING


def test_renormalising_takes_the_drift_away() -> None:
    turn = Rotation.from_rotvec([0.4, 0.5, -0.6]).as_matrix()
    drifted = matrix_from_rotation_and_shift(turn * (1 + 1e-4), [1, 2, 3])
    mended = renormalised(drifted)
    assert np.abs(mended[:3, :3] - turn).max() <= ROUNDING
    assert mended[:3, 3].tolist() == [1, 2, 3]


@given(point_sets_mm(4))
def test_frames_that_lie_on_each_other_move_nothing(points: Floats) -> None:
    same = identity_transform(target=INTRAOP, source=PLANNING)
    assert np.array_equal(same.map_points(points), points)


# what cannot be changed


def test_a_motion_cannot_be_changed() -> None:
    values = np.eye(4)
    moved = motion(values)
    values[0, 3] = 99.0
    assert moved.shift_mm.tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        moved.matrix[0, 3] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        moved.shift_mm[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        moved.target = PLATE  # type: ignore[misc]  # the very thing that must fail
