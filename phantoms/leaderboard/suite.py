"""The suite: cases made once, every method run on each, every answer scored."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phantoms.casefiles import make_case
from phantoms.cases import set_up_case
from phantoms.errors import MethodRefusedError
from phantoms.files import new_file
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from phantoms.arrays import Floats
    from phantoms.leaderboard.methods import Method, Recipe

PARTS = (
    *("planning", "intraop", "after"),
    *("labels.nrrd", "ablation.nrrd", "template.json", "request.json"),
)


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
    rows: list[Row] = []
    for name in suite.cases:
        for seed in suite.seeds:
            case = _case_folder(folder / "cases" / f"{name}-{seed}", name, seed, tell)
            for method in methods:
                place = folder / "work" / method.name.replace("/", "-") / case.name
                rows += _run_method(method, case, place, suite.limit_s, tell)
            write_table(rows, folder)
    return summary_of(rows)


def write_table(rows: Sequence[Row], folder: Path) -> None:
    """Write rows, summary and table into a folder, each as a whole.

    Parameters
    ----------
    rows : sequence of Row
        All rows so far.
    folder : Path
        It exists.

    Raises
    ------
    OutputRefusedError
        If it cannot be written.
    """
    summary = summary_of(rows)
    texts = {
        "rows.json": json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False),
        "summary.json": json.dumps(summary, indent=1, allow_nan=False),
        "table.md": markdown_of(summary),
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
    places = {Path(part).stem: folder / part for part in PARTS} | {
        "case": folder,
        "points": folder / "points_planning.csv",
        "mapped": mapped,
        "answer": answer,
        "work": work,
        "here": Path.cwd(),
        "python": Path(sys.executable),
    }
    done = run_recipe(
        recipe, places, answer=answer, limit_s=limit_s, is_no_an_answer=task is Task.MARGIN
    )
    outcome, scores, reason = done.ending.value, {}, done.reason
    should_decline = truth["asks"][task.value] == "decline"
    if done.ending is Ending.DECLINED:
        outcome = "rightly declined" if should_decline else "wrongly declined"
    elif done.ending is Ending.ANSWERED:
        try:
            scores = _scores(task, answer if task is not Task.REGISTER else mapped, folder, truth)
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


def _scores(task: Task, answer: Path, case: Path, truth: Mapping[str, Any]) -> dict[str, float]:
    """Score an answer."""
    if task is Task.REGISTER:
        return score_registration(load_points(answer), load_points(case / "points_intraop.csv"))
    content = load_answer(answer)
    if task is Task.POSE:
        return score_pose(content, truth)
    if task is Task.NEEDLES:
        return score_needles(content, truth)
    if task is Task.MARGIN:
        return score_margin(content, truth)
    return score_plan(content, truth, _clearance(truth))


def _clearance(truth: Mapping[str, Any]) -> Callable[[Floats], Floats]:
    """Rebuild the patient of a case and give the distance to bone, lung and bowel."""
    patient = set_up_case(str(truth["case"]), int(truth["seed"])).patient
    obstacles = distance_field(patient.obstacles)
    body_from_lps = inverse_rigid(patient.lps_from_body)
    return lambda points: obstacles(moved_points(body_from_lps, points))
