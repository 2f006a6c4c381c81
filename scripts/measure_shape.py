"""Measure the shape of the code; fail where it is worse than the limits in pyproject.toml.

Reads the source alone: nothing needs to be installed, nothing judged is imported::

    python scripts/measure_shape.py

A table shows each package's extremes; below it stands every violation as ``file:line: what``.
"""

from __future__ import annotations

import sys
import tomllib
from itertools import chain
from pathlib import Path

from code_modules import Module, import_cycle, load_modules
from code_shape import Limits, Measure, measures_of_module

ROOT = Path(__file__).resolve().parents[1]


def load_limits(pyproject: Path) -> Limits:
    """Read `[tool.shape]`."""
    return Limits(**tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["shape"])


def violations(measures: list[Measure], limits: Limits) -> list[str]:
    """Name every place that breaks a limit."""
    most = {
        "module": (limits.max_module_lines, "lines in the module"),
        "function": (limits.max_function_lines, "lines in the function's body"),
        "complexity": (limits.max_complexity, "ways through the function"),
    }
    least = {
        "documented": (limits.min_documented_percent, "no docstring"),
        "annotated": (limits.min_annotated_percent, "not wholly annotated"),
        "shapes": (limits.min_shapes_percent, "an array without its shape in the docstring"),
        "units": (limits.min_units_percent, "a float whose name carries no unit"),
        "named": (100.0, "a name that says nothing"),
    }
    found = []
    for one in measures:
        limit, what = most.get(one.kind, (float("inf"), ""))
        if not one.value <= limit:
            found.append(f"{one.where}: {one.name}: {one.value:.0f} {what}, at most {limit}")
    for kind, (limit, what) in least.items():
        if not share(measures, kind) >= limit:
            broken = (one for one in measures if one.kind == kind and not one.value)
            found.extend(f"{one.where}: {one.name}: {what}" for one in broken)
    return found


def share(measures: list[Measure], kind: str) -> float:
    """Give the percentage of places that keep a rule; 100 where there are none."""
    values = [one.value for one in measures if one.kind == kind]
    return 100.0 * sum(values) / len(values) if values else 100.0


def largest(measures: list[Measure], kind: str) -> float:
    """Give the largest value of a kind; 0 where there is none."""
    return max((one.value for one in measures if one.kind == kind), default=0)


def table(by_package: dict[str, list[Measure]]) -> str:
    """Write one row for each package: its size and its extremes."""
    head = "package modules lines longest function ways doc% typed% shapes% units%"
    rows: list[tuple[str, ...]] = [tuple(head.split())]
    for package, measures in by_package.items():
        sizes = [one.value for one in measures if one.kind == "module"]
        counts = [len(sizes), sum(sizes)]
        counts += [largest(measures, kind) for kind in ("module", "function", "complexity")]
        kinds = ("documented", "annotated", "shapes", "units")
        shares = [f"{share(measures, kind):.1f}" for kind in kinds]
        rows.append((package, *(f"{count:.0f}" for count in counts), *shares))
    return "\n".join(f"{row[0]:<14}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows)


def judge(by_package: dict[str, list[Module]], limits: Limits) -> tuple[str, list[str]]:
    """Measure packages; give the table and the violations."""
    measured = {
        package: list(chain.from_iterable(measures_of_module(one, limits) for one in modules))
        for package, modules in by_package.items()
    }
    found = list(chain.from_iterable(violations(one, limits) for one in measured.values()))
    circle = import_cycle(chain.from_iterable(by_package.values()))
    if circle:
        found.append("import cycle: " + " -> ".join(circle))
    return table(measured), found


def main() -> int:
    """Print the table and the violations; 1 where there are any."""
    limits = load_limits(ROOT / "pyproject.toml")
    shape, found = judge({name: load_modules(ROOT, name) for name in limits.packages}, limits)
    print(shape)
    print("\n".join(found) if found else "every limit of [tool.shape] is kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
