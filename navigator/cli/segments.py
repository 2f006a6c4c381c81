"""The command on structures: segment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from navigator.cli.shell import (
    DebugOption,
    JsonOption,
    Outcome,
    ReplaceOption,
    finish,
    verdict_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from navigator.io.backends import Backend


def segment(
    scan: Annotated[Path, typer.Argument(help="DICOM folder or image file")],
    out: Annotated[Path, typer.Option(help=".seg.nrrd, .nrrd, .nii.gz or .mha file to write")],
    series: Annotated[str | None, typer.Option(help="series UID, where there are several")] = None,
    lesion: Annotated[
        list[str] | None, typer.Option(help="x,y,z of a point in a lesion, LPS mm; repeatable")
    ] = None,
    vessel: Annotated[
        list[str] | None, typer.Option(help="x,y,z of a point in a vessel, LPS mm; repeatable")
    ] = None,
    backend: Annotated[str, typer.Option(help="builtin or totalsegmentator")] = "builtin",
    backend_command: Annotated[
        str | None, typer.Option(help="name or path of the backend's program")
    ] = None,
    overwrite: bool = ReplaceOption,
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Find body, skin, lung, gas, bone, metal and table, and grow lesions and vessels from clicks.

    Example: navigator segment planning/ --out labels.nrrd --lesion=-100.7,-184.9,-424.8
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.choices import ScanChoice
        from navigator.app.output_files import OutputChoice
        from navigator.app.segmenting import SegmentChoice, segment_to_file

        document = segment_to_file(
            ScanChoice(scan, series),
            OutputChoice(out, overwrite),
            SegmentChoice(
                lesions=tuple(lesion or ()),
                vessels=tuple(vessel or ()),
                backend=_backend(backend, backend_command),
            ),
            progress=progress,
        )
        return Outcome(document, (*_lines(document), *verdict_lines(document)))

    finish(verb, as_json=as_json, debug=debug, out=out)


def _backend(name: str, command: str | None) -> Backend | None:
    """Choose the backend by name."""
    from navigator.errors import InputRefusedError
    from navigator.io.backends import Backend

    if name == "totalsegmentator":
        return Backend() if command is None else Backend(command=command)
    if name == "builtin" and command is None:
        return None
    raise InputRefusedError(
        code="unknown-backend",
        what="There is no such backend" if command is None else "The backend has no program",
        where="--backend",
        expected="builtin, or totalsegmentator with or without --backend-command",
        got=name if command is None else f"{name} with --backend-command {command}",
        next_step="choose one of the two",
    )


def _lines(document: Mapping[str, Any]) -> list[str]:
    """Write one line for each structure."""
    lines = []
    for row in document["structures"]:
        if "refused" in row:
            lines.append(f"{row['name']:16} refused")
            continue
        number = ",".join(map(str, row["labels"]))
        lines.append(f"{row['name']:16} label {number:>4}  {row['volume_ml']:9.1f} ml")
        for grown in row["grown"]:
            size = grown["volume_ml"]
            doubt = grown["surface_uncertainty_mm"]
            text = f"{size['value']:.1f} ml ({size['low']:.1f} to {size['high']:.1f})"
            lines.append(f"{'':16} grown: {text}, surface ± {doubt:.1f} mm")
    return lines + [f"written: {path}" for path in document["written"]]


COMMANDS = (segment,)
