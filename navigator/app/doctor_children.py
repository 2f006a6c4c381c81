"""Probes run in child processes: one that crashes or hangs is told, and the others still run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TIME_LIMIT_S = 300.0
"""Ten times what all probes take on a slow machine whose disk is cold."""


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a probe came to.

    Parameters
    ----------
    ok : bool
        Whether it went well.
    found : str
        What was found, or the error in one line.
    """

    ok: bool
    found: str


def run_probes(names: Sequence[str], *, limit_s: float = TIME_LIMIT_S) -> dict[str, ProbeAnswer]:
    """Run probes in a child; after a crash the rest runs in the next child.

    Parameters
    ----------
    names : sequence of str
        As :mod:`navigator.app.doctor_probes` names them.
    limit_s : float
        Seconds for each child.

    Returns
    -------
    dict of str to ProbeAnswer
        One for each name.
    """
    answers: dict[str, ProbeAnswer] = {}
    while waiting := [name for name in names if name not in answers]:
        told, ending = _child(waiting, limit_s)
        answers |= told
        first = next((name for name in waiting if name not in told), None)
        if first is not None:
            answers[first] = ProbeAnswer(ok=False, found=ending)
    return answers


def _child(names: Sequence[str], limit_s: float) -> tuple[dict[str, ProbeAnswer], str]:
    """Run probes in one child; give what it told, and how it ended."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "navigator.app.doctor_probes", *names],
            capture_output=True,
            timeout=limit_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        return _told(error.stdout or b""), f"no answer within {limit_s:.0f} s"
    except OSError as error:
        return {}, f"no child process could be started: {error.strerror}"
    return _told(done.stdout), _ending(done.returncode, done.stderr)


def _told(output: bytes) -> dict[str, ProbeAnswer]:
    """Read the pairs of lines: a name, and its answer."""
    lines = output.decode("utf-8", "replace").splitlines()
    answers = {}
    for name, text in zip(lines[::2], lines[1::2], strict=False):
        answer = json.loads(text)
        answers[name] = ProbeAnswer(ok=bool(answer["ok"]), found=str(answer["found"]))
    return answers


def _ending(code: int, errors: bytes) -> str:
    """Say how a child ended that did not answer."""
    if code < 0 and os.name != "nt":
        return f"it ends the process ({signal.Signals(-code).name})"
    last = errors.decode("utf-8", "replace").strip().splitlines()[-1:]
    return f"it ends the process with {code}: {''.join(last)[:200]}"
