"""From a scan to a label map on disk: by rules, or by a program that the user installed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.app.output_files import OutputChoice, check_may_write_file
from navigator.app.remarks import scan_remarks
from navigator.errors import InputRefusedError
from navigator.imaging.resample import check_rectilinear
from navigator.io.backends import Backend, run_totalsegmentator
from navigator.io.documents import interval_to_json, save_json
from navigator.io.images import image_suffix, write_image
from navigator.io.slicer.segments import save_segments
from navigator.io.structure_codes import coded_structures
from navigator.io.volumes import load_scan
from navigator.model.outcome import Reason, verdict_from_reasons, worst_verdict
from navigator.segmentation.scan import BESIDE_THE_PATIENT, segment_scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.app.choices import ScanChoice
    from navigator.arrays import Floats
    from navigator.io.volumes import LoadedScan
    from navigator.model.anatomy import LabelMap
    from navigator.model.outcome import Verdict
    from navigator.segmentation.found import FoundStructure

SUFFIXES = (".nrrd", ".nii.gz", ".mha")
SEGMENTS_SUFFIX = ".seg.nrrd"
"""Holds the names itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChoice:
    """What shall be segmented, and by what.

    Parameters
    ----------
    lesions, vessels : tuple of str
        Points clicked, each ``x,y,z`` in LPS millimetres.
    backend : Backend or None
        A program; None for the rules that are built in.
    """

    lesions: tuple[str, ...] = field(default=())
    vessels: tuple[str, ...] = field(default=())
    backend: Backend | None = None


