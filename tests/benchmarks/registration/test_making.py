"""A problem or a result of an older making is never taken for one of today's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.registration import make, run
from benchmarks.registration.make import KINDS, ensure_problem
from benchmarks.registration.methods import METHODS
from benchmarks.registration.problem import MAKINGS
from benchmarks.registration.table import Row

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, making: int) -> Path:
    """Write what stands for a problem."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "problem.json").write_text(json.dumps({"making": making}), encoding="utf-8")
    return folder


def test_every_kind_has_a_making() -> None:
    assert set(MAKINGS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_of_an_older_making_is_made_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(make, "build_problem", lambda kind, seed: (kind, seed))
    monkeypatch.setattr(make, "save_problem", lambda problem, _: made.append(problem))
    written(tmp_path / f"{kind}-3", MAKINGS[kind])
    assert ensure_problem(kind, 3, tmp_path) == (tmp_path / f"{kind}-3", "")
    assert made == []
    written(tmp_path / f"{kind}-3", MAKINGS[kind] - 1)
    ensure_problem(kind, 3, tmp_path)
    ensure_problem(kind, 4, tmp_path)
    assert made == [(kind, 3), (kind, 4)]


def test_a_result_of_an_older_making_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, method = written(tmp_path / "smooth-3", 6), METHODS["ants"]

    def answered(*_: object) -> Row:
        return Row(method="ants", kind="smooth", seed=3, outcome="scored", making=6)

    monkeypatch.setattr(run, "run_method", answered)
    held = tmp_path / "results" / "smooth-3-ants.json"
    held.parent.mkdir()
    for old in ({"making": 5}, {}):
        row = {"method": "ants", "kind": "smooth", "seed": 3, "outcome": "failed (1)"} | old
        held.write_text(json.dumps(row), encoding="utf-8")
        assert run._cached(method, "", problem, tmp_path, 1.0).outcome == "scored"
    row = {"method": "ants", "kind": "smooth", "seed": 3, "outcome": "timed out", "making": 6}
    held.write_text(json.dumps(row), encoding="utf-8")
    assert run._cached(method, "", problem, tmp_path, 1.0).outcome == "timed out"
