"""One table out of many scores: for a person in Markdown, for a program in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.leaderboard.methods import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHOWN: Mapping[Task, tuple[str, ...]] = {
    Task.REGISTER: ("liver_mean_mm", "liver_p95_mm", "tumour_max_mm", "bone_p95_mm"),
    Task.POSE: ("origin_mm", "below_mm", "angle_deg"),
    Task.NEEDLES: ("tip_mean_mm", "tip_max_mm", "angle_max_deg", "missed", "invented"),
    Task.MARGIN: ("mam_error_mm", "mam_too_good_mm", "verdict_wrong"),
    Task.PLAN: ("mam_mm", "clearance_mm", "zone_to_bowel_mm", "hits", "needles"),
    Task.OLDER: ("tumour_mean_mm", "tumour_max_mm", "liver_mean_mm", "liver_p95_mm"),
    Task.PROOF: ("mam_error_mm", "mam_too_good_mm", "verdict_wrong"),
}
"""The scores that a person compares, in the order of the table."""
LESS_IS_WORSE = frozenset({"mam_mm", "clearance_mm", "zone_to_bowel_mm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one method did at one task of one case.

    Parameters
    ----------
    method, case, task : str
        Names.
    seed : int
        Which patient.
    outcome : str
        ``scored``, ``rightly declined``, ``wrongly declined``, ``declined`` where that is as good
        as an answer, ``should have declined``, ``failed``, ``timed out`` or ``no answer``.
    scores : mapping of str to float
        Empty unless there was something to score.
    wall_s : float
        Seconds.
    folder : str
        Where its answer lies, within the folder of the answers.
    reason : str
        Why there is no score.
    """

    method: str
    case: str
    task: str
    seed: int
    outcome: str
    scores: Mapping[str, float]
    wall_s: float
    folder: str = ""
    reason: str = ""


def summary_of(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Put the rows of each method and task together.

    Parameters
    ----------
    rows : iterable of Row
        All rows.

    Returns
    -------
    list of dict
        ``method``, ``task``, ``runs``, the count of each outcome, ``median_s``, and the median
        and the worst of each score; in the order in which they came.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.method, row.task), []).append(row)
    return [_summary(method, task, group) for (method, task), group in groups.items()]


def _summary(method: str, task: str, rows: list[Row]) -> dict[str, Any]:
    outcomes: dict[str, int] = {}
    for row in rows:
        outcomes[row.outcome] = outcomes.get(row.outcome, 0) + 1
    names = sorted({name for row in rows for name in row.scores})
    scores = {}
    for name in names:
        values = [row.scores[name] for row in rows if name in row.scores]
        worst = min(values) if name in LESS_IS_WORSE else max(values)
        scores[name] = {"median": float(np.median(values)), "worst": worst}
    return {
        "method": method,
        "task": task,
        "runs": len(rows),
        "outcomes": outcomes,
        "median_s": float(np.median([row.wall_s for row in rows])),
        "scores": scores,
    }


def markdown_of(summary: list[dict[str, Any]]) -> str:
    """Write the summary as Markdown, a table for each task.

    Parameters
    ----------
    summary : list of dict
        As of :func:`summary_of`.

    Returns
    -------
    str
        Median / worst for every score; lower is better but for margins and clearances.
    """
    parts = []
    for task in Task:
        lines = [each for each in summary if each["task"] == task.value]
        if lines:
            parts.append(_task_table(task, lines))
    return "\n\n".join(parts) + "\n"


def _task_table(task: Task, lines: list[dict[str, Any]]) -> str:
    names = SHOWN[task]
    head = ["method", *(name.replace("_", " ") for name in names), "outcomes", "s"]
    table = [f"## {task.value}", "", _line(head), _line(["---"] * len(head))]
    for each in lines:
        scores = [_score(each["scores"].get(name)) for name in names]
        outcomes = ", ".join(f"{count} {name}" for name, count in each["outcomes"].items())
        table.append(_line([each["method"], *scores, outcomes, f"{each['median_s']:.1f}"]))
    return "\n".join(table)


def _score(score: Mapping[str, float] | None) -> str:
    return "" if score is None else f"{score['median']:.2f} / {score['worst']:.2f}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
