"""A method is run as it is, within its time; each way in which it may end is told apart."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from phantoms.errors import LesionRefusedError, MethodRefusedError
from phantoms.leaderboard import suite
from phantoms.leaderboard.answers import load_answer, load_points
from phantoms.leaderboard.methods import Recipe, Task, load_methods
from phantoms.leaderboard.running import Ending, run_recipe
from phantoms.leaderboard.suite import Suite, run_suite, seeds_from_words

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = "label,x_mm,y_mm,z_mm\nliver-1,0,0,0\nliver-2,1,2,3\n"
MOVED = "label,x_mm,y_mm,z_mm\nliver-1,3,0,4\nliver-2,1,2,3\n"


def recipe(*lines: str, prints: bool = False) -> Recipe:
    return Recipe(commands=tuple(("{python}", "-c", line) for line in lines), prints_answer=prints)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    def go(asked: Recipe, limit_s: float = 20.0) -> Any:  # noqa: ANN401 - a Work
        places = {"python": Path(sys.executable), "work": tmp_path}
        return run_recipe(asked, places, answer=tmp_path / "answer.json", limit_s=limit_s)

    return go


@pytest.mark.parametrize(
    ("line", "ending"),
    [
        ("pass", Ending.ANSWERED),
        ("raise SystemExit(2)", Ending.DECLINED),
        ("raise SystemExit(3)", Ending.DECLINED),
        ("raise SystemExit(1)", Ending.FAILED),
        ("import os; os.abort()", Ending.FAILED),
    ],
)
def test_exit_codes_say_how_it_ended(run: Callable[..., Any], line: str, ending: Ending) -> None:
    assert run(recipe(line)).ending is ending


@pytest.mark.parametrize(("code", "ending"), [(2, Ending.DECLINED), (3, Ending.ANSWERED)])
def test_a_no_can_be_an_answer(tmp_path: Path, code: int, ending: Ending) -> None:
    asked = recipe(f"print('[]'); raise SystemExit({code})", prints=True)
    places = {"python": Path(sys.executable), "work": tmp_path}
    answer = tmp_path / "answer.json"
    done = run_recipe(asked, places, answer=answer, limit_s=20.0, is_no_an_answer=True)
    assert done.ending is ending
    assert answer.read_text().strip() == "[]"


def test_the_last_words_are_kept(run: Callable[..., Any]) -> None:
    said = "import sys; print('refused: mirrored', file=sys.stderr); sys.exit(2)"
    assert "refused: mirrored" in run(recipe(said)).reason


def test_time_is_over_for_all_commands_together(run: Callable[..., Any]) -> None:
    began = time.perf_counter()
    wait = "import time; time.sleep(30)"
    assert run(recipe("pass", wait, wait), limit_s=1.5).ending is Ending.TIMED_OUT
    assert time.perf_counter() - began < 20.0


def test_what_a_command_started_ends_with_it(run: Callable[..., Any], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child = f"import time; time.sleep(4); open({str(mark)!r}, 'w')"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert run(recipe(start), limit_s=1.5).ending is Ending.TIMED_OUT
    time.sleep(4.0)
    assert not mark.exists()


def test_a_program_that_is_not_there_has_failed(run: Callable[..., Any]) -> None:
    done = run(Recipe(commands=(("no-such-program-at-all",),)))
    assert done.ending is Ending.FAILED
    assert "no-such-program-at-all" in done.reason


def test_after_a_failure_nothing_more_is_run(run: Callable[..., Any], tmp_path: Path) -> None:
    mark = f"open({str(tmp_path / 'mark')!r}, 'w')"
    assert run(recipe("raise SystemExit(2)", mark)).ending is Ending.DECLINED
    assert not (tmp_path / "mark").exists()


METHODS = """
[[method]]
name = "ours"
[method.register]
commands = [["{python}", "-c", "pass", "{planning}", "{mapped}"]]
[method.pose]
commands = [["true"]]
prints_answer = true

