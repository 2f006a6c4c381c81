"""Needles that cross in a picture are as far apart as they are in space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from phantoms.hardware import (
    FreeNeedle,
    build_needle,
    course_of,
    needles_closest_mm,
    points_along,
)

LENGTH_MM = 120.0
place = st.tuples(*[st.floats(-40.0, 40.0)] * 3)


def by_hand(
    entry: tuple[float, ...], tip: tuple[float, ...], bend_mm: float = np.inf
) -> FreeNeedle:
    needle = build_needle("fixing", "F", gauge=16, length_mm=LENGTH_MM, bend_radius_mm=bend_mm,
                          bend_direction_rad=0.4)  # fmt: skip
    return FreeNeedle(needle=needle, entry_mm=np.array(entry), tip_mm=np.array(tip))


def test_two_needles_that_cross_only_in_projection() -> None:
    along_x = by_hand((-50.0, 0.0, 0.0), (50.0, 0.0, 0.0))
    along_y = by_hand((0.0, -50.0, 7.0), (0.0, 50.0, 7.0))
    closest = needles_closest_mm(along_x, along_y)
    assert closest.distance_mm == pytest.approx(7.0, abs=1e-6)
    assert closest.clearance_mm == pytest.approx(7.0 - 1.651, abs=1e-6)
    assert closest.points_mm == pytest.approx(np.array([[0, 0, 0], [0, 0, 7.0]]), abs=1e-4)


@given(entry=place, tip=place, other=place, bend=st.sampled_from([100.0, 400.0, np.inf]))
@settings(max_examples=25, deadline=None)
@pytest.mark.hazard(38)
def test_the_distance_is_that_of_a_dense_search(
    entry: tuple[float, ...], tip: tuple[float, ...], other: tuple[float, ...], bend: float
) -> None:
    way = np.linalg.norm(np.subtract(entry, tip))
    if not 20.0 < way < 115.0:
        return
    first = by_hand(entry, tip, bend)
    second = by_hand((-30.0, *other[1:]), (55.0, 20.0, -10.0))
    found = needles_closest_mm(first, second).distance_mm
    knots = np.linspace(0.0, LENGTH_MM, 801)
    one, other_line = (points_along(course_of(each), knots) for each in (first, second))
    dense = cKDTree(one).query(other_line)[0].min()
    assert found <= dense + 1e-9
    # a dense pair is off the true one by at most half a step on either line
    assert found >= dense - 0.15


def test_needles_that_end_before_they_meet_are_apart_by_their_ends() -> None:
    first = by_hand((-100.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    second = by_hand((103.0, 4.0, 0.0), (3.0, 4.0, 0.0))
    assert needles_closest_mm(first, second).distance_mm == pytest.approx(5.0, abs=1e-6)
