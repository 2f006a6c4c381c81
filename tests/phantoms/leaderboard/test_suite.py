"""Methods see copies without a name; what they do to the disk changes neither truth nor score."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from phantoms.errors import CaseRefusedError, LesionRefusedError, OutputRefusedError
from phantoms.leaderboard import suite
from phantoms.leaderboard.methods import Task
from phantoms.leaderboard.suite import Suite, run_suite

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.leaderboard.methods import Method

    Methods = Callable[..., tuple[Method, ...]]
    PutCase = Callable[..., Path]

EASY = Suite(cases=("easy",), seeds=(5,))
COPY = "import shutil, sys; shutil.copy(*sys.argv[1:])"


def python(line: str, *words: str) -> list[str]:
    return ["{python}", "-c", line, *words]


def rows_of(board: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((board / "rows.json").read_text())
    return rows


@pytest.mark.parametrize(
    ("asked", "command", "outcome"),
    [
        ("answer", python(COPY, "{points}", "{mapped}"), "scored"),
        ("decline", python(COPY, "{points}", "{mapped}"), "should have declined"),
        ("either", python(COPY, "{points}", "{mapped}"), "scored"),
        ("answer", python("raise SystemExit(3)"), "wrongly declined"),
        ("decline", python("raise SystemExit(3)"), "rightly declined"),
        ("either", python("raise SystemExit(3)"), "declined"),
        ("answer", python("pass"), "no answer"),
        ("either", python("pass"), "no answer"),
        ("decline", python("1/0"), "failed"),
    ],
)
def test_the_suite_tells_every_outcome_apart(
    tmp_path: Path,
    put_case: PutCase,
    method: Methods,
    *,
    asked: str,
    command: list[str],
    outcome: str,
) -> None:
    put_case("easy", {"register": asked})
    (line,) = run_suite(EASY, method("register", command), tmp_path)
    assert line["outcomes"] == {outcome: 1}
    (row,) = rows_of(tmp_path)
    assert row["outcome"] == outcome
    if outcome == "scored":
        # of the two points one stays, the other is 5 mm off: 3 and 4 mm along two axes
        assert row["scores"]["liver_max_mm"] == 5.0
        assert line["scores"]["liver_mean_mm"] == {"median": 2.5, "worst": 2.5}
        assert "2.50 / 2.50" in (tmp_path / "table.md").read_text()
    else:
        assert row["scores"] == {}


def test_an_older_scan_is_scored_where_the_planning_scan_has_its_points(
    tmp_path: Path, put_case: PutCase, method: Methods
) -> None:
    put_case("vanished-lesion", {"older": "answer"})
    asked = Suite(cases=("vanished-lesion",), seeds=(5,))
    (line,) = run_suite(asked, method("older", python(COPY, "{points}", "{mapped}")), tmp_path)
    # what stays at its older place is 5 mm off its planning place, one point of two
    assert line["scores"]["liver_max_mm"] == {"median": 5.0, "worst": 5.0}
    assert line["scores"]["liver_mean_mm"] == {"median": 2.5, "worst": 2.5}


@pytest.mark.parametrize("task", ["margin", "proof"])
def test_a_margin_is_scored_from_masks_and_from_scans(
    tmp_path: Path, put_case: PutCase, method: Methods, task: str
) -> None:
    put_case("easy", {task: "answer"})
    # tumour is left, says exit code 3: that is an answer
    says = "import sys; open(sys.argv[1], 'w').write('{{\"mam_mm\": -3}}'); sys.exit(3)"
    (line,) = run_suite(EASY, method(task, python(says, "{answer}")), tmp_path)
    assert line["scores"]["mam_error_mm"]["worst"] == 2.0
    assert f"## {task}" in (tmp_path / "table.md").read_text()


def test_a_patient_without_a_place_for_the_lesion_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LesionRefusedError(
            "This patient has no place for such a lesion", where="liver", expected="a place",
            got="none", next_step="use another seed",
        )  # fmt: skip

    monkeypatch.setattr(suite, "make_case", refuse)
    board = tmp_path / "deep" / "board"
    assert run_suite(Suite(cases=("near-bowel",), seeds=(5,)), (), board) == []
    table = (board / "table.md").read_text()
    assert "near-bowel, seed 5: " in table
    assert "no place" in table


def test_an_answer_of_an_earlier_run_is_not_scored_again(
    tmp_path: Path, put_case: PutCase, method: Methods
) -> None:
    case = put_case("easy", {"register": "answer"})
    old = tmp_path / "work" / "00" / "0000" / "register"
    (old / "own").mkdir(parents=True)
    (old / "own" / "cache").write_text("known")
    (old / "mapped.csv").write_text((case / "points_intraop.csv").read_text())
    (line,) = run_suite(EASY, method("register", python("pass")), tmp_path)
    assert line["outcomes"] == {"no answer": 1}
    assert not (old / "own" / "cache").exists()


TAMPER = """
import glob, os, sys
for path in glob.glob(sys.argv[1] + "/*/*.csv") + glob.glob(sys.argv[1] + "/*/truth.json"):
    os.remove(path)
