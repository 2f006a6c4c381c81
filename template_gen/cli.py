"""The command `template-gen`: new, build, check.

Exit codes: 0 done; 2 wrong usage or input refused; 3 done, but the mesh is rejected; 1 a defect of
ours; 130 stopped by the user. With ``--json`` exactly one JSON object goes to standard output.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from template_gen.errors import TemplateRefusedError
    from template_gen.models import TemplateSpec
    from template_gen.verdicts import MeshReading

DONE, DEFECT, REFUSED, REJECTED, STOPPED = 0, 1, 2, 3, 130

app = typer.Typer(
    name="template-gen",
    help="Make printable coordinate templates for needles, and check them. Research software.\n\n"
    "Example: template-gen build plate.json --out plate/",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier run wrote.")]


@app.command()
def new(
    *,
    rows: Annotated[int, typer.Option(min=1, max=100, help="Rows, numbered from the top.")],
    columns: Annotated[int, typer.Option(min=1, max=100, help="Columns, lettered from the left.")],
    pitch_mm: Annotated[float, typer.Option(help="Between neighbouring axes.")],
    bore_mm: Annotated[float, typer.Option(help="Free diameter of the bores.")],
    out: Annotated[Path, typer.Option(help="The spec to write, TEMPLATE.json.")],
    serial: Annotated[str, typer.Option(help="Engraved: capitals, digits, . _ -")] = "T-0001",
    thickness_mm: Annotated[float, typer.Option(help="Of the plate: the guide's length.")] = 15.0,
    corner_radius_mm: Annotated[float, typer.Option(help="Of the plate's corners.")] = 6.0,
    marker_mm: Annotated[float, typer.Option(help="Diameter of the marker spheres.")] = 5.0,
    printer: Annotated[str, typer.Option(help="Name of printer and process.")] = "sla-50um",
    bore_compensation_mm: Annotated[
        float, typer.Option(help="Added to bore diameters, as this printer shrinks them.")
    ] = 0.05,
    min_wall_mm: Annotated[float, typer.Option(help="Thinnest sound wall of the printer.")] = 0.8,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Lay out a plate with a grid of bores and six markers, and write its spec.

    Example: template-gen new --rows 15 --columns 15 --pitch-mm 5 --bore-mm 2.1 --out plate.json
    """
    from pydantic import ValidationError

    from template_gen.layout import build_default_spec
    from template_gen.models import PrinterProfile

    del debug
    try:
        profile = PrinterProfile(
            name=printer, bore_compensation_mm=bore_compensation_mm, min_wall_mm=min_wall_mm
        )
    except ValidationError as error:
        raise _refused_printer(error) from error
    spec = build_default_spec(
        rows=rows,
        columns=columns,
        pitch_mm=pitch_mm,
        bore_diameter_mm=bore_mm,
        serial=serial,
        thickness_mm=thickness_mm,
        corner_radius_mm=corner_radius_mm,
        marker_diameter_mm=marker_mm,
        printer=profile,
    )
    summary = _write_new(spec, out, overwrite=overwrite)
    _say(
        summary,
        as_json=as_json,
        text=f"{out}: {summary['bores']} bores, {summary['markers']} markers, "
        f"spec {summary['spec_sha256'][:8]}\nnext: template-gen build {out} --out DIR",
    )
    return DONE


