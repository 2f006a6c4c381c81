"""Write the page of what the border stops: the faults, and the real files, from the tests' tables.

The tables are those that the tests run through, so the page says what they hold to be true::

    python scripts/border_tables.py        # writes docs/reference/border.md
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile.fault_list import FAULTS
from tests.navigator.io.real_outcomes import FILES, FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.hostile.faults import Fault
    from tests.navigator.io.real_outcomes import Outcome

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "border.md"
FIGURES = ROOT / "docs" / "reference" / "peers.toml"
"""What another reader did with each fault, as `measure_peers` found it."""

PAGE_TEXT = """\
# What the border stops

Both tables are written from the lists that the tests run through: a row is here because a test
fails where it does not hold. A code stands before what refuses a scan, and what a person has to
confirm is shown in every report as a warning.

## Faults of a CT series

{kinds} kinds of fault, each put at eight places of a series, in all eight ways to lie on a table:
all are stopped. The last column is what the series reader of {reader} did with the same files: it
raised for {raises}, warned of {warns}, and was silent about {silent}. Whose slices they are, and
how the patient lay, a reader of pictures may leave to others; somebody has to look.

{faults}

## Real series and files

What a scan command says of series and files of other people that are known to be odd; the tests
read them where they lie beside the checkout.

{outcomes}
"""


def reactions() -> tuple[str, dict[str, str]]:
    """Read what another reader did: its name, and its reaction to each fault."""
    figures = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
    return figures["reader"], figures["reaction"]


def fault_rows(faults: Iterable[Fault]) -> list[str]:
    """Write the table of faults."""
    reader, reaction = reactions()
    lines = [f"| fault | hazard | here | finding | {reader} |", "|---|---|---|---|---|"]
    for fault in faults:
        hazards = ", ".join(map(str, fault.hazards))
        word = "refused" if fault.severity.value == "refuse" else "to confirm"
        at_end = f"; at an end `{fault.at_end}`, to confirm" if fault.at_end else ""
        lines.append(
            f"| {fault.name} | {hazards} | {word} | `{fault.code}`{at_end} "
            f"| {reaction[fault.name]} |"
        )
    return lines


def outcome_rows(outcomes: Iterable[Outcome]) -> list[str]:
    """Write the table of real files."""
    lines = ["| what | outcome | finding | why |", "|---|---|---|---|"]
    for row in outcomes:
        code = f"`{row.code}`" if row.code else ""
        lines.append(f"| `{row.pattern}` | {row.verdict} | {code} | {row.why} |")
    return lines


def page() -> str:
    """Write the whole page."""
    reader, reaction = reactions()
    counts = {word: list(reaction.values()).count(word) for word in ("raises", "warns")}
    silent = len(reaction) - sum(counts.values())
    return PAGE_TEXT.format(
        kinds=len(FAULTS),
        reader=reader,
        **counts,
        silent=silent,
        faults="\n".join(fault_rows(FAULTS)),
        outcomes="\n".join(outcome_rows((*FOLDERS, *FILES))),
    )


def write_page() -> None:
    """Write the page where the documentation reads it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_page()
