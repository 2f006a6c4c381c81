"""What a person has to know about a structure that was drawn from outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.imaging.contour_planes import GAP_STEPS
from navigator.io.findings import Finding, Severity
from navigator.io.structures.on_scan import CHANGED_SHARE, changed_findings, lost_findings

if TYPE_CHECKING:
    from navigator.imaging.contour_volume import DrawnContours
    from navigator.io.structures.entries import StructureEntry


def contour_findings(
    entry: StructureEntry, drawn: DrawnContours, left_out: list[str], *, is_xor: bool
) -> tuple[Finding, ...]:
    """Say how the outlines of a structure were read.

    Parameters
    ----------
    entry : StructureEntry
        The structure.
    drawn : DrawnContours
        What was drawn.
    left_out : list of str
        Types of contours that enclose nothing by what they are.
    is_xor : bool
        Whether the file says how outlines within each other are meant.

    Returns
    -------
    tuple of Finding
        Notes, and what has to be confirmed.
    """
    findings = []
    if left_out or drawn.lone_outlines:
        what = "contours that enclose no area were left out"
        kinds = [*sorted(set(left_out)), *["points or lines"] * bool(drawn.lone_outlines)]
        got = f"{len(left_out) + drawn.lone_outlines}: {', '.join(kinds)}"
        findings.append(_confirm("outlines-left-out", entry, what, "closed outlines", got))
    if drawn.hole_ml > 0 and not is_xor:
        what = "outlines within others were read as holes"
        got = f"{drawn.hole_ml:.3g} ml outside"
        findings.append(_confirm("holes-assumed", entry, what, "keyholes, or XOR outlines", got))
    if drawn.crosses_itself:
        what = "an outline crosses itself; what it goes round twice was left outside"
        findings.append(_confirm("outline-crosses-itself", entry, what, "none", "one or more"))
    findings += _plane_findings(entry, drawn)
    volume_ml = drawn.mask.volume_ml
    if not drawn.is_on_slices or abs(volume_ml - drawn.kept_ml) > CHANGED_SHARE * drawn.kept_ml:
        findings += changed_findings(
            entry, drawn.kept_ml, volume_ml, drawn.moved_mm, "its outlines"
        )
    return (*findings, *lost_findings(entry, drawn.source_ml, drawn.kept_ml))


def _plane_findings(entry: StructureEntry, drawn: DrawnContours) -> list[Finding]:
    """Say what is odd about the planes."""
    findings = []
    step = f"{drawn.step_mm:.3g} mm"
    if drawn.planes == 1:
        what = f"it is drawn in a single plane, which was taken for a slab of {step}"
        findings.append(_confirm("single-plane", entry, what, "two planes or more", "one"))
    if drawn.missing_planes:
        what = "planes seem to be missing between those with an outline; they were left empty"
        got = f"{drawn.missing_planes} missing of steps of {step}"
        findings.append(_confirm("planes-missing", entry, what, "a plane at every step", got))
    if drawn.plane_slices > GAP_STEPS:
        what = f"its planes lie further apart than the slices; each was taken for a slab of {step}"
        got = f"a plane every {drawn.plane_slices:.3g} slices"
        findings.append(_confirm("planes-far-apart", entry, what, "a plane in every slice", got))
    return findings


def _confirm(code: str, entry: StructureEntry, what: str, expected: str, got: str) -> Finding:
    """Make a finding about a structure's outlines."""
    return Finding(
        code=code,
        severity=Severity.CONFIRM,
        what=f"{entry.words}: {what}",
        expected=expected,
        got=got,
        next_step="compare its outline with the scan",
    )
