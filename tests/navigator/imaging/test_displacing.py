"""Points go through a field and come back; what swells or folds is measured."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging import displacing
from navigator.imaging.displacing import displace_points, measure_jacobian, undisplace_points
from navigator.model.displacement import DisplacementField
from navigator.model.volume import Grid

STEP_MM = 3.0
SHAPE = (12, 14, 16)


def grid() -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = STEP_MM * np.eye(3)[::-1]
    affine[:3, 3] = [-20.0, -15.0, 100.0]
    return Grid(shape_kji=SHAPE, lps_from_index=affine, frame=Frame(FrameKind.LPS, "planning"))


def field_of(linear: np.ndarray) -> DisplacementField:
    points = grid().points_from_indices(np.indices(SHAPE).reshape(3, -1).T)
    vectors = (points - points.mean(axis=0)) @ linear.T + [1.0, -2.0, 3.0]
    return DisplacementField(vectors.reshape(*SHAPE, 3), grid())


def inner_points(count: int = 50) -> np.ndarray:
    rng = np.random.default_rng(2)
    return grid().points_from_indices(rng.uniform(3.0, np.array(SHAPE) - 4.0, (count, 3)))


def test_an_affine_field_carries_points_as_its_matrix_does() -> None:
    linear = np.array([[0.05, 0.1, 0.0], [0.0, -0.1, 0.02], [0.03, 0.0, 0.1]])
    points = inner_points()
    middle = grid().points_from_indices((np.array(SHAPE) - 1) / 2.0)
    wanted = points + (points - middle) @ linear.T + [1.0, -2.0, 3.0]
    assert np.abs(displace_points(field_of(linear), points) - wanted).max() < 1e-4


@pytest.mark.parametrize("seed", range(5))
def test_there_and_back_is_the_same_point(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = DisplacementField(rng.uniform(-0.6, 0.6, (*SHAPE, 3)), grid())
    points = inner_points()
    assert np.abs(undisplace_points(field, displace_points(field, points)) - points).max() < 0.02


def test_a_slide_of_several_steps_comes_back() -> None:
    """A jump of 9 mm along z over one step of 3 mm across: the plain iteration would swing."""
    vectors = np.zeros((*SHAPE, 3))
    vectors[:, :, :8, 2] = 9.0
    vectors[:, :, :, 0] += 0.3 * np.sin(np.arange(SHAPE[0]) / 2.0)[:, None, None]
    field = DisplacementField(vectors, grid())
    points = inner_points()
    assert np.abs(undisplace_points(field, displace_points(field, points)) - points).max() < 0.1


def test_a_point_that_does_not_come_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displacing, "MOST_ROUNDS", 0)
    field = field_of(0.2 * np.eye(3))
    with pytest.raises(GeometryRefusedError) as caught:
        undisplace_points(field, inner_points())
    assert caught.value.refusal.code == "field-not-invertible"


def test_the_jacobian_is_the_determinant() -> None:
    linear = np.array([[0.2, 0.1, 0.0], [0.0, -0.3, 0.05], [0.1, 0.0, 0.1]])
    zyx = np.array(field_of(linear).vectors_mm)[..., ::-1]
    wanted = np.linalg.det(np.eye(3) + linear)
    assert np.abs(measure_jacobian(zyx, STEP_MM) - wanted).max() < 1e-4


def test_a_field_of_no_numbers_is_refused() -> None:
    vectors = np.zeros((*SHAPE, 3))
    vectors[0, 0, 0, 0] = np.nan
    with pytest.raises(GeometryRefusedError):
        DisplacementField(vectors, grid())
    with pytest.raises(ValueError, match="DisplacementField"):
        DisplacementField(np.zeros((*SHAPE, 2)), grid())
