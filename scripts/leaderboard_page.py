"""Write the page of the leaderboard from folders that `phantoms score` has filled.

Rows of a later folder replace those of an earlier one::

    python scripts/leaderboard_page.py BOARD [BOARD ...]      # writes docs/reference/leaderboard.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from phantoms.leaderboard.table import Row, markdown_of, summary_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "leaderboard.md"

INTRODUCTION = """\
# The leaderboard

All [named cases](phantom_cases.md), seed {seeds}, by the methods of
`benchmarks/leaderboard/methods.toml`. Cells are the median over the cases and the worst case.
Lengths are millimetres, `s` is the wall time of one task. To make it again:

```console
$ phantoms score benchmarks/leaderboard/methods.toml --out board --seeds {seeds}
$ python scripts/leaderboard_page.py board
```

Registrations of `mwa-navigator` are rigid here: its command is given no outline of the liver.
"Wrongly declined" is a refusal where the case asks for an answer: our planner plans one lesion
with one antenna, and says so.

"""

AFTER = """\
## Every registration

Mean error in the liver, millimetres; a word where nothing was answered or nothing should have been.

"""


def every_registration(rows: list[dict[str, Any]]) -> str:
    """Lay out the registrations, a line a case, a column a method."""
    rows = [row for row in rows if row["task"] in {"register", "older"}]
    methods = list(dict.fromkeys(row["method"] for row in rows))
    cases = list(dict.fromkeys((row["case"], row["task"]) for row in rows))
    lines = [f"| case | {' | '.join(methods)} |", "| --- " * (len(methods) + 1) + "|"]
    for case, task in cases:
        cells = [
            cell_of(row)
            for method in methods
            for row in rows
            if (row["case"], row["task"], row["method"]) == (case, task, method)
        ]
        name = case if task == "register" else f"{case}, older scan"
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def cell_of(row: dict[str, Any]) -> str:
    """Give the error, or what became of it."""
    if row["outcome"] != "scored":
        return str(row["outcome"])
    mean_mm = row["scores"].get("liver_mean_mm")
    return "no liver seen" if mean_mm is None else f"{mean_mm:.2f}"


def rows_of(boards: list[Path]) -> list[dict[str, Any]]:
    """Read the rows of all folders; the place of a row is that of its first one."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for board in boards:
        for row in json.loads((board / "rows.json").read_text(encoding="utf-8")):
            found[row["method"], row["task"], row["case"], str(row["seed"])] = row
    return list(found.values())


def main() -> None:
    """Write the page."""
    rows = rows_of([Path(word) for word in sys.argv[1:]])
    seeds = ",".join(str(seed) for seed in sorted({row["seed"] for row in rows}))
    table = markdown_of(summary_of([Row(**row) for row in rows])).strip() + "\n\n"
    page = INTRODUCTION.format(seeds=seeds) + table + AFTER + every_registration(rows)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
