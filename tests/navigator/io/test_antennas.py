"""The shipped antenna library holds published rows, each with its source, as it was printed."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from navigator.io.antennas import LIBRARY_FILE, load_zone_records

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.model.device import ZoneRecord

RECORDS = load_zone_records()
SETTINGS = {"manufacturer table", "ex vivo", "in vivo", "ex vivo/in vivo"}


def rows_of_the_file() -> list[dict[str, str]]:
    text = (resources.files("navigator") / "io" / "data" / LIBRARY_FILE).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def name_of(row: ZoneRecord) -> str:
    return f"{row.device}-{row.power_w}-{row.time_s:g}-{row.setting}"


@pytest.mark.hazard(42)
@pytest.mark.parametrize("row", RECORDS, ids=name_of)
def test_every_row_is_sourced_and_possible(row: ZoneRecord) -> None:
    assert row.device.strip()
    assert len(row.source.strip()) > 10
    assert row.tissue.strip()
    assert row.setting in SETTINGS
    assert row.power_w is None or 5.0 <= row.power_w <= 200.0
    assert 30.0 <= row.time_s <= 1800.0
    assert 10.0 <= row.short_axis_mm <= row.long_axis_mm <= 80.0
    if row.centre_to_tip_mm is not None:
        assert 5.0 <= row.centre_to_tip_mm < row.long_axis_mm


@pytest.mark.hazard(42)
def test_no_device_has_two_zones_for_one_setting_power_and_time() -> None:
    keys = [(row.device, row.setting, row.power_w, row.time_s) for row in RECORDS]
    assert len(set(keys)) == len(keys)


def test_what_contradicts_itself_in_its_source_says_so() -> None:
    """The maker's table disagrees with itself in these rows: the axes are shipped, with a note."""
    noted = {(row.device, row.power_w, row.time_s) for row in RECORDS if "disagree" in row.note}
    amica = {("HS AMICA (probe)", power, 900.0) for power in (20.0, 40.0, 60.0, 80.0)}
    assert noted == amica | {("AngioDynamics Acculis MTA", 140.0, 240.0)}


def test_only_microwaves_are_antennas() -> None:
    energies = {row["energy"] for row in rows_of_the_file()}
    assert energies == {"microwave", "radiofrequency"}
    assert len(RECORDS) == sum(row["energy"] == "microwave" for row in rows_of_the_file())
    assert not any("RFA" in row.device for row in RECORDS)


@pytest.mark.real_data
@pytest.mark.hazard(42)
def test_every_row_is_the_tables(real_data: Path) -> None:
    with (real_data / "antenna_zones.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    shipped = rows_of_the_file()
    assert len(shipped) == len(table) == 107
    for ours, theirs in zip(shipped, table, strict=True):
        for name in ("device", "setting", "tissue", "note", "source"):
            assert ours[name] == theirs[name]
        for name in ("power_w", "long_axis_mm", "short_axis_mm", "centre_to_tip_mm"):
            assert (float(ours[name]) if ours[name] else None) == (
                float(theirs[name]) if theirs[name] else None
            )
        assert float(ours["time_s"]) == pytest.approx(60.0 * float(theirs["time_min"]))
