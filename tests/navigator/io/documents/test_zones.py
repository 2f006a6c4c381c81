"""Zones come from a plan or a list of their own, complete, or the file is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.documents.zones import load_zones

if TYPE_CHECKING:
    from pathlib import Path

FRAME = Frame(FrameKind.LPS, "1.2.3")
ZONE: dict[str, Any] = {
    "centre_lps_mm": [1.0, 2, -3.5],
    "axis_lps": [0.0, 0.0, 2.0],
    "long_axis_mm": 40.0,
    "short_axis_mm": 30,
}


def written(folder: Path, document: object) -> Path:
    path = folder / "zones.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def zones(*rows: object) -> dict[str, object]:
    return {"schema": "zones/1", "zones": list(rows)}


def test_a_list_of_zones_is_read(tmp_path: Path) -> None:
    first, second = load_zones(
        written(tmp_path, zones(ZONE, {**ZONE, "long_axis_mm": 44.0, "remark": "ignored"})), FRAME
    )
    assert first.centre_mm.tolist() == [1.0, 2.0, -3.5]
    assert first.axis.tolist() == [0.0, 0.0, 1.0]
    assert first.frame == FRAME
    for interval, value in ((first.size.long_axis_mm, 40.0), (first.size.short_axis_mm, 30.0)):
        assert (interval.low, interval.value, interval.high) == (value, value, value)
    assert second.size.long_axis_mm.value == 44.0
    assert first.size.power_w is None


def test_a_plan_gives_the_zones_of_its_antennas(tmp_path: Path) -> None:
    plan = {
        "schema": "plan/1",
        "verdict": "accepted",
        "reasons": [],
        "trajectories": [{"id": "N1", "zone": ZONE}, {"id": "F1", "zone": None}],
    }
    (zone,) = load_zones(written(tmp_path, plan), FRAME)
    assert zone.size.short_axis_mm.value == 30.0


@pytest.mark.parametrize(
    "document",
    [
        zones(),
        {"schema": "zones/1"},
        {"schema": "zones/1", "zones": 5},
        {"schema": "zones/1", "zones": "abc"},
        {"schema": "zones/1", "zones": {"a": 1}},
        {"schema": "zones/1", "zones": None},
        zones(None),
        zones([1, 2, 3]),
        zones({**ZONE, "long_axis_mm": 0.0}),
        zones({**ZONE, "long_axis_mm": -40.0}),
        zones({**ZONE, "long_axis_mm": 4000.0}),
        zones({**ZONE, "long_axis_mm": "40"}),
        zones({**ZONE, "short_axis_mm": None}),
        zones({**ZONE, "short_axis_mm": True}),
        zones({**ZONE, "centre_lps_mm": [1.0, 2.0]}),
        zones({**ZONE, "centre_lps_mm": [1.0, 2.0, "3"]}),
        zones({**ZONE, "axis_lps": [0.0, 0.0, 0.0]}),
        zones({**ZONE, "axis_lps": [0.0, 1e-300, 0.0]}),
        zones({key: value for key, value in ZONE.items() if key != "axis_lps"}),
        zones(ZONE, {}),
        {"schema": "plan/1"},
        {"schema": "plan/1", "trajectories": []},
        {"schema": "plan/1", "trajectories": [{"id": "F1", "zone": None}]},
        {"schema": "plan/1", "trajectories": [{"id": "N1"}]},
        {"schema": "plan/1", "trajectories": ["N1"]},
        {"schema": "plan/1", "trajectories": {"N1": 1}},
        {"schema": "plan/1", "trajectories": 7},
        {"schema": "plan/1", "trajectories": [{"zone": "big"}]},
    ],
    ids=lambda document: json.dumps(document)[:60],
)
@pytest.mark.hazard(22)
def test_what_holds_no_complete_zone_is_refused_by_the_files_name(
    document: object, tmp_path: Path
) -> None:
    path = written(tmp_path, document)
    with pytest.raises(InputRefusedError) as caught:
        load_zones(path, FRAME)
    assert caught.value.refusal.code == "zones-refused"
    assert str(path) in caught.value.refusal.where


@pytest.mark.parametrize(
    "document",
    [{}, [], 5, {"schema": "zones/2", "zones": [ZONE]}, {"schema": 1}, {"zones": [ZONE]}],
)
@pytest.mark.hazard(58)
def test_another_schema_is_refused(document: object, tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError) as caught:
        load_zones(written(tmp_path, document), FRAME)
    assert caught.value.refusal.code == "unknown-schema"


@pytest.mark.parametrize("text", ["", "{", '{"schema": "zones/1", "zones": [NaN]}'])
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "zones.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefusedError):
        load_zones(path, FRAME)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError):
        load_zones(tmp_path / "nothing.json", FRAME)