[[method]]
name = "theirs"
[method.margin]
commands = [["a"], ["b", "{labels}"]]
"""


def test_methods_are_read(tmp_path: Path) -> None:
    path = tmp_path / "methods.toml"
    path.write_text(METHODS)
    ours, theirs = load_methods(path)
    assert (ours.name, set(ours.recipes)) == ("ours", {Task.REGISTER, Task.POSE})
    assert ours.recipes[Task.POSE].prints_answer
    assert theirs.recipes[Task.MARGIN].commands == (("a",), ("b", "{labels}"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "theirs"', 'name = "ours"'),
        ('name = "theirs"', ""),
        ("[method.margin]", "[method.dance]"),
        ("{labels}", "{label}"),
        ("{labels}", "{labels"),
        ('commands = [["a"], ', "commands = [[], "),
        ('commands = [["true"]]', 'commands = "true"'),
        ("prints_answer = true", "prints_answer = 1"),
        ("prints_answer = true", "prints = true"),
        ('[[method]]\nname = "ours"', '[method]\nname = "ours"'),
        (METHODS, ""),
        (METHODS, "x ="),
    ],
)
def test_a_file_of_methods_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "methods.toml"
    assert old in METHODS
    path.write_text(METHODS.replace(old, new))
    with pytest.raises(MethodRefusedError):
        load_methods(path)


@pytest.mark.parametrize(
    "text",
    ["", "label,x,y,z\na,1,2,3\n", POINTS + "liver-1,0,0,0\n", POINTS + "a,1,2\n",
     POINTS + "a,1,2,nan\n", POINTS + "a,1,2,x\n"],
)  # fmt: skip
def test_points_are_read_strictly(tmp_path: Path, text: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(MethodRefusedError):
        load_points(path)


@pytest.mark.parametrize("text", ["", "[]", '{"a": NaN}', "{", "[" * 100_000])
def test_answers_are_read_strictly(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(text)
    with pytest.raises(MethodRefusedError):
        load_answer(path)


@pytest.mark.parametrize("words", ["", "a", "1-", "-1", "3-x", "1,,2", "5-3", "1-2-3"])
def test_patients_are_read_strictly(words: str) -> None:
    with pytest.raises(MethodRefusedError):
        seeds_from_words(words)


def put_case(folder: Path, name: str, asks: dict[str, str]) -> None:
    """Lay down the few files of a case that its scores need."""
    case = folder / "cases" / f"{name}-5"
    case.mkdir(parents=True)
    (case / "points_planning.csv").write_text(POINTS)
    (case / "points_intraop.csv").write_text(MOVED)
    truth = {"case": name, "seed": 5, "asks": asks, "ablation": {"mam_mm": -1.0}}
    (case / "truth.json").write_text(json.dumps(truth))


COPY = "import shutil, sys; shutil.copy(*sys.argv[1:])"


@pytest.mark.parametrize(
    ("asked", "command", "outcome"),
    [
        ("answer", ["{python}", "-c", COPY, "{points}", "{mapped}"], "scored"),
        ("decline", ["{python}", "-c", COPY, "{points}", "{mapped}"], "should have declined"),
        ("answer", ["{python}", "-c", "raise SystemExit(3)"], "wrongly declined"),
        ("decline", ["{python}", "-c", "raise SystemExit(3)"], "rightly declined"),
        ("answer", ["{python}", "-c", "pass"], "no answer"),
        ("decline", ["{python}", "-c", "1/0"], "failed"),
    ],
)
def test_the_suite_tells_every_outcome_apart(
    tmp_path: Path, asked: str, command: list[str], outcome: str
) -> None:
    put_case(tmp_path, "easy", {"register": asked})
    text = f'[[method]]\nname = "m"\n[method.register]\ncommands = [{json.dumps(command)}]\n'
    (tmp_path / "methods.toml").write_text(text)
    methods = load_methods(tmp_path / "methods.toml")
    summary = run_suite(Suite(cases=("easy",), seeds=(5,)), methods, tmp_path)
    (line,) = summary
    assert line["outcomes"] == {outcome: 1}
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert row["outcome"] == outcome
    if outcome == "scored":
        # of the two points one stays, the other is 5 mm off: 3 and 4 mm along two axes
        assert row["scores"]["liver_max_mm"] == 5.0
        assert line["scores"]["liver_mean_mm"] == {"median": 2.5, "worst": 2.5}
        assert "2.50 / 2.50" in (tmp_path / "table.md").read_text()
    else:
        assert row["scores"] == {}


def test_an_older_scan_is_scored_where_the_planning_scan_has_its_points(tmp_path: Path) -> None:
    put_case(tmp_path, "vanished-lesion", {"older": "answer"})
    case = tmp_path / "cases" / "vanished-lesion-5"
    (case / "points_older.csv").write_text(MOVED)
    command = json.dumps(["{python}", "-c", COPY, "{points}", "{mapped}"])
    text = f'[[method]]\nname = "m"\n[method.older]\ncommands = [{command}]\n'
    (tmp_path / "methods.toml").write_text(text)
    methods = load_methods(tmp_path / "methods.toml")
    (line,) = run_suite(Suite(cases=("vanished-lesion",), seeds=(5,)), methods, tmp_path)
    # what stays at its older place is 5 mm off its planning place, one point of two
    assert line["scores"]["liver_max_mm"] == {"median": 5.0, "worst": 5.0}
    assert line["scores"]["liver_mean_mm"] == {"median": 2.5, "worst": 2.5}


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


def test_an_answer_of_an_earlier_run_is_not_scored_again(tmp_path: Path) -> None:
    put_case(tmp_path, "easy", {"register": "answer"})
    old = tmp_path / "work" / "m" / "easy-5" / "register"
    old.mkdir(parents=True)
    (old / "mapped.csv").write_text(POINTS)
    text = '[[method]]\nname = "m"\n[method.register]\ncommands = [["{python}", "-c", "pass"]]\n'
    (tmp_path / "methods.toml").write_text(text)
    methods = load_methods(tmp_path / "methods.toml")
    (line,) = run_suite(Suite(cases=("easy",), seeds=(5,)), methods, tmp_path)
    assert line["outcomes"] == {"no answer": 1}
