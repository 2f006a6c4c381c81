"""A demonstration without a way ends with its verdict, and leaves no half folder."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from navigator.app.outputs import SUMMARY_FILE
from navigator.cli import main
from navigator.errors import InputRefusedError
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from phantoms import showcase
from phantoms.errors import LesionRefusedError
from phantoms.recipes import CASES

if TYPE_CHECKING:
    from pathlib import Path

REJECTED = 3
NO_WAY = Verdict(VerdictStatus.REJECTED, (Reason("no-bore-reaches", "no bore reaches"),))


@pytest.fixture
def _no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the planner find nothing, after the patient was written."""

    def make(folder: Path, _: object, seed: int) -> None:
        (folder / "request.json").write_text(f"{seed}", encoding="utf-8")

    result = SimpleNamespace(plan=SimpleNamespace(needles=()), verdict=NO_WAY)
    monkeypatch.setattr(showcase, "_make_planning", make)
    monkeypatch.setattr(showcase, "run_case", lambda *_, **__: result)


@pytest.mark.usefixtures("_no_way")
def test_no_way_ends_with_three_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["navigator", "demo", "--out", str(tmp_path / "deep" / "demo"), "--json"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == REJECTED
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "rejected"
    assert [reason["code"] for reason in document["reasons"]] == ["no-bore-reaches"]
    assert "stale_output" not in document
    assert list(tmp_path.iterdir()) == []


@pytest.mark.hazard(43)
@pytest.mark.usefixtures("_no_way")
def test_no_way_keeps_the_earlier_demonstration(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    out.mkdir()
    summary = {"schema": showcase.DEMO_SCHEMA, "written": [SUMMARY_FILE]}
    (out / SUMMARY_FILE).write_text(json.dumps(summary), encoding="utf-8")
    found = showcase.run_demo(out, seed=1, overwrite=True)
    assert found["verdict"] == "rejected"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert json.loads((out / SUMMARY_FILE).read_text(encoding="utf-8")) == summary


def test_a_case_that_a_demonstration_cannot_judge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match="plate-slipped") as refused:
        showcase.run_demo(tmp_path / "demo", seed=1, case="other-breath")
    assert refused.value.refusal.code == "case-not-for-demo"
    assert list(tmp_path.iterdir()) == []


def test_cases_with_other_motion_needles_or_patients_are_not_for_the_demonstration() -> None:
    fitting = {name for name, recipe in CASES.items() if recipe.fits_the_demo}
    assert {"easy", "plate-slipped", "wrong-plate", "low-dose", "dome-under-lung"} <= fitting
    assert not fitting & {
        "other-breath", "as-in-the-room", "wrong-patient", "vanished-lesion", "five-metastases",
        "needles-driven", "ablation-complete", "tilted-gantry", "couch-rolled", "truncated-field",
    }  # fmt: skip


def test_a_patient_without_a_place_for_the_lesion_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LesionRefusedError(
            "This patient has no place for such a lesion", where="liver", expected="a place",
            got="none", next_step="use another seed",
        )  # fmt: skip

    monkeypatch.setattr(showcase, "start_case", refuse)
    with pytest.raises(InputRefusedError) as refused:
        showcase.run_demo(tmp_path / "demo", seed=1, case="dome-under-lung")
    assert refused.value.refusal.code == "no-place-for-the-lesion"
    assert list(tmp_path.iterdir()) == []
