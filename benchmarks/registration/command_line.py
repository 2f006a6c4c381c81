"""Our engine by its command line: ``navigator register``, then ``navigator map-points``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.registration.children import Spent, run_child
from benchmarks.registration.problem import write_points
from phantoms.leaderboard.answers import load_points

if TYPE_CHECKING:
    from pathlib import Path

CALL = ("-c", "from navigator.cli import main; main()")
DONE = (0, 3)
"""A rejected registration is written too, and then refused by the command that carries points."""


def register_by_command(
    python: str, problem: Path, work: Path, lattice: np.ndarray, limit_s: float
) -> tuple[Spent, dict[str, float]]:
    """Register and carry the points by two commands, each a new process.

    Parameters
    ----------
    python : str
        The interpreter that has `navigator`.
    problem, work : Path
        Folders of the problem and of this run.
    lattice : (a, b, c, 3) array
        Carried too, unmeasured, LPS millimetres.
    limit_s : float
        Seconds for each command.

    Returns
    -------
    spent : Spent
        Of the command that ended it.
    figures : dict
        Both commands together.
    """
    result, mapped = work / "registration.json", work / "mapped.csv"
    scans = [str(problem / "planning.mha"), str(problem / "intraop.mha")]
    organ = ["--organ", str(problem / "liver.mha")]
    first = run_child(
        [python, *CALL, "register", *scans, *organ, "--out", str(result)], work, limit_s=limit_s
    )
    if first.code not in DONE or not result.exists():
        return first, {}
    points = problem / "points_planning.csv"
    second = _carried(python, result, points, mapped, work, limit_s)
    if second.code == 0:
        places = load_points(mapped)
        np.save(work / "mapped.npy", np.array(list(places.values())))
        _carry_lattice(python, result, lattice, work, limit_s)
    figures = {
        "cpu_s": first.cpu_s + second.cpu_s,
        "wall_s": first.wall_s + second.wall_s,
        "peak_mib": max(first.peak_mib, second.peak_mib),
    }
    return replace(second, said=second.said), figures


def _carried(  # noqa: PLR0913, PLR0917 - one command
    python: str, result: Path, points: Path, mapped: Path, work: Path, limit_s: float
) -> Spent:
    words = ["map-points", str(result), str(points), str(mapped), "--to", "intraop"]
    return run_child([python, *CALL, *words, "--overwrite"], work, limit_s=limit_s)


def _carry_lattice(
    python: str, result: Path, lattice: np.ndarray, work: Path, limit_s: float
) -> None:
    """Carry the lattice through the same command; folds stay unknown where that fails."""
    flat = lattice.reshape(-1, 3)
    asked, told = work / "lattice.csv", work / "lattice_mapped.csv"
    write_points({f"n{number}": point for number, point in enumerate(flat)}, asked)
    if _carried(python, result, asked, told, work, limit_s).code == 0:
        rows = told.read_text(encoding="utf-8").splitlines()[1:]
        places = [[float(word) for word in row.split(",")[1:4]] for row in rows]
        if len(places) == len(flat):
            np.save(work / "lattice.npy", np.array(places, dtype=np.float32))
