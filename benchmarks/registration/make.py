"""Write problems into folders ``KIND-SEED``.

Usage: python -m benchmarks.registration.make --out DIR --kinds smooth,rough --seeds 0-2
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.registration.phantom_problems import LOOKS, build_phantom_problem
from benchmarks.registration.problem import MAKINGS, making_of, save_problem
from benchmarks.registration.real_problems import DRAWS, build_real_problem
from benchmarks.registration.real_sources import DataMissingError
from phantoms.leaderboard.suite import seeds_from_words

if TYPE_CHECKING:
    from benchmarks.registration.problem import Problem

KINDS = (*DRAWS, *LOOKS)


def build_problem(kind: str, seed: int) -> Problem:
    """Build the problem of a kind and a seed."""
    if kind in LOOKS:
        return build_phantom_problem(kind, seed)
    return build_real_problem(kind, seed)


def ensure_problem(
    kind: str, seed: int, folder: Path, *, again: bool = False
) -> tuple[Path | None, str]:
    """Make a problem unless it lies there already, made as problems are made now.

    Returns
    -------
    place : Path or None
        Its folder; None where the real scan that it is made of is not here.
    why : str
        Why there is none.
    """
    place = folder / f"{kind}-{seed}"
    if making_of(place) == MAKINGS[kind] and not again:
        return place, ""
    try:
        save_problem(build_problem(kind, seed), place)
    except DataMissingError as error:
        return None, str(error)
    return place, ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seeds", default="0-2")
    parser.add_argument("--again", action="store_true", help="replace what is there")
    chosen = parser.parse_args()
    for seed in seeds_from_words(chosen.seeds):
        for kind in chosen.kinds.split(","):
            began = time.perf_counter()
            place, why = ensure_problem(kind, seed, chosen.out, again=chosen.again)
            took = f"{time.perf_counter() - began:.0f} s"
            print(f"{kind}-{seed}", why if place is None else took, file=sys.stderr)


if __name__ == "__main__":
    main()
