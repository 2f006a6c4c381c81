"""A method's command lines run on a case, with a time limit and everything that they said kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.leaderboard.methods import Recipe

REFUSED, REJECTED = 2, 3
"""Exit codes by which a method says that it will not answer, or that its answer is a no."""


MOST_LAST_BYTES = 4096
"""Of what was said, the end is looked at."""


class Ending(Enum):
    """How a method's work on a task ended."""

    ANSWERED = "answered"
    DECLINED = "declined"
    FAILED = "failed"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What came of running a recipe.

    Parameters
    ----------
    ending : Ending
        How it ended.
    wall_s : float
        Seconds from start to end, all commands together.
    reason : str
        Last words on standard error where it did not answer.
    is_no : bool
        Whether it ended with a rejection.
    """

    ending: Ending
    wall_s: float
    reason: str = ""
    is_no: bool = False


def run_recipe(
    recipe: Recipe,
    places: Mapping[str, Path],
    *,
    answer: Path,
    limit_s: float,
    is_no_an_answer: bool = False,
) -> Work:
    """Run the command lines of one task.

    Parameters
    ----------
    recipe : Recipe
        The command lines.
    places : mapping of str to Path
        What stands for each word in braces; ``work`` is a folder of the method's own, into
        which everything that it prints is written.
    answer : Path
        Where the printed answer goes, if it prints one.
    limit_s : float
        Seconds for all commands together; then the command is ended with all that it started.
    is_no_an_answer : bool
        Whether a rejection (exit code 3) counts as an answer: "tumour is left" is one.

    Returns
    -------
    Work
        Its ending; a program that is not there, or that cannot be started, has failed.
    """
    began = time.perf_counter()
    words = {name: os.fspath(path) for name, path in places.items()}
    for number, command in enumerate(recipe.commands):
        line = [word.format_map(words) for word in command]
        is_last = number == len(recipe.commands) - 1
        out = answer if recipe.prints_answer and is_last else places["work"] / f"out{number}.txt"
        left_s = limit_s - (time.perf_counter() - began)
        work = _run(line, out, places["work"] / f"said{number}.txt", max(left_s, 0.0))
        if work.is_no and is_no_an_answer:
            continue
        if work.ending is not Ending.ANSWERED:
            return Work(ending=work.ending, wall_s=time.perf_counter() - began, reason=work.reason)
    return Work(ending=Ending.ANSWERED, wall_s=time.perf_counter() - began)


def _run(line: list[str], out: Path, said: Path, limit_s: float) -> Work:
    """Run one command line."""
    program = shutil.which(line[0], path=_search_path())
    if program is None:
        return Work(ending=Ending.FAILED, wall_s=0.0, reason=f"there is no program {line[0]}")
    try:
        process = _started([program, *line[1:]], out, said)
    except OSError as error:
        # no #! in a script, a line that is too long, or a folder that the method has removed
        return Work(ending=Ending.FAILED, wall_s=0.0, reason=f"cannot be started: {error}"[:200])
    try:
        code = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return Work(ending=Ending.TIMED_OUT, wall_s=limit_s, reason=f"over {limit_s:.0f} s")
    finally:
        _end(process)
    if code == 0:
        return Work(ending=Ending.ANSWERED, wall_s=0.0)
    ending = Ending.DECLINED if code in {REFUSED, REJECTED} else Ending.FAILED
    said_last = f"exit code {code}: {_last_words(said)}"
    return Work(ending=ending, wall_s=0.0, reason=said_last, is_no=code == REJECTED)


def _started(line: list[str], out: Path, said: Path) -> subprocess.Popen[bytes]:
    """Start a command that writes into two files; they stay open in it alone."""
    with out.open("wb") as answer, said.open("wb") as errors:
        return subprocess.Popen(  # noqa: S603 - the user's own command lines; no shell
            line,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=errors,
            env={**os.environ, "PATH": _search_path()},
            start_new_session=True,
        )


def _search_path() -> str:
    """Look for programs beside this interpreter first: the engine of the same environment."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs with all that it started, and wait until it is gone."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        # it leads a session of its own, so its group holds its children and nobody else
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_words(said: Path) -> str:
    """Give the last line that is not empty of what was said."""
    if not said.is_file():
        return "nothing said"
    with said.open("rb") as stream:
        stream.seek(max(said.stat().st_size - MOST_LAST_BYTES, 0))
        lines = stream.read().decode("utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing said")[:200]
