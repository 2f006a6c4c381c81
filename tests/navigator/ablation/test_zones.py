"""A zone's size is what was published, or lies between two published times; nothing else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.ablation.in_vivo import IN_VIVO_REFERENCE_DEVICE, fit_in_vivo_factor
from navigator.ablation.zones import find_zone_size, place_zone, records_for_setting
from navigator.errors import DeviceRefusedError
from navigator.io.antennas import load_zone_records
from navigator.model.device import ZoneRecord
from navigator.model.trajectory import Trajectory
from tests.navigator.imaging.digitised import FRAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.model.ablation import Interval

LIBRARY = load_zone_records()
EMPRINT = "Medtronic Emprint"

HE_2010_MM = {
    # power: (ex vivo long, short), (in vivo long, short), internally cooled, 10 minutes
    30: ((43, 30), (27, 21)),
    40: ((45, 32), (30, 28)),
    50: ((50, 37), (40, 29)),
}
"""He N et al., Acad Radiol 2010;17(7), Tables 1 and 2: the three settings that both have."""


def record(**changes: Any) -> ZoneRecord:  # noqa: ANN401 - any field of a record
    values: dict[str, Any] = {
        "device": "A",
        "power_w": 50.0,
        "time_s": 300.0,
        "long_axis_mm": 40.0,
        "short_axis_mm": 30.0,
        "centre_to_tip_mm": 12.0,
        "setting": "manufacturer table",
        "tissue": "liver",
        "note": "",
        "source": "table A",
    }
    return ZoneRecord(**{**values, **changes})


def refusal_of(
    records: Sequence[ZoneRecord] = LIBRARY,
    *,
    device: str = EMPRINT,
    power_w: float = 100.0,
    time_s: float = 300.0,
    setting: str = "manufacturer",
) -> Any:  # noqa: ANN401 - a Refusal
    with pytest.raises(DeviceRefusedError) as caught:
        find_zone_size(records, device=device, power_w=power_w, time_s=time_s, setting=setting)
    assert "nothing is extrapolated" in caught.value.refusal.next_step
    return caught.value.refusal


def exactly(interval: Interval) -> float:
    assert interval.low == interval.value == interval.high
    return interval.value


TABLE_ROWS = [row for row in LIBRARY if row.setting == "manufacturer table"]


@pytest.mark.parametrize("row", TABLE_ROWS, ids=lambda r: f"{r.device}-{r.power_w:g}-{r.time_s:g}")
def test_a_published_row_comes_out_as_it_is(row: ZoneRecord) -> None:
    assert row.power_w is not None
    size = find_zone_size(
        LIBRARY,
        device=row.device,
        power_w=row.power_w,
        time_s=row.time_s,
        setting="manufacturer",
    )
    assert exactly(size.long_axis_mm) == row.long_axis_mm
    assert exactly(size.short_axis_mm) == row.short_axis_mm
    assert exactly(size.centre_to_tip_mm) == row.centre_to_tip_mm
    assert (size.power_w, size.time_s, size.setting) == (row.power_w, row.time_s, "manufacturer")
    assert size.sources[0] == row.source
    assert not row.note or f"note: {row.note}" in size.sources


def test_between_two_times_by_hand() -> None:
    """Emprint at 100 W: 38 x 33 mm, tip 13.0 after 4 min; 39 x 34 mm, 12.5 after 5 min."""
    size = find_zone_size(
        LIBRARY, device=EMPRINT, power_w=100.0, time_s=270.0, setting="manufacturer"
    )
    assert exactly(size.long_axis_mm) == pytest.approx(38.5)
    assert exactly(size.short_axis_mm) == pytest.approx(33.5)
    assert exactly(size.centre_to_tip_mm) == pytest.approx(12.75)


@given(st.floats(120.0, 360.0))
def test_between_the_times_of_a_power_the_axes_are_linear(time_s: float) -> None:
    rows = [
        record(time_s=360.0, long_axis_mm=47.0, short_axis_mm=40.0, centre_to_tip_mm=14.0),
        record(time_s=120.0, long_axis_mm=32.0, short_axis_mm=27.0, centre_to_tip_mm=12.0),
        record(time_s=240.0, long_axis_mm=41.0, short_axis_mm=36.0, centre_to_tip_mm=13.0),
        record(power_w=60.0, time_s=200.0, long_axis_mm=99.0),
        record(device="B", time_s=250.0, long_axis_mm=99.0),
    ]
    size = find_zone_size(rows, device="A", power_w=50.0, time_s=time_s, setting="manufacturer")
    times = [120.0, 240.0, 360.0]
    assert exactly(size.long_axis_mm) == pytest.approx(np.interp(time_s, times, [32, 41, 47]))
    assert exactly(size.short_axis_mm) == pytest.approx(np.interp(time_s, times, [27, 36, 40]))
    assert exactly(size.centre_to_tip_mm) == pytest.approx(np.interp(time_s, times, [12, 13, 14]))


@pytest.mark.hazard(42)
def test_sources_of_both_rows_are_named() -> None:
    rows = [record(time_s=60.0, source="S1", note="n1"), record(time_s=120.0, source="S2")]
    size = find_zone_size(rows, device="A", power_w=50.0, time_s=90.0, setting="manufacturer")
    assert size.sources == ("S1", "S2", "note: n1")


# what is refused


@pytest.mark.hazard(42)
@pytest.mark.parametrize("power_w", [44.0, 60.0, 99.999, 140.0, 0.0, -100.0, np.nan, np.inf])
def test_a_power_between_or_beyond_is_refused(power_w: float) -> None:
    refusal = refusal_of(power_w=power_w)
    assert refusal.code == "power-not-published"
    assert refusal.expected == "one of 45, 75, 100 W"


@pytest.mark.hazard(42)
@pytest.mark.parametrize("time_s", [0.0, -300.0, 149.0, 600.5, 5.0, 1e9, np.nan, np.inf])
def test_a_time_outside_is_refused(time_s: float) -> None:
    """Minutes instead of seconds (5.0) are outside too."""
    refusal = refusal_of(time_s=time_s)
    assert refusal.code == "time-not-published"
    assert refusal.expected == "150 to 600 s"


def test_an_unknown_antenna_is_refused_with_the_names_of_the_known() -> None:
    refusal = refusal_of(device="Emprint")
    assert refusal.code == "unknown-antenna"
    assert EMPRINT in refusal.expected


@pytest.mark.parametrize("setting", ["", "in vivo", "In-Vivo", "manufacturer table"])
def test_an_unknown_setting_is_refused(setting: str) -> None:
    refusal = refusal_of(setting=setting)
    assert refusal.code == "unknown-setting"
    assert refusal.expected == "in-vivo or ex-vivo or manufacturer"


def test_a_setting_that_was_not_published_is_refused() -> None:
    refusal = refusal_of(setting="ex-vivo")
    assert refusal.code == "setting-not-published"
    assert "manufacturer table" in refusal.expected


@pytest.mark.parametrize("setting", ["ex-vivo", "in-vivo"])
def test_a_device_without_tip_offset_is_refused(setting: str) -> None:
    """Where along the antenna its zone would lie is not known."""
    refusal = refusal_of(
        device=IN_VIVO_REFERENCE_DEVICE, power_w=40.0, time_s=600.0, setting=setting
    )
    assert refusal.code == "no-tip-offset"


def test_rows_without_power_or_tip_offset_are_never_used() -> None:
    rows = [
        record(time_s=60.0),
        record(time_s=120.0, centre_to_tip_mm=None),
        record(time_s=180.0),
        record(power_w=None, time_s=90.0),
    ]
    usable, needs_factor = records_for_setting(rows, device="A", setting="manufacturer")
    assert [row.time_s for row in usable] == [60.0, 180.0]
    assert not needs_factor


# perfused liver


@pytest.mark.hazard(42)
def test_the_in_vivo_factor_is_the_papers() -> None:
    """He 2010 by hand: long axis 0.70, short axis 0.79, over three matched settings."""
    long = [inside[0] / outside[0] for outside, inside in HE_2010_MM.values()]
    short = [inside[1] / outside[1] for outside, inside in HE_2010_MM.values()]
    assert round(float(np.mean(long)), 2) == 0.70
    assert round(float(np.mean(short)), 2) == 0.79
    factor = fit_in_vivo_factor(LIBRARY)
    for interval, ratios in ((factor.long_axis, long), (factor.short_axis, short)):
        assert interval.value == pytest.approx(np.mean(ratios))
        assert interval.low == pytest.approx(min(ratios))
        assert interval.high == pytest.approx(max(ratios))
    assert "He N" in factor.source
    assert "3 matched settings" in factor.source


@pytest.mark.hazard(42)
def test_a_makers_table_is_shrunk_for_perfused_liver_and_says_so() -> None:
    """Emprint, 100 W, 5 min: 39 x 34 mm, tip 12.5 mm outside the body."""
    size = find_zone_size(LIBRARY, device=EMPRINT, power_w=100.0, time_s=300.0, setting="in-vivo")
    long = [inside[0] / outside[0] for outside, inside in HE_2010_MM.values()]
    short = [inside[1] / outside[1] for outside, inside in HE_2010_MM.values()]
    assert size.setting == "in-vivo"
    assert size.long_axis_mm.value == pytest.approx(39.0 * np.mean(long))
    assert size.long_axis_mm.low == pytest.approx(39.0 * min(long))
    assert size.long_axis_mm.high == pytest.approx(39.0 * max(long))
    assert size.short_axis_mm.value == pytest.approx(34.0 * np.mean(short))
    assert size.short_axis_mm.low == pytest.approx(34.0 * min(short))
    assert size.short_axis_mm.high == pytest.approx(34.0 * max(short))
    assert size.centre_to_tip_mm.value == size.centre_to_tip_mm.high == 12.5
    assert size.centre_to_tip_mm.low == pytest.approx(12.5 * np.mean(long))
    assert any("in vivo factor" in source for source in size.sources)


@pytest.mark.hazard(42)
def test_rows_measured_in_vivo_are_not_shrunk_again() -> None:
    rows = [*LIBRARY, record(setting="in vivo", long_axis_mm=33.0, short_axis_mm=25.0)]
    size = find_zone_size(rows, device="A", power_w=50.0, time_s=300.0, setting="in-vivo")
    assert exactly(size.long_axis_mm) == 33.0
    assert exactly(size.short_axis_mm) == 25.0


@pytest.mark.hazard(42)
def test_without_matched_rows_there_is_no_in_vivo_zone() -> None:
    rows = [row for row in LIBRARY if row.device != IN_VIVO_REFERENCE_DEVICE]
    with pytest.raises(DeviceRefusedError) as caught:
        find_zone_size(rows, device=EMPRINT, power_w=100.0, time_s=300.0, setting="in-vivo")
    assert caught.value.refusal.code == "no-in-vivo-factor"
    unmatched = [row for row in LIBRARY if row.setting != "in vivo"]
    with pytest.raises(DeviceRefusedError):
        fit_in_vivo_factor(unmatched)


# at its place


def test_a_zone_lies_behind_the_tip_along_the_antenna() -> None:
    size = find_zone_size(
        LIBRARY, device=EMPRINT, power_w=100.0, time_s=300.0, setting="manufacturer"
    )
    way = Trajectory(entry_mm=[0, -100, 0], tip_mm=[0, -20, 60], frame=FRAME)
    zone = place_zone(size, way)
    # 0.8 to the back and 0.6 to the head: 12.5 mm before the tip
    assert zone.centre_mm == pytest.approx([0.0, -20.0 - 0.8 * 12.5, 60.0 - 0.6 * 12.5])
    assert zone.axis == pytest.approx([0.0, 0.8, 0.6])
    assert zone.frame == FRAME
    assert zone.size == size


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        LIBRARY[0].long_axis_mm = 99.0  # type: ignore[misc]  # the very thing that must fail
