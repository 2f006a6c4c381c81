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
        cases = [
            {"name": each.name, "question": each.question, "asks": dict(each.asks)}
            for each in CASES.values()
        ]
        _print_json({"cases": cases})
        return
    for each in CASES.values():
        print(f"{each.name}\n    {each.question}")


@app.command()
def schema(
    into: Annotated[
        bool, typer.Option("--into", help="That of hardware put into a real CT.")
    ] = False,
) -> None:
    """Print the JSON Schema of truth.json. Example: phantoms schema > phantom-truth-1.json."""
    from phantoms.inserted_schema import InsertedDocument
    from phantoms.truth_schema import TruthDocument, json_schema_of

    print(json.dumps(json_schema_of(InsertedDocument if into else TruthDocument), indent=1))


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Name of a case from `phantoms list`.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the case.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Every seed is another patient.")] = 0,
    into: Annotated[
        Path | None,
        typer.Option("--into", help="Real CT (DICOM folder, NIfTI, NRRD, MHA) to play it out in."),
    ] = None,
    target: Annotated[
        tuple[float, float, float] | None,
        typer.Option("--target", help="With --into: what the plate is set above, LPS mm."),
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="With --into: another plate, template.json.")
    ] = None,
    needles: Annotated[
        bool, typer.Option("--needles", help="With --into: drive the needles of one ablation.")
    ] = False,
    antenna_bend: Annotated[
        float | None, typer.Option("--antenna-bend", help="With --needles: bend radius, mm.")
    ] = None,
    point_spread: Annotated[
        float | None, typer.Option("--point-spread", help="With --into: scanner's sigma, mm.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a case: planning and intraop DICOM, labels, template and truth.

    With --into it is played out in a real CT instead of a synthetic patient.
    Example: phantoms make plate-slipped --out case --seed 7
    """
    only_with_into = {"target": target, "template": template, "needles": needles or None,
                      "antenna_bend": antenna_bend, "point_spread": point_spread}  # fmt: skip
    given = {option: value for option, value in only_with_into.items() if value is not None}
    if into is not None:
        _make_into(name, out, seed, into, given, as_json)
        return
    if given:
        option = "--" + next(iter(given)).replace("_", "-")
        raise typer.BadParameter(f"{option} goes with --into SCAN")
    from rich.console import Console

    from phantoms.casefiles import make_case

    console = Console(stderr=True)
    try:
        with console.status("starting") as status:
            case = make_case(name, out, seed=seed, tell=lambda line: status.update(f"{line} ..."))
    except KeyboardInterrupt as stopped:
        raise typer.Exit(_failed(stopped)) from None
    _tell_made(name, out, seed, case.setup.recipe.question, as_json, labels=True)


def _make_into(
    name: str, out: Path, seed: int, into: Path, given: dict[str, Any], as_json: bool
) -> None:
    """Play a case out in a real scan."""
    from rich.console import Console

    from phantoms.into import make_inserted
    from phantoms.recipes import recipe_of
    from phantoms.scene import Wish
    from phantoms.setups import case_spec
    from phantoms.sources import read_source
    from template_gen.spec import load_spec

    if "target" not in given:
        raise typer.BadParameter("--into needs --target X Y Z, LPS mm of that scan")
    if "antenna_bend" in given and "needles" not in given:
        raise typer.BadParameter("--antenna-bend goes with --needles")
    spec = load_spec(given["template"]) if "template" in given else case_spec()
    options = {"antenna_bend": "antenna_bend_mm", "point_spread": "point_spread_mm"}
    wish = Wish(
        name=name,
        target_mm=given["target"],
        seed=seed,
        spec=spec,
        with_needles="needles" in given,
        **{field: given[option] for option, field in options.items() if option in given},
    )
    question = recipe_of(name).question
    console = Console(stderr=True)
    try:
        with console.status("reading the scan") as status:
            make_inserted(
                read_source(into), wish, out, tell=lambda line: status.update(f"{line} ...")
            )
    except KeyboardInterrupt as stopped:
        raise typer.Exit(_failed(stopped)) from None
    _tell_made(name, out, seed, question, as_json, labels=False)


def _tell_made(
    name: str, out: Path, seed: int, question: str, as_json: bool, *, labels: bool
) -> None:
    """Say what was written and where."""
    files = {"planning": "planning", "intraop": "intraop", "labels": "labels.nrrd",
             "template": "template.json", "truth": "truth.json"}  # fmt: skip
    if not labels:
        del files["labels"]
    if as_json:
        _print_json(
            {
                "case": name,
                "question": question,
                "seed": seed,
                "out": str(out),
                **{word: str(out / path) for word, path in files.items()},
            }
        )
        return
    print(f"{name}, seed {seed}: {out}\n{question}\nThe truth stands in truth.json.")


app.command()(score)


def _failed(error: BaseException) -> int:
    """Say what went wrong on standard error and choose the exit code."""
    from phantoms.errors import RefusedError
    from template_gen import was_stopped
    from template_gen.errors import TemplateRefusedError

    if was_stopped(error):
        print("Interrupted: nothing was written.", file=sys.stderr)
        return 130
    if isinstance(error, (RefusedError, TemplateRefusedError)):
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
