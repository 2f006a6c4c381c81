"""The depth that is chosen is the best whole millimetre of all, with the least zone that serves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from navigator.planning.depth import choose_depth, search_surface, zone_volume_mm3
from tests.navigator.planning.scenes import lesion, zone_size

SIZES = (
    zone_size(30.0, 22.0, 12.0, 60.0),
    zone_size(20.0, 20.0, 9.0, 40.0),
    zone_size(40.0, 34.0, 18.0, 100.0),
    zone_size(26.0, 30.0, 15.0, 80.0),
)
NEAR_MM = 0.05
"""The meridian below is made of points 0.04 mm apart."""


def margin_mm(surface: np.ndarray, centre: np.ndarray, axis: np.ndarray, size: object) -> float:
    """Measure the least signed distance by dense points on the meridian."""
    half_long = 0.5 * size.long_axis_mm.value  # type: ignore[attr-defined] - any zone size
    half_short = 0.5 * size.short_axis_mm.value  # type: ignore[attr-defined] - any zone size
    along = (surface - centre) @ axis
    across = np.linalg.norm(surface - centre - along[:, None] * axis, axis=1)
    turn = np.linspace(-np.pi / 2, np.pi / 2, 1501)
    meridian = np.column_stack([half_long * np.sin(turn), half_short * np.cos(turn)])
    far, _ = cKDTree(meridian).query(np.column_stack([along, across]))
    inside = (along / half_long) ** 2 + (across / half_short) ** 2 <= 1.0
    return float(np.where(inside, far, -far).min())


@settings(max_examples=5, deadline=None)
@given(
    offset=st.tuples(*[st.floats(-6, 6)] * 2),
    lean=st.tuples(*[st.floats(-0.6, 0.6)] * 2),
    diameter=st.floats(8, 24),
    start=st.floats(-90, -40),
)
def test_the_choice_is_that_of_trying_every_millimetre(
    offset: tuple[float, float], lean: tuple[float, float], diameter: float, start: float
) -> None:
    tumour = lesion((3.0, 10.0, -4.0), diameter)
    axis = np.array([lean[0], 1.0, lean[1]]) / np.linalg.norm([lean[0], 1.0, lean[1]])
    origin = tumour.centre_mm + start * axis + [offset[0], 0.0, offset[1]]
    choice = choose_depth(origin, axis, tumour, SIZES)
    surface = search_surface(tumour)
    centred = float((tumour.centre_mm - origin) @ axis)
    best = {}
    for size in SIZES:
        behind = size.centre_to_tip_mm.value
        depths = np.arange(np.floor(centred + behind) - 25, np.ceil(centred + behind) + 26)
        best[size.power_w] = max(
            margin_mm(surface, origin + (depth - behind) * axis, axis, size) for depth in depths
        )
    keeps = [s for s in SIZES if best[s.power_w] >= tumour.wanted_margin_mm + NEAR_MM]
    mine = choice.guide_depth_mm - choice.size.centre_to_tip_mm.value
    reached = margin_mm(surface, origin + mine * axis, axis, choice.size)
    assert choice.guide_depth_mm == round(choice.guide_depth_mm)
    assert reached >= best[choice.size.power_w] - NEAR_MM
    if keeps:
        assert zone_volume_mm3(choice.size) <= min(map(zone_volume_mm3, keeps)) + 1e-9
    elif choice.mam_mm < tumour.wanted_margin_mm:
        assert reached >= max(best.values()) - NEAR_MM


def test_the_smallest_zone_that_keeps_the_margin_wins() -> None:
    down = np.array([0.0, 1.0, 0.0])
    choice = choose_depth(np.array([0.0, -60, 0]), down, lesion(diameter_mm=9.9), SIZES)
    assert choice.size is SIZES[1]
    assert choice.guide_depth_mm == 70 + 9
    assert choice.mam_mm == pytest.approx(10.0 - 4.95, abs=0.01)


def test_where_none_keeps_the_margin_the_largest_margin_wins() -> None:
    down = np.array([0.0, 1.0, 0.0])
    choice = choose_depth(np.array([0.0, -60, 0]), down, lesion(diameter_mm=60.0), SIZES)
    assert choice.size is SIZES[2]
    assert choice.mam_mm < 0


def test_without_a_zone_there_is_no_choice() -> None:
    with pytest.raises(ValueError, match="one zone size or more"):
        choose_depth(np.zeros(3), np.array([0.0, 1, 0]), lesion(), ())
