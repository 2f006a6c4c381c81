"""What an export is made from: read, and checked to belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from navigator.app.choices import ScanChoice
from navigator.app.inputs import hash_of_file
from navigator.app.two_scans import check_two_scans
from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.documents import load_plan_request, load_registration
from navigator.io.documents.made_from import check_made_from
from navigator.io.documents.plan_reading import load_plan
from navigator.io.objects import NO_SOURCE, SourceSeries, load_source
from navigator.io.structures import load_structures
from navigator.io.volumes import LoadedScan, load_scan
from navigator.model.anatomy import LabelMap, with_lesions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.geometry.rigid import RigidTransform
    from navigator.io.documents import RegistrationDocument
    from navigator.io.structures.composing import Wanted
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
        others = (self.plan, self.structures, self.registration, self.template, self.report)
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
        With a needle, not rejected.
    document_id : str
        By which the plan is told apart.
    planning : ExportScan
        The scan that it was made on.
    labels : LabelMap or None
        Structures that it was made on.
    intraop : ExportScan or None
        Scan that the registration leads to.
    intraop_from_planning : RigidTransform or None
        The registration, millimetres.
    """

    plan: Plan
    document_id: str
    planning: ExportScan
    labels: LabelMap | None
    intraop: ExportScan | None
    intraop_from_planning: RigidTransform | None


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
    _check_usable(plan, choice.plan)
    planning = _load_scan(choice.scan)
    check_made_from(document, choice.plan, scans={"scan": planning.scan})
    labels = None
    if choice.structures is not None:
        _check_structures(plan, choice.structures)
        loaded = load_structures(
            choice.structures,
            choice.labels,
            planning.scan.volume.grid,
            lesions=choice.lesions,
            patient=planning.scan.patient,
        )
        labels = with_lesions(loaded.labels, choice.lesions)
    intraop, motion = _load_registration(choice, planning.scan)
    return ExportCase(
        plan=plan,
        document_id=hash_of_file(choice.plan)[:LONGEST_ID],
        planning=planning,
        labels=labels,
        intraop=intraop,
        intraop_from_planning=motion,
    )


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
) -> tuple[ExportScan | None, RigidTransform | None]:
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
    _check_registration_usable(document, choice.registration)
    intraop = _load_scan(choice.intraop)
    check_two_scans(planning, intraop.scan)
    scans = {"planning": planning, "intraop": intraop.scan}
    check_made_from(document, choice.registration, scans=scans)
    return intraop, document.intraop_from_planning


def _check_usable(plan: Plan, path: Path) -> None:
    """Refuse a plan without needles or with a rejection: what lies in an archive gets used."""
    if plan.needles and plan.verdict.is_usable:
        return
    raise InputRefusedError(
        code="plan-rejected",
        what="The plan may not be used, so nothing of it goes out",
        where=str(path),
        expected="a plan with a needle, accepted or with a warning",
        got="; ".join(each.message for each in plan.verdict.reasons) or "no needle",
        next_step="plan again",
    )


def _check_registration_usable(document: RegistrationDocument, path: Path) -> None:
    if not document.verdict.is_usable:
        raise InputRefusedError(
            code="registration-rejected",
            what="The registration was rejected, so it does not go out",
            where=str(path),
            expected="an accepted registration",
            got="; ".join(each.message for each in document.verdict.reasons),
            next_step="register again on a better scan",
        )


def _check_structures(plan: Plan, path: Path) -> None:
    """Refuse structures that are not those that the plan was made on."""
    expected, got = plan.provenance.input_hashes.get("structures"), hash_of_file(path)
    if expected == got:
        return
    raise FileRefusedError(
        code="other-structures",
        what="The plan was made on other structures",
        where=str(path),
        expected=f"sha256 {expected}",
        got=f"sha256 {got}",
        next_step="give the file that was used, or plan again on this one",
    )
