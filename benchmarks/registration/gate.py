"""The gate on hundreds of runs: good pairs, and pairs that are not what they seem.

Usage: python -m benchmarks.registration.gate --out DIR --problems FOLDER --runs 500

Run number n is the same in every run of the command, so that a broken one goes on; a second
process may take the odd ones (--part 1/2). Problems are those that lie in the folder already; make
them with benchmarks.registration.make. The table counts "accepted" as not rejected: a warning is an
acceptance too, for a person may go on after it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.registration import injuries
from benchmarks.registration.gate_table import markdown_of
from benchmarks.registration.problem import load_truth
from navigator.app.choices import MaskChoice, load_choice, twin_grid
from navigator.errors import NavigatorError
from navigator.imaging.displacing import read_errors
from navigator.io.volumes import load_scan
from navigator.registration.whole import register_deformable

if TYPE_CHECKING:
    from benchmarks.registration.injuries import Shown
    from navigator.registration.registered import Registration
    from phantoms.arrays import Floats

DRAWS = 83
STATES = {
    "as-is": 0.0,
    "moved": 0.2,
    "cropped": 0.2,
    "wrong-patient": 0.25,
    "flipped": 0.1,
    "liver-missing": 0.08,
    "half": 0.09,
    "tilted": 0.08,
}
"""Share of the runs; every problem as it is comes first, once."""


def run_of(number: int, problems: list[Path]) -> tuple[str, Path, Path, np.random.Generator]:
    """Say what run number n is: state, planning problem, problem of the second scan, chance."""
    rng = np.random.default_rng([number, DRAWS])
    if number < len(problems):
        return "as-is", problems[number], problems[number], rng
    state = str(rng.choice(list(STATES), p=np.array(list(STATES.values()))))
    own = problems[int(rng.integers(len(problems)))]
    if state != "wrong-patient":
        return state, own, own, rng
    others = [each for each in problems if _patient(each) != _patient(own)]
    return state, own, others[int(rng.integers(len(others)))], rng


def _patient(problem: Path) -> str:
    """Name the patient: a phantom by its seed, the real scans by their kind."""
    kind, seed = problem.name.rsplit("-", 1)
    return kind if kind.startswith("real") else seed


def show(state: str, place: Path, rng: np.random.Generator) -> Shown:
    """Show the second scan of a problem in a state."""
    intraop = load_scan(place / "intraop.mha").volume
    _, after = load_truth(place)
    if state == "flipped":
        return injuries.flipped(intraop, rng)
    if state == "wrong-patient":
        return injuries.Shown(intraop=intraop, after_mm=None)
    if state == "as-is":
        return injuries.shown_as_is(intraop, after)
    ways = {
        "moved": injuries.moved,
        "cropped": injuries.cropped,
        "half": injuries.halved,
        "tilted": injuries.tilted,
        "liver-missing": injuries.without_liver,
    }
    return ways[state](intraop, after, rng)


def register_run(number: int, problems: list[Path]) -> dict[str, Any]:
    """Register run number n, and say how it ended and how far off it is."""
    state, own, other, rng = run_of(number, problems)
    told: dict[str, Any] = {"run": number, "state": state, "problem": own.name, "scan": other.name}
    shown = show(state, other, rng)
    planning = load_scan(own / "planning.mha")
    grid = planning.volume.grid
    chosen = MaskChoice(path=own / "liver.mha", label="1")
    liver = load_choice(chosen, grid, planning.patient, twin=twin_grid(grid)).mask
    try:
        found = register_deformable(planning.volume, shown.intraop, liver=liver)
    except NavigatorError as error:
        return told | {"outcome": "rejected", "reasons": [error.code]}
    verdict = found.verdict
    told |= {
        "outcome": verdict.status.value,
        "reasons": [reason.code for reason in verdict.reasons],
        "quality": dataclasses.asdict(found.quality),
    }
    if shown.after_mm is not None:
        told |= _errors(found, load_truth(own)[0], shown.after_mm)
    return told


def _errors(found: Registration, before: dict[str, Floats], after: Any) -> dict[str, float]:  # noqa: ANN401 - mapping of arrays
    """Measure errors of lesions and liver where the scan shows them, and the radius' coverage."""
    errors = {}
    for group in ("tumour", "liver"):
        seen = np.isfinite(after[group]).all(axis=1)
        if not seen.any():
            continue
        points = before[group][seen]
        away = np.linalg.norm(found.to_intraop(points) - after[group][seen], axis=1)
        errors |= {f"{group}_mean_mm": float(away.mean()), f"{group}_max_mm": float(away.max())}
        if found.errors is not None:
            radius = read_errors(found.errors, points)
            known = np.isfinite(radius)
            errors[f"{group}_known"] = int(known.sum())
            errors[f"{group}_within"] = int((away <= radius)[known].sum())
    return errors


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--problems", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--part", default="1/1", help="of so many processes, which one this is")
    parser.add_argument("--collect", action="store_true", help="run nothing: the table alone")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    chosen = parsed(words)
    part, parts = (int(word) for word in chosen.part.split("/"))
    problems = sorted(path.parent for path in chosen.problems.glob("*/problem.json"))
    held = chosen.out / "runs"
    held.mkdir(parents=True, exist_ok=True)
    for number in range(part - 1, 0 if chosen.collect else chosen.runs, parts):
        place = held / f"{number:04d}.json"
        if not place.exists():
            told = register_run(number, problems)
            place.write_text(json.dumps(told, indent=1), encoding="utf-8")
            print(number, told["state"], told["problem"], told["outcome"], *told["reasons"])
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(held.glob("*.json"))]
    table = markdown_of(runs)
    (chosen.out / "table.md").write_text(table, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
