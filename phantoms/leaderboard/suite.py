"""The suite: cases made once, every method run on each, every answer scored."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phantoms.casefiles import make_case
from phantoms.errors import HardwareRefusedError, LesionRefusedError, MethodRefusedError
from phantoms.files import new_file, open_folder
from phantoms.leaderboard.answers import load_answer, load_points
from phantoms.leaderboard.methods import Task
from phantoms.leaderboard.planning import score_plan
from phantoms.leaderboard.running import Ending, run_recipe
from phantoms.leaderboard.scoring import (
    score_margin,
    score_needles,
    score_pose,
    score_registration,
)
from phantoms.leaderboard.table import Row, markdown_of, summary_of
from phantoms.motion import inverse_rigid, moved_points
from phantoms.program import distance_field
from phantoms.setups import set_up_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from phantoms.arrays import Floats
    from phantoms.leaderboard.methods import Method, Recipe

PARTS = (
    *("planning", "intraop", "after", "older"),
    *("labels.nrrd", "labels_older.nrrd", "ablation.nrrd", "ablation_after.nrrd"),
    *("template.json", "request.json"),
)
POINTS = {Task.OLDER: ("points_older.csv", "points_planning.csv")}
"""Where a task's points start and where they end, if not planning and intraoperative."""
USUAL_POINTS = ("points_planning.csv", "points_intraop.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is run.

    Parameters
    ----------
    cases : tuple of str
        Names out of ``phantoms list``.
    seeds : tuple of int
        Patients; keep those on which a method was tuned apart from these.
    limit_s : float
        Seconds for one task of one case.
    """

    cases: tuple[str, ...]
    seeds: tuple[int, ...]
    limit_s: float = 600.0


def seeds_from_words(words: str) -> tuple[int, ...]:
    """Read which patients are meant.

    Parameters
    ----------
    words : str
        Numbers and ranges with commas between.

    Returns
    -------
    tuple of int
        Each once, in order.

    Raises
    ------
    MethodRefusedError
        If a word is neither.

    Examples
    --------
    >>> seeds_from_words("7, 100-102")
    (7, 100, 101, 102)
    """
    seeds: dict[int, None] = {}
    for word in words.split(","):
        ends = word.strip().split("-")
        first, last = ends[0], ends[-1]
        is_range = len(ends) <= 2 and first.isdecimal() and last.isdecimal()
        if not is_range or int(first) > int(last):
            raise MethodRefusedError(
                "The patients cannot be read",
                where="--seeds",
                expected="numbers and ranges, such as 7,100-104",
                got=repr(words),
                next_step="name them so",
            )
        seeds |= dict.fromkeys(range(int(first), int(last) + 1))
    return tuple(seeds)


def run_suite(
    suite: Suite,
    methods: Sequence[Method],
    folder: Path,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Run every method on every case and write one table.

    Parameters
    ----------
    suite : Suite
        Cases and seeds.
    methods : sequence of Method
        What is compared.
    folder : Path
        Made where it is missing. Cases that lie in it are used again; ``rows.json``,
        ``summary.json`` and ``table.md`` are replaced.
    tell : callable
        Takes one line before each longer step.

    Returns
    -------
    list of dict
        The summary, as of :func:`phantoms.leaderboard.table.summary_of`.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    OutputRefusedError
        If the folder cannot be written.
    """
    open_folder(folder)
    rows: list[Row] = []
    left_out: list[str] = []
    for name in suite.cases:
        for seed in suite.seeds:
            try:
                case = _case_folder(folder / "cases" / f"{name}-{seed}", name, seed, tell)
            except (LesionRefusedError, HardwareRefusedError) as error:
                # not every liver has a place for every lesion: said, never dropped silently
                left_out.append(f"{name}, seed {seed}: {str(error).splitlines()[0]}")
                tell(f"left out: {left_out[-1]}")
                write_table(rows, folder, left_out)
                continue
            for method in methods:
                place = folder / "work" / method.name.replace("/", "-") / case.name
                rows += _run_method(method, case, place, suite.limit_s, tell)
            write_table(rows, folder, left_out)
    return summary_of(rows)


def write_table(rows: Sequence[Row], folder: Path, left_out: Sequence[str] = ()) -> None:
    """Write rows, summary and table into a folder, each as a whole.

    Parameters
    ----------
    rows : sequence of Row
        All rows so far.
    folder : Path
        It exists.
    left_out : sequence of str
        Cases that could not be made, each with the reason.

    Raises
    ------
    OutputRefusedError
        If it cannot be written.
    """
    summary = summary_of(rows)
    texts = {
        "rows.json": json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False),
        "summary.json": json.dumps(summary, indent=1, allow_nan=False),
        "table.md": markdown_of(summary) + "".join(f"\nLeft out: {each}\n" for each in left_out),
    }
    for name, text in texts.items():
        with new_file(folder / name) as draft:
            draft.write_text(text, encoding="utf-8")


