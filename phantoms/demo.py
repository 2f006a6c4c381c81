"""The command ``navigator demo``: the whole line on a synthetic patient, judged by its truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from navigator.cli.shell import DebugOption, JsonOption, Outcome, finish, verdict_lines

if TYPE_CHECKING:
    from collections.abc import Callable


def demo(
    out: Annotated[Path, typer.Option(help="folder to make")],
    seed: Annotated[int, typer.Option(min=0, help="which synthetic patient")] = 1,
    case: Annotated[str, typer.Option(help="what happens: a name out of `phantoms list`")] = "easy",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace our own earlier result")
    ] = False,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Run the whole procedure on a synthetic patient and compare it with the truth.

    Example: navigator demo --out demo-out --seed 1 --case plate-slipped
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from phantoms.showcase import run_demo

        summary = run_demo(out, seed=seed, case=case, overwrite=overwrite, progress=progress)
        return Outcome(summary, (*_table(summary), *verdict_lines(summary), *_where(out, summary)))

    finish(verb, as_json=as_json, debug=debug, out=out)


def _table(summary: dict[str, object]) -> tuple[str, ...]:
    rows = summary.get("comparison")
    if not isinstance(rows, list):
        return ()
    lines = [f"{'':<44}{'engine':>16}{'truth':>16}{'error':>12}"]
    lines += [
        f"{row['quantity']:<44}{row['engine']:>16}{row['truth']:>16}{row['error']:>12}"
        for row in rows
    ]
    return tuple(lines)


def _where(out: Path, summary: dict[str, object]) -> tuple[str, ...]:
    return (f"report: {out / 'report.html'}",) if "comparison" in summary else ()