def _write_new(spec: TemplateSpec, out: Path, *, overwrite: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from template_gen.errors import FileRefusedError
    from template_gen.layout import ambiguity_distance_mm
    from template_gen.rules import check_spec, refuse_errors
    from template_gen.spec import all_bores, marker_points_mm, save_spec, spec_hash

    findings = check_spec(spec)
    refuse_errors(findings)
    if out.exists() and not overwrite:
        raise FileRefusedError(
            code="file-exists",
            what="The spec would replace a file",
            where=str(out),
            expected="a path that is free",
            got="a file",
            next_step="add --overwrite, or choose another path",
        )
    save_spec(spec, out)
    return {
        "template": str(out),
        "serial": spec.serial,
        "spec_sha256": spec_hash(spec),
        "plate": spec.plate.model_dump(),
        "bores": len(all_bores(spec)),
        "markers": len(spec.markers),
        "ambiguity_distance_mm": round(ambiguity_distance_mm(marker_points_mm(spec)), 3),
        "findings": [asdict(finding) for finding in findings],
    }


def _refused_printer(error: ValueError) -> TemplateRefusedError:
    from template_gen.errors import SpecRefusedError

    return SpecRefusedError(
        code="printer-refused",
        what="The printer profile is out of range",
        where="--printer, --bore-compensation-mm, --min-wall-mm",
        expected="a name, 0 to 1 mm, 0.1 to 10 mm",
        got="; ".join(str(error).splitlines()[1:3]),
        next_step="measure a test print and give its values",
    )


@app.command()
def build(
    *,
    template: Annotated[Path, typer.Argument(help="The spec, TEMPLATE.json.")],
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    needle_mm: Annotated[
        float | None, typer.Option(help="Outer diameter of the needle: refuse if it cannot pass.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Build the plate: STL, 3MF, drill table, 1:1 sheet and manifest, each measured back.

    Example: template-gen build plate.json --out plate/
    """
    from template_gen.export import build_template
    from template_gen.rules import check_needle, refuse_errors
    from template_gen.spec import load_spec

    del debug
    spec = load_spec(template)
    if needle_mm is not None:
        findings = check_needle(spec, needle_mm)
        refuse_errors(findings)
        for finding in findings:
            _progress(f"warning: {finding.message}")
    manifest = build_template(spec, out, overwrite=overwrite, progress=_progress)
    for finding in manifest["findings"]:
        _progress(f"warning: {finding['what']}: {finding['got']}; {finding['next_step']}")
    worst = manifest["checks"]["worst_bore"]
    size = f"{manifest['bores']} bores, {manifest['volume_mm3'] / 1000:.1f} cm3"
    off = f"{worst['position_error_mm']:.6f} mm and {worst['axis_error_deg']:.6f} deg"
    lines = [
        f"{out}: {', '.join((*manifest['files'], 'manifest.json'))}",
        f"serial {manifest['serial']}, spec {manifest['spec_sha256'][:8]}, {size}",
        f"measured back: {manifest['checks']['verdict']}, worst bore off by {off}",
    ]
    _say({"out": str(out), **manifest}, as_json=as_json, text="\n".join(lines))
    return DONE


@app.command()
def check(
    *,
    mesh: Annotated[Path, typer.Argument(help="The mesh to measure: .stl or .3mf.")],
    spec: Annotated[Path, typer.Option(help="The spec it should be, TEMPLATE.json.")],
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Measure a mesh file and compare it with the plate that it should be.

    Example: template-gen check plate/template.stl --spec plate.json
    """
    from template_gen.remeasure import remeasure_mesh
    from template_gen.spec import load_spec

    del debug
    wanted = load_spec(spec)
    _progress("measuring the mesh")
    reading = remeasure_mesh(mesh, wanted)
    content = {"mesh": str(mesh), "spec": str(spec), **reading.as_json()}
    _say(content, as_json=as_json, text=_reading_text(reading))
    return REJECTED if reading.verdict == "rejected" else DONE


def _reading_text(reading: MeshReading) -> str:
    found = [bore for bore in reading.bores if bore.hole is not None]
    lines = [f"verdict: {reading.verdict}"]
    lines += [f"  {item.code}: {item.message}" for item in (*reading.rejections, *reading.warnings)]
    lines.append(f"bores found: {len(found)} of {len(reading.bores)}")
    if found:
        position = max(bore.position_error_mm or 0.0 for bore in found)
        axis = max(bore.axis_error_deg or 0.0 for bore in found)
        lines.append(f"worst position error: {position:.6f} mm; worst axis error: {axis:.6f} deg")
    if reading.least_web is not None:
        between = " and ".join(reading.least_web.between)
        lines.append(f"thinnest web: {reading.least_web.web_mm:.3f} mm between {between}")
    return "\n".join(lines)


def _progress(stage: str) -> None:
    print(stage, file=sys.stderr, flush=True)


def _say(content: dict[str, Any], *, as_json: bool, text: str) -> None:
    print(json.dumps(content, allow_nan=False) if as_json else text)


def run(argv: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str
        Arguments without the program's name.

    Returns
    -------
    int
        The exit code.
    """
    command: Callable[..., Any] = typer.main.get_command(app)
    try:
        code = command(args=list(argv), prog_name="template-gen", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last resort: every failure becomes an exit code
        if "--debug" in argv:
            traceback.print_exc()
        return _explain(error, as_json="--json" in argv)
    if code == STOPPED:
        return _explain(KeyboardInterrupt(), as_json="--json" in argv)
    return code if isinstance(code, int) else DONE


def _explain(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong, and give the exit code."""
    from template_gen.errors import TemplateRefusedError, was_stopped

    if was_stopped(error):
        parts = {"code": "interrupted", "message": "stopped; nothing half written was left"}
        return _fail(parts, parts["message"], STOPPED, as_json=as_json)
    if isinstance(error, TemplateRefusedError):
        refusal = error.refusal
        parts = {
            "code": refusal.code,
            "message": refusal.what,
            "where": refusal.where,
            "expected": refusal.expected,
            "got": refusal.got,
            "next_step": refusal.next_step,
        }
        return _fail(parts, str(error), REFUSED, as_json=as_json)
    if hasattr(error, "format_message"):  # typer's own usage errors
        message = error.format_message()
        parts = {"code": "usage", "message": message, "next_step": "template-gen --help"}
        text = f"{message}\n  do next:  template-gen --help"
        return _fail(parts, text, REFUSED, as_json=as_json)
    message = f"internal defect: {type(error).__name__}: {error}; please report it, with --debug"
    parts = {"code": "internal-defect", "message": message}
    return _fail(parts, " ".join(message.split()), DEFECT, as_json=as_json)


def _fail(parts: dict[str, str], text: str, code: int, *, as_json: bool) -> int:
    print(text, file=sys.stderr)
    if as_json:
        blank = dict.fromkeys(("code", "message", "where", "expected", "got", "next_step"), "")
        print(json.dumps({"error": {**blank, **parts}, "exit_code": code}))
    return code


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
