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
from phantoms.leaderboard.givens import given_inputs
from phantoms.leaderboard.judging import judge
from phantoms.leaderboard.methods import Task
from phantoms.leaderboard.running import run_recipe
from phantoms.leaderboard.table import Row, markdown_of, summary_of
from phantoms.leaderboard.truths import load_case_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from phantoms.leaderboard.methods import Method, Recipe
    from phantoms.leaderboard.truths import CaseTruth

MOST_SEEDS = 10_000
"""More patients are a slip of the keyboard."""
MOST_DIGITS = 18


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
        If a word is neither, or there are more than 10,000 of them.

    Examples
    --------
    >>> seeds_from_words("7, 100-102")
    (7, 100, 101, 102)
    """
    seeds: dict[int, None] = {}
    for word in words.split(","):
        ends = word.strip().split("-")
        are_numbers = all(end.isdecimal() and len(end) <= MOST_DIGITS for end in ends)
        if not are_numbers or len(ends) > 2 or int(ends[0]) > int(ends[-1]):
            expected = f"numbers of at most {MOST_DIGITS} digits and ranges, such as 7,100-104"
            raise _refused_seeds(expected, repr(words)[:80])
        first, last = int(ends[0]), int(ends[-1])
        count = last - first + 1
        if count > MOST_SEEDS:
            raise _refused_seeds(f"at most {MOST_SEEDS} patients", f"{count} in {word.strip()}")
        seeds |= dict.fromkeys(range(first, last + 1))
        if len(seeds) > MOST_SEEDS:
            raise _refused_seeds(f"at most {MOST_SEEDS} patients", "more")
    return tuple(seeds)


def _refused_seeds(expected: str, got: str) -> MethodRefusedError:
    return MethodRefusedError(
        "The patients cannot be read",
        where="--seeds",
        expected=expected,
        got=got,
        next_step="name them so",
    )


def run_suite(
    suite: Suite,
    methods: Sequence[Method],
    folder: Path,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Run every method on every case and write one table.

    All cases are made or checked and all truth is read before any method runs: what a method
    writes, wherever it writes it, changes no score.

    Parameters
    ----------
    suite : Suite
        Cases and seeds.
    methods : sequence of Method
        What is compared.
    folder : Path
        Made where it is missing. Cases that lie in it are used again; ``rows.json``,
        ``summary.json``, ``table.md`` and the answers in ``work`` are replaced.
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
    CaseRefusedError
        If a case that lies in the folder is not as it was made.
    OutputRefusedError
        If the folder cannot be written.
    """
    open_folder(folder)
    cases, left_out = _prepared(suite, folder / "cases", tell)
    rows: list[Row] = []
    write_table(rows, folder, left_out)
    for number, truth in enumerate(cases):
        for place, method in enumerate(methods):
            # by number: names may be alike, and a path is not to tell the case
            work = folder / "work" / f"{place:02d}" / f"{number:04d}"
            rows += _run_method(method, truth, work, suite.limit_s, tell)
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


def _prepared(
    suite: Suite, folder: Path, tell: Callable[[str], None]
) -> tuple[list[CaseTruth], list[str]]:
    """Make or check all cases; those that no patient has a place for come back by name."""
    cases: list[CaseTruth] = []
    left_out: list[str] = []
    for name in suite.cases:
        for seed in suite.seeds:
            place = folder / f"{name}-{seed}"
            try:
                # a folder appears whole or not at all
                if not (place / "truth.json").is_file():
                    tell(f"making {name}, seed {seed}")
                    make_case(name, place, seed=seed)
            except (LesionRefusedError, HardwareRefusedError) as error:
                # not every liver has a place for every lesion: said, never dropped silently
                left_out.append(f"{name}, seed {seed}: {str(error).splitlines()[0]}")
                tell(f"left out: {left_out[-1]}")
                continue
            cases.append(load_case_truth(place, name, seed))
    return cases, left_out


def _run_method(
    method: Method, truth: CaseTruth, work: Path, limit_s: float, tell: Callable[[str], None]
) -> list[Row]:
    """Let one method do all its tasks that a case asks for."""
    rows = []
    for task, recipe in method.recipes.items():
        if task in truth.asks:
            tell(f"{method.name}: {task.value} of {truth.case}-{truth.seed}")
            rows.append(_run_task(method.name, (task, recipe), truth, work / task.value, limit_s))
    return rows


def _run_task(
    method: str, asked: tuple[Task, Recipe], truth: CaseTruth, place: Path, limit_s: float
) -> Row:
    """Run one task and score it."""
    task, recipe = asked
    with given_inputs(task, truth.folder, place) as given:
        places = given | {"here": Path.cwd(), "python": Path(sys.executable)}
        done = run_recipe(
            recipe,
            places,
            answer=places["answer"],
            limit_s=limit_s,
            is_no_an_answer=task in {Task.MARGIN, Task.PROOF},
        )
    outcome, scores, reason = judge(done, task, truth, places)
    return Row(
        method=method,
        case=truth.case,
        task=task.value,
        seed=truth.seed,
        outcome=outcome,
        scores=scores,
        wall_s=done.wall_s,
        folder="/".join(place.parts[-3:]),
        reason=reason,
    )