"""


def test_what_a_method_does_to_the_cases_changes_no_score(
    tmp_path: Path, put_case: PutCase, method: Methods
) -> None:
    put_case("easy", {"register": "answer"})
    put_case("subcostal", {"register": "answer"})
    line = f"{COPY[: -len('shutil.copy(*sys.argv[1:])')]} shutil.copy(*sys.argv[2:]);" + TAMPER
    words = [str(tmp_path / "cases"), "{points}", "{mapped}"]
    both = Suite(cases=("easy", "subcostal"), seeds=(5,))
    # the second case has lost its points by the time that it is to be copied: said, not scored
    with pytest.raises(OutputRefusedError):
        run_suite(both, method("register", python(line, *words)), tmp_path)
    (row,) = rows_of(tmp_path)
    assert row["scores"]["liver_max_mm"] == 5.0


GIVEN = {
    Task.REGISTER: {"planning", "intraop", "points.csv", "labels.nrrd"},
    Task.POSE: {"intraop", "template.json"},
    Task.NEEDLES: {"intraop", "template.json"},
    Task.MARGIN: {"labels.nrrd", "ablation.nrrd"},
    Task.PLAN: {"planning", "labels.nrrd", "template.json", "request.json"},
    Task.OLDER: {"older", "planning", "points.csv", "labels_older.nrrd"},
    Task.PROOF: {"planning", "labels.nrrd", "after", "ablation_after.nrrd"},
}
LIST = """
import json, os, sys
given, work, answer = sys.argv[1:]
given = os.path.dirname(given)
open(os.path.join(given, "mine"), "w").close()
listed = sorted(set(os.listdir(given)) - {"mine"})
json.dump({"given": listed, "place": given, "work": os.listdir(work)}, open(answer, "w"))
raise SystemExit(2)
"""
FIRST = {Task.MARGIN: "labels", Task.OLDER: "older", Task.PLAN: "planning", Task.PROOF: "after"}


@pytest.mark.parametrize("task", Task)
def test_a_method_gets_copies_of_its_tasks_inputs_alone(
    tmp_path: Path, put_case: PutCase, method: Methods, task: Task
) -> None:
    case = put_case("easy", {task.value: "answer"})
    before = {path: path.read_bytes() for path in case.rglob("*") if path.is_file()}
    word = f"{{{FIRST.get(task, 'intraop')}}}"
    line = LIST.replace("{", "{{").replace("}", "}}")
    asked = method(task.value, python(line, word, "{work}", "{answer}"), "my secret easy")
    run_suite(EASY, asked, tmp_path)
    (row,) = rows_of(tmp_path)
    assert row["folder"] == f"00/0000/{task.value}"
    place = tmp_path / "work" / row["folder"]
    seen = json.loads((place / "answer.json").read_text())
    assert set(seen["given"]) == GIVEN[task]
    # what the command itself says is kept there, nothing else
    assert set(seen["work"]) == {"out0.txt", "said0.txt"}
    told = os.path.relpath(seen["place"], tmp_path)
    assert told == str(Path("work", "00", "0000", task.value, "given"))
    assert not (place / "given").exists()
    assert {path: path.read_bytes() for path in case.rglob("*") if path.is_file()} == before


def test_methods_with_names_alike_do_not_meet(
    tmp_path: Path, put_case: PutCase, method: Methods
) -> None:
    put_case("easy", {"register": "answer"})
    names = ("a/b", "a-b", "..")
    command = python(COPY, "{points}", "{mapped}")
    asked = [each for name in names for each in method("register", command, name)]
    run_suite(EASY, asked, tmp_path)
    rows = rows_of(tmp_path)
    assert [row["method"] for row in rows] == list(names)
    assert len({row["folder"] for row in rows}) == 3
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"00", "01", "02"}


BAD_TRUTHS = [
    {"schema": "phantom-truth/2"}, {"case": "subcostal"}, {"seed": 6}, {"seed": True},
    {"seed": "5"}, {"asks": None}, {"asks": {"register": "perhaps"}}, {"asks": ["register"]},
    {"files_sha256": None}, {"files_sha256": {}}, {"files_sha256": {"labels.nrrd": "0" * 64}},
    {"files_sha256": {"../easy-5/labels.nrrd": "0" * 64}}, {"plate": None},
]  # fmt: skip


@pytest.mark.parametrize("more", BAD_TRUTHS)
def test_a_case_with_another_truth_is_refused_before_anything_runs(
    tmp_path: Path, put_case: PutCase, method: Methods, more: dict[str, Any]
) -> None:
    put_case("easy", {"register": "answer", "pose": "answer"}, **more)
    mark = tmp_path / "mark"
    asked = method("register", python(f"open({str(mark)!r}, 'w')"))
    with pytest.raises(CaseRefusedError, match="remove the folder of the case, it is made again"):
        run_suite(EASY, asked, tmp_path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["points_intraop.csv", "points_planning.csv", "labels.nrrd", "ablation.nrrd"]
)
@pytest.mark.parametrize("change", ["gone", "longer"])
def test_a_case_whose_files_are_not_those_that_were_written_is_refused(
    tmp_path: Path, put_case: PutCase, name: str, change: str
) -> None:
    path = put_case("easy", {"register": "answer"}) / name
    text = path.read_text()
    path.unlink()
    if change == "longer":
        path.write_text(text + "more")
    with pytest.raises(CaseRefusedError, match=name):
        run_suite(EASY, (), tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_truth_that_cannot_be_read_is_refused(
    tmp_path: Path, put_case: PutCase, text: str
) -> None:
    (put_case("easy", {"register": "answer"}) / "truth.json").write_text(text)
    with pytest.raises(CaseRefusedError):
        run_suite(EASY, (), tmp_path)


def test_a_case_that_lacks_its_scan_is_refused(tmp_path: Path, put_case: PutCase) -> None:
    case = put_case("easy", {"register": "answer"})
    (case / "intraop" / "1.dcm").unlink()
    (case / "intraop").rmdir()
    with pytest.raises(CaseRefusedError, match="intraop"):
        run_suite(EASY, (), tmp_path)


def test_where_no_answer_is_right_no_true_points_are_needed(
    tmp_path: Path, put_case: PutCase
) -> None:
    case = put_case("easy", {"register": "decline"})
    truth = json.loads((case / "truth.json").read_text())
    del truth["files_sha256"]["points_intraop.csv"]
    (case / "truth.json").write_text(json.dumps(truth))
    (case / "points_intraop.csv").unlink()
    assert run_suite(EASY, (), tmp_path) == []


def test_a_task_that_is_not_known_here_is_nobodys(tmp_path: Path, put_case: PutCase) -> None:
    put_case("easy", {"register": "answer", "dance": "answer"})
    assert run_suite(EASY, (), tmp_path) == []


@pytest.mark.parametrize(
    "answer",
    [
        '{"trajectories": [1]}',
        '{"trajectories": [{"entry_lps_mm": [0, 0, 1e12], "tip_lps_mm": [0, 0, 0]}]}',
        '{"trajectories": ' + "[" * 5000 + "]" * 5000 + "}",
        "\ud800",
    ],
)
def test_one_bad_answer_does_not_end_the_board(
    tmp_path: Path,
    put_case: PutCase,
    method: Methods,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    far = lambda points: 0.0 * points[:, 0] + 50.0  # noqa: E731 - a patient without organs
    monkeypatch.setattr("phantoms.leaderboard.judging.distances_in_patient", lambda *_: (far, far))
    put_case("easy", {"plan": "answer"})
    path = tmp_path / "bad"
    path.write_text(answer, encoding="utf-8", errors="surrogatepass")
    asked = method("plan", python(COPY, str(path), "{answer}"))
    (line,) = run_suite(EASY, asked, tmp_path)
    assert line["outcomes"] == {"no answer": 1}
