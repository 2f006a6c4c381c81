"""The packages that this one needs, by its own metadata, and whether they are here."""

from __future__ import annotations

import platform
import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import TYPE_CHECKING

from navigator.app.doctor_checks import Check, Status
from navigator.app.doctor_children import run_probes
from navigator.app.doctor_probes import IMPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

DISTRIBUTION = "mwa-navigator"
REINSTALL = "install it again from its folder: ./start.sh demo, or py start.py demo on Windows"
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*>=\s*([0-9.]+)")

MODULES = {
    "python-gdcm": "gdcm",
    "simpleitk": "SimpleITK",
    "vtk": "vtkmodules.vtkRenderingCore",
}
"""The module to be imported, where it is not named like its package."""


def least_version(requirement: str) -> tuple[str, str] | None:
    """Read name and least version of a requirement that always holds.

    Parameters
    ----------
    requirement : str
        As package metadata writes it.

    Returns
    -------
    name, version : str
        None for one that an extra or another machine needs.

    Examples
    --------
    >>> least_version("numpy>=2.0"), least_version("pytest>=8.3; extra == 'dev'")
    (('numpy', '2.0'), None)
    """
    match = REQUIREMENT.match(requirement)
    return None if match is None or ";" in requirement else (match[1].lower(), match[2])


def check_python() -> Check:
    """Compare this Python with the least one that the package's metadata names.

    Returns
    -------
    Check
        Needed.
    """
    found = platform.python_version()
    try:
        wanted = metadata(DISTRIBUTION)["Requires-Python"].removeprefix(">=")
    except (PackageNotFoundError, AttributeError, KeyError):
        return Check("Python", Status.MISSING, "no metadata of mwa-navigator", REINSTALL)
    if is_at_least(found, wanted):
        return Check("Python", Status.OK, found)
    return Check("Python", Status.TOO_OLD, f"{found}, needs {wanted}", f"install Python {wanted}")


def check_packages(requirements: Sequence[str] | None = None) -> list[Check]:
    """Look for every package: installed, new enough, and able to be imported.

    Parameters
    ----------
    requirements : sequence of str or None
        None for those of this package's own metadata.

    Returns
    -------
    list of Check
        One for each package, all needed.
    """
    if requirements is None:
        try:
            requirements = requires(DISTRIBUTION) or ()
        except PackageNotFoundError:
            found = "its metadata are not installed"
            return [Check(DISTRIBUTION, Status.MISSING, found, REINSTALL)]
    needed = [pair for pair in map(least_version, requirements) if pair is not None]
    checks = [_check_installed(name, least) for name, least in needed]
    present = [check.name for check in checks if check.status is Status.OK]
    answers = run_probes([IMPORT + _module(name) for name in present])
    return [
        check
        if check.name not in present or answers[IMPORT + _module(check.name)].ok
        else _broken(check, answers[IMPORT + _module(check.name)].found)
        for check in checks
    ]


def is_at_least(found: str, wanted: str) -> bool:
    """Compare two versions by their numbers.

    Parameters
    ----------
    found, wanted : str
        Versions.

    Returns
    -------
    bool
        Whether the first is not the older.

    Examples
    --------
    >>> is_at_least("2.10.1", "2.9"), is_at_least("3.0rc1", "3.0.1"), is_at_least("2.0", "2.0.0")
    (True, False, True)
    """
    first, second = (_numbers(text) for text in (found, wanted))
    length = max(len(first), len(second))
    return first + [0] * (length - len(first)) >= second + [0] * (length - len(second))


def _numbers(text: str) -> list[int]:
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    return [] if match is None else [int(part) for part in match[0].split(".")]


def _module(name: str) -> str:
    return MODULES.get(name, name.replace("-", "_"))


def _check_installed(name: str, least: str) -> Check:
    install = f'{shlex.quote(sys.executable)} -m pip install "{name}>={least}"'
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(name, Status.MISSING, "not installed", install)
    if not is_at_least(found, least):
        return Check(name, Status.TOO_OLD, f"{found}, needs {least}", install)
    return Check(name, Status.OK, found)


def _broken(check: Check, why: str) -> Check:
    again = f'{shlex.quote(sys.executable)} -m pip install --force-reinstall "{check.name}"'
    return Check(check.name, Status.BROKEN, f"{check.found} cannot be imported: {why}", again)
