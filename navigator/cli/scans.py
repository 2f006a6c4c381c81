"""Commands on scans: inspect, convert, register, map-points, locate-template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from navigator.cli.shell import (
    DebugOption,
    JsonOption,
    Outcome,
    ReplaceOption,
    finish,
    kept_lines,
    verdict_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def inspect(
    path: Annotated[
        Path, typer.Argument(help="DICOM folder, image file, structures, or JSON document")
    ],
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """List the series of a folder, or say what a document is, and what speaks against each.

    Example: navigator inspect planning/
    """

    def verb(_: Callable[[str], None]) -> Outcome:
        from navigator.io.inspecting import inspect_path

        document = inspect_path(path)
        lines = []
        for series in document["series"]:
            shape = "x".join(str(count) for count in series["shape_kji"] or ())
            lines.append(f"{series['uid']}  {series['description']}  {shape}  {series['verdict']}")
            lines += [f"  {item['severity']}: {item['message']}" for item in series["findings"]]
        for each in document.get("documents", ()):
            lines += document_lines(each)
        for row in document.get("structures", ()):
            unusable = f"  (encloses no volume: {row['outlines']})" if "outlines" in row else ""
            lines.append(f"{row['number']}  {row['name']}{unusable}")
        lines += [f"{item['severity']}: {item['message']}" for item in document["findings"]]
        return Outcome(document, tuple(lines))

    finish(verb, as_json=as_json, debug=debug)


def document_lines(row: Mapping[str, Any]) -> list[str]:
    """Describe a document for a person.

    Parameters
    ----------
    row : mapping
        As ``navigator inspect`` gives it.

    Returns
    -------
    list of str
        What it is and whether it is intact, what it was made from, what speaks against it.
    """
    form = row["schema"] or "no schema"
    form += "" if row["minor"] is None else f", minor {row['minor']}"
    lines = [f"{row['file']}  {form}  hashes: {row['integrity']}  {row['verdict']}"]
    if row["document_verdict"]:
        lines.append(f"  it says of itself: {row['document_verdict']}")
    lines += [f"  made from {name}: {sha}" for name, sha in sorted(row["made_from"].items())]
    lines += [f"  {item['severity']}: {item['message']}" for item in row["findings"]]
    return lines


def convert(
    scan: Annotated[Path, typer.Argument(help="DICOM folder or image file")],
    out: Annotated[Path, typer.Argument(help=".nrrd, .nii.gz or .mha file to write")],
    series: Annotated[str | None, typer.Option(help="series UID, where there are several")] = None,
    overwrite: bool = ReplaceOption,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Write a scan in another format with its true geometry.

    Example: navigator convert planning/ planning.nrrd
    """

    def verb(_: Callable[[str], None]) -> Outcome:
        from navigator.app.choices import ScanChoice
        from navigator.app.output_files import OutputChoice
        from navigator.app.verbs import convert_scan

        document = convert_scan(ScanChoice(scan, series), OutputChoice(out, overwrite))
        note = "; the tilted stack was resampled" if document["resampled"] else ""
        return Outcome(document, (f"written: {out}{note}",))

    finish(verb, as_json=as_json, debug=debug, out=out)


