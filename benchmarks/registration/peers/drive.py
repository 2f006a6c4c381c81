"""Run one method in a process of its own and measure it; needs numpy and what the method needs.

Usage: python drive.py METHOD REQUEST.json

METHOD is a file beside this one with ``register(request, work) -> callable``: the callable takes
points (n, 3) of the planning scan and gives them in the intraoperative scan, LPS millimetres. Only
its answer is scored; ``measures.json`` says what it cost until the points were carried. The
lattice, by which folds are counted, is carried after the clock has stopped.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

KIB_IN_MIB = 1024.0


def spent_s() -> float:
    """Add up user and system seconds of this process and its children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_mib() -> float:
    """Give the most memory that this process or a child of it held."""
    own, theirs = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return max(own, theirs) / KIB_IN_MIB


def main(method: str, request_file: str) -> None:
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    work = Path(request["work"])
    points = np.load(request["points"])
    began = time.perf_counter()
    register = importlib.import_module(method).register
    imported = spent_s()
    for turn in range(int(request.get("turns", 1))):
        start, clock = spent_s(), time.perf_counter()
        carry = register(request, work)
        mapped = np.asarray(carry(points), dtype=np.float64)
        if turn == 0:
            cold, wall = spent_s(), time.perf_counter() - began
        warm, warm_wall = spent_s() - start, time.perf_counter() - clock
    np.save(work / "mapped.npy", mapped)
    measures = {
        "cpu_s": cold,
        "import_cpu_s": imported,
        "warm_cpu_s": warm,
        "wall_s": wall,
        "warm_wall_s": warm_wall,
        "peak_mib": peak_mib(),
    }
    (work / "measures.json").write_text(json.dumps(measures), encoding="utf-8")
    np.save(work / "lattice.npy", np.asarray(carry(np.load(request["lattice"])), np.float32))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main(sys.argv[1], sys.argv[2])
