"""The command ``phantoms score``: methods on the suite, one table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def score(
    methods: Annotated[Path, typer.Argument(help="TOML file with the methods' command lines.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for cases, answers and the table.")],
    seeds: Annotated[
        str, typer.Option("--seeds", help="Patients, such as 100-104 or 7,9: held-out ones.")
    ] = "100-102",
    cases: Annotated[
        str, typer.Option("--cases", help="Names with commas between; all if left out.")
    ] = "",
    limit_s: Annotated[
        float, typer.Option("--limit-s", min=1.0, help="Seconds for one task of one case.")
    ] = 600.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Score methods on the suite of cases.

    Example: phantoms score benchmarks/leaderboard/methods.toml --out board --seeds 100-104
    """
    from phantoms.leaderboard.methods import load_methods
    from phantoms.leaderboard.suite import Suite, run_suite, seeds_from_words
    from phantoms.leaderboard.table import markdown_of
    from phantoms.recipes import CASES, recipe_of

    names = [word.strip() for word in cases.split(",") if word.strip()] or list(CASES)
    suite = Suite(
        cases=tuple(recipe_of(name).name for name in names),
        seeds=seeds_from_words(seeds),
        limit_s=limit_s,
    )
    entries = load_methods(methods)
    summary = run_suite(suite, entries, out, tell=lambda line: print(line, file=sys.stderr))
    content = {"cases": names, "seeds": list(suite.seeds), "summary": summary}
    print(json.dumps(content, allow_nan=False) if as_json else markdown_of(summary))