def segment_to_file(
    source: ScanChoice,
    out: OutputChoice,
    choice: SegmentChoice,
    *,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Segment a scan and write the label map, with its names beside it.

    Parameters
    ----------
    source : ScanChoice
        The scan.
    out : OutputChoice
        .seg.nrrd; or .nrrd, .nii.gz or .mha, whose names go to a .json of the same name.
    choice : SegmentChoice
        Clicks and backend.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        Volumes, remarks, verdict, and `labels` for a plan request. Where a click was refused
        nothing is written.

    Raises
    ------
    InputRefusedError
        If scan, clicks, output or backend cannot be used.
    """
    start = time.perf_counter()
    names = _check_outputs(source, out)
    lesions, vessels = (
        [point_from_text(text, option) for text in texts]
        for texts, option in ((choice.lesions, "--lesion"), (choice.vessels, "--vessel"))
    )
    _check_clicks_used(choice)
    progress("reading the scan")
    scan = load_scan(source.path, series_uid=source.series_uid)
    check_rectilinear(scan.volume.grid, "A label map on disk")
    if choice.backend is None:
        progress("finding body, lung, gas, bone and table")
        made = segment_scan(scan.volume, lesions_mm=lesions, vessels_mm=vessels)
        labels, found, verdict = made.labels, made.found, made.verdict
    else:
        progress("waiting for the backend")
        labels, found = run_totalsegmentator(scan.volume, choice.backend), ()
        verdict = _backend_verdict(labels)
    verdict = worst_verdict(_scan_verdict(scan), verdict)
    written: list[Path] = []
    if verdict.is_usable:
        progress("writing the label map")
        written = _write(labels, out.path, names)
    return {
        "verdict": verdict.status.value,
        "reasons": [{"code": each.code, "message": each.message} for each in verdict.reasons],
        "backend": "builtin" if choice.backend is None else "totalsegmentator",
        "written": [str(path) for path in written],
        "structures": _structures(labels, found),
        "labels": {
            name: number if names is not None else name
            for name, number in _numbers(labels).items()
            if name not in BESIDE_THE_PATIENT
        },
        "scan_sha256": scan.source_hash,
        "seconds": round(time.perf_counter() - start, 2),
    }


def point_from_text(text: str, option: str) -> Floats:
    """Read a clicked point.

    Parameters
    ----------
    text : str
        ``x,y,z`` in LPS millimetres.
    option : str
        What it was given to, for the message.

    Returns
    -------
    (3,) array
        Millimetres.

    Raises
    ------
    InputRefusedError
        If it is not three finite numbers.

    Examples
    --------
    >>> point_from_text("-100.5,20,3", "--lesion").tolist()
    [-100.5, 20.0, 3.0]
    """
    try:
        values = np.array([float(part) for part in text.split(",")])
    except ValueError:
        values = np.array([])
    if values.shape == (3,) and np.isfinite(values).all():
        return values
    raise InputRefusedError(
        code="not-a-point",
        what="The click is not a point",
        where=option,
        expected="x,y,z in LPS millimetres, with commas and without spaces",
        got=repr(text),
        next_step="write it as in --lesion=-100.5,20,3",
    )


def _check_outputs(source: ScanChoice, out: OutputChoice) -> Path | None:
    """Refuse outputs that may not be written; give the file of the names where there is one."""
    suffix = image_suffix(out.path)
    if suffix not in SUFFIXES:
        raise InputRefusedError(
            code="unknown-format",
            what="The label map cannot be written in this format",
            where=str(out.path),
            expected=f"one of {', '.join((*SUFFIXES, SEGMENTS_SUFFIX))}",
            got=out.path.name,
            next_step="choose another file name",
        )
    has_names = out.path.name.lower().endswith(SEGMENTS_SUFFIX)
    names = None if has_names else out.path.with_name(out.path.name[: -len(suffix)] + ".json")
    for path in (out.path, names):
        if path is not None:
            check_may_write_file(OutputChoice(path, out.overwrite), inputs=[source.path])
    return names


def _write(labels: LabelMap, path: Path, names: Path | None) -> list[Path]:
    """Write a label map as segments, or as numbers with a file of names."""
    if names is None:
        save_segments(coded_structures(labels), path)
        return [path]
    values = labels.values.astype(np.uint8 if labels.values.max() < 256 else np.int32)
    write_image(values, labels.grid.lps_from_index, path)
    save_json(_numbers(labels), names)
    return [path, names]


def _check_clicks_used(choice: SegmentChoice) -> None:
    """Refuse clicks that a backend would not use: they must not be lost in silence."""
    if choice.backend is not None and (choice.lesions or choice.vessels):
        raise InputRefusedError(
            code="clicks-unused",
            what="The backend takes no clicks",
            where="--lesion, --vessel",
            expected="clicks with --backend builtin only",
            got="--backend totalsegmentator",
            next_step="run the command twice, once for each, into two files",
        )


def _numbers(labels: LabelMap) -> dict[str, int | list[int]]:
    """Give the label values of each structure, a single one as a number, as requests do."""
    return {
        each.name: each.labels[0] if len(each.labels) == 1 else list(each.labels)
        for each in labels.structures
    }


def _scan_verdict(scan: LoadedScan) -> Verdict:
    return verdict_from_reasons(warnings=tuple(scan_remarks(scan, "scan")))


def _backend_verdict(labels: LabelMap) -> Verdict:
    text = "labels of another program, not checked against the scan's grey values"
    reasons = [Reason("backend-unchecked", f"{text}; look at them before a plan is made")]
    text = "vessels in the liver and tumours are not among its classes"
    reasons.append(Reason("organs-unknown", f"{text}: what has no label is unknown, not free"))
    if "liver" not in labels.names:
        reasons.append(Reason("no-liver", "no liver was found in the scan"))
    return verdict_from_reasons(warnings=tuple(reasons))


def _structures(labels: LabelMap, found: tuple[FoundStructure, ...]) -> list[dict[str, Any]]:
    """Describe each structure of a label map, and each click that was refused."""
    counts = np.bincount(labels.values.ravel())
    voxel_ml = labels.grid.voxel_volume_mm3 / 1000.0
    rows = []
    for structure in labels.structures:
        parts = [each for each in found if each.name == structure.name]
        known = [each for each in parts if each.volume_ml is not None]
        rows.append(
            {
                "name": structure.name,
                "labels": list(structure.labels),
                "volume_ml": float(counts[list(structure.labels)].sum()) * voxel_ml,
                "grown": [_grown(each) for each in known],
                "remarks": [_reason(reason) for each in parts for reason in each.remarks],
            }
        )
    refused = [each for each in found if each.refusals]
    return rows + [
        {"name": each.name, "refused": [_reason(reason) for reason in each.refusals]}
        for each in refused
    ]


def _grown(each: FoundStructure) -> dict[str, Any]:
    """Describe what was grown from one click."""
    volume = None if each.volume_ml is None else interval_to_json(each.volume_ml)
    return {"volume_ml": volume, "surface_uncertainty_mm": each.surface_uncertainty_mm}


def _reason(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "message": reason.message}
