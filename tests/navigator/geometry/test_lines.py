"""A needle is a segment: its distance to points and boxes is the least over all of its points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.geometry.lines import (
    distance_to_line_mm,
    distance_to_segment_mm,
    segment_to_boxes_mm,
    segment_to_nearest_box_mm,
)
from tests.strategies import directions, point_sets_mm, points_mm

if TYPE_CHECKING:
    from navigator.arrays import Floats

EXACT_MM = 1e-8
SAMPLES = 20_001
"""Points along a segment in the brute-force searches."""


def sampled(start: Floats, end: Floats) -> Floats:
    share = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    return (1 - share) * start + share * end


def boxes_by_brute_force_mm(start: Floats, end: Floats, centres: Floats, half: Floats) -> Floats:
    """Search along the segment: never below the true distance, at most half a step above it."""
    way = sampled(start, end)
    return np.array(
        [
            np.linalg.norm(np.maximum(np.abs(way - centre) - half, 0.0), axis=1).min()
            for centre in centres
        ]
    )


def half_step_mm(start: Floats, end: Floats) -> float:
    return 0.5 * float(np.linalg.norm(end - start)) / (SAMPLES - 1)


@given(points_mm(), points_mm(), directions())
def test_the_distance_to_a_line_is_pythagoras(point: Floats, origin: Floats, axis: Floats) -> None:
    offset = point - origin
    expected = np.sqrt(max(offset @ offset - (offset @ axis) ** 2, 0.0))
    # the difference of squares loses half of the digits
    assert distance_to_line_mm(point[None], origin, axis)[0] == pytest.approx(expected, abs=1e-4)


@given(points_mm(), directions(), st.floats(-500, 500))
def test_points_of_the_line_lie_on_it(origin: Floats, axis: Floats, along: float) -> None:
    point = origin + along * axis
    assert distance_to_line_mm(point[None], origin, 3.0 * axis)[0] <= EXACT_MM


def test_a_line_without_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="direction"):
        distance_to_line_mm([[0, 0, 0]], [0, 0, 0], [0, 0, 0])


@given(points_mm(), points_mm(), point_sets_mm(8))
def test_the_distance_to_a_segment_is_the_least_over_its_points(
    start: Floats, end: Floats, points: Floats
) -> None:
    expected = np.array(
        [np.linalg.norm(sampled(start, end) - point, axis=1).min() for point in points]
    )
    measured = distance_to_segment_mm(points, start, end)
    assert (measured <= expected + EXACT_MM).all()
    assert (measured >= expected - half_step_mm(start, end) - EXACT_MM).all()


@given(points_mm(), point_sets_mm(5))
def test_a_segment_of_no_length_is_a_point(start: Floats, points: Floats) -> None:
    expected = np.linalg.norm(points - start, axis=1)
    assert np.abs(distance_to_segment_mm(points, start, start) - expected).max() <= EXACT_MM


@given(points_mm(80), points_mm(80), point_sets_mm(6, 80.0), st.tuples(*[st.floats(0.2, 20)] * 3))
def test_the_distance_to_boxes_is_the_least_over_the_segment(
    start: Floats, end: Floats, centres: Floats, half: tuple[float, float, float]
) -> None:
    measured = segment_to_boxes_mm(start, end, centres, half)
    expected = boxes_by_brute_force_mm(start, end, centres, np.array(half))
    assert (measured <= expected + EXACT_MM).all()
    assert (measured >= expected - half_step_mm(start, end) - EXACT_MM).all()
    assert segment_to_nearest_box_mm(start, end, centres, half) == measured.min()


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ([5, 0, -9], [5, 0, 9], 4.0),  # beside a face
        ([4, 4, -9], [4, 4, 9], np.hypot(3, 3)),  # beside an edge
        ([4, 5, 6], [9, 9, 9], np.sqrt(9 + 16 + 25)),  # before a corner
        ([-9, 0, 0], [9, 0, 0], 0.0),  # through
        ([0.2, 0, 0], [0.3, 0, 0], 0.0),  # inside
        ([1, -9, 0], [1, 9, 0], 0.0),  # along a face
        ([5, 0, 0], [5, 0, 0], 4.0),  # a point
        ([9, 0, 0], [3, 0, 0], 2.0),  # ends before it
    ],
)
def test_hand_computed_distances_to_a_cube_of_2_mm(
    start: list[float], end: list[float], expected: float
) -> None:
    measured = segment_to_boxes_mm(start, end, [[0, 0, 0]], [1, 1, 1])[0]
    assert measured == pytest.approx(expected, abs=EXACT_MM)


@given(points_mm(80), points_mm(80), st.integers(0, 2**32 - 1), st.floats(0.3, 4.0))
def test_boxes_left_out_of_the_search_were_never_the_nearest(
    start: Floats, end: Floats, seed: int, half: float
) -> None:
    centres = np.random.default_rng(seed).uniform(-100, 100, size=(300, 3))
    extent = np.array([half, 0.7 * half, 2.5 * half])
    every = segment_to_boxes_mm(start, end, centres, extent)
    assert segment_to_nearest_box_mm(start, end, centres, extent) == every.min()


@given(points_mm(80), points_mm(80), points_mm(80))
def test_the_way_back_is_as_far(start: Floats, end: Floats, centre: Floats) -> None:
    there = segment_to_boxes_mm(start, end, centre[None], [2, 1, 3])
    back = segment_to_boxes_mm(end, start, centre[None], [2, 1, 3])
    assert there == pytest.approx(back, abs=EXACT_MM)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_ends_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="start_mm"):
        segment_to_boxes_mm([0, value, 0], [0, 0, 1], [[0, 0, 0]], [1, 1, 1])
    with pytest.raises(ValueError, match="end_mm"):
        distance_to_segment_mm([[0, 0, 0]], [0, 0, 0], [value, 0, 0])
