"""A zone has a place, a size with its doubt, and a frame; a value lies within its bounds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.ablation import AblationZone, Interval, Margin, ZoneSize
from navigator.model.device import Antenna

FRAME = Frame(FrameKind.LPS, "1.2.3")


def size_of(long_mm: float = 40.0, short_mm: float = 30.0) -> ZoneSize:
    return ZoneSize(
        power_w=100.0,
        time_s=300.0,
        long_axis_mm=Interval(value=long_mm, low=long_mm, high=long_mm),
        short_axis_mm=Interval(value=short_mm, low=short_mm, high=short_mm),
        centre_to_tip_mm=Interval(value=12.0, low=12.0, high=12.0),
        setting="manufacturer",
        sources=("a table",),
    )


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(5, 6, 7), (8, 6, 7), (5, 7, 3), (np.nan, 1, 2), (1, np.nan, 2), (1, 1, np.nan)],
)
@pytest.mark.hazard(22)
def test_a_value_outside_its_bounds_is_refused(value: float, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="low ≤ value ≤ high"):
        Interval(value=value, low=low, high=high)


def test_bounds_may_touch_the_value() -> None:
    assert Interval(value=1.0, low=1.0, high=1.0).value == 1.0


def test_the_axis_of_a_zone_has_length_one() -> None:
    zone = AblationZone(centre_mm=[1, 2, 3], axis=[0, 0, -8], size=size_of(), frame=FRAME)
    assert zone.axis.tolist() == [0, 0, -1]
    with pytest.raises(ValueError, match="read-only"):
        zone.centre_mm[0] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        zone.size = size_of()  # type: ignore[misc]  # the very thing that must fail


@pytest.mark.parametrize(
    ("centre", "axis"), [([0, 0, np.nan], [0, 0, 1]), ([0, 0, 0], [0, 0, 0]), ([0, 0], [0, 0, 1])]
)
@pytest.mark.hazard(22)
def test_a_zone_without_place_or_direction_is_refused(
    centre: list[float], axis: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"centre_mm|axis"):
        AblationZone(centre_mm=centre, axis=axis, size=size_of(), frame=FRAME)


def test_the_thinnest_point_of_a_margin_is_frozen() -> None:
    margin = Margin(
        mam_mm=Interval(value=5.0, low=4.0, high=6.0),
        area_share={"5_to_10": 1.0},
        covered_share=1.0,
        wanted_margin_covered_share=1.0,
        thinnest_point_mm=[1, 2, 3],
        frame=FRAME,
    )
    with pytest.raises(ValueError, match="read-only"):
        margin.thinnest_point_mm[0] = 0.0


@pytest.mark.parametrize("diameter_mm", [0.0, -1.8, np.nan])
def test_an_antenna_has_a_diameter(diameter_mm: float) -> None:
    with pytest.raises(ValueError, match="diameter_mm"):
        Antenna(name="any", diameter_mm=diameter_mm)


def test_the_diameter_of_an_antenna_is_always_said() -> None:
    fields = {field.name: field for field in dataclasses.fields(Antenna)}
    assert fields["diameter_mm"].default is dataclasses.MISSING
    assert Antenna(name="any", diameter_mm=1.8).diameter_mm == 1.8
