"""Problems with exact truth, every method that is there on each of them, one table.

Usage: python -m benchmarks.registration.run --out DIR --kinds real-chest,smooth --seeds 100-109
       --peers-python PEERS/bin/python --convexadam-python ADAM/bin/python

Problems in DIR/problems (or --problems) are used again; so are finished results in DIR/results: a
run that was broken off goes on. A method that is not installed stands in the table as absent.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.registration.children import Spent, run_child
from benchmarks.registration.command_line import register_by_command
from benchmarks.registration.make import KINDS, ensure_problem
from benchmarks.registration.methods import METHODS, PEERS, Method, is_there
from benchmarks.registration.problem import GROUPS, MAKINGS, load_truth, making_of
from benchmarks.registration.scoring import fold_share, score_points
from benchmarks.registration.table import Row, markdown_of
from phantoms.leaderboard.running import REFUSED, REJECTED
from phantoms.leaderboard.suite import seeds_from_words

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]


def run_method(method: Method, python: str, problem: Path, work: Path, limit_s: float) -> Row:
    """Let a method solve a problem, and score it.

    Parameters
    ----------
    method : Method
        Who.
    python : str
        The interpreter of its environment.
    problem, work : Path
        The problem's folder and the method's own.
    limit_s : float
        Seconds by the clock.

    Returns
    -------
    Row
        ``scored``, ``declined``, ``absent``, ``failed`` or ``timed out``.
    """
    kind, seed = problem.name.rsplit("-", 1)
    if not is_there(method, python):
        return Row(method=method.name, kind=kind, seed=int(seed), outcome="absent")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    before, after = load_truth(problem)
    points = np.concatenate([before[group] for group in GROUPS])
    with np.load(problem / "lattice.npz") as held:
        lattice, body = held["points_mm"], held["body"]
    try:
        if method.script:
            spent, figures = _by_script(method, python, problem, work, (points, lattice), limit_s)
        else:
            spent, figures = register_by_command(python, problem, work, lattice, limit_s)
        outcome, scores = _judged(spent, work, (after, body), declines=not method.script)
    finally:
        _thin_out(work)
    return Row(
        method=method.name,
        kind=kind,
        seed=int(seed),
        making=making_of(problem),
        outcome=outcome,
        scores=scores | figures if scores else {},
        reason="" if outcome == "scored" else spent.said,
    )


def _by_script(  # noqa: PLR0913, PLR0917 - one run
    method: Method,
    python: str,
    problem: Path,
    work: Path,
    places: tuple[np.ndarray, np.ndarray],
    limit_s: float,
) -> tuple[Spent, dict[str, float]]:
    """Run an adapter in its own process."""
    np.save(work / "points.npy", places[0])
    np.save(work / "places.npy", places[1].reshape(-1, 3))
    request = {
        "planning": str(problem / "planning.mha"),
        "intraop": str(problem / "intraop.mha"),
        "liver": str(problem / "liver.mha"),
        "points": str(work / "points.npy"),
        "lattice": str(work / "places.npy"),
        "work": str(work),
        "turns": method.turns,
    }
    (work / "request.json").write_text(json.dumps(request), encoding="utf-8")
    line = [python, str(PEERS / "drive.py"), method.script, str(work / "request.json")]
    env = {"PYTHONPATH": str(ROOT)} if method.environment == "own" else {"PYTHONPATH": ""}
    spent = run_child(line, work, limit_s=limit_s, env=env)
    measured = work / "measures.json"
    figures = json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else {}
    return spent, figures


def _judged(
    spent: Spent, work: Path, truth: tuple[Mapping[str, np.ndarray], np.ndarray], *, declines: bool
) -> tuple[str, dict[str, float]]:
    """Say how it ended, and score what it wrote."""
    after, body = truth
    if spent.code is None:
        return "timed out", {}
    if declines and spent.code in {REFUSED, REJECTED}:
        return "declined", {}
    if spent.code != 0 or not (work / "mapped.npy").exists():
        return f"failed ({spent.code})", {}
    scores = score_points(np.load(work / "mapped.npy"), after)
    told = work / "lattice.npy"
    if told.exists():
        scores["fold_share"] = fold_share(np.load(told).reshape(*body.shape, 3), body)
    return "scored", scores


def _thin_out(work: Path) -> None:
    """Throw away what is large and was only needed for the scores."""
    for name in ("lattice.npy", "places.npy", "points.npy"):
        (work / name).unlink(missing_ok=True)
    for path in work.iterdir():
        if path.is_file() and path.stat().st_size > 5_000_000:
            path.unlink()


def _cached(method: Method, python: str, problem: Path, out: Path, limit_s: float) -> Row:
    """Take a finished result of this making, or run the method; the absent are looked for again."""
    held = out / "results" / f"{problem.name}-{method.name}.json"
    if held.exists():
        row = Row(**json.loads(held.read_text(encoding="utf-8")))
        if row.making == making_of(problem):
            return row
    row = run_method(
        method, python, problem, out / "work" / f"{problem.name}-{method.name}", limit_s
    )
    if row.outcome != "absent":
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text(json.dumps(row.as_dict(), indent=1), encoding="utf-8")
    return row


def collected(out: Path) -> list[Row]:
    """Read every finished result of today's making, by kind, seed and the order of the methods."""
    files = sorted((out / "results").glob("*.json"))
    every = [Row(**json.loads(path.read_text(encoding="utf-8"))) for path in files]
    rows = [row for row in every if row.making == MAKINGS[row.kind]]
    if len(rows) < len(every):
        print(f"{len(every) - len(rows)} results of an older making left out", file=sys.stderr)
    order = list(METHODS)
    return sorted(rows, key=lambda row: (row.kind, row.seed, order.index(row.method)))


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--problems", type=Path, help="folder of problems; OUT/problems if left out"
    )
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seeds", default="100-102")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--peers-python", default=os.environ.get("PEERS_PYTHON", ""))
    parser.add_argument("--convexadam-python", default=os.environ.get("CONVEXADAM_PYTHON", ""))
    parser.add_argument(
        "--collect", action="store_true", help="run nothing: a table of what is there"
    )
    parser.add_argument("--limit-s", type=float, default=1200.0)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    chosen = parsed(words)
    pythons = {
        "own": sys.executable,
        "peers": chosen.peers_python or sys.executable,
        "convexadam": chosen.convexadam_python,
    }
    methods = [METHODS[name] for name in chosen.methods.split(",")]
    folder, rows = chosen.problems or chosen.out / "problems", []
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.collect:
        rows = collected(chosen.out)
        _write(rows, chosen.out)
        print(markdown_of(rows))
        return
    for seed in seeds_from_words(chosen.seeds):
        for kind in chosen.kinds.split(","):
            problem, why = ensure_problem(kind, seed, folder)
            if problem is None:
                print(f"{kind}-{seed} is left out: {why}", file=sys.stderr)
                continue
            for method in methods:
                row = _cached(
                    method, pythons[method.environment], problem, chosen.out, chosen.limit_s
                )
                rows.append(row)
                print(row.line(), file=sys.stderr, flush=True)
            _write(rows, chosen.out)
    print(markdown_of(rows))


def _write(rows: list[Row], out: Path) -> None:
    """Write rows and table."""
    content: list[dict[str, Any]] = [row.as_dict() for row in rows]
    (out / "rows.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    (out / "table.md").write_text(markdown_of(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
