"""What an export is made from: read, and checked to belong together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from navigator.app.choices import ScanChoice, twin_grid
from navigator.app.deformations import load_motion
from navigator.app.export_checks import (
    check_in_force,
    check_registration_usable,
    check_request,
    check_sealed,
    check_structures,
    check_usable,
    name_remarks,
)
from navigator.app.inputs import hash_of_file
from navigator.app.remarks import scan_remarks, structure_remarks
from navigator.app.two_scans import check_two_scans, two_scan_remarks
from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.documents import load_plan_request, load_registration
from navigator.io.documents.made_from import check_made_from
from navigator.io.documents.plan_reading import load_plan
from navigator.io.objects import NO_SOURCE, SourceSeries, load_source
from navigator.io.structures import load_structures
from navigator.io.volumes import LoadedScan, load_scan
from navigator.model.anatomy import LabelMap, with_lesions
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons, worst_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.app.deformations import WholeMotion
    from navigator.geometry.rigid import RigidTransform
    from navigator.io.documents import RegistrationDocument
    from navigator.io.structures.requested import Wanted
    from navigator.model.plan import Plan

LONGEST_ID = 12
"""Digits by which a report names a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportChoice:
    """What shall be exported, as a command names it.

    Parameters
    ----------
    plan : Path
        ``plan/1`` document.
    scan : ScanChoice
        The planning scan.
    request : Path or None
        Request that names the structures; it has to be the one of the plan.
    structures : Path or None
        Label map on its voxels.
    labels : mapping of str to int, str or list of them
        Label values by structure.
    lesions : tuple of str
        Structures that are tumour, beyond those whose name says so.
    registration : Path or None
        ``registration/1`` document to an intraoperative scan.
    intraop : ScanChoice or None
        That scan; needed with `registration`.
    template : Path or None
        Folder with the plate's files.
    report : Path or None
        PDF of the report.
    """

    plan: Path
    scan: ScanChoice
    request: Path | None = None
    structures: Path | None = None
    labels: Mapping[str, Wanted] = field(default_factory=dict)
    lesions: tuple[str, ...] = ()
    registration: Path | None = None
    intraop: ScanChoice | None = None
    template: Path | None = None
    report: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Everything that is read."""
        scans = [each.path for each in (self.scan, self.intraop) if each is not None]
        documents = (self.plan, self.request, self.registration)
        others = (*documents, self.structures, self.template, self.report)
        return (*scans, *(each for each in others if each is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportScan:
    """A scan with the images that objects refer to.

    Parameters
    ----------
    scan : LoadedScan
        The scan.
    source : SourceSeries or None
        Its images; None where no object can refer to any.
    why_not : str
        Why there are none.
    """

    scan: LoadedScan
    source: SourceSeries | None
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCase:
    """Everything that objects are made from, checked to belong together.

    Parameters
    ----------
    plan : Plan
        With a needle, not rejected. Its verdict is that of all that goes out with it.
    document_id : str
        By which the plan is told apart.
    root_sha256 : str
        Hash over the plan's whole content, by which its report names it.
    planning : ExportScan
        The scan that it was made on.
    labels : LabelMap or None
        Structures that it was made on.
    intraop : ExportScan or None
        Scan that the registration leads to.
    motion : WholeMotion or None
        The registration, with its field where it has one.
    """

    plan: Plan
    document_id: str
    root_sha256: str
    planning: ExportScan
    labels: LabelMap | None
    intraop: ExportScan | None
    motion: WholeMotion | None

    @property
    def intraop_from_planning(self) -> RigidTransform | None:
        """The rigid part of the registration, millimetres."""
        return None if self.motion is None else self.motion.document.intraop_from_planning


def choice_from_request(plan: Path, request_path: Path) -> ExportChoice:
    """Take scan, structures and labels from the request that a plan was made from.

    Parameters
    ----------
    plan : Path
        ``plan/1`` document.
    request_path : Path
        ``plan-request/1`` document.

    Returns
    -------
    ExportChoice
        Without registration, plate and report.

    Raises
    ------
    InputRefusedError
        If the request cannot be used.
    """
    request = load_plan_request(request_path)
    return ExportChoice(
        plan=plan,
        scan=ScanChoice(request.scan, request.series),
        request=request_path,
        structures=request.structures,
        labels=request.labels,
        lesions=tuple(each.structure for each in request.lesions if each.structure is not None),
    )


def load_export_case(choice: ExportChoice) -> ExportCase:
    """Read what an export is made from.

    Parameters
    ----------
    choice : ExportChoice
        The files.

    Returns
    -------
    ExportCase
        Scan, structures and registration are those of the plan, by content and by frame.

    Raises
    ------
    InputRefusedError
        If the plan is rejected or empty, or something is not what it was made from.
    """
    document = load_plan(choice.plan)
    plan = document.plan
    check_sealed(document.notes, choice.plan)
    check_usable(plan, choice.plan)
    check_in_force(document, choice.plan)
    check_request(plan, choice.request)
    planning = _load_scan(choice.scan)
    check_made_from(document, choice.plan, scans={"scan": planning.scan})
    labels, remarks = _load_labels(choice, plan, planning.scan)
    intraop, motion = _load_registration(choice, planning.scan)
    registration = None if motion is None else motion.document
    verdict = _verdict_of_all(plan, planning.scan, intraop, registration, remarks)
    return ExportCase(
        plan=replace(plan, verdict=verdict),
        document_id=hash_of_file(choice.plan)[:LONGEST_ID],
        root_sha256=document.root_sha256 or "",
        planning=planning,
        labels=labels,
        intraop=intraop,
        motion=motion,
    )


def _load_labels(
    choice: ExportChoice, plan: Plan, scan: LoadedScan
) -> tuple[LabelMap | None, tuple[Reason, ...]]:
    """Read the structures, and what a person has to confirm about them."""
    if choice.structures is None:
        return None, ()
    check_structures(plan, choice.structures)
    loaded = load_structures(
        choice.structures,
        choice.labels,
        scan.volume.grid,
        lesions=choice.lesions,
        patient=scan.patient,
        twin=twin_grid(scan.volume.grid),
    )
    unchecked = name_remarks(choice.request, loaded.labels.names)
    remarks = (*structure_remarks(loaded.findings), *unchecked)
    return with_lesions(loaded.labels, choice.lesions), remarks


def _verdict_of_all(
    plan: Plan,
    planning: LoadedScan,
    intraop: ExportScan | None,
    registration: RegistrationDocument | None,
    remarks: tuple[Reason, ...],
) -> Verdict:
    """Judge what goes out by its worst part; nothing that was said of any part is dropped."""
    seen = [*scan_remarks(planning, "planning scan")]
    if intraop is not None:
        seen += scan_remarks(intraop.scan, "new scan")
        seen += two_scan_remarks(planning, intraop.scan)
    verdict = verdict_from_reasons(warnings=(*seen, *remarks))
    if registration is None:
        return worst_verdict(plan.verdict, verdict)
    told = tuple(
        Reason(each.code, f"registration: {each.message}") for each in registration.verdict.reasons
    )
    return worst_verdict(plan.verdict, Verdict(registration.verdict.status, told), verdict)


def _load_scan(choice: ScanChoice) -> ExportScan:
    """Read a scan, and its images where it has some."""
    scan = load_scan(choice.path, series_uid=choice.series_uid)
    if scan.patient is None:
        return ExportScan(scan=scan, source=None, why_not="it is no DICOM series")
    try:
        source = load_source(choice.path, series_uid=choice.series_uid)
    except FileRefusedError as error:
        if error.refusal.code != NO_SOURCE:
            raise
        refusal = error.refusal
        return ExportScan(scan=scan, source=None, why_not=f"{refusal.what}: {refusal.got}")
    return ExportScan(scan=scan, source=source)


def _load_registration(
    choice: ExportChoice, planning: LoadedScan
) -> tuple[ExportScan | None, WholeMotion | None]:
    """Read a registration and the scan that it leads to."""
    if (choice.registration is None) != (choice.intraop is None):
        raise InputRefusedError(
            code="registration-without-scan",
            what="A registration goes out with the scan that it leads to",
            where="--registration, --intraop",
            expected="both or neither",
            got="one of the two",
            next_step="give the registration and the intraoperative scan",
        )
    if choice.registration is None or choice.intraop is None:
        return None, None
    document = load_registration(choice.registration)
    check_sealed(document.notes, choice.registration)
    check_registration_usable(document, choice.registration)
    intraop = _load_scan(choice.intraop)
    check_two_scans(planning, intraop.scan)
    scans = {"planning": planning, "intraop": intraop.scan}
    check_made_from(document, choice.registration, scans=scans)
    return intraop, load_motion(document, choice.registration)
