"""The verbs behind single commands: files in, a document out, a file where one was asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from navigator.ablation.zones import find_zone_size
from navigator.app.deformations import load_motion
from navigator.app.documents import located_document
from navigator.app.inputs import load_planning_inputs
from navigator.app.output_files import (
    OutputChoice,
    check_may_write_file,
    inputs_of_request,
    save_document,
)
from navigator.app.steps import plan_case
from navigator.detection.plate import LEAST_MARKERS, locate_plate
from navigator.errors import InputRefusedError
from navigator.imaging.upright import rectify
from navigator.io.antennas import load_zone_records
from navigator.io.documents import (
    interval_to_json,
    load_points_csv,
    load_registration,
    plan_to_json,
    save_points_csv,
)
from navigator.io.documents.placement import PLACEMENT_SCHEMA
from navigator.io.documents.plan import PLAN_SCHEMA
from navigator.io.volumes import load_scan, save_scan
from template_gen import load_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.app.choices import ScanChoice
    from navigator.app.deformations import WholeMotion


def plan_to_file(
    request_path: Path, out: OutputChoice, *, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Plan a request and write the plan.

    Parameters
    ----------
    request_path : Path
        A ``plan-request/1`` file.
    out : OutputChoice
        Where the plan shall be written.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        The plan as JSON with `seconds`. Where no way was found nothing is written.
    """
    start = time.perf_counter()
    check_may_write_file(out, inputs=inputs_of_request(request_path), schema=PLAN_SCHEMA)
    progress("reading scan, structures and plate")
    inputs = load_planning_inputs(request_path, progress=progress)
    progress("planning")
    plan = plan_case(inputs)
    document = plan_to_json(plan)
    if plan.needles:
        document = save_document(document, out.path)
    return {**document, "seconds": round(time.perf_counter() - start, 3)}


def zone_document(antenna: str, *, power_w: float, time_s: float, setting: str) -> dict[str, Any]:
    """Look up a zone.

    Parameters
    ----------
    antenna : str
        Device name.
    power_w, time_s : float
        Watts, seconds.
    setting : str
        ``in-vivo``, ``ex-vivo`` or ``manufacturer``.

    Returns
    -------
    dict
        Axes with low and high, and sources.
    """
    size = find_zone_size(
        load_zone_records(), device=antenna, power_w=power_w, time_s=time_s, setting=setting
    )
    return {
        "antenna": antenna,
        "power_w": power_w,
        "time_s": time_s,
        "setting": setting,
        "long_axis_mm": interval_to_json(size.long_axis_mm),
        "short_axis_mm": interval_to_json(size.short_axis_mm),
        "centre_to_tip_mm": interval_to_json(size.centre_to_tip_mm),
        "sources": list(size.sources),
    }


def convert_scan(source: ScanChoice, out: OutputChoice) -> dict[str, Any]:
    """Write a scan in another format.

    Parameters
    ----------
    source : ScanChoice
        The scan.
    out : OutputChoice
        The file to write.

    Returns
    -------
    dict
        Shape, affine, and whether a sheared stack was resampled.
    """
    check_may_write_file(out, inputs=[source.path])
    scan = load_scan(source.path, series_uid=source.series_uid)
    volume = rectify(scan.volume)
    save_scan(volume, out.path)
    return {
        "written": str(out.path),
        "resampled": volume.values_hu is not scan.volume.values_hu,
        "shape_kji": list(volume.grid.shape_kji),
        "lps_from_index": volume.grid.lps_from_index.tolist(),
        "sha256": scan.source_hash,
    }


def map_points_file(
    registration_path: Path, points: Path, out: OutputChoice, *, to: str
) -> dict[str, Any]:
    """Carry points of a CSV file through a registration.

    Parameters
    ----------
    registration_path, points : Path
        Registration and points.
    out : OutputChoice
        The file to write.
    to : str
        ``intraop`` or ``planning``: where the points shall arrive.

    Returns
    -------
    dict
        How many points, the radius in which each one's true place is expected in 95 of 100 cases
        (null where it is not known), notes, and the registration's verdict: a rejected one maps
        nothing.

    Raises
    ------
    InputRefusedError
        If `to` is neither, or the registration was rejected.
    """
    if to not in ("intraop", "planning"):
        raise InputRefusedError(
            code="unknown-direction",
            what="Points can be carried to one of the two scans",
            where="--to",
            expected="intraop or planning",
            got=repr(to),
            next_step="choose the scan in which the points shall arrive",
        )
    check_may_write_file(out, inputs=[registration_path, points])
    document = load_registration(registration_path)
    if not document.verdict.is_usable:
        raise InputRefusedError(
            code="registration-rejected",
            what="The registration was rejected and carries no point",
            where=str(registration_path),
            expected="an accepted registration",
            got="; ".join(reason.message for reason in document.verdict.reasons),
            next_step="register again on a better scan",
        )
    motion = load_motion(document, registration_path)
    labels, values = load_points_csv(points)
    mapped = motion.to_intraop(values) if to == "intraop" else motion.to_planning(values)
    save_points_csv(out.path, labels, mapped)
    expected = motion.expected_95_mm(values if to == "intraop" else mapped)
    return {
        "points": len(labels),
        "to": to,
        "verdict": document.verdict.status.value,
        "deformable": motion.field is not None,
        "expected_95_mm": expected,
        "notes": [
            *(note.message for note in document.notes),
            *(f"the registration: {reason.message}" for reason in document.verdict.reasons),
            *_unknown_notes(motion, expected),
        ],
    }


def _unknown_notes(motion: WholeMotion, expected_95_mm: list[float | None]) -> list[str]:
    """Say of how many points nobody knows how far they may be off."""
    unknown = sum(each is None for each in expected_95_mm)
    if motion.errors is None or not unknown:
        return []
    text = f"{unknown} of {len(expected_95_mm)} points lie beyond the liver"
    return [f"{text}: how far they may be off is not known; the field goes on as at its border"]


def locate_to_file(
    source: ScanChoice,
    template: Path,
    out: OutputChoice | None,
    *,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Find a plate in a scan.

    Parameters
    ----------
    source : ScanChoice
        The scan.
    template : Path
        Template spec.
    out : OutputChoice or None
        Where the placement shall be written.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        The placement as JSON.

    Raises
    ------
    InputRefusedError
        If the template has too few markers to be located.
    """
    if out is not None:
        check_may_write_file(out, inputs=[source.path, template], schema=PLACEMENT_SCHEMA)
    spec = load_spec(template)
    if len(spec.markers) < LEAST_MARKERS:
        raise InputRefusedError(
            code="too-few-markers",
            what="The template has too few markers to be located",
            where=str(template),
            expected=f"{LEAST_MARKERS} markers or more",
            got=str(len(spec.markers)),
            next_step="add markers: template-gen new makes six",
        )
    progress("reading the scan")
    scan = load_scan(source.path, series_uid=source.series_uid, tell=progress)
    progress("finding the plate's markers")
    document = located_document(locate_plate(scan.volume, spec), spec, scan)
    return document if out is None else save_document(document, out.path)
