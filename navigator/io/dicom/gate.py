"""The gate: what makes a series one even CT stack, each condition with a code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.io.dicom.gate_acquisition import acquisition_findings
from navigator.io.dicom.gate_position import position_findings
from navigator.io.dicom.gate_slices import slice_findings
from navigator.io.dicom.gate_together import look_findings, together_findings
from navigator.io.dicom.stack import stack_from_headers
from navigator.io.findings import Finding, grave_first

if TYPE_CHECKING:
    from navigator.io.dicom.headers import SliceHeader
    from navigator.io.dicom.stack import Stack


def judge_series(headers: tuple[SliceHeader, ...]) -> tuple[Stack | None, tuple[Finding, ...]]:
    """Judge the slices of one series.

    Parameters
    ----------
    headers : tuple of SliceHeader
        At least one, in any order.

    Returns
    -------
    stack : Stack or None
        The slices in order; None where they have no order.
    findings : tuple of Finding
        Everything seen, the grave first.
    """
    stack = stack_from_headers(headers)
    findings = [*slice_findings(headers), *together_findings(headers), *look_findings(headers)]
    if stack is not None:
        findings += [*position_findings(stack), *acquisition_findings(stack)]
    return stack, grave_first(findings)
