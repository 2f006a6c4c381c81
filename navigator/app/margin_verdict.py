"""What speaks against a measured margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.model.outcome import Reason, Verdict, verdict_from_reasons

if TYPE_CHECKING:
    from navigator.io.documents.zones import PlannedZones
    from navigator.model.ablation import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredMargin:
    """What a verdict on a margin rests on.

    Parameters
    ----------
    mam_mm : float
        The least margin away from the capsule, millimetres.
    least_mm : Interval
        The least margin anywhere, millimetres.
    covered_share, residual_ml : float
        How much of the tumour lies inside the ablation zone, and how much outside.
    subcapsular_share : float
        How much of the tumour's surface was left out of the margin.
    """

    mam_mm: float
    least_mm: Interval
    covered_share: float
    residual_ml: float
    subcapsular_share: float


def judge_margin(found: MeasuredMargin, wanted_margin_mm: float | None) -> Verdict:
    """Judge a margin.

    Parameters
    ----------
    found : MeasuredMargin
        What was measured.
    wanted_margin_mm : float or None
        The margin wanted, millimetres; it has no default.

    Returns
    -------
    Verdict
        Rejected wherever tumour is left: outside the zone, or in a hole of it.
    """
    rejections, warnings = [], []
    least = found.least_mm
    if not least.value >= 0:
        text = f"{-least.value:.1f} mm of tumour lie outside the ablation zone"
        rejections.append(Reason("residual-tumour", f"{text}; the residual is a new target"))
    elif not found.covered_share >= 1:
        text = f"{found.residual_ml:.2g} ml of tumour lie outside the ablation zone, or in a hole"
        rejections.append(Reason("residual-tumour", f"{text} of it; the residual is a new target"))
    elif wanted_margin_mm is not None and not found.mam_mm >= wanted_margin_mm:
        text = f"the least margin is {found.mam_mm:.1f} mm of the {wanted_margin_mm:g} mm wanted"
        warnings.append(Reason("margin-below-goal", f"{text}; see the thinnest point"))
    if wanted_margin_mm is None:
        text = "no wanted margin was given, so only residual tumour was judged"
        step = "give --margin-mm, 5, or 10 where the tumour is RAS-mutant"
        warnings.append(Reason("no-margin-goal", f"{text}; {step}"))
    if least.low < 0 <= least.value:
        text = f"at the low end of the ranges the margin is {least.low:.1f} mm"
        warnings.append(Reason("margin-uncertain", f"{text}; prove the margin after the ablation"))
    if found.subcapsular_share > 0:
        text = f"{found.subcapsular_share:.0%} of the tumour's surface is subcapsular and was left"
        warnings.append(Reason("subcapsular", f"{text} out; judge it by eye"))
    return verdict_from_reasons(rejections=tuple(rejections), warnings=tuple(warnings))


def judge_source(planned: PlannedZones, structures_sha256: str) -> Verdict:
    """Judge whether zones of a plan may be held against a tumour.

    Parameters
    ----------
    planned : PlannedZones
        The zones with what their file says of them.
    structures_sha256 : str
        Hash of the file that holds the tumour.

    Returns
    -------
    Verdict
        Never better than the plan's own, with all its reasons; accepted for zones of a list.
    """
    if planned.verdict is None:
        return Verdict.accepted()
    rejections, warnings = [], list(planned.verdict.reasons)
    if not planned.verdict.is_usable:
        text = "the plan of these zones was rejected and may not be used"
        rejections.append(Reason("plan-rejected", f"{text}; plan again"))
    if planned.structures_sha256 != structures_sha256:
        text = "the plan of these zones was not made on this file of structures"
        step = "compare the tumour's outline in both, or plan again"
        warnings.append(Reason("other-structures", f"{text}; {step}"))
    return verdict_from_reasons(rejections=tuple(rejections), warnings=tuple(warnings))
