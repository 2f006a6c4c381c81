"""The verb behind `navigator register`: two scans in, a judged registration out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.app.choices import MaskChoice, ScanChoice, load_choice, twin_grid
from navigator.app.deformations import (
    check_may_write_parts,
    keep_earlier_parts,
    save_deformable,
)
from navigator.app.documents import registration_document
from navigator.app.output_files import OutputChoice, check_may_write_file, save_document
from navigator.app.plausibility import lesion_remarks, organ_remarks
from navigator.app.register_choice import (
    INTRAOP,
    PLANNING,
    RegisterChoice,
    check_direction,
    check_lesion_is_used,
)
from navigator.app.registration_picture import draw_registered
from navigator.app.two_scans import check_two_scans, pair_remarks
from navigator.errors import FileRefusedError
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents import registration_to_json
from navigator.io.documents.registration import REGISTRATION_SCHEMA
from navigator.io.hashing import hash_of_values
from navigator.io.saving import replaced_when_complete
from navigator.io.transforms import load_foreign_transform
from navigator.io.volumes import load_scan
from navigator.model.outcome import Reason, verdict_from_reasons, worst_verdict
from navigator.registration.rigid import measure_given_motion, register_rigid
from navigator.registration.whole import register_deformable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from navigator.arrays import Floats
    from navigator.io.structures.loading import LoadedMask
    from navigator.io.transforms import ForeignTransform
    from navigator.io.volumes import LoadedScan
    from navigator.model.outcome import Verdict
    from navigator.model.volume import Mask


def register_to_file(
    planning_scan: ScanChoice,
    intraop_scan: ScanChoice,
    out: OutputChoice,
    *,
    choice: RegisterChoice,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Register two scans and write the registration.

    Parameters
    ----------
    planning_scan, intraop_scan : ScanChoice
        The two scans.
    out : OutputChoice
        Where the registration shall be written.
    choice : RegisterChoice
        Where the quality is measured, and whether a motion is given.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        The registration as JSON; a rejected one is written too, with its verdict inside.

    Raises
    ------
    InputRefusedError
        If the scans are of two patients, or one and the same, or the transform given is none, or
        nothing says which way it points.
    """
    check_direction(choice)
    check_lesion_is_used(choice)
    scans = (planning_scan, intraop_scan)
    _check_outputs(out, choice, scans)
    foreign = None
    if choice.from_transform is not None:
        foreign = load_foreign_transform(choice.from_transform)
    progress("reading both scans")
    planning, intraop = (
        load_scan(each.path, series_uid=each.series_uid, tell=progress) for each in scans
    )
    check_two_scans(planning, intraop)
    liver, lesion = (_structure_of(planning, each) for each in (choice.organ, choice.lesion))
    organ, firm = (None if each is None else each.mask for each in (liver, lesion))
    findings = dict.fromkeys(each for found in (liver, lesion) if found for each in found.findings)
    remarks = list(pair_remarks(planning, intraop, tuple(findings)))
    if organ is not None:
        remarks += organ_remarks(organ, planning.volume)
        remarks += [] if firm is None else lesion_remarks(firm, organ)
    job = _Job(
        scans=(planning, intraop),
        organ=organ,
        firm=firm,
        foreign=foreign,
        remarks=verdict_from_reasons(warnings=(*remarks, *_foreign_remarks(foreign))),
        out=out.path,
        progress=progress,
    )
    written, way, verdict = _follow(job) if choice.follows_liver else _move_rigidly(job, choice)
    if choice.picture is not None:
        progress("drawing the check picture")
        volumes = (planning.volume, intraop.volume)
        picture = draw_registered(volumes, way, job.organ, verdict)
        with replaced_when_complete(choice.picture.path) as part:
            part.write_bytes(picture)
    return written


