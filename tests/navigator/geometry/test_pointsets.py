"""The best rigid motion between paired points is proper, exact, and as sure as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.pointsets import expected_tre_mm, fit_rigid_matrix, residuals_mm
from navigator.geometry.rigid import RigidTransform, check_rigid
from tests.strategies import point_sets_mm, rigid_transforms

if TYPE_CHECKING:
    from navigator.arrays import Floats

EXACT_MM = 1e-8

LPS, PLATE = Frame(FrameKind.LPS, "1"), Frame(FrameKind.TEMPLATE, "T")

FIDUCIALS = {
    "six on a plate": [
        [-52, -52, 3.5], [52, -40, 11.5], [50, 52, 3.5], [-30, 52, 11.5], [0, -52, 3.5],
        [-52, 10, 11.5],
    ],
    "four in a square": [[40, 40, 0], [-40, 40, 0], [-40, -40, 0], [40, -40, 0]],
    "four in a narrow box": [[60, 5, 0], [-60, 4, 2], [-55, -5, -2], [58, -6, 8]],
}  # fmt: skip


@given(rigid_transforms(target=LPS, source=PLATE), point_sets_mm(5))
def test_a_motion_is_found_again_exactly(moved: RigidTransform, source: Floats) -> None:
    found = fit_rigid_matrix(moved.map_points(source), source)
    assert np.abs(found - moved.matrix).max() <= EXACT_MM
    assert residuals_mm(found, moved.map_points(source), source).max() <= EXACT_MM


@given(rigid_transforms(target=LPS, source=PLATE), st.integers(0, 2**32 - 1))
def test_three_points_are_enough(moved: RigidTransform, seed: int) -> None:
    source = np.array([[0, 0, 0], [50, 0, 0], [10, 40, 0]]) + np.random.default_rng(seed).uniform(
        -5, 5, size=(3, 3)
    )
    found = fit_rigid_matrix(moved.map_points(source), source)
    assert np.abs(found - moved.matrix).max() <= EXACT_MM


@settings(max_examples=50)
@given(rigid_transforms(target=LPS, source=PLATE), st.integers(0, 2**32 - 1), st.floats(0.01, 3.0))
def test_with_noise_it_is_the_rotation_of_least_squares(
    moved: RigidTransform, seed: int, noise_mm: float
) -> None:
    """Against scipy's solution of the same problem, which shares no code."""
    rng = np.random.default_rng(seed)
    source = np.array(FIDUCIALS["six on a plate"])
    target = moved.map_points(source) + rng.normal(0, noise_mm, size=source.shape)
    found = fit_rigid_matrix(target, source)
    expected, rssd = Rotation.align_vectors(target - target.mean(0), source - source.mean(0))
    assert np.abs(found[:3, :3] - expected.as_matrix()).max() <= 1e-6
    squares = float((residuals_mm(found, target, source) ** 2).sum())
    assert squares == pytest.approx(rssd**2, rel=1e-6)


@settings(max_examples=50)
@given(rigid_transforms(target=LPS, source=PLATE), st.integers(0, 2**32 - 1))
def test_with_weights_it_is_the_rotation_of_weighted_least_squares(
    moved: RigidTransform, seed: int
) -> None:
    """Against scipy's solution of the same problem, which shares no code."""
    rng = np.random.default_rng(seed)
    source = np.array(FIDUCIALS["six on a plate"])
    target = moved.map_points(source) + rng.normal(0, 1.0, size=source.shape)
    weights = rng.uniform(0.05, 20.0, size=len(source))
    found = fit_rigid_matrix(target, source, weights)
    middles = [np.average(points, axis=0, weights=weights) for points in (target, source)]
    expected, _ = Rotation.align_vectors(target - middles[0], source - middles[1], weights)
    assert np.abs(found[:3, :3] - expected.as_matrix()).max() <= 1e-6
    # the weighted middle is carried onto the weighted middle
    assert residuals_mm(found, middles[0], middles[1]) <= EXACT_MM


def test_a_weight_of_two_is_the_point_taken_twice() -> None:
    source = np.array(FIDUCIALS["six on a plate"])
    target = source + np.random.default_rng(4).normal(0, 1.0, size=source.shape)
    twice = fit_rigid_matrix(np.vstack([target, target[:1]]), np.vstack([source, source[:1]]))
    weighted = fit_rigid_matrix(target, source, [2, 1, 1, 1, 1, 1])
    assert np.abs(twice - weighted).max() <= EXACT_MM
    plain, equal = fit_rigid_matrix(target, source), fit_rigid_matrix(target, source, np.ones(6))
    assert np.array_equal(plain, equal)


