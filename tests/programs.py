"""Programs of other people that judge our files: found, or the test is skipped with a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

PACKAGE_OF = {
    "dciodvfy": "dicom3tools",
    "dsrdump": "dcmtk",
    "dcmdump": "dcmtk",
    "plastimatch": "plastimatch",
    "Orthanc": "orthanc",
    "unshare": "util-linux",
    "ip": "iproute2",
    "segimage2itkimage": "the Python package dcmqi",
}
"""Where each comes from; Debian packages unless something else is said."""
ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/sbin")
LONGEST_S = 120


def find_program(name: str) -> str:
    """Find a program, or skip the test; in CI a missing program is a failure."""
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([os.environ.get("PATH", ""), beside_python, *ELSEWHERE])
    found = shutil.which(name, path=path)
    if found is None:
        give_up(f"{name} is not installed; it comes with {PACKAGE_OF[name]}")
    return found


def give_up(reason: str) -> NoReturn:
    """Skip a test for want of something outside; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def run_program(name: str, *arguments: str | Path, cwd: Path | None = None) -> str:
    """Run a program and give back all that it prints; a failure of it fails the test."""
    done = subprocess.run(  # noqa: S603 - the test's own arguments
        [find_program(name), *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, f"{name} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout + done.stderr
