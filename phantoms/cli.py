"""The command ``phantoms``: list the cases, make one, score methods on them.

Exit codes: 0 done; 2 wrong usage or refused input; 1 a defect of ours; 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from phantoms.leaderboard.cli import score

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Synthetic CT of patients with exact truth. "
    "Example: phantoms make easy --out case --seed 1",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, allow_nan=False))


@app.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """List the cases, each with the question it asks. Example: phantoms list --json."""
    from phantoms.recipes import CASES

    if as_json:
        cases = [{"name": each.name, "question": each.question} for each in CASES.values()]
        _print_json({"cases": cases})
        return
    for each in CASES.values():
        print(f"{each.name}\n    {each.question}")


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Name of a case from `phantoms list`.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the case.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Every seed is another patient.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a case: planning and intraop DICOM, labels, template and truth.

    Example: phantoms make plate-slipped --out case --seed 7
    """
    from rich.console import Console

    from phantoms.casefiles import make_case

    console = Console(stderr=True)
    try:
        with console.status("starting") as status:
            case = make_case(name, out, seed=seed, tell=lambda line: status.update(f"{line} ..."))
    except KeyboardInterrupt as stopped:
        raise typer.Exit(_failed(stopped)) from None
    if as_json:
        _print_json(
            {
                "case": name,
                "question": case.setup.recipe.question,
                "seed": seed,
                "out": str(out),
                "planning": str(out / "planning"),
                "intraop": str(out / "intraop"),
                "labels": str(out / "labels.nrrd"),
                "template": str(out / "template.json"),
                "truth": str(out / "truth.json"),
            }
        )
        return
    print(
        f"{name}, seed {seed}: {out}\n{case.setup.recipe.question}\nThe truth stands in truth.json."
    )


app.command()(score)


def _failed(error: BaseException) -> int:
    """Say what went wrong on standard error and choose the exit code."""
    from phantoms.errors import RefusedError
    from template_gen import was_stopped

    if was_stopped(error):
        print("Interrupted: nothing was written.", file=sys.stderr)
        return 130
    if isinstance(error, RefusedError):
        print(f"Refused: {error}", file=sys.stderr)
        return 2
    print(
        f"A defect of ours: {type(error).__name__}: {error}\n"
        "  do next:  run again with `phantoms --debug ...` and report the traceback",
        file=sys.stderr,
    )
    return 1


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    _SETTINGS["debug"] = debug


_SETTINGS = {"debug": False}


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        app()
    except Exception as error:
        if _SETTINGS["debug"]:
            raise
        sys.exit(_failed(error))


if __name__ == "__main__":
    main()
