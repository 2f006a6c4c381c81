"""One answer of a method against the truth of its case: the outcome, and the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phantoms.errors import MethodRefusedError
from phantoms.interior import joined
from phantoms.leaderboard.answers import load_answer, load_points
from phantoms.leaderboard.givens import POINTS
from phantoms.leaderboard.methods import Task
from phantoms.leaderboard.planning import score_plan
from phantoms.leaderboard.running import Ending
from phantoms.leaderboard.scoring import (
    score_margin,
    score_needles,
    score_pose,
    score_registration,
)
from phantoms.leaderboard.truths import ANSWER, DECLINE, EITHER
from phantoms.motion import inverse_rigid, moved_points
from phantoms.program import distance_field
from phantoms.setups import set_up_case
from phantoms.shapes import Cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from phantoms.arrays import Floats
    from phantoms.leaderboard.running import Work
    from phantoms.leaderboard.truths import CaseTruth
    from phantoms.shapes import Shape

DECLINED = {ANSWER: "wrongly declined", DECLINE: "rightly declined", EITHER: "declined"}
"""What it is to decline, by what the case wants."""


def judge(
    done: Work, task: Task, truth: CaseTruth, places: Mapping[str, Path]
) -> tuple[str, dict[str, float], str]:
    """Judge how a method did a task.

    Parameters
    ----------
    done : Work
        How its commands ended.
    task : Task
        What it was asked for.
    truth : CaseTruth
        Of its case.
    places : mapping of str to Path
        Where ``mapped`` and ``answer`` are, if it wrote them.

    Returns
    -------
    outcome : str
        As in :class:`phantoms.leaderboard.table.Row`.
    scores : dict of str to float
        Empty unless it was scored.
    reason : str
        Why it was not.
    """
    wanted = truth.asks[task]
    if done.ending is Ending.DECLINED:
        return DECLINED[wanted], {}, done.reason
    if done.ending is not Ending.ANSWERED:
        return done.ending.value, {}, done.reason
    try:
        given = load_points(places["mapped"]) if task in POINTS else load_answer(places["answer"])
        if wanted == DECLINE:
            return "should have declined", {}, ""
        return "scored", _scores(task, given, truth), ""
    except MethodRefusedError as error:
        return "no answer", {}, " ".join(str(error).split())


def _scores(task: Task, given: Mapping[str, Any], truth: CaseTruth) -> dict[str, float]:
    """Score points or an answer."""
    if task in POINTS:
        return score_registration(given, truth.points[task])
    if task is Task.POSE:
        return score_pose(given, truth.content)
    if task is Task.NEEDLES:
        return score_needles(given, truth.content)
    if task is Task.PLAN:
        return score_plan(given, truth.content, *distances_in_patient(truth.case, truth.seed))
    return score_margin(given, truth.content)


def distances_in_patient(
    case: str, seed: int
) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """Rebuild the patient of a case, to measure in him.

    Parameters
    ----------
    case : str
        Name of the case.
    seed : int
        Which patient.

    Returns
    -------
    clearance_mm, bowel_mm : callable
        Each takes points (n, 3), LPS of the planning scan, and gives their signed distance (n,)
        to bone, lung and bowel, and to bowel alone, negative inside, millimetres.
    """
    patient = set_up_case(case, seed).patient
    body_from_lps = inverse_rigid(patient.lps_from_body)
    # the liver is painted over the gut that it presses on
    bowel = Cut(joined(list(patient.parts), ("bowel",)), patient.liver)

    def measured(shape: Shape) -> Callable[[Floats], Floats]:
        """Give the distance to a shape of the body frame for points of the scan."""
        field = distance_field(shape)
        return lambda points_mm: field(moved_points(body_from_lps, points_mm))

    return measured(patient.obstacles), measured(bowel)
