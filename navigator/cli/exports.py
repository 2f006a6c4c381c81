"""The command that sends results elsewhere: export."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from navigator.cli.shell import DebugOption, JsonOption, Outcome, finish, verdict_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.app.export_inputs import ExportChoice


def export(
    plan: Annotated[Path, typer.Argument(help="plan JSON file")],
    out: Annotated[Path, typer.Option(help="folder to make")],
    request: Annotated[
        Path | None, typer.Option(help="request that it was made from: scan, structures, labels")
    ] = None,
    scan: Annotated[Path | None, typer.Option(help="planning scan, without a request")] = None,
    series: Annotated[str | None, typer.Option(help="its series UID")] = None,
    structures: Annotated[Path | None, typer.Option(help="label map on the scan")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of a structure; give it for each")
    ] = None,
    registration: Annotated[Path | None, typer.Option(help="registration JSON file")] = None,
    intraop: Annotated[Path | None, typer.Option(help="the scan that it leads to")] = None,
    intraop_series: Annotated[str | None, typer.Option(help="its series UID")] = None,
    template: Annotated[Path | None, typer.Option(help="folder of the plate's files")] = None,
    report: Annotated[Path | None, typer.Option(help="report.pdf of the run")] = None,
    pseudonym: Annotated[
        str | None, typer.Option(help="name in the patient's place; else made from the scan")
    ] = None,
    identified: Annotated[
        bool, typer.Option("--identified", help="keep the patient's identity, for the PACS")
    ] = False,
    time: Annotated[
        str | None, typer.Option(help="date of the objects: now, or 2026-01-31T12:00:00")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace our own earlier export")
    ] = False,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Write a plan as DICOM objects and as files for 3D Slicer.

    Example: navigator export case/plan.json --request request.json --out objects
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.choices import ScanChoice
        from navigator.app.export import export_plan
        from navigator.app.export_files import WhoseObjects

        choice = replace(
            _choice(plan, request, scan, series, structures, label or []),
            registration=registration,
            intraop=None if intraop is None else ScanChoice(intraop, intraop_series),
            template=template,
            report=report,
        )
        whose = WhoseObjects(is_identified=identified, pseudonym=pseudonym, made=_made(time))
        manifest = export_plan(choice, out, whose=whose, overwrite=overwrite, progress=progress)
        lines = [f"{each['path']}: {each['kind']}" for each in manifest["files"]]
        lines += [f"left out: {each['what']}, {each['why']}" for each in manifest["left_out"]]
        lines.append(f"identity: {manifest['identity']}")
        return Outcome(manifest, (*lines, *verdict_lines(manifest)))

    finish(verb, as_json=as_json, debug=debug, out=out)


def _choice(
    plan: Path,
    request: Path | None,
    scan: Path | None,
    series: str | None,
    structures: Path | None,
    labels: list[str],
) -> ExportChoice:
    """Take scan and structures from the request, or from the options."""
    from navigator.app.choices import ScanChoice
    from navigator.app.export_inputs import ExportChoice, choice_from_request

    others = (scan, series, structures, labels or None)
    if (request is None) == (scan is None) or (request and any(each for each in others)):
        raise _usage("--request, --scan", "one of the two; --structures goes with --scan")
    if request is not None:
        return choice_from_request(plan, request)
    if scan is None or (structures is None) != (not labels):
        raise _usage("--structures, --label", "both or neither")
    return ExportChoice(
        plan=plan, scan=ScanChoice(scan, series), structures=structures, labels=_labels(labels)
    )


def _labels(texts: list[str]) -> dict[str, list[int | str]]:
    """Read NAME=VALUE, a number or a segment's name; the same name again adds a value."""
    labels: dict[str, list[int | str]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value:
            raise _usage("--label", f"NAME=VALUE, got {text!r}")
        labels.setdefault(name, []).append(int(value) if value.isdecimal() else value)
    return labels


def _made(text: str | None) -> datetime | None:
    """Read a date, or the clock."""
    if text is None:
        return None
    if text == "now":
        return datetime.now().astimezone()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _usage("--time", f"now, or 2026-01-31T12:00:00, got {text!r}") from None


def _usage(where: str, expected: str) -> Exception:
    """Refuse options that do not go together."""
    from navigator.errors import InputRefusedError

    return InputRefusedError(
        code="options-disagree",
        what="The options do not say clearly what shall go out",
        where=where,
        expected=expected,
        got="another choice of options",
        next_step="see navigator export --help",
    )


COMMANDS = (export,)
