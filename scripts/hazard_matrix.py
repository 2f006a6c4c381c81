"""Write the page that says which test shows which hazard to be mitigated.

The rows are the short names in ``docs/reference/hazards.toml``; the tests are those that carry
``@pytest.mark.hazard(row, ...)``, on the function, the class or the whole module::

    python scripts/hazard_matrix.py        # writes docs/reference/hazards.md
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
NAMES = ROOT / "docs" / "reference" / "hazards.toml"
PAGE = ROOT / "docs" / "reference" / "hazards.md"

INTRODUCTION = """\
# Hazards and the tests that show them mitigated

Each row is one way in which software of this kind has hurt people or could. The right column is
read from the marks on the tests whenever this page is built: a row that says "not yet" has no test
that would fail if the hazard were there. Severity, cause and the demand on the software are part of
the design; this page says only what is shown.

"""


def load_names(path: Path = NAMES) -> dict[int, str]:
    """Read the short name of every row."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {int(row): name for row, name in table.items()}


def hazard_rows(node: ast.AST) -> list[int]:
    """Read the rows named in one ``pytest.mark.hazard(...)``; empty for any other node."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("mark.hazard"):
        return []
    rows = [ast.literal_eval(argument) for argument in node.args]
    if not rows or not all(type(row) is int for row in rows):
        raise ValueError(f"line {node.lineno}: a hazard mark takes row numbers, got {rows}")
    return rows


def marks(tree: ast.Module, where: str) -> Iterator[tuple[int, str]]:
    """Walk over the hazard rows of one test file, each with the test that carries it.

    Parameters
    ----------
    tree : ast.Module
        The parsed file.
    where : str
        Its path, for the page.

    Yields
    ------
    (int, str)
        A row's number and ``path::Class::test``.
    """
    waiting: list[tuple[str, ast.AST]] = [(where, tree)]
    while waiting:
        owner, parent = waiting.pop(0)
        for child in ast.iter_child_nodes(parent):
            name = owner
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{owner}::{child.name}"
            yield from ((row, owner) for row in hazard_rows(child))
            waiting.append((name, child))


def shown_by_row(folder: Path) -> dict[int, list[str]]:
    """Collect the marks of every test file below a folder, in the order of their names."""
    found: dict[int, list[str]] = {}
    for file in sorted(folder.rglob("*.py")):
        where = file.relative_to(folder.parent).as_posix()
        for row, test in marks(ast.parse(file.read_text(encoding="utf-8"), where), where):
            if test not in found.setdefault(row, []):
                found[row].append(test)
    return found


def page(names: dict[int, str], shown: dict[int, list[str]]) -> str:
    """Write the page as Markdown.

    Parameters
    ----------
    names : dict of int to str
        Short names by row.
    shown : dict of int to list of str
        Tests by row.

    Returns
    -------
    str
        The whole page.
    """
    count = sum(bool(shown.get(row)) for row in names)
    lines = [f"{count} of {len(names)} rows have a test.", "", "| # | hazard | shown by |"]
    lines.append("|---|---|---|")
    lines += [f"| {row} | {name} | {cell(shown.get(row, []))} |" for row, name in names.items()]
    return INTRODUCTION + "\n".join(lines) + "\n"


def cell(tests: Iterable[str]) -> str:
    """Write the tests of one row into one table cell."""
    return "<br>".join(f"`{test}`" for test in tests) or "not yet"


def write_page(root: Path = ROOT) -> Path:
    """Write the page anew, whole or not at all."""
    text = page(load_names(), shown_by_row(root / "tests"))
    unfinished = PAGE.with_suffix(".partial")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    return unfinished.replace(PAGE)


if __name__ == "__main__":
    print(write_page().relative_to(ROOT).as_posix())
