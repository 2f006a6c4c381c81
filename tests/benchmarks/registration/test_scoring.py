"""Errors, folds, ratios and the table are what a person gets by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.registration.problem import GROUPS, LATTICE_MM
from benchmarks.registration.scoring import fold_share, ratios, score_points
from benchmarks.registration.table import Row, markdown_of

TRUE = {"liver": np.zeros((2, 3)), "tumour": np.ones((1, 3)), "bone": np.full((1, 3), 5.0)}


def test_a_triangle_of_three_and_four_is_off_by_five() -> None:
    mapped = np.array([[0.0, 3.0, 4.0], [0.0, 0.0, 0.0], [1.0, 1.0, 3.0], [5.0, 5.0, 5.0]])
    assert score_points(mapped, TRUE) == {
        "liver_mean_mm": 2.5,
        "liver_p95_mm": pytest.approx(4.75),
        "liver_max_mm": 5.0,
        "tumour_mean_mm": 2.0,
        "tumour_p95_mm": 2.0,
        "tumour_max_mm": 2.0,
        "bone_mean_mm": 0.0,
        "bone_p95_mm": 0.0,
        "bone_max_mm": 0.0,
    }


@pytest.mark.parametrize("mapped", [np.zeros((3, 3)), np.full((4, 3), np.nan), np.zeros((4, 2))])
def test_half_an_answer_is_none(mapped: np.ndarray) -> None:
    with pytest.raises(ValueError, match="4 points"):
        score_points(mapped, TRUE)


def lattice(shape: tuple[int, int, int]) -> np.ndarray:
    """Lay a lattice of points (z, y, x order) of x, y, z."""
    z, y, x = np.meshgrid(*[LATTICE_MM * np.arange(n) for n in shape], indexing="ij")
    return np.stack([x, y, z], axis=-1)


def test_a_lattice_at_rest_or_turned_has_no_fold() -> None:
    points = lattice((4, 5, 6))
    body = np.ones((4, 5, 6), dtype=bool)
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert fold_share(points, body) == 0.0
    assert fold_share(points @ quarter.T + 7.0, body) == 0.0


def test_a_mirror_folds_everything() -> None:
    points = lattice((3, 3, 3)) * [-1.0, 1.0, 1.0]
    assert fold_share(points, np.ones((3, 3, 3), dtype=bool)) == 1.0


def test_one_plane_that_passes_the_next_folds_one_cell_of_five() -> None:
    points = lattice((2, 2, 6))
    points[:, :, 3, 0] = points[:, :, 4, 0] + 1.0
    assert fold_share(points, np.ones((2, 2, 6), dtype=bool)) == pytest.approx(1 / 5)


def test_folds_outside_the_body_do_not_count() -> None:
    points = lattice((2, 2, 6))
    points[:, :, 3, 0] = points[:, :, 4, 0] + 1.0
    body = np.ones((2, 2, 6), dtype=bool)
    body[:, :, 4:] = False
    assert fold_share(points, body) == 0.0


def test_a_place_that_is_no_number_is_a_fold() -> None:
    points = lattice((2, 2, 2))
    points[0, 0, 0] = np.nan
    assert fold_share(points, np.ones((2, 2, 2), dtype=bool)) == 1.0


def row(method: str, mean: float, cpu: float, **more: object) -> Row:
    scores = {f"{group}_{what}_mm": mean for group in GROUPS for what in ("mean", "p95", "max")}
    scores |= {"cpu_s": cpu, "warm_cpu_s": cpu, "fold_share": 0.015}
    return Row(method=method, kind="smooth", seed=100, outcome="scored", scores=scores, **more)  # type: ignore[arg-type]


def test_ratios_are_ours_over_theirs_and_never_divide_by_nothing() -> None:
    assert ratios({"a": 1.0, "b": 3.0, "c": 1.0}, {"a": 2.0, "b": 0.0}) == {"a": 0.5}


def test_the_table_names_what_was_lost_and_what_is_absent() -> None:
    rows = [
        row("navigator", 1.0, 8.0),
        row("greedy", 2.0, 4.0),
        Row(method="ants", kind="smooth", seed=100, outcome="absent"),
    ]
    text = markdown_of(rows)
    assert "| greedy | liver_mean_mm | 0.50 | 0.50 | 1 of 1 |  |" in text
    assert "| greedy | warm_cpu_s | 2.00 | 2.00 | 0 of 1 | smooth-100 (2.00) |" in text
    ants = next(line for line in text.splitlines() if line.startswith("| ANTs"))
    assert ants.endswith("| absent |")
    assert "| 1.500 |" in text, "folds are shown in per cent"
