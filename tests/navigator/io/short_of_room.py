"""A program that saves a document while the disk gives out at every offset of it.

Run as ``python -m tests.navigator.io.short_of_room FOLDER COUNT``; prints one JSON object. The
limit on the size of a file stands in for the disk's end: the system refuses the next byte.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from navigator.errors import FileRefusedError
from navigator.io.documents import json_text, load_plan, save_json


def main(folder: Path, count: int) -> dict[str, int]:
    """Save under ever larger limits; look each time at what lies there."""
    old = json.loads(Path("tests/golden/documents/1.1/plan.json").read_text(encoding="utf-8"))
    new = json.loads(
        Path("tests/golden/documents/1.1/plan_in_room.json").read_text(encoding="utf-8")
    )
    path, size = folder / "plan.json", len(json_text(new).encode())
    save_json(old, path, keep_earlier=True)
    before = path.read_bytes()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    found = {"offsets": 0, "refused": 0, "saved": 0, "torn": 0, "left": 0}
    for offset in sorted({round(step * size / count) for step in range(count + 1)}):
        resource.setrlimit(resource.RLIMIT_FSIZE, (offset, hard))
        try:
            save_json(new, path, keep_earlier=True)
            found["saved"] += 1
        except FileRefusedError as error:
            found["refused"] += error.refusal.code == "unwritable"
            found["torn"] += path.read_bytes() != before
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        found["offsets"] += 1
        load_plan(path)
        found["left"] += len(list(folder.rglob(".*")))
    return {**found, "kept": len(list(folder.glob("earlier/plan.*.json")))}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