def register(
    planning: Annotated[Path, typer.Argument(help="planning scan")],
    intraop: Annotated[Path, typer.Argument(help="intraoperative scan")],
    out: Annotated[Path, typer.Option(help="registration JSON file to write")],
    organ: Annotated[Path | None, typer.Option(help="liver of the planning scan")] = None,
    label: Annotated[str, typer.Option(help="its number, or its name")] = "1",
    lesion: Annotated[
        Path | None,
        typer.Option(help="what must keep its size and shape, as a tumour in an ablated zone"),
    ] = None,
    lesion_label: Annotated[str, typer.Option(help="its number, or its name")] = "1",
    from_transform: Annotated[
        Path | None,
        typer.Option(help=".tfm or .h5 of another program: judge it instead of searching"),
    ] = None,
    fixed: Annotated[
        str | None, typer.Option(help="its fixed image: planning or intraop; the file says not")
    ] = None,
    rigid: Annotated[bool, typer.Option("--rigid", help="do not follow the liver")] = False,
    picture: Annotated[
        Path | None,
        typer.Option(help="PNG file: both scans in one checkerboard, and what they differ by"),
    ] = None,
    planning_series: Annotated[
        str | None, typer.Option(help="series UID of the planning scan, where there are several")
    ] = None,
    intraop_series: Annotated[
        str | None, typer.Option(help="the same of the intraoperative scan")
    ] = None,
    overwrite: bool = ReplaceOption,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Register an intraoperative scan to the planning scan, or judge a given transform.

    With the liver's outline it is followed where it slides; without it the motion is rigid.

    Example: navigator register planning/ intraop/ --out registration.json --organ liver.nrrd
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.choices import MaskChoice, ScanChoice
        from navigator.app.output_files import OutputChoice
        from navigator.app.register_choice import RegisterChoice
        from navigator.app.registering import register_to_file

        document = register_to_file(
            ScanChoice(planning, planning_series),
            ScanChoice(intraop, intraop_series),
            OutputChoice(out, overwrite),
            choice=RegisterChoice(
                organ=None if organ is None else MaskChoice(organ, label),
                lesion=None if lesion is None else MaskChoice(lesion, lesion_label),
                from_transform=from_transform,
                fixed=fixed,
                rigid=rigid,
                picture=None if picture is None else OutputChoice(picture, overwrite),
            ),
            progress=progress,
        )
        error_mm = document["expected_tre_mm"]
        known = "unknown" if error_mm is None else f"{error_mm:.2f} mm"
        text = f"expected error {known}, {document['seconds']:.1f} s"
        return Outcome(document, (text, *verdict_lines(document), *kept_lines(document)))

    if not rigid and organ is None:
        print_rigid_note()
    finish(verb, as_json=as_json, debug=debug, out=out)


def print_rigid_note() -> None:
    """Say that the registration is rigid though it was not asked to be."""
    typer.echo(
        "note: without --organ the registration is rigid; breathing is not corrected", err=True
    )


def map_points(
    registration: Annotated[Path, typer.Argument(help="registration JSON file")],
    points: Annotated[Path, typer.Argument(help="CSV with label,x_mm,y_mm,z_mm")],
    out: Annotated[Path, typer.Argument(help="CSV file to write")],
    to: Annotated[str, typer.Option(help="intraop or planning")],
    overwrite: bool = ReplaceOption,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Carry points through a registration.

    Example: navigator map-points registration.json points.csv mapped.csv --to intraop
    """

    def verb(_: Callable[[str], None]) -> Outcome:
        from navigator.app.output_files import OutputChoice
        from navigator.app.verbs import map_points_file

        document = map_points_file(registration, points, OutputChoice(out, overwrite), to=to)
        notes = (f"note: {text}" for text in document["notes"])
        return Outcome(document, (f"{document['points']} points written: {out}", *notes))

    finish(verb, as_json=as_json, debug=debug, out=out)


def locate_template(
    scan: Annotated[Path, typer.Argument(help="scan with the plate")],
    template: Annotated[Path, typer.Argument(help="template-spec/1 JSON file")],
    series: Annotated[str | None, typer.Option(help="series UID, where there are several")] = None,
    out: Annotated[Path | None, typer.Option(help="placement JSON file to write")] = None,
    overwrite: bool = ReplaceOption,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Find the plate's pose from its marker spheres.

    Example: navigator locate-template intraop/ template.json --json
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.choices import ScanChoice
        from navigator.app.output_files import OutputChoice
        from navigator.app.verbs import locate_to_file

        output = None if out is None else OutputChoice(out, overwrite)
        document = locate_to_file(ScanChoice(scan, series), template, output, progress=progress)
        found = f"{len(document['markers'])} markers found"
        return Outcome(document, (found, *verdict_lines(document), *kept_lines(document)))

    finish(verb, as_json=as_json, debug=debug, out=out)


COMMANDS = (inspect, convert, register, map_points, locate_template)
