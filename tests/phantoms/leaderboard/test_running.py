"""A method is run as it is, within its time; each way in which it may end is told apart."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from phantoms.errors import MethodRefusedError
from phantoms.leaderboard.answers import load_answer, load_points
from phantoms.leaderboard.methods import Recipe, Task, load_methods
from phantoms.leaderboard.running import Ending, run_recipe
from phantoms.leaderboard.suite import seeds_from_words

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = "label,x_mm,y_mm,z_mm\nliver-1,0,0,0\nliver-2,1,2,3\n"


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


def test_a_script_that_does_not_say_what_runs_it_has_failed(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("echo hello\n")
    script.chmod(0o755)
    done = run(Recipe(commands=((str(script),),)))
    assert done.ending is Ending.FAILED
    assert "cannot be started" in done.reason


@pytest.mark.parametrize("left", ["", "import os; os.remove({said!r});"])
def test_a_method_that_tidies_up_behind_the_judge_has_failed(
    run: Callable[..., Any], tmp_path: Path, left: str
) -> None:
    clean = left.format(said=str(tmp_path / "said0.txt"))
    done = run(recipe(f"{clean} raise SystemExit(1)".strip()))
    assert (done.ending, done.reason) == (Ending.FAILED, "exit code 1: nothing said")


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
        (METHODS, "method = [1]"),
        (METHODS, "method = " + "[" * 100_000),
        ('name = "theirs"', 'name = "the|irs"'),
        ('name = "theirs"', 'name = "the\\nirs"'),
        ("{labels}", "{labels!x}"),
        ("{labels}", "{labels!r}"),
        ("{labels}", "{labels:>zz}"),
        ("{labels}", "{labels:{answer}}"),
        ("{labels}", "{labels.parent}"),
        ("{labels}", "{case}"),
        ("{labels}", "{after}"),
        ("{labels}", "a\\u0000b"),
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
     POINTS + "a,1,2,nan\n", POINTS + "a,1,2,x\n", POINTS + "a,1,2,1e12\n",
     POINTS + "a,1,2,1e300\n", POINTS + f"a,1,2,{'9' * 400}\n", POINTS + "a,1,2," + "x" * 200_000],
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


@pytest.mark.parametrize("load", [load_points, load_answer])
def test_a_pipe_is_no_answer_and_nobody_waits_for_it(
    tmp_path: Path, load: Callable[[Path], Any]
) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes with a name")
    os.mkfifo(tmp_path / "answer")
    with pytest.raises(MethodRefusedError):
        load(tmp_path / "answer")


@pytest.mark.parametrize(
    "words", ["1-99999999999", "1-10001", "1-9000,20000-29000", "9" * 19, "1-" + "9" * 5000]
)
def test_too_many_patients_are_refused_at_once(words: str) -> None:
    with pytest.raises(MethodRefusedError, match="expected"):
        seeds_from_words(words)


def test_ten_thousand_patients_are_not_too_many() -> None:
    assert len(seeds_from_words("1-10000")) == 10_000
    # seeds for a held-out run are drawn large
    assert seeds_from_words("9" * 18) == (10**18 - 1,)
