"""The antenna library that ships with the engine: published zones, each row with its source."""

from __future__ import annotations

import csv
from importlib import resources

from navigator.model.device import ZoneRecord

LIBRARY_FILE = "antenna_zones.csv"


def load_zone_records() -> tuple[ZoneRecord, ...]:
    """Read every published microwave zone of the library.

    Returns
    -------
    tuple of ZoneRecord
        Rows in the order of the file; radiofrequency rows are kept in the file and left out
        here, for they describe no antenna.

    Examples
    --------
    >>> row = load_zone_records()[0]
    >>> row.device, row.power_w, row.time_s, row.long_axis_mm
    ('Medtronic Emprint', 45.0, 150.0, 24.0)
    """
    text = (
        resources.files("navigator")
        .joinpath("io")
        .joinpath("data")
        .joinpath(LIBRARY_FILE)
        .read_text("utf-8")
    )
    rows = csv.DictReader(text.splitlines())
    return tuple(_record(row) for row in rows if row["energy"] == "microwave")


def _record(row: dict[str, str]) -> ZoneRecord:
    return ZoneRecord(
        device=row["device"],
        power_w=float(row["power_w"]) if row["power_w"] else None,
        time_s=float(row["time_s"]),
        long_axis_mm=float(row["long_axis_mm"]),
        short_axis_mm=float(row["short_axis_mm"]),
        centre_to_tip_mm=float(row["centre_to_tip_mm"]) if row["centre_to_tip_mm"] else None,
        setting=row["setting"],
        tissue=row["tissue"],
        note=row["note"],
        source=row["source"],
    )
