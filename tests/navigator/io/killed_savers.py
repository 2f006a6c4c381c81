"""A program that starts savers and kills them, and then looks at what they left.

Run as ``python -m tests.navigator.io.killed_savers FOLDER ROUNDS SEED``; prints one JSON object.
Each saver is a fork of this process, so that a round takes milliseconds and not an import.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from navigator.errors import InputRefusedError
from navigator.io.documents import load_registration, registration_to_json, save_json
from navigator.io.documents.integrity import sealed
from navigator.io.earlier_versions import earlier_versions

LONGEST_LIFE_S = 0.06
"""Some tens of saves: a kill falls into each step of one sooner or later."""


def numbered(document: dict[str, Any], version: int) -> dict[str, Any]:
    """Give the document of one version; its number stands where a metric stands."""
    return sealed({**document, "seconds": float(version)})


def save_for_ever(path: Path, document: dict[str, Any], first: int, done: int) -> NoReturn:
    """Save one version after the other, and tell of each when it is saved."""
    version = first
    while True:
        save_json(numbered(document, version), path, keep_earlier=True)
        os.write(done, f"{version}\n".encode())
        version += 1


def one_round(path: Path, document: dict[str, Any], first: int, life_s: float) -> int:
    """Let a saver live for a while; give the last version that it told of, or -1."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        save_for_ever(path, document, first, writing)
    os.close(writing)
    time.sleep(life_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    told = b""
    while chunk := os.read(reading, 1 << 16):
        told += chunk
    os.close(reading)
    whole = told[: told.rfind(b"\n") + 1].split()
    return int(whole[-1]) if whole else -1


def version_of(path: Path) -> int:
    """Read a version strictly: JSON, hashes, fields."""
    seconds = load_registration(path).metrics["seconds"]
    assert seconds is not None
    return int(seconds)


def look(path: Path, told: int, seen: dict[str, int], found: dict[str, int]) -> None:
    """Check after a kill that all that was told of is there and can be read."""
    if not path.exists():
        found["lost"] += told >= 0
        return
    try:
        current = version_of(path)
        for version in earlier_versions(path):
            if version.name not in seen:
                seen[version.name] = version_of(version)
    except InputRefusedError:
        found["unreadable"] += 1
        return
    there = {*seen.values(), current}
    found["lost"] += current < told
    found["lost"] += sum(version not in there for version in range(told + 1))
    found["doubled"] += len(seen) - len(set(seen.values()))


def main(folder: Path, rounds: int, seed: int) -> dict[str, int]:
    """Kill savers in one folder, one after the other."""
    source = Path("tests/golden/documents/1.1/registration.json")
    document = registration_to_json(load_registration(source))
    path, rng = folder / "registration.json", random.Random(seed)  # noqa: S311 - no secret
    found = {"rounds": 0, "lost": 0, "unreadable": 0, "doubled": 0, "left_behind": 0, "left": 0}
    told, seen = -1, dict[str, int]()
    for _ in range(rounds):
        first = version_of(path) + 1 if path.exists() else 0
        told = max(told, one_round(path, document, first, rng.uniform(0, LONGEST_LIFE_S)))
        found["rounds"] += 1
        found["left_behind"] += len(list(folder.rglob(".*.part*")))
        look(path, told, seen, found)
    last = version_of(path) + 1 if path.exists() else 0
    save_json(numbered(document, last), path, keep_earlier=True)
    found["left"] = len(list(folder.rglob(".*.part*")))
    return {**found, "told": told, "kept": len(earlier_versions(path))}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
