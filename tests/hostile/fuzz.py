"""Feed damaged files to one reader, in a process of its own with 1 GiB and 5 s for each file.

``python -m tests.hostile.fuzz --count 20000 [NAME ...]`` runs readers and prints their table.
Input number n of a reader is the same on every machine: it is made from the name and n alone, so
that a fault is kept as its number.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from navigator.errors import InputRefusedError
from template_gen.errors import TemplateRefusedError
from tests.hostile.subjects import SUBJECTS, Attempt

ROOT = Path(__file__).resolve().parents[2]
INPUTS = 20_000
"""Of each reader, in every run of the tests."""
MEMORY_BYTES = 1 << 30
SECONDS_EACH, WALL_SECONDS_EACH = 5.0, 60.0
MOST_RESTARTS = 40
NUMBER_BYTES = 20
LONGEST_REFUSAL = 5_000
PARTS = ("code", "what", "where", "expected", "got", "next_step")


def limit_memory() -> None:
    """Allow so much address space more that the memory in use cannot pass 1 GiB."""
    import resource  # noqa: PLC0415 - not on Windows, where the tests are skipped

    status = Path("/proc/self/statm").read_text(encoding="ascii").split()
    total, resident = (int(pages) * os.sysconf("SC_PAGE_SIZE") for pages in status[:2])
    most = total + MEMORY_BYTES - resident
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def peak_bytes() -> int:
    """Give the most memory that this process ever had."""
    import resource  # noqa: PLC0415 - not on Windows, where the tests are skipped

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def fault_of_refusal(error: InputRefusedError | TemplateRefusedError) -> str:
    """Say what is wrong with a refusal: nothing, as a rule."""
    empty = [part for part in PARTS if not getattr(error.refusal, part)]
    if empty:
        return f"a refusal without {', '.join(empty)}"
    return "a refusal that nobody can read" if len(str(error)) > LONGEST_REFUSAL else ""


def one(attempt: Attempt, random: Random, counts: Counter[str]) -> str:
    """Try one input; give what went wrong, or nothing."""
    try:
        outcome = attempt(random)
    except (InputRefusedError, TemplateRefusedError) as error:
        counts[f"refused {error.refusal.code}"] += 1
        return fault_of_refusal(error)
    except Exception as error:  # noqa: BLE001 - any other exception is what is looked for
        return f"{type(error).__name__}: {error}"[:300]
    counts[outcome] += 1
    return ""


def work(name: str, first: int, count: int, folder: Path) -> None:
    """Run the inputs of one reader, and keep the account up to date on disk."""
    attempt = SUBJECTS[name](folder)
    warnings.simplefilter("error", RuntimeWarning)
    limit_memory()
    for alarm in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(alarm, signal.SIG_DFL)
    counts: Counter[str] = Counter()
    faults: list[list[Any]] = []
    slowest_s = 0.0
    progress = os.open(folder / "progress", os.O_WRONLY | os.O_CREAT)
    for number in range(first, first + count):
        os.pwrite(progress, b"%-*d" % (NUMBER_BYTES, number), 0)
        # processor time, so that a busy machine fails nothing; and wall time, against sleep
        signal.setitimer(signal.ITIMER_PROF, SECONDS_EACH)
        signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS_EACH)
        start = time.process_time()
        fault = one(attempt, Random(f"{name}/{number}"), counts)  # noqa: S311 - a fixed sequence
        slowest_s = max(slowest_s, time.process_time() - start)
        for clock in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(clock, 0)
        if fault:
            faults.append([number, fault])
        if (number - first) % 500 == 499 or fault or number == first + count - 1:
            account = {
                "next": number + 1, "counts": counts, "faults": faults, "slowest_s": slowest_s,
                "peak_bytes": peak_bytes(),
            }  # fmt: skip
            (folder / "account.tmp").write_text(json.dumps(account), encoding="utf-8")
            (folder / "account.tmp").replace(folder / "account.json")


def run_fuzz(name: str, count: int, first: int = 0) -> dict[str, Any]:
    """Run a reader over its inputs; start a new process behind each input that ended one."""
    total: dict[str, Any] = {
        "inputs": count, "counts": Counter(), "faults": [], "ended": [], "slowest_s": 0.0,
        "peak_bytes": 0,
    }  # fmt: skip
    start, end = time.perf_counter(), first + count
    shared_memory = Path("/dev/shm")  # noqa: S108 - where files cost no disk
    place = shared_memory if shared_memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        while first < end and len(total["ended"]) <= MOST_RESTARTS:
            first = _run_once(name, first, end, Path(folder), total)
    total["seconds"] = time.perf_counter() - start
    return total


def _run_once(name: str, first: int, end: int, folder: Path, total: dict[str, Any]) -> int:
    """Run one process to its end; give the number with which to go on."""
    for left in ("account.json", "progress"):
        (folder / left).unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.hostile.fuzz", "--work", name, str(first)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, str(end - first), str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1",
             "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )  # fmt: skip
    account: dict[str, Any] = {}
    if (folder / "account.json").exists():
        account = json.loads((folder / "account.json").read_text(encoding="utf-8"))
        total["counts"].update(account["counts"])
        total["faults"] += account["faults"]
        for key in ("slowest_s", "peak_bytes"):
            total[key] = max(total[key], account[key])
    if done.returncode == 0:
        return end
    if not (folder / "progress").exists():
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-2000:])
    number = int((folder / "progress").read_text(encoding="ascii"))
    total["ended"].append([number, done.returncode])
    return number + 1


def table_row(name: str, total: dict[str, Any]) -> str:
    """Write a run as a row of the table in the docs."""
    counts = Counter(total["counts"])
    refused = sum(count for key, count in counts.items() if key.startswith("refused"))
    cells = (
        name, total["inputs"], refused,
        *(counts[kind] for kind in ("read", "same", "asked", "other")),
        len(total["ended"]), len(total["faults"]), f"{total['slowest_s']:.2f}",
        total["peak_bytes"] >> 20, f"{total['seconds']:.0f}",
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


TABLE_HEAD = (
    "| reader | inputs | refused | read | read, same place | another place, asked about | "
    "another place, as its header says | process ended | faults | slowest, s | peak, MiB | all, s |"
    "\n|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Run readers, or be the process that one runs in."""
    if sys.argv[1:2] == ["--work"]:
        name, first, count, folder = sys.argv[2:6]
        work(name, int(first), int(count), Path(folder))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--count", type=int, default=INPUTS)
    parser.add_argument("--first", type=int, default=0)
    choice = parser.parse_args()
    print(TABLE_HEAD)  # noqa: T201 - the table is what this prints
    for name in choice.names or SUBJECTS:
        total = run_fuzz(name, choice.count, choice.first)
        print(table_row(name, total), flush=True)  # noqa: T201
        for number, fault in total["faults"][:10] + total["ended"][:10]:
            print(f"  {name} {number}: {fault}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
