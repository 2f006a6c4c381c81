"""The default plate cannot be mistaken for a turned or mirrored one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from template_gen.errors import SpecRefusedError
from template_gen.layout import ambiguity_distance_mm, build_default_spec
from template_gen.rules import check_spec
from template_gen.spec import all_bores, marker_points_mm


def best_wrong_fit_mm(points: np.ndarray) -> float:
    """Try every re-assignment, turned and mirrored, one at a time with scipy's solver."""
    count = len(points)
    centred = points - points.mean(axis=0)
    best = np.inf
    for order in permutations(range(count)):
        for mirror in (1.0, -1.0):
            if order == tuple(range(count)) and mirror == 1.0:
                continue
            moved = centred[list(order)] * np.array([mirror, 1.0, 1.0])
            _, rssd = Rotation.align_vectors(centred, moved)
            best = min(best, rssd / np.sqrt(count))
    return float(best)


@pytest.mark.hazard(31, 32)
@pytest.mark.filterwarnings("ignore:Optimal rotation is not uniquely")
def test_no_wrong_assignment_of_the_default_markers_fits_within_4_mm() -> None:
    spec = build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.6)
    points = marker_points_mm(spec)
    assert best_wrong_fit_mm(points) >= 4.0
    np.testing.assert_allclose(ambiguity_distance_mm(points), best_wrong_fit_mm(points), atol=1e-6)


@pytest.mark.hazard(31)
@pytest.mark.parametrize("turn_deg", [90, 180, 270])
@pytest.mark.parametrize("mirror", [(1, 1, 1), (-1, 1, 1), (1, 1, -1)])
def test_turned_and_mirrored_plates_leave_residuals_whatever_the_assignment(
    turn_deg: int, mirror: tuple[int, int, int]
) -> None:
    spec = build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.6)
    points = marker_points_mm(spec)
    turned = Rotation.from_euler("z", turn_deg, degrees=True).apply(points * np.array(mirror))
    nearest = np.linalg.norm(turned[:, None] - points[None], axis=2).min(axis=1)
    assert nearest.max() > 8.0


def test_symmetric_and_flat_patterns_are_ambiguous() -> None:
    square = np.array([[1, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0]]) * 40.0
    flat = np.array([[50, 3, 0], [-20, 44, 0], [-31, -50, 0], [12, -27, 0.0]])
    for pattern in (square, flat):
        assert ambiguity_distance_mm(pattern) == pytest.approx(0.0, abs=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_moving_the_pattern_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-50, 50, (5, 3))
    moved = Rotation.random(random_state=seed).apply(points) + rng.uniform(-99, 99, 3)
    assert ambiguity_distance_mm(moved) == pytest.approx(ambiguity_distance_mm(points), abs=1e-4)


@pytest.mark.parametrize("count", [2, 9])
def test_patterns_that_cannot_be_searched_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="3 to 8"):
        ambiguity_distance_mm(np.zeros((count, 3)))


def test_the_plate_of_the_contract_follows_from_its_grid() -> None:
    spec = build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1)
    assert (spec.plate.width_mm, spec.plate.height_mm) == (120.0, 120.0)
    assert len(all_bores(spec)) == 225
    assert len({marker.z_mm for marker in spec.markers}) == 2
    assert check_spec(spec) == ()


@pytest.mark.parametrize("rows", [1, 2, 7, 30])
@pytest.mark.parametrize("columns", [1, 3, 30])
@pytest.mark.parametrize("bore_mm", [0.8, 2.6, 4.0])
def test_default_plates_of_every_size_keep_the_rules(
    rows: int, columns: int, bore_mm: float
) -> None:
    spec = build_default_spec(rows=rows, columns=columns, pitch_mm=6.0, bore_diameter_mm=bore_mm)
    assert check_spec(spec) == ()
    assert ambiguity_distance_mm(marker_points_mm(spec)) >= 3.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0},
        {"columns": 101},
        {"pitch_mm": float("nan")},
        {"pitch_mm": 40.0},
        {"bore_diameter_mm": -1.0},
        {"bore_diameter_mm": float("inf")},
        {"thickness_mm": 8.0},
        {"serial": "täg"},
        {"marker_diameter_mm": 0.0},
    ],
)
def test_numbers_without_a_plate_are_refused(wrong: dict[str, object]) -> None:
    sound: dict[str, object] = {
        "rows": 15, "columns": 15, "pitch_mm": 5.0, "bore_diameter_mm": 2.1,
    }  # fmt: skip
    with pytest.raises(SpecRefusedError):
        build_default_spec(**{**sound, **wrong})  # type: ignore[arg-type]  # wrong on purpose
