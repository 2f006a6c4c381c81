"""A skin entry lies on the body's border, and where there is none that is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navigator.model.volume import Mask
from navigator.planning.entries import find_skin_entries
from tests.navigator.planning.scenes import ball, box, grid, painted, patient_of

OF = grid(spacing_mm=2.0, count=80)
HALF_VOXEL_DIAGONAL_MM = np.sqrt(3.0)
RADII_MM = np.array([60.0, 45.0, 55.0])
ELLIPSOID = painted(OF, lambda at: ((at / RADII_MM) ** 2).sum(axis=-1) <= 1.0)
BALL = ball(OF, (0, 0, 0), 50.0)
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.2)
inner_points = st.tuples(*[st.floats(-20, 20)] * 3).map(np.array)


def exit_mm(point: np.ndarray, outward: np.ndarray, radii: np.ndarray) -> float:
    """Solve the quadratic of a ray leaving an ellipsoid about the origin."""
    p, d = point / radii, outward / radii
    a, b, c = d @ d, p @ d, p @ p - 1.0
    return float((-b + np.sqrt(b * b - a * c)) / a)


@settings(max_examples=100, deadline=None)
@given(point=inner_points, direction=directions)
@pytest.mark.parametrize(
    ("body", "radii"), [(ELLIPSOID, RADII_MM), (BALL, np.full(3, 50.0))], ids=["ellipsoid", "ball"]
)
def test_the_depth_is_that_of_the_analytic_body(
    body: Mask, radii: np.ndarray, point: np.ndarray, direction: tuple[float, ...]
) -> None:
    inward = np.array(direction) / np.linalg.norm(direction)
    found = find_skin_entries(patient_of(body), point[None], inward[None])
    expected = exit_mm(point, -inward, radii)
    # a voxelated border is off by half a diagonal along its normal, more along a slanted ray
    at = (point - expected * inward) / radii**2
    slant = abs(at @ inward) / np.linalg.norm(at)
    assert found.usable[0]
    assert found.depths_mm[0] == pytest.approx(expected, abs=HALF_VOXEL_DIAGONAL_MM / slant)


def test_depths_are_right_on_average() -> None:
    rng = np.random.default_rng(5)
    inward = rng.normal(size=(400, 3))
    inward /= np.linalg.norm(inward, axis=1)[:, None]
    found = find_skin_entries(patient_of(BALL), np.zeros((400, 3)), inward)
    assert found.depths_mm.mean() == pytest.approx(50.0, abs=0.25)
    assert found.depths_mm.std() < 0.7


def test_a_flat_skin_half_way_between_voxels_is_met_exactly() -> None:
    body = box(OF, (-70, -31, -70), (70, 70, 70))
    inward = np.array([[0.0, 1, 0], [0.6, 0.8, 0], [0.0, 0.8, -0.6]])
    found = find_skin_entries(patient_of(body), np.zeros((3, 3)), inward)
    assert found.depths_mm == pytest.approx([32.0, 40.0, 40.0], abs=1e-9)


@pytest.mark.hazard(28)
def test_a_skin_that_was_not_imaged_is_no_entry() -> None:
    body = Mask(np.ones(OF.shape_kji, bool), OF)
    inward = np.concatenate([np.eye(3), -np.eye(3)])
    found = find_skin_entries(patient_of(body), np.zeros((6, 3)), inward)
    assert found.leaves_scan.all()
    assert not found.usable.any()
    assert np.isnan(found.depths_mm).all()


def test_a_ray_through_an_arm_is_not_clean() -> None:
    arm = ball(OF, (0, -65, 0), 8.0)
    body = Mask(box(OF, (-40, -40, -40), (40, 40, 40)).members | arm.members, OF)
    found = find_skin_entries(
        patient_of(body), np.zeros((2, 3)), np.array([[0.0, 1, 0], [1.0, 0, 0]])
    )
    assert found.re_enters.tolist() == [True, False]
    assert found.usable.tolist() == [False, True]


def test_a_point_outside_the_body_has_no_entry() -> None:
    found = find_skin_entries(patient_of(BALL), np.array([[0.0, -60, 0]]), np.array([[0.0, 1, 0]]))
    assert not found.usable[0]


def test_a_hole_in_the_body_is_skin_only_where_nothing_follows() -> None:
    members = np.array(BALL.members & ~ball(OF, (0, -20, 0), 6.0).members)
    found = find_skin_entries(
        patient_of(Mask(members, OF)), np.zeros((1, 3)), np.array([[0.0, 1, 0]])
    )
    assert not found.usable[0], "an unfilled hole must not pass for the skin"
