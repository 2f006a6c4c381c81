"""Commands that plan: run, plan, zone, margin."""

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
from navigator.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NO_NUMBERS = "no bore, depth or angle holds"
"""What stands in the place of the numbers of a plan that is void or rejected."""


def run(
    request: Annotated[Path, typer.Argument(help="plan-request/1 JSON file")],
    out: Annotated[Path, typer.Option(help="folder to make")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace our own earlier result")
    ] = False,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Plan, plate, room check and report for a real scan.

    Example: navigator run docs/examples/real_ct/request.json --out case
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.procedure import run_procedure

        summary = run_procedure(request, out, overwrite=overwrite, progress=progress)
        lines = [*plan_lines(plan_in_force(summary)), *verdict_lines(summary)]
        if "plan" in summary:
            lines.append(f"report: {out / 'report.html'}")
        if (out / "earlier").is_dir():
            lines.append(f"earlier plans are kept: {out / 'earlier'}")
        return Outcome(summary, tuple(lines))

    finish(verb, as_json=as_json, debug=debug, out=out)


def plan_in_force(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """Choose the plan whose numbers hold now: a room check voids those of the plan before it.

    Parameters
    ----------
    summary : mapping
        Of a run.

    Returns
    -------
    mapping
        A plan as JSON; empty where none holds.
    """
    name = summary.get("in_force")
    if name not in ("plan", "plan_in_room") or summary.get("verdict") == "rejected":
        return {}
    found: Mapping[str, Any] = summary.get(name) or {}
    return found


def plan(
    request: Annotated[Path, typer.Argument(help="plan-request/1 JSON file")],
    out: Annotated[Path, typer.Option(help="plan JSON file to write")],
    overwrite: bool = ReplaceOption,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Choose plate, bore, depth, power and time.

    Example: navigator plan request.json --out plan.json
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.output_files import OutputChoice
        from navigator.app.verbs import plan_to_file

        document = plan_to_file(request, OutputChoice(out, overwrite), progress=progress)
        lines = (*plan_lines(document), *verdict_lines(document), *kept_lines(document))
        return Outcome(document, lines)

    finish(verb, as_json=as_json, debug=debug, out=out)


def plan_lines(document: Mapping[str, Any]) -> list[str]:
    """Write a plan's numbers for a person.

    Parameters
    ----------
    document : mapping
        A plan as JSON, or nothing where no plan holds.

    Returns
    -------
    list of str
        One line a needle, then the margin; no number of a plan that is rejected, for what is
        printed gets used.
    """
    if not document.get("trajectories") or document.get("verdict") == "rejected":
        return [NO_NUMBERS]
    lines = [_needle_line(needle) for needle in document["trajectories"]]
    placement = document.get("placement")
    if placement:
        lines.append(
            f"plate: lateral tilt {placement['lateral_tilt_deg']:+.1f} deg, craniocaudal tilt "
            f"{placement['craniocaudal_tilt_deg']:+.1f} deg"
        )
    margin = document.get("margin")
    if margin:
        mam = margin["mam_mm"]
        lines.append(
            f"least margin {mam['value']:.1f} mm ({mam['low']:.1f} to {mam['high']:.1f}), "
            f"{percent(margin['covered_percent'] / 100)} of the tumour covered"
        )
    return lines


def _needle_line(needle: Mapping[str, Any]) -> str:
    depth = needle["guide_depth_mm"]
    bore = f"bore {needle['bore']}, guide depth {depth:.1f} mm, " if needle["bore"] else ""
    energy = ""
    if needle["power_w"]:
        energy = f", {needle['power_w']:g} W for {needle['time_s']:g} s"
    return (
        f"{needle['id']} {needle['role']}: {bore}"
        f"insertion depth {needle['insertion_depth_mm']:.1f} mm{energy}"
    )


def zone(
    antenna: Annotated[str, typer.Option(help="device name of the antenna library")],
    power_w: Annotated[float, typer.Option(help="watts")],
    time_s: Annotated[float, typer.Option(help="seconds")],
    setting: Annotated[str, typer.Option(help="in-vivo, ex-vivo or manufacturer")] = "in-vivo",
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Look up the ablation zone of an antenna, with its range and sources.

    Example: navigator zone --antenna "Medtronic Emprint" --power-w 100 --time-s 300
    """

    def verb(_: Callable[[str], None]) -> Outcome:
        from navigator.app.verbs import zone_document

        document = zone_document(antenna, power_w=power_w, time_s=time_s, setting=setting)
        axes = ("long_axis_mm", "short_axis_mm", "centre_to_tip_mm")
        lines = [
            f"{name}: {document[name]['value']:.1f} "
            f"({document[name]['low']:.1f} to {document[name]['high']:.1f})"
            for name in axes
        ]
        return Outcome(document, (*lines, *(f"source: {text}" for text in document["sources"])))

    finish(verb, as_json=as_json, debug=debug)


def margin(
    tumour: Annotated[
        Path, typer.Option(help="label map, .seg.nrrd, DICOM SEG or RTSTRUCT with the tumour")
    ],
    label: Annotated[str, typer.Option(help="its number, or its name")] = "1",
    ablation: Annotated[Path | None, typer.Option(help="the same, with the ablation zone")] = None,
    ablation_label: Annotated[str, typer.Option(help="its number or name")] = "1",
    zones: Annotated[Path | None, typer.Option(help="plan JSON whose zones are used")] = None,
    organ: Annotated[Path | None, typer.Option(help="the same, with the liver")] = None,
    organ_label: Annotated[str, typer.Option(help="its number or name")] = "1",
    margin_mm: Annotated[
        float | None, typer.Option(help="the margin wanted: 5, or 10 where RAS-mutant")
    ] = None,
    scan: Annotated[Path | None, typer.Option(help="scan on whose voxels all are laid")] = None,
    series: Annotated[str | None, typer.Option(help="its series UID, where several")] = None,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Measure the margin between a tumour and an ablation zone.

    Example: navigator margin --tumour labels.nrrd --label 3 --zones plan.json
    """

    def verb(_: Callable[[str], None]) -> Outcome:
        from navigator.app.choices import MaskChoice, ScanChoice
        from navigator.app.margins import margin_document

        document = margin_document(
            tumour=MaskChoice(tumour, label),
            ablation=None if ablation is None else MaskChoice(ablation, ablation_label),
            zones=zones,
            organ=None if organ is None else MaskChoice(organ, organ_label),
            wanted_margin_mm=margin_mm,
            scan=None if scan is None else ScanChoice(scan, series),
        )
        mam = document["mam_mm"]
        text = f"least margin {mam['value']:.1f} mm ({mam['low']:.1f} to {mam['high']:.1f})"
        notes = (f"note: {text}" for text in document["notes"])
        return Outcome(document, (text, *verdict_lines(document), *notes))

    finish(verb, as_json=as_json, debug=debug)


COMMANDS = (run, plan, zone, margin)
