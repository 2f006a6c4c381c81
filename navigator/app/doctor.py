"""What this machine lacks, and the line that installs it."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

from navigator.app.doctor_checks import Check, Status
from navigator.app.doctor_children import run_probes
from navigator.app.doctor_machine import check_cores, check_folder, check_memory, check_programs
from navigator.app.doctor_packages import check_packages, check_python

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

DRAWING_PACKAGES = "apt-get install libegl1 libgl1-mesa-dri"
"""The same as `start.py` installs and :mod:`navigator.report.drawing` names; a test holds them
together, for neither can be imported on a machine that lacks something."""

ABILITIES = {
    "compile": ("fast loops (numba)", "install numba again: see its line above"),
    "decode": ("compressed DICOM (GDCM)", "install python-gdcm and highdicom again"),
    "draw": (
        "3D pictures (EGL and Mesa)",
        f"on Debian and Ubuntu: {DRAWING_PACKAGES}; elsewhere update the graphics driver",
    ),
}
"""What is tried out, and what to do where it does not work."""


def examine(folder: Path, *, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Examine this machine.

    Parameters
    ----------
    folder : Path
        Where results shall be written.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        ``verdict``: rejected where something needed is missing; ``reasons``; ``checks``.
    """
    progress("importing every package in a child process")
    packages = check_packages()
    progress("compiling, decoding and drawing")
    checks = [
        check_python(),
        *packages,
        *check_abilities(),
        *check_folder(folder),
        check_memory(),
        check_cores(),
        *check_programs(),
    ]
    return examination(checks)


def check_abilities() -> list[Check]:
    """Try what the engine has to be able to do here.

    Returns
    -------
    list of Check
        All needed.
    """
    answers = run_probes(tuple(ABILITIES))
    return [
        Check(name, Status.OK, answers[probe].found)
        if answers[probe].ok
        else Check(name, Status.BROKEN, answers[probe].found, step)
        for probe, (name, step) in ABILITIES.items()
    ]


def examination(checks: Sequence[Check]) -> dict[str, Any]:
    """Judge a machine by what was found.

    Parameters
    ----------
    checks : sequence of Check
        All of them.

    Returns
    -------
    dict
        As ``navigator doctor`` prints it.
    """
    lacking = [each for each in checks if each.needed and each.status is not Status.OK]
    missing = [each for each in lacking if each.status is not Status.LOW]
    word = "rejected" if missing else "warning" if lacking else "accepted"
    return {
        "verdict": word,
        "reasons": [
            {"code": f"machine-{each.status.value}", "message": reason(each)} for each in lacking
        ],
        "checks": [each.to_json() for each in checks],
    }


def reason(check: Check) -> str:
    """Say what is wrong with one thing, and what to do.

    Parameters
    ----------
    check : Check
        That is not in order.

    Returns
    -------
    str
        One line.
    """
    return f"{check.name}: {check.found}. Do next: {check.next_step}"


def examination_lines(document: dict[str, Any]) -> tuple[str, ...]:
    """Write an examination for a person: what is there in short, what is missing in full.

    Parameters
    ----------
    document : dict
        As :func:`examine` gives it.

    Returns
    -------
    tuple of str
        Lines.
    """
    needed = [each for each in document["checks"] if each["needed"]]
    there = [str(each["name"]) for each in document["checks"] if each["status"] == "ok"]
    lines = textwrap.wrap(f"here: {', '.join(there)}", 100, subsequent_indent="      ")
    for title, wanted in (("NEEDED", True), ("optional", False)):
        lines += [
            f"{title}: {each['name']}: {each['found']}\n    {each['next_step']}"
            for each in document["checks"]
            if each["needed"] is wanted and each["status"] != "ok"
        ]
    in_order = sum(each["status"] == "ok" for each in needed)
    lines.append(f"{in_order} of {len(needed)} needed things are in order: {document['verdict']}")
    return tuple(lines)


def main() -> int:
    """Examine this machine where even the command line cannot start.

    Returns
    -------
    int
        0 where all that is needed is there, else 3.
    """
    from pathlib import Path  # noqa: PLC0415 - a name for this function alone

    document = examine(Path())
    sys.stdout.write("\n".join(examination_lines(document)) + "\n")
    return 3 if document["verdict"] == "rejected" else 0


if __name__ == "__main__":
    sys.exit(main())
