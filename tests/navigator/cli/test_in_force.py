"""Only numbers that hold are printed: no void plan, no rejected plan reaches a person's eye."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from navigator.app import procedure
from navigator.cli.plans import NO_NUMBERS, plan_in_force, plan_lines
from tests.navigator.app.tiny_patient import write_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.app.tiny_patient import TinyPatient
    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]

REJECTED = 3
WORKING_NUMBERS = re.compile(r"\bbore [A-Z]|guide depth \d|insertion depth \d|\d W for|tilt [+-]")
ACCEPTED: dict[str, Any] = {"verdict": "accepted", "reasons": []}
NO: dict[str, Any] = {
    "verdict": "rejected",
    "reasons": [{"code": "scans-differ", "message": "not the same patient"}],
}


def planned(bore: str, **verdict: object) -> dict[str, Any]:
    """Give a plan that names a bore."""
    needle = {"id": "N1", "role": "antenna", "bore": bore, "guide_depth_mm": 81.0,
              "insertion_depth_mm": 66.0, "power_w": 75.0, "time_s": 300.0}  # fmt: skip
    pose = {"lateral_tilt_deg": 1.0, "craniocaudal_tilt_deg": -2.0}
    mam = {"value": 5.0, "low": 1.0, "high": 6.0}
    return {
        "schema": "plan/1", **ACCEPTED, **verdict, "trajectories": [needle], "placement": pose,
        "margin": {"mam_mm": mam, "covered_percent": 100.0},
    }  # fmt: skip


CASES: dict[str, tuple[dict[str, Any], str | None]] = {
    "no room": ({**ACCEPTED, "plan": planned("A1"), "in_force": "plan"}, "A1"),
    "the room's plan": (
        {**ACCEPTED, "plan": planned("A1"), "plan_in_room": planned("B2"),
         "in_force": "plan_in_room"}, "B2",
    ),
    "the room was rejected without a plan": (
        {**NO, "plan": planned("A1"), "plan_in_room": None, "in_force": None}, None,
    ),
    "the room's plan was rejected": (
        {**NO, "plan": planned("A1"), "plan_in_room": planned("B2", **NO), "in_force": None}, None,
    ),
    "the plan was rejected": (
        {**NO, "plan": planned("A1", **NO), "plan_in_room": None, "in_force": None}, None,
    ),
    "a summary that contradicts itself": (
        {**NO, "plan": planned("A1"), "plan_in_room": planned("B2"), "in_force": "plan_in_room"},
        None,
    ),
    "a rejected plan in force": (
        {**ACCEPTED, "plan": planned("A1", **NO), "plan_in_room": None, "in_force": "plan"}, None,
    ),
    "a summary that does not say": ({**ACCEPTED, "plan": planned("A1")}, None),
    "no way": (NO, None),
}  # fmt: skip


@pytest.mark.hazard(18, 19)
@pytest.mark.parametrize("name", list(CASES))
def test_run_prints_the_numbers_in_force_and_no_other(
    navigator: Navigator, tiny: TinyPatient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    summary, bore = CASES[name]
    monkeypatch.setattr(procedure, "run_procedure", lambda *_, **__: summary)
    answer = navigator("run", tiny.request, "--out", tiny.folder / "out")
    assert f"verdict: {summary['verdict']}" in answer.out
    if bore is None:
        assert NO_NUMBERS in answer.out
        assert not WORKING_NUMBERS.search(answer.out), answer.out
        assert not re.search(r"A1|B2|least margin", answer.out)
    else:
        assert f"bore {bore}, guide depth 81.0 mm" in answer.out
        assert NO_NUMBERS not in answer.out
    for reason in summary["reasons"]:
        assert reason["message"] in answer.out


def test_the_plan_in_force_is_empty_where_none_holds() -> None:
    assert plan_in_force({"verdict": "accepted", "in_force": "plan_in_room"}) == {}
    assert plan_lines({}) == [NO_NUMBERS]


@pytest.mark.hazard(19)
def test_a_plan_that_leaves_tumour_prints_no_working_number(
    navigator: Navigator, tiny: TinyPatient, tmp_path: Path
) -> None:
    ball = {"centre_lps_mm": [-30.0, 5.0, 100.0], "diameter_mm": 60.0}
    request = write_request(
        tiny, "large.json", lesions=[{"name": "L1", "sphere": ball, "margin_mm": 5.0}]
    )
    answer = navigator("plan", request, "--out", tmp_path / "plan.json")
    assert answer.code == REJECTED, answer.err
    assert "residual-tumour" in answer.out
    assert NO_NUMBERS in answer.out
    assert not WORKING_NUMBERS.search(answer.out), answer.out


@pytest.mark.hazard(34)
def test_a_tumour_not_wholly_covered_never_reads_as_covered() -> None:
    document = planned("A1")
    document["margin"]["covered_percent"] = 99.96
    assert "99.9 % of the tumour covered" in "\n".join(plan_lines(document))
