"""Every naming of spots that keeps the distances is found, and the second best is known."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.detection.correspondence import (
    DISTANCE_TOLERANCE_MM,
    find_assignments,
    next_best_ratio,
)
from tests.navigator.detection.painted import SPEC, marker_points

if TYPE_CHECKING:
    from navigator.arrays import Floats

MARKERS = marker_points(SPEC)


def moved(points: Floats, seed: int, noise_mm: float = 0.0) -> Floats:
    rng = np.random.default_rng(seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    return points @ turn.T + rng.uniform(-100, 100, 3) + rng.normal(0, noise_mm, points.shape)


def by_brute_force(markers: Floats, spots: Floats) -> set[frozenset[tuple[int, int]]]:
    """Try every subset of markers with every arrangement of spots; keep the largest consistent."""
    for size in range(min(len(markers), len(spots)), 2, -1):
        found = set()
        for named in combinations(range(len(markers)), size):
            for seen in permutations(range(len(spots)), size):
                between = [
                    abs(
                        np.linalg.norm(markers[named[a]] - markers[named[b]])
                        - np.linalg.norm(spots[seen[a]] - spots[seen[b]])
                    )
                    for a, b in combinations(range(size), 2)
                ]
                if max(between) <= DISTANCE_TOLERANCE_MM:
                    found.add(frozenset(zip(named, seen, strict=True)))
        if found:
            return found
    return set()


@pytest.mark.hazard(32)
@pytest.mark.parametrize("seed", range(12))
def test_the_search_finds_what_brute_force_finds(seed: int) -> None:
    """Small sets on a coarse lattice, where many distances agree by chance."""
    rng = np.random.default_rng(seed)
    markers = rng.integers(0, 3, size=(4, 3)) * 10.0
    spots = np.vstack([moved(markers[:3], seed, 0.2), rng.integers(0, 3, size=(2, 3)) * 10.0])
    found = find_assignments(markers, spots)
    assert len(set(found)) == len(found)
    assert {frozenset(pairs) for pairs in found} == by_brute_force(markers, spots)


@pytest.mark.hazard(32)
@given(st.permutations(range(6)), st.integers(0, 2**32 - 1))
def test_the_order_of_the_spots_does_not_matter(order: list[int], seed: int) -> None:
    spots = moved(MARKERS, seed % 1000, 0.1)[order]
    (pairs,) = find_assignments(MARKERS, spots)
    assert {marker: order[spot] for marker, spot in pairs} == {index: index for index in range(6)}


@pytest.mark.hazard(32)
@given(st.sets(st.integers(0, 5), max_size=2), st.integers(0, 10), st.integers(0, 999))
def test_lost_markers_and_false_spots_do_not_change_the_names(
    lost: set[int], false_spots: int, seed: int
) -> None:
    seen = [index for index in range(6) if index not in lost]
    rng = np.random.default_rng(seed)
    true = moved(MARKERS, seed, 0.1)
    spots = np.vstack([true.mean(axis=0) + rng.uniform(-90, 90, (false_spots, 3)), true[seen]])
    named = [{m: s - false_spots for m, s in pairs} for pairs in find_assignments(MARKERS, spots)]
    assert {marker: index for index, marker in enumerate(seen)} in named


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_spots_have_no_names(count: int) -> None:
    assert find_assignments(MARKERS, MARKERS[:count]) == []


def test_spots_that_are_farther_apart_than_the_tolerance_have_no_names() -> None:
    assert find_assignments(MARKERS, MARKERS * 1.2) == []


@pytest.mark.hazard(31, 32)
def test_a_square_of_markers_has_eight_names_and_the_default_pattern_one() -> None:
    square = np.array([[40, 40, 0], [-40, 40, 0], [-40, -40, 0], [40, -40, 0]], dtype=float)
    assert len(find_assignments(square, moved(square, 3))) == 8
    assert len(find_assignments(MARKERS, moved(MARKERS, 3))) == 1


@pytest.mark.hazard(32)
def test_a_pattern_with_a_symmetry_has_a_second_naming_as_good() -> None:
    rectangle = np.array([[41, 40, 0], [-41, 40, 0], [-41, -40, 0], [41, -40, 0]], dtype=float)
    # half a turn lays it on itself exactly: the best is not unique
    assert next_best_ratio(rectangle, rectangle, floor_mm=0.1) == pytest.approx(1.0)


@pytest.mark.hazard(32)
@pytest.mark.parametrize("noise_mm", [0.0, 0.1, 0.3])
def test_the_second_best_naming_of_the_default_pattern_is_far_off(noise_mm: float) -> None:
    spots = moved(MARKERS, 5, noise_mm)
    best = min(
        (fre_by_scipy(MARKERS[list(order)], spots), order) for order in permutations(range(6))
    )
    second = sorted(fre_by_scipy(MARKERS[list(order)], spots) for order in permutations(range(6)))[
        1
    ]
    assert best[1] == (0, 1, 2, 3, 4, 5)
    expected = max(second, 0.1) / max(best[0], 0.1)
    assert next_best_ratio(MARKERS, spots, floor_mm=0.1) == pytest.approx(expected, rel=1e-6)
    assert expected > 3.0


def fre_by_scipy(markers: Floats, spots: Floats) -> float:
    """Fit by scipy, which shares no code with ours, and measure the residual."""
    _, rssd = Rotation.align_vectors(spots - spots.mean(axis=0), markers - markers.mean(axis=0))
    return float(rssd / np.sqrt(len(markers)))
