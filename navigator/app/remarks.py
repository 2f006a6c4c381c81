"""What a person has to look at in the input: warnings of every plan that is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.imaging.resample import sample_membership
from navigator.io.findings import Severity
from navigator.model.anatomy import HAZARD_WORDS, PARTIAL_NAMES, Role
from navigator.model.outcome import Reason
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navigator.io.documents import PlanRequest
    from navigator.io.findings import Finding
    from navigator.io.volumes import LoadedScan
    from navigator.model.anatomy import LabelMap, Lesion

OUTSIDE_SHARE = 0.02
"""Share of a lesion's surface that a jagged label may put outside the liver."""


def scan_remarks(scan: LoadedScan, which: str) -> list[Reason]:
    """Take over what a person has to confirm about a scan.

    Parameters
    ----------
    scan : LoadedScan
        The scan.
    which : str
        ``planning scan`` or ``new scan``: put before the message.

    Returns
    -------
    list of Reason
        One for each finding to be confirmed.
    """
    return [
        Reason(finding.code, f"{which}: {finding.message}")
        for finding in scan.findings
        if finding.severity is Severity.CONFIRM
    ]


def structure_remarks(findings: Iterable[Finding]) -> list[Reason]:
    """Take over what a person has to confirm about structures.

    Parameters
    ----------
    findings : iterable of Finding
        Of the structures' files.

    Returns
    -------
    list of Reason
        One for each finding to be confirmed.
    """
    return [
        Reason(finding.code, f"structures: {finding.message}")
        for finding in findings
        if finding.severity is Severity.CONFIRM
    ]


def lesion_remarks(lesion: Lesion, labels: LabelMap) -> list[Reason]:
    """Say how the lesion lies in its organ.

    Parameters
    ----------
    lesion : Lesion
        The tumour.
    labels : LabelMap
        With or without a liver.

    Returns
    -------
    list of Reason
        Where that could not be checked, or the lesion reaches beyond the organ.
    """
    if not labels.has_role(Role.TARGET_ORGAN):
        text = "no structure 'liver' was given: whether the lesion lies in it was not checked"
        return [Reason("liver-unknown", f"{text}; look at the pictures")]
    outside = float(np.mean(sample_membership(labels.organ_mask(), lesion.surface_mm) < 0.5))
    if outside > OUTSIDE_SHARE:
        text = f"{outside:.0%} of the lesion's surface lies outside the segmented liver"
        return [Reason("lesion-at-capsule", f"{text}; the margin there leaves the organ")]
    return []


def unnamed_remarks(request: PlanRequest, labels: LabelMap) -> list[Reason]:
    """Name what lies around every liver and is neither labelled nor limited.

    Parameters
    ----------
    request : PlanRequest
        With its limits.
    labels : LabelMap
        The structures.

    Returns
    -------
    list of Reason
        At most one.
    """
    given = {name.lower() for name in (*labels.names, *request.constraints.min_clearance_mm)}
    names = " ".join(sorted(given - set(PARTIAL_NAMES)))
    missing = [
        hazard for hazard, words in HAZARD_WORDS.items() if not any(word in names for word in words)
    ]
    if not missing:
        return []
    text = f"nothing in the request is called {', '.join(missing)}"
    return [Reason("structure-unnamed", f"{text}: unknown is not free; look for it yourself")]


def unnamed_labels(labels: LabelMap) -> Mask | None:
    """Find what somebody labelled and the request does not name: it is known, and not free.

    Parameters
    ----------
    labels : LabelMap
        The structures.

    Returns
    -------
    Mask or None
        None where every label value has a name.
    """
    named = {value for structure in labels.structures for value in structure.labels}
    members = (labels.values > 0) & ~np.isin(labels.values, sorted(named))
    return Mask(members, labels.grid) if members.any() else None


def energy_remarks(request: PlanRequest, *, needs_factor: bool) -> list[Reason]:
    """Say where the zone is not that of living liver.

    Parameters
    ----------
    request : PlanRequest
        With the setting.
    needs_factor : bool
        Whether the device has no in vivo rows of its own.

    Returns
    -------
    list of Reason
        At most one.
    """
    if request.setting != "in-vivo":
        text = f"the zone is the {request.setting} one: in living liver it is smaller"
        return [Reason("zone-not-in-vivo", f"{text}; plan with the setting in-vivo")]
    if needs_factor:
        text = f"{request.antenna} has no published zone in living liver"
        return [
            Reason(
                "zone-factor-borrowed",
                f"{text}: another device's shrinkage was applied; prove the margin",
            )
        ]
    return []


def needle_remarks(request: PlanRequest) -> list[Reason]:
    """Name the needles that were asked for and are not planned.

    Parameters
    ----------
    request : PlanRequest
        With the number of fixing needles.

    Returns
    -------
    list of Reason
        At most one.
    """
    if not request.fixing_needles:
        return []
    text = f"{request.fixing_needles} fixing needles were asked for"
    return [Reason("fixing-needles-unplanned", f"{text} and are not planned; place them by hand")]


def check_lesion_is_whole(lesion: Lesion, imaged: Mask) -> None:
    """Refuse a lesion that the scan's border cuts.

    Parameters
    ----------
    lesion : Lesion
        The tumour.
    imaged : Mask
        What was scanned.

    Raises
    ------
    StructureRefusedError
        If a part of its surface lies within a voxel of what was not scanned.
    """
    grid = imaged.grid
    indices = grid.indices_from_points(lesion.surface_mm)
    near = np.rint(indices[:, None, :] + np.array([-1, 0, 1])[None, :, None]).astype(np.int64)
    last = np.asarray(grid.shape_kji) - 1
    beyond = ((near < 0) | (near > last)).any(axis=(1, 2))
    at = np.clip(np.rint(indices).astype(np.int64), 0, last)
    cut = beyond | ~imaged.members[tuple(at.T)]
    if cut.any():
        raise StructureRefusedError(
            code="lesion-cut-by-scan",
            what=f"The lesion {lesion.name} reaches the border of what was scanned",
            where=f"lesion {lesion.name}",
            expected="a lesion with a voxel of scan around it",
            got=f"{np.mean(cut):.0%} of its surface at the border",
            next_step="scan a longer slab: what was not imaged cannot be covered",
        )
