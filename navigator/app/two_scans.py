"""Whether two scans may be laid on each other: one patient, and not one scan twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.app.remarks import scan_remarks, structure_remarks
from navigator.errors import InputRefusedError
from navigator.io.identity import same_patient
from navigator.model.outcome import Reason

if TYPE_CHECKING:
    from navigator.io.findings import Finding
    from navigator.io.volumes import LoadedScan

HASH_DIGITS = 16
"""Digits of the content hash that a refusal names."""


def check_two_scans(planning: LoadedScan, intraop: LoadedScan) -> None:
    """Refuse two scans that are of two patients, or one and the same.

    Parameters
    ----------
    planning, intraop : LoadedScan
        The scans; a file without a header names nobody.

    Raises
    ------
    InputRefusedError
        ``wrong-patient`` or ``same-scan``.
    """
    check_same_patient(planning, intraop)
    if planning.source_hash == intraop.source_hash:
        raise InputRefusedError(
            code="same-scan",
            what="The two scans are one and the same",
            where=f"{planning.description} and {intraop.description}",
            expected="the planning scan and another one, taken with the patient as placed now",
            got=f"the same voxels at the same place, sha256 {intraop.source_hash[:HASH_DIGITS]}...",
            next_step="give the new scan: laid on itself a scan tells nothing of the patient now",
        )


def check_same_patient(planning: LoadedScan, intraop: LoadedScan) -> None:
    """Refuse two scans whose headers name two patients.

    Parameters
    ----------
    planning, intraop : LoadedScan
        The scans; a file without a header names nobody.

    Raises
    ------
    InputRefusedError
        If both know their patient and they differ. Neither name nor number is repeated.
    """
    if same_patient(planning.patient, intraop.patient) is False:
        raise InputRefusedError(
            code="wrong-patient",
            what="The two scans are of two patients by their headers",
            where=f"{planning.description} and {intraop.description}",
            expected="one patient ID and one birth date",
            got="others in the second scan",
            next_step="find out whose scan it is before anything else",
        )


def two_scan_remarks(planning: LoadedScan, intraop: LoadedScan) -> list[Reason]:
    """Say where nobody could compare whose the two scans are.

    Parameters
    ----------
    planning, intraop : LoadedScan
        The scans.

    Returns
    -------
    list of Reason
        At most one: a file without a header, or a header without a patient ID.
    """
    if same_patient(planning.patient, intraop.patient) is not None:
        return []
    text = "the files do not say whose both scans are"
    return [Reason("patient-unknown", f"{text}: compare name and birth date yourself")]


def pair_remarks(
    planning: LoadedScan, intraop: LoadedScan, structures: tuple[Finding, ...]
) -> tuple[Reason, ...]:
    """Warn of what a person has to confirm about either scan, about both, and the structures.

    Parameters
    ----------
    planning, intraop : LoadedScan
        The scans.
    structures : tuple of Finding
        What was seen while structures of the planning scan came in.

    Returns
    -------
    tuple of Reason
        In this order.
    """
    return (
        *scan_remarks(planning, "planning scan"),
        *scan_remarks(intraop, "new scan"),
        *two_scan_remarks(planning, intraop),
        *structure_remarks(structures),
    )
