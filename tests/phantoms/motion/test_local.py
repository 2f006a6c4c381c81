"""A needle pushes and an ablated zone shrinks by as much as was asked for; afar all rests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantoms.carrying import carried_shape
from phantoms.errors import MotionRefusedError, ShapeRefusedError
from phantoms.motion import moved_points, needle_push, pulled_back, random_direction, shrinkage
from phantoms.sampling import volume_ml
from phantoms.shapes import sphere

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.hazard(21)
@settings(max_examples=8, deadline=None)
@given(seed=seeds, push_mm=st.floats(0.5, 6.0))
def test_the_tissue_at_the_tip_came_from_a_push_before_it(seed: int, push_mm: float) -> None:
    rng = np.random.default_rng(seed)
    tip, along = rng.uniform(-50.0, 50.0, 3), random_direction(rng)
    motion = needle_push(tip - 90.0 * along, tip, push_mm=push_mm)
    came = pulled_back(motion, tip) - tip
    assert came == pytest.approx(-push_mm * along, abs=1e-9)
    aside = np.cross(along, [1.0, 0.3, 0.2])
    aside /= np.linalg.norm(aside)
    beside = np.linalg.norm(pulled_back(motion, tip + 9.0 * aside) - tip - 9.0 * aside)
    assert 0.3 * push_mm <= beside <= 0.7 * push_mm
    afar = tip + np.array([46.0 * aside, -46.0 * aside, 46.0 * along, -136.0 * along])
    assert np.array_equal(moved_points(motion, afar), afar)


@settings(max_examples=6, deadline=None)
@given(share=st.floats(0.02, 0.3), radius_mm=st.floats(10.0, 25.0), seed=seeds)
def test_a_zone_shrinks_by_its_share_and_the_rest_follows(
    share: float, radius_mm: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(-100.0, 100.0, 3)
    motion = shrinkage(centre, radius_mm=radius_mm, share=share)
    for part in (0.3, 0.6, 1.0):
        away = part * radius_mm * random_direction(rng)
        after = moved_points(motion, centre + away) - centre
        assert np.abs(after - (1.0 - share) * away).max() <= 0.05
    afar = centre + (2.5 * radius_mm + 35.0) * random_direction(rng)
    assert np.array_equal(moved_points(motion, afar), afar)


def test_a_shrunken_zone_has_the_cube_of_the_share_as_volume() -> None:
    zone = sphere([1.0, 2.0, 3.0], 15.0)
    after = carried_shape(zone, shrinkage([1.0, 2.0, 3.0], radius_mm=15.0, share=0.2))
    expected_ml = 4.0 / 3.0 * np.pi * 1.5**3 * 0.8**3
    assert volume_ml(after, 0.5) == pytest.approx(expected_ml, rel=0.005)


def test_pushes_and_shares_that_tissue_does_not_take_are_refused() -> None:
    with pytest.raises(MotionRefusedError, match="tissue takes"):
        needle_push([0, 0, 0], [0, 0, 50], push_mm=12.0)
    with pytest.raises(MotionRefusedError, match="fold"):
        needle_push([0, 0, 0], [0, 0, 50], push_mm=8.0, fade_mm=8.0)
    with pytest.raises(MotionRefusedError, match="tissue takes"):
        shrinkage([0, 0, 0], radius_mm=10.0, share=0.5)
    with pytest.raises(ShapeRefusedError):
        needle_push([0, 0, 0], [0, 0, 0], push_mm=1.0)
