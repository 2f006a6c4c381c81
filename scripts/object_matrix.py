"""Write the page that says which other program reads or checks each kind of file written here.

The rows are read from the tests that carry ``@pytest.mark.opens(kind, ..., by="program")``::

    python scripts/object_matrix.py        # writes docs/reference/objects.md
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "objects.md"

INTRODUCTION = """\
# Objects and who reads them back

Each row is one kind of file that `navigator export` or its library writes. Each column is a program
or a calculation by other code that reads or checks it in a test; the table is read from the marks
on the tests whenever this page is built.

"""


def opened(node: ast.AST) -> tuple[list[str], str] | None:
    """Read one ``pytest.mark.opens(...)``: kinds and program; None for any other node."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("mark.opens"):
        return None
    kinds = [ast.literal_eval(argument) for argument in node.args]
    words = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
    if not kinds or set(words) != {"by"} or not all(isinstance(kind, str) for kind in kinds):
        raise ValueError(f"line {node.lineno}: an opens mark takes kinds and by=, got {words}")
    return kinds, words["by"]


def readers_by_kind(folder: Path) -> dict[str, list[str]]:
    """Collect the marks of every test file below a folder: programs by kind, each once."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            mark = opened(node)
            for kind in mark[0] if mark else ():
                programs = found.setdefault(kind, [])
                if mark and mark[1] not in programs:
                    programs.append(mark[1])
    return found


def page(readers: dict[str, list[str]]) -> str:
    """Write the page as Markdown: one row a kind, one column a program."""
    programs = sorted({program for found in readers.values() for program in found})
    lines = [f"| kind | {' | '.join(programs)} |", "|---|" + "---|" * len(programs)]
    for kind in sorted(readers):
        cells = ["yes" if program in readers[kind] else "" for program in programs]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return INTRODUCTION + "\n".join(lines) + "\n"


def write_page(root: Path = ROOT) -> Path:
    """Write the page anew, whole or not at all."""
    text = page(readers_by_kind(root / "tests"))
    unfinished = PAGE.with_suffix(".partial")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    return unfinished.replace(PAGE)


if __name__ == "__main__":
    print(write_page().relative_to(ROOT).as_posix())