@pytest.mark.parametrize("weights", [[1, 1, 0, 1], [1, -1, 1, 1], [1, 1, 1], [1, 1, np.nan, 1]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    square = FIDUCIALS["four in a square"]
    with pytest.raises(ValueError, match="weights: expected"):
        fit_rigid_matrix(square, square, weights)


@pytest.mark.hazard(1)
@settings(max_examples=50)
@given(rigid_transforms(target=LPS, source=PLATE), point_sets_mm(6), st.sampled_from([0, 1, 2]))
def test_a_mirror_is_never_returned(moved: RigidTransform, source: Floats, axis: int) -> None:
    mirrored = source.copy()
    mirrored[:, axis] *= -1.0
    target = moved.map_points(mirrored)
    found = fit_rigid_matrix(target, source)
    check_rigid(found)
    assert np.linalg.det(found[:3, :3]) == pytest.approx(1.0)
    # a pattern that is not its own mirror image cannot be laid on it
    assert residuals_mm(found, target, source).max() > 1.0


@pytest.mark.hazard(1)
def test_a_flat_pattern_is_turned_over_and_not_mirrored() -> None:
    source = np.array([[30, 0, 0], [0, 20, 0], [-10, 0, 0], [0, -7, 0.0]])
    found = fit_rigid_matrix(source * [1, -1, 1], source)
    assert np.abs(found[:3, :3] - np.diag([1.0, -1.0, -1.0])).max() <= EXACT_MM


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_pairs_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="3 or more pairs"):
        fit_rigid_matrix(np.eye(3)[:count], np.eye(3)[:count])


def test_points_without_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="got 3, 4"):
        fit_rigid_matrix(np.eye(3), np.eye(4)[:, :3])


@pytest.mark.parametrize("bend_mm", [0.0, 1e-9, 0.01])
def test_points_on_a_line_are_refused(bend_mm: float) -> None:
    source = np.array([[0, 0, 0], [20, bend_mm, 0], [40, 0, 0], [60, 0, 0.0]])
    with pytest.raises(ValueError, match="points on a line"):
        fit_rigid_matrix(source, source)


def test_points_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="points on a line"):
        fit_rigid_matrix(np.ones((4, 3)), np.ones((4, 3)))


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_points_that_are_no_numbers_are_refused(value: float) -> None:
    bad = np.array(FIDUCIALS["four in a square"], dtype=float)
    bad[2, 1] = value
    good = np.array(FIDUCIALS["four in a square"], dtype=float)
    with pytest.raises(ValueError, match="source_mm"):
        fit_rigid_matrix(good, bad)
    with pytest.raises(ValueError, match="target_mm"):
        fit_rigid_matrix(bad, good)


# what the fit is worth


@pytest.mark.parametrize("name", FIDUCIALS)
@pytest.mark.parametrize("point_mm", [[0, 0, 115], [20, -30, 80], [0, 0, 0], [100, 0, 40]])
def test_the_expected_error_is_what_many_fits_have(name: str, point_mm: list[float]) -> None:
    """Against simulation: 1,500 fits with isotropic noise; the formula is of first order."""
    source = np.array(FIDUCIALS[name], dtype=float)
    fle_rms_mm = 0.3
    rng = np.random.default_rng(12)
    squares = []
    for _ in range(1500):
        noisy = source + rng.normal(0, fle_rms_mm / np.sqrt(3), size=source.shape)
        found = fit_rigid_matrix(noisy, source)
        squares.append(
            float(residuals_mm(found, np.array([point_mm]), np.array([point_mm]))[0] ** 2)
        )
    simulated = float(np.sqrt(np.mean(squares)))
    assert expected_tre_mm(source, point_mm, fle_rms_mm) == pytest.approx(simulated, rel=0.10)


@given(st.floats(0.01, 2.0), rigid_transforms(target=LPS, source=PLATE))
def test_the_expected_error_does_not_depend_on_the_frame(
    fle_mm: float, moved: RigidTransform
) -> None:
    source = np.array(FIDUCIALS["six on a plate"], dtype=float)
    target = np.array([10.0, 20.0, 110.0])
    here = expected_tre_mm(source, target, fle_mm)
    there = expected_tre_mm(moved.map_points(source), moved.map_points(target), fle_mm)
    assert here == pytest.approx(there, rel=1e-6)
    assert here == pytest.approx(fle_mm * expected_tre_mm(source, target, 1.0), rel=1e-9)


def test_the_expected_error_of_a_square_by_hand() -> None:
    """Corners at 10 mm on both axes of the plane: every principal axis sees f² = 50, 50, 100."""
    square = [[10, 0, 0], [-10, 0, 0], [0, 10, 0], [0, -10, 0]]
    # 30 mm above: d² = 900, 900, 0: TRE² = FLE²/4 (1 + (900/50 + 900/50 + 0)/3)
    expected = 0.2 * np.sqrt(0.25 * (1 + (18 + 18) / 3))
    assert expected_tre_mm(square, [0, 0, 30], 0.2) == pytest.approx(expected, rel=1e-9)
