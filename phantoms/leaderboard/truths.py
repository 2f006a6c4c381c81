"""The truth of a case, read once before any method runs, out of a folder that is as it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phantoms.errors import CaseRefusedError, MethodRefusedError
from phantoms.leaderboard.answers import load_points
from phantoms.leaderboard.givens import POINTS, sources_of
from phantoms.leaderboard.methods import Task
from phantoms.truth import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from phantoms.arrays import Floats

ANSWER, DECLINE, EITHER = "answer", "decline", "either"
"""What a case may want of a task."""
JUDGED_BY: Mapping[Task, str] = {
    Task.POSE: "plate",
    Task.NEEDLES: "intraop",
    Task.MARGIN: "ablation",
    Task.PROOF: "ablation",
    Task.PLAN: "lesions",
}
"""The part of ``truth.json`` against which a task is scored, where it is not points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTruth:
    """A case as it is judged: nothing of it is read again once methods run.

    Parameters
    ----------
    folder : Path
        Where its files lie, for the copies that methods get.
    case : str
        Its name.
    seed : int
        Its patient.
    asks : mapping of Task to str
        ``answer``, ``decline`` or ``either``.
    content : mapping of str to object
        What of ``truth.json`` is scored against.
    points : mapping of Task to mapping of str to (3,) array
        Where a task's points truly go, LPS millimetres of the scan that they go to.
    """

    folder: Path
    case: str
    seed: int
    asks: Mapping[Task, str]
    content: Mapping[str, Any]
    points: Mapping[Task, Mapping[str, Floats]]


def load_case_truth(folder: Path, case: str, seed: int) -> CaseTruth:
    """Check a case's folder and read its truth.

    Parameters
    ----------
    folder : Path
        As of ``phantoms make``.
    case : str
        The case that it has to be.
    seed : int
        The patient that it has to be.

    Returns
    -------
    CaseTruth
        All that is judged by.

    Raises
    ------
    CaseRefusedError
        If it is another case or patient, a file is not the one that was written, or anything is
        missing that a task needs.
    """
    truth = _truth(folder / "truth.json")
    for key, expected in {"schema": SCHEMA, "case": case, "seed": seed}.items():
        got = truth.get(key)
        if type(got) is not type(expected) or got != expected:
            raise _refused(folder / "truth.json", f"{key} {expected!r}", repr(got)[:80])
    hashes = _checked_hashes(folder, truth.get("files_sha256"))
    asks = _asks(folder, truth.get("asks"))
    for task, wanted in asks.items():
        _check_parts(folder, task, wanted, truth)
        _check_listed(folder, task, wanted, hashes)
    return CaseTruth(
        folder=folder,
        case=case,
        seed=seed,
        asks=asks,
        content={key: truth[key] for key in JUDGED_BY.values() if key in truth},
        points={
            task: _true_points(folder / POINTS[task][1])
            for task, wanted in asks.items()
            if task in POINTS and wanted != DECLINE
        },
    )


def _truth(path: Path) -> dict[str, Any]:
    """Read the object in ``truth.json``."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _refused(path, "one JSON object", str(error)[:200]) from error
    if not isinstance(content, dict):
        raise _refused(path, "one JSON object", type(content).__name__)
    return content


def _asks(folder: Path, asked: object) -> dict[Task, str]:
    """Read what a case wants of each task; those of a newer suite are nobody's here."""
    words = (ANSWER, DECLINE, EITHER)
    if not isinstance(asked, dict) or not all(wanted in words for wanted in asked.values()):
        raise _refused(folder / "truth.json", f"asks: task to {', '.join(words)}", repr(asked)[:80])
    return {task: asked[task.value] for task in Task if task.value in asked}


def _checked_hashes(folder: Path, listed: object) -> dict[str, str]:
    """Compare every file that the truth lists with its hash."""
    if not isinstance(listed, dict) or not listed:
        raise _refused(folder / "truth.json", "files_sha256: file to hash", repr(listed)[:80])
    for name, expected in listed.items():
        path = folder / name
        if path.parent != folder or not path.is_file():
            raise _refused(path, "the file that was written", "none")
        got = hashlib.sha256(path.read_bytes()).hexdigest()
        if got != expected:
            raise _refused(path, f"SHA-256 {expected}", got)
    return listed


def _check_parts(folder: Path, task: Task, wanted: str, truth: Mapping[str, Any]) -> None:
    """Refuse a truth without that against which a task is scored."""
    part = JUDGED_BY.get(task)
    if wanted != DECLINE and part is not None and not truth.get(part):
        raise _refused(folder / "truth.json", f"{part}, for {task.value} is asked", "none")


def _check_listed(folder: Path, task: Task, wanted: str, hashes: Mapping[str, str]) -> None:
    """Refuse a case that lacks what a task is given, or the points by which it is scored."""
    names = list(sources_of(task).values())
    names += POINTS[task][1:] if task in POINTS and wanted != DECLINE else ()
    for name in names:
        path = folder / name
        if not (path.is_dir() or name in hashes):
            raise _refused(path, f"a scan, or a file with a hash, for {task.value}", "none")


def _true_points(path: Path) -> Mapping[str, Floats]:
    """Read where points truly go."""
    try:
        return load_points(path)
    except MethodRefusedError as error:
        raise _refused(path, error.expected, error.got) from error


def _refused(path: Path, expected: str, got: str) -> CaseRefusedError:
    return CaseRefusedError(
        "The folder of a case is not as it was made",
        where=str(path),
        expected=expected,
        got=got,
        next_step="remove the folder of the case, it is made again",
    )
