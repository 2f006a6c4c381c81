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
from benchmarks.registration.problem import save_problem
from phantoms.leaderboard.suite import seeds_from_words

if TYPE_CHECKING:
    from benchmarks.registration.problem import Problem

KINDS = ("real-abdomen", "real-chest", *LOOKS)


def build_problem(kind: str, seed: int) -> Problem:
    """Build the problem of a kind and a seed."""
    if kind in LOOKS:
        return build_phantom_problem(kind, seed)
    from benchmarks.registration.real_problems import build_real_problem  # noqa: PLC0415

    return build_real_problem(kind, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seeds", default="0-2")
    chosen = parser.parse_args()
    for seed in seeds_from_words(chosen.seeds):
        for kind in chosen.kinds.split(","):
            folder = chosen.out / f"{kind}-{seed}"
            if folder.is_dir():
                continue
            began = time.perf_counter()
            save_problem(build_problem(kind, seed), folder)
            print(folder.name, f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
