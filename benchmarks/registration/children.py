"""A command run as a child, with a limit, and all that it spent measured."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import resource
    from collections.abc import Mapping, Sequence
    from pathlib import Path

THREADS = 2
THREAD_WORDS = (
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
LOOK_S = 0.02
KIB_IN_MIB = 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a child did and cost.

    Parameters
    ----------
    code : int or None
        Exit code; None if the limit came first.
    cpu_s, wall_s : float
        User and system seconds of it and of all that it waited for; seconds by the clock.
    peak_mib : float
        The most memory that it or one of these held.
    said : str
        Its last words on standard error.
    """

    code: int | None
    cpu_s: float
    wall_s: float
    peak_mib: float
    said: str


def run_child(
    line: Sequence[str], work: Path, *, limit_s: float, env: Mapping[str, str] | None = None
) -> Spent:
    """Run a command to its end or to the limit.

    Parameters
    ----------
    line : sequence of str
        Program and words; no shell.
    work : Path
        A folder; ``out.txt`` and ``said.txt`` in it take what is printed.
    limit_s : float
        Seconds by the clock; then it is ended with all that it started.
    env : mapping, optional
        Added to the environment; the common thread pools are held to two.

    Returns
    -------
    Spent
        Measured by the system for this child alone.
    """
    began = time.perf_counter()
    with (work / "out.txt").open("wb") as out, (work / "said.txt").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own command lines; no shell
            list(line),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=said,
            env={**os.environ, **dict.fromkeys(THREAD_WORDS, str(THREADS)), **(env or {})},
            start_new_session=True,
        )
        code, usage = None, None
        try:
            while time.perf_counter() - began < limit_s:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                if ended:
                    code = os.waitstatus_to_exitcode(status)
                    break
                time.sleep(LOOK_S)
        finally:
            if code is None:
                usage = _end(process.pid)
            process.returncode = -signal.SIGKILL if code is None else code
    wall = time.perf_counter() - began
    return Spent(
        code=code,
        cpu_s=0.0 if usage is None else usage.ru_utime + usage.ru_stime,
        wall_s=wall,
        peak_mib=0.0 if usage is None else usage.ru_maxrss / KIB_IN_MIB,
        said=last_words(work / "said.txt"),
    )


def _end(leader: int) -> resource.struct_rusage:
    """End a child with all of its session, and take what it spent."""
    with contextlib.suppress(ProcessLookupError):
        # it leads a session of its own, so its group holds its children and nobody else
        os.killpg(leader, signal.SIGKILL)
    return os.wait4(leader, 0)[2]


def last_words(path: Path) -> str:
    """Give the last line that is not empty of a file, 200 characters at most."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing said")[:200]
