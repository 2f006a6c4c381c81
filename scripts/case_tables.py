"""Write the page of the named cases from the list that `phantoms make` builds them from.

::

    python scripts/case_tables.py        # writes docs/reference/phantom_cases.md
"""

from __future__ import annotations

from pathlib import Path

from phantoms.recipes import CASES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "phantom_cases.md"

PAGE_TEXT = """\
# The named cases

{count} cases, each for the question that it asks. `phantoms make NAME --out DIR --seed N` makes
one; every seed is another patient. What a case claims in its question holds in its truth: a test
measures it, on painted voxels or by brute force over the truth (`tests/phantoms/cases`).

The last columns are what [the leaderboard](../how_to/enter_the_leaderboard.md) scores. To
*decline* is the right answer where no honest one exists; where *either* will do, a refusal counts
for nothing, and a wrong answer as any other.

{rows}
"""


def case_rows() -> str:
    """Write the table: a line for each case."""
    lines = ["| case | question | to answer | either | to decline |", "|---|---|---|---|---|"]
    for recipe in CASES.values():
        asked: dict[str, list[str]] = {word: [] for word in ("answer", "either", "decline")}
        for task, word in recipe.asks.items():
            asked[word].append(task)
        cells = [f"`{recipe.name}`", recipe.question, *map(", ".join, asked.values())]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page_text() -> str:
    """Write the whole page."""
    return PAGE_TEXT.format(count=len(CASES), rows=case_rows())


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