def _case_folder(folder: Path, name: str, seed: int, tell: Callable[[str], None]) -> Path:
    """Make a case, unless it lies there already: a folder appears whole or not at all."""
    if not (folder / "truth.json").is_file():
        tell(f"making {name}, seed {seed}")
        make_case(name, folder, seed=seed)
    return folder


def _run_method(
    method: Method, case: Path, place: Path, limit_s: float, tell: Callable[[str], None]
) -> list[Row]:
    """Let one method do all its tasks that a case asks for."""
    truth = load_answer(case / "truth.json")
    rows = []
    for task, recipe in method.recipes.items():
        if task.value in truth["asks"]:
            tell(f"{method.name}: {task.value} of {case.name}")
            rows.append(_run_task(method.name, task, recipe, (case, truth), place, limit_s))
    return rows


def _run_task(  # noqa: PLR0913, PLR0917 - one cell of the table
    method: str,
    task: Task,
    recipe: Recipe,
    case: tuple[Path, Mapping[str, Any]],
    place: Path,
    limit_s: float,
) -> Row:
    """Run one task and score it."""
    folder, truth = case
    work = place / task.value
    work.mkdir(parents=True, exist_ok=True)
    answer, mapped = work / "answer.json", work / "mapped.csv"
    for left in (answer, mapped):
        left.unlink(missing_ok=True)
    places = _places(task, folder) | {"mapped": mapped, "answer": answer, "work": work}
    done = run_recipe(
        recipe, places, answer=answer, limit_s=limit_s, is_no_an_answer=task is Task.MARGIN
    )
    outcome, scores, reason = done.ending.value, {}, done.reason
    should_decline = truth["asks"][task.value] == "decline"
    if done.ending is Ending.DECLINED:
        outcome = "rightly declined" if should_decline else "wrongly declined"
    elif done.ending is Ending.ANSWERED:
        is_mapped = task in {Task.REGISTER, Task.OLDER}
        try:
            given = load_points(mapped) if is_mapped else load_answer(answer)
            # where nothing is true, nothing is to be measured against
            scores = {} if should_decline else _scores(task, given, folder, truth)
            outcome = "should have declined" if should_decline else "scored"
        except MethodRefusedError as error:
            outcome, reason = "no answer", " ".join(str(error).split())
    return Row(
        method=method,
        case=str(truth["case"]),
        task=task.value,
        seed=int(truth["seed"]),
        outcome=outcome,
        scores=scores,
        wall_s=done.wall_s,
        reason=reason,
    )


def _places(task: Task, case: Path) -> dict[str, Path]:
    """Say what the words in a command line's braces stand for, but for the answers."""
    return {Path(part).stem: case / part for part in PARTS} | {
        "case": case,
        "points": case / POINTS.get(task, USUAL_POINTS)[0],
        "here": Path.cwd(),
        "python": Path(sys.executable),
    }


def _scores(
    task: Task, given: Mapping[str, Any], case: Path, truth: Mapping[str, Any]
) -> dict[str, float]:
    """Score points or an answer."""
    if task in {Task.REGISTER, Task.OLDER}:
        true = POINTS.get(task, USUAL_POINTS)[1]
        return score_registration(given, load_points(case / true))
    if task is Task.POSE:
        return score_pose(given, truth)
    if task is Task.NEEDLES:
        return score_needles(given, truth)
    if task is Task.MARGIN:
        return score_margin(given, truth)
    return score_plan(given, truth, _clearance(truth))


def _clearance(truth: Mapping[str, Any]) -> Callable[[Floats], Floats]:
    """Rebuild the patient of a case and give the distance to bone, lung and bowel."""
    patient = set_up_case(str(truth["case"]), int(truth["seed"])).patient
    obstacles = distance_field(patient.obstacles)
    body_from_lps = inverse_rigid(patient.lps_from_body)
    return lambda points: obstacles(moved_points(body_from_lps, points))
