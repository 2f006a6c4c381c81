"""One command runs what is there, says what is absent, and keeps what is finished."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.registration.methods import METHODS, is_there
from benchmarks.registration.phantom_problems import upright_grid
from benchmarks.registration.problem import GROUPS, Picture, Problem, save_problem
from benchmarks.registration.run import main

if TYPE_CHECKING:
    from pathlib import Path

SHIFT_MM = np.array([3.0, 0.0, 4.0])


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Lay a small problem into a board: everything has moved by 5 mm."""
    grid = upright_grid(np.zeros(3), (10, 16, 16), (2.5, 2.0, 2.0))
    hu = np.full(grid.shape_kji, -1000, dtype=np.int16)
    hu[1:9, 2:14, 2:14] = 50
    before = {group: np.arange(9.0).reshape(3, 3) for group in GROUPS}
    problem = Problem(
        kind="smooth",
        seed=100,
        planning=Picture(values=hu, grid=grid),
        intraop=Picture(values=hu, grid=grid),
        liver=hu > 0,
        before_mm=before,
        after_mm={group: points + SHIFT_MM for group, points in before.items()},
        making={},
    )
    save_problem(problem, tmp_path / "problems" / "smooth-100")
    return tmp_path


def run(board: Path, *words: str) -> dict[str, dict[str, object]]:
    main(["--out", str(board), "--kinds", "smooth", "--seeds", "100", *words])
    rows = json.loads((board / "rows.json").read_text(encoding="utf-8"))
    return {row["method"]: row for row in rows}


def test_no_registration_is_off_by_the_motion_and_an_absent_peer_is_said_to_be(
    board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(board, "--methods", "none,convexadam")
    scores = rows["none"]["scores"]
    assert isinstance(scores, dict)
    assert scores["liver_mean_mm"] == pytest.approx(5.0)
    assert scores["bone_max_mm"] == pytest.approx(5.0)
    assert scores["fold_share"] == 0.0
    assert 0.0 < scores["cpu_s"] < 30.0
    assert rows["convexadam"]["outcome"] == "absent"
    assert "| convexAdam, 2 mm |" in capsys.readouterr().out
    request = json.loads((board / "work" / "smooth-100-none" / "request.json").read_text())
    assert "points.npz" not in json.dumps(request)


def test_what_is_finished_is_not_run_again(board: Path) -> None:
    run(board, "--methods", "none")
    held = board / "results" / "smooth-100-none.json"
    row = json.loads(held.read_text(encoding="utf-8"))
    row["scores"]["liver_mean_mm"] = 1.25
    held.write_text(json.dumps(row), encoding="utf-8")
    assert run(board, "--methods", "none")["none"]["scores"]["liver_mean_mm"] == 1.25  # type: ignore[index]
    assert list(run(board, "--collect")) == ["none"]


def test_a_method_that_breaks_is_told_with_its_last_words(
    board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = METHODS["none"].__class__(
        name="none", title="broken", script="not_there", environment="own"
    )
    monkeypatch.setitem(METHODS, "none", broken)
    row = run(board, "--methods", "none")["none"]
    assert row["outcome"] == "failed (1)"
    assert "not_there" in str(row["reason"])


def test_over_the_limit_it_timed_out(board: Path) -> None:
    row = run(board, "--methods", "navigator", "--limit-s", "0.05")["navigator"]
    assert row["outcome"] == "timed out"


def test_an_interpreter_that_is_not_there_has_nothing() -> None:
    assert not is_there(METHODS["none"], "/no/such/python")
    assert is_there(METHODS["none"], sys.executable)
