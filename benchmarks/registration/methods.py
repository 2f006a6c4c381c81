"""The methods that are compared: which file does it, in whose environment, and what it needs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of the table.

    Parameters
    ----------
    name : str
        Name on the command line.
    title : str
        What it is, for a reader.
    script : str
        File in ``peers``, without ending; empty for one that runs by command lines.
    environment : str
        ``own`` (this interpreter), ``peers`` or ``convexadam``.
    needs : str
        A module without which it is absent.
    turns : int
        How often it runs in one process; the last run is the warm one.
    """

    name: str
    title: str
    script: str = ""
    environment: str = "peers"
    needs: str = "numpy"
    turns: int = 1


METHODS = {
    method.name: method
    for method in (
        Method(
            name="navigator",
            title="navigator, deformable (Python, second run in a process is the warm one)",
            script="navigator_engine",
            environment="own",
            needs="navigator.registration",
            turns=2,
        ),
        Method(
            name="navigator-cli",
            title="navigator register + map-points (command line, rigid)",
            environment="own",
            needs="navigator.cli",
        ),
        Method(name="none", title="no registration", script="nothing", environment="own"),
        Method(
            name="sitk-rigid",
            title="SimpleITK rigid, mutual information",
            script="sitk_rigid",
            needs="SimpleITK",
        ),
        Method(
            name="sitk-rigid-liver",
            title="SimpleITK rigid, liver mask",
            script="sitk_rigid_liver",
            needs="SimpleITK",
        ),
        Method(
            name="sitk-demons",
            title="SimpleITK rigid + fast symmetric demons",
            script="sitk_demons",
            needs="SimpleITK",
        ),
        Method(
            name="elastix",
            title="elastix MI B-spline",
            script="elastix_bspline",
            needs="itk",
        ),
        Method(
            name="greedy", title="greedy NCC, radius 2", script="greedy_ncc", needs="picsl_greedy"
        ),
        Method(name="ants", title="ANTs SyN MI", script="ants_syn", needs="ants"),
        Method(
            name="convexadam",
            title="convexAdam, 2 mm",
            script="convex_adam",
            environment="convexadam",
            needs="convexAdam",
        ),
    )
}
OURS = ("navigator", "navigator-cli")


def is_there(method: Method, python: str) -> bool:
    """Look whether an interpreter exists and finds what a method needs, without loading it."""
    if not python or not Path(python).exists():
        return False
    ask = (
        "import importlib.util, sys\n"
        "try:\n    found = importlib.util.find_spec(sys.argv[1])\n"
        "except ModuleNotFoundError:\n    found = None\n"
        "sys.exit(found is None)"
    )
    done = subprocess.run([python, "-c", ask, method.needs], check=False, capture_output=True)  # noqa: S603 - an interpreter that the user named
    return done.returncode == 0