def _structure_of(planning: LoadedScan, choice: MaskChoice | None) -> LoadedMask | None:
    """Read a structure of the planning scan."""
    if choice is None:
        return None
    grid = planning.volume.grid
    return load_choice(choice, grid, planning.patient, twin=twin_grid(grid))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What is registered, and where it is written."""

    scans: tuple[LoadedScan, LoadedScan]
    organ: Mask | None
    firm: Mask | None
    foreign: ForeignTransform | None
    remarks: Verdict
    out: Path
    progress: Callable[[str], None]
    began_s: float = field(default_factory=time.perf_counter)


Written = tuple[dict[str, Any], Callable[["Floats"], "Floats"], "Verdict"]
"""The document, the way from planning to new scan, and the verdict."""


def _follow(job: _Job) -> Written:
    """Register with a liver that slides, and write field, errors and document."""
    planning, intraop = (scan.volume for scan in job.scans)
    found = register_deformable(
        planning, intraop, liver=job.organ, firm=job.firm, progress=job.progress
    )
    found = replace(found, verdict=worst_verdict(found.verdict, job.remarks))
    held = {} if job.firm is None else {"lesion": _hash_of_mask(job.firm)}
    document = save_deformable(found, job.scans, job.out, began_s=job.began_s, others=held)
    return document, found.to_intraop, found.verdict


def _hash_of_mask(mask: Mask) -> str:
    return hash_of_values(mask.members.view(np.uint8), mask.grid.lps_from_index)


def _move_rigidly(job: _Job, choice: RegisterChoice) -> Written:
    """Search one rigid motion, or judge the one that was given, and write the document."""
    volumes = (job.scans[0].volume, job.scans[1].volume)
    if job.foreign is None:
        found = register_rigid(*volumes, organ=job.organ, progress=job.progress)
    else:
        given = _motion_between(job.foreign, choice, *job.scans)
        found = measure_given_motion(*volumes, given, organ=job.organ, progress=job.progress)
    found = replace(found, verdict=worst_verdict(found.verdict, job.remarks))
    seconds = round(time.perf_counter() - job.began_s, 2)
    document = registration_document(found, *job.scans, seconds)
    if job.foreign is not None:
        hashes = {**document.input_hashes, "transform": job.foreign.sha256}
        document = replace(document, input_hashes=hashes)
    beside = keep_earlier_parts(job.out)
    written = save_document(registration_to_json(document), job.out)
    for part in beside:  # of the registration that was replaced: nothing names them any more
        part.unlink(missing_ok=True)
    return written, found.intraop_from_planning.map_points, found.verdict


def _check_outputs(
    out: OutputChoice, choice: RegisterChoice, scans: tuple[ScanChoice, ScanChoice]
) -> None:
    """Refuse outputs that would replace an input or somebody else's work."""
    named = (*scans, choice.organ, choice.lesion)
    inputs = [each.path for each in named if each is not None]
    inputs += [] if choice.from_transform is None else [choice.from_transform]
    check_may_write_file(out, inputs=inputs, schema=REGISTRATION_SCHEMA)
    if choice.follows_liver:
        check_may_write_parts(out, inputs=inputs)
    if choice.picture is not None:
        check_may_write_picture(choice.picture, inputs)


def check_may_write_picture(picture: OutputChoice, inputs: Iterable[Path]) -> None:
    """Refuse a check picture that is no PNG file, or would replace an input or another's work.

    Parameters
    ----------
    picture : OutputChoice
        Where it shall be.
    inputs : iterable of Path
        What the command reads.

    Raises
    ------
    FileRefusedError
        ``format-unknown``, or as :func:`navigator.app.output_files.check_may_write_file`.
    """
    if picture.path.suffix.lower() != ".png":
        raise FileRefusedError(
            code="format-unknown",
            what="The check picture is written as PNG",
            where=str(picture.path),
            expected="a name that ends with .png",
            got=picture.path.suffix or "no ending",
            next_step="name it check.png",
        )
    check_may_write_file(picture, inputs=inputs)


def _motion_between(
    foreign: ForeignTransform, choice: RegisterChoice, planning: LoadedScan, intraop: LoadedScan
) -> RigidTransform:
    """Put a matrix between the two scans: ITK's carries points of the fixed image to the moving."""
    frames = {PLANNING: planning.volume.grid.frame, INTRAOP: intraop.volume.grid.frame}
    moving = INTRAOP if choice.fixed == PLANNING else PLANNING
    stored = RigidTransform(
        matrix=foreign.matrix, target=frames[moving], source=frames[choice.fixed or PLANNING]
    )
    return stored if choice.fixed == PLANNING else stored.inverse()


def _foreign_remarks(foreign: ForeignTransform | None) -> tuple[Reason, ...]:
    """Warn of what a person has to confirm about a transform of another program."""
    findings = () if foreign is None else foreign.findings
    return tuple(Reason(finding.code, finding.message) for finding in findings)
