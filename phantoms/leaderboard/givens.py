"""What a method is given: a copy of one task's inputs, where no path tells the case or the seed."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from phantoms.errors import OutputRefusedError
from phantoms.leaderboard.methods import INPUTS, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILES = {
    **{scan: scan for scan in ("planning", "intraop", "after", "older")},
    **{mask: f"{mask}.nrrd" for mask in ("labels", "labels_older", "ablation", "ablation_after")},
    **{document: f"{document}.json" for document in ("template", "request")},
    "points": "points.csv",
}
"""Each input by its word, and its name in the copy: a plan request names its neighbours so."""
POINTS: Mapping[Task, tuple[str, str]] = MappingProxyType(
    {
        Task.REGISTER: ("points_planning.csv", "points_intraop.csv"),
        Task.OLDER: ("points_older.csv", "points_planning.csv"),
    }
)
"""Where a task's points start and where they end: files of a case."""


def sources_of(task: Task) -> dict[str, str]:
    """List the files and folders of a case that a task is given.

    Parameters
    ----------
    task : Task
        The task.

    Returns
    -------
    dict of str to str
        Word in braces to name in the case's folder.

    Examples
    --------
    >>> sources_of(Task.OLDER)["points"]
    'points_older.csv'
    """
    names = {word: FILES[word] for word in INPUTS[task]}
    return names | ({"points": POINTS[task][0]} if task in POINTS else {})


@contextmanager
def given_inputs(task: Task, case: Path, place: Path) -> Iterator[dict[str, Path]]:
    """Lay a task's inputs down for one method, and take them away when it is done.

    Parameters
    ----------
    task : Task
        Says what is given.
    case : Path
        Folder of the case, from which is copied.
    place : Path
        Folder of this method, case and task, made anew: what an earlier run left in it is removed.

    Yields
    ------
    dict of str to Path
        Word in braces to copy; ``work``, an empty folder, ``mapped`` and ``answer``, which are
        not there yet.

    Raises
    ------
    OutputRefusedError
        If nothing can be written there.
    """
    given = place / "given"
    try:
        if place.exists():
            shutil.rmtree(place)
        (place / "own").mkdir(parents=True)
        words = _copied(task, case, given)
    except OSError as error:
        raise OutputRefusedError(
            "The inputs of a method cannot be laid down",
            where=str(place),
            expected="a folder that can be made and written",
            got=str(error)[:200],
            next_step="make room, or name another folder with --out",
        ) from error
    try:
        yield words | {
            "work": place / "own",
            "mapped": place / "mapped.csv",
            "answer": place / "answer.json",
        }
    finally:
        shutil.rmtree(given, ignore_errors=True)


def _copied(task: Task, case: Path, given: Path) -> dict[str, Path]:
    """Copy the inputs of a task; a method may spoil its copy, never the case."""
    given.mkdir()
    words = {}
    for word, name in sources_of(task).items():
        words[word] = given / FILES[word]
        if (case / name).is_dir():
            shutil.copytree(case / name, words[word])
        else:
            shutil.copyfile(case / name, words[word])
    return words
