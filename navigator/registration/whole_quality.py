"""Whether a deformable registration may be believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.registration.body_motion import spread_hu
from navigator.registration.deformable import compare_deformed
from navigator.registration.lattice import TISSUE_HU
from navigator.registration.node_fields import blended_mm
from navigator.registration.quality import DOUBTFUL_CORRELATION, LEAST_CORRELATION, LEAST_OVERLAP

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels
    from navigator.registration.body_motion import Comparison
    from navigator.registration.lattice import Lattice
    from navigator.registration.stages import FoundFields, LayeredPair

LEAST_LIVER_SHOWN, LIVER_SHOWN_WARNED = 0.5, 0.9
MOST_APART_MM, APART_WARNED_MM = 3.0, 2.0
"""Between two starts of the liver's search, 95th percentile."""
LEAST_BONE_LEAD = 0.02
"""Of the correlation: ribs and vertebrae resemble the next ones."""
LEAST_JACOBIAN = 0.0
MOST_WORSE = 1.02
"""A deformable result must explain the liver at least as well as the rigid one, but for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeQuality:
    """What speaks for and against a deformable registration.

    Parameters
    ----------
    overlap : float
        Share of the planning tissue near the new scan that it shows.
    liver_share : float or None
        Share of the liver that the new scan shows; None where no liver was given.
    correlation : float
        Of expected and new values over the body under its rigid motion: a deformable one makes
        another patient resemble this one.
    residual_hu, rigid_residual_hu : float
        Robust spread of the difference in the liver (the body without one): deformable, rigid.
    start_disagreement_mm : float
        Between two starts, 95th percentile over the liver (the body without one), millimetres.
    least_jacobian_ratio : float
        Of the field; zero or less folds.
    bone_lead_score : float or None
        Correlation of the bones' motion above that of the next best one; None without bone.
    """

    overlap: float
    liver_share: float | None
    correlation: float
    residual_hu: float
    rigid_residual_hu: float
    start_disagreement_mm: float
    least_jacobian_ratio: float
    bone_lead_score: float | None


def measure_whole(
    layered: LayeredPair, found: FoundFields, again: FoundFields, *, least_jacobian_ratio: float
) -> WholeQuality:
    """Measure what speaks for and against the fields that were found.

    Parameters
    ----------
    layered : LayeredPair
        Both scans.
    found, again : FoundFields
        Of the search, and of the one from another start.
    least_jacobian_ratio : float
        Of the field that is given out.

    Returns
    -------
    WholeQuality
        At the stages' lattices.
    """
    scans, compared = found.scans, found.compared
    tissue = scans.planning.values > TISSUE_HU
    liver = scans.tissues.liver
    region = liver if liver.any() else tissue
    still = np.zeros_like(found.fields.values_mm)
    rigid = compare_deformed(scans, layered.body, still, found.stage.step, scans.shares())
    return WholeQuality(
        overlap=_share(compared, tissue & (scans.planning.weights > 0)),
        liver_share=_share(compared, liver) if liver.any() else None,
        correlation=_resemblance(rigid, tissue),
        residual_hu=_residual(compared, region),
        rigid_residual_hu=_residual(rigid, region),
        start_disagreement_mm=_disagreement_mm(found, again),
        least_jacobian_ratio=least_jacobian_ratio,
        bone_lead_score=layered.bone_lead_score,
    )


def _share(compared: Comparison, region: Booleans) -> float:
    """Tell which share of a region the new scan shows."""
    return float((compared.weights[region] > 0).mean()) if region.any() else 0.0


def _resemblance(compared: Comparison, tissue: Booleans) -> float:
    """Correlate over tissue alone: the air around them is alike in any two patients."""
    used = (tissue & (compared.weights > 0)).astype(np.float32)
    return replace(compared, weights=used).correlation()


def _residual(compared: Comparison, region: Booleans) -> float:
    """Measure the robust spread of the difference in a region."""
    used = region & (compared.weights > 0)
    return spread_hu((compared.carried - compared.expected)[used]) if used.any() else np.inf


def _disagreement_mm(found: FoundFields, again: FoundFields) -> float:
    """Measure how far two searches carry the liver apart, 95th percentile."""
    ways: list[tuple[Voxels, Lattice, Booleans]] = []
    for each in (found, again):
        scans = each.scans
        vectors = blended_mm(each.fields, scans.shares(), each.stage.step)
        lattice = scans.planning.lattice
        ways.append((vectors, lattice, scans.tissues.liver))
    vectors, lattice, liver = ways[1]
    region = liver if liver.any() else again.scans.planning.weights > 0
    at = np.argwhere(region)
    fine = ways[0][1]
    there = (lattice.origin_mm + lattice.spacing_mm * at - fine.origin_mm) / fine.spacing_mm
    nearest = np.clip(np.rint(there).astype(int), 0, np.array(fine.shape) - 1)
    gap = vectors[tuple(at.T)] - ways[0][0][tuple(nearest.T)]
    return float(np.percentile(np.linalg.norm(gap, axis=1), 95)) if len(at) else float("inf")


def judge_whole(quality: WholeQuality) -> Verdict:
    """Accept a deformable registration, warn, or reject it.

    Parameters
    ----------
    quality : WholeQuality
        What was measured.

    Returns
    -------
    Verdict
        Rejected with every limit that was broken.
    """
    rejections = [*_unlike(quality), *_unsound(quality)]
    warnings = []
    if quality.liver_share is None:
        text = "the liver was not outlined, so that it could not slide in the registration"
        warnings.append(Reason("liver-unknown", f"{text}; give its outline with --organ"))
    elif not quality.liver_share >= LIVER_SHOWN_WARNED:
        text = f"the new scan shows {quality.liver_share:.0%} of the liver"
        warnings.append(Reason("liver-cut", f"{text}; scan the whole of it"))
    if not rejections and not quality.correlation >= DOUBTFUL_CORRELATION:
        text = f"the scans resemble each other less than usual (r = {quality.correlation:.2f})"
        warnings.append(
            Reason("scans-differ-somewhat", f"{text}; compare both, and the patient's name")
        )
    if quality.bone_lead_score is None or not quality.bone_lead_score >= LEAST_BONE_LEAD:
        text = "the bones fit nearly as well a rib higher or lower"
        warnings.append(Reason("bones-undecided", f"{text}; count the ribs in both scans"))
    if not rejections and not quality.start_disagreement_mm <= APART_WARNED_MM:
        text = f"two searches carry the liver {quality.start_disagreement_mm:.1f} mm apart"
        warnings.append(Reason("registration-uncertain", f"{text}; compare both scans"))
    return verdict_from_reasons(rejections=tuple(rejections), warnings=tuple(warnings))


def _unlike(quality: WholeQuality) -> list[Reason]:
    """Say where the scans cannot be two of one patient's liver."""
    reasons = []
    if not quality.overlap >= LEAST_OVERLAP:
        text = f"only {quality.overlap:.0%} of the body around lies in the new scan"
        reasons.append(Reason("little-overlap", f"{text}; scan a longer slab"))
    if quality.liver_share is not None and not quality.liver_share >= LEAST_LIVER_SHOWN:
        text = f"the new scan shows only {quality.liver_share:.0%} of the liver"
        reasons.append(Reason("target-not-imaged", f"{text}; scan the whole of the liver"))
    if not quality.correlation >= LEAST_CORRELATION:
        text = f"the scans resemble each other too little (r = {quality.correlation:.2f})"
        reasons.append(Reason("scans-differ", f"{text}; check that both are of this patient"))
    return reasons


def _unsound(quality: WholeQuality) -> list[Reason]:
    """Say where the search gave no motion of tissue, or two answers."""
    reasons = []
    if not quality.start_disagreement_mm <= MOST_APART_MM:
        text = f"two searches carry the liver {quality.start_disagreement_mm:.1f} mm apart"
        reasons.append(Reason("starts-disagree", f"{text} (limit {MOST_APART_MM} mm); scan again"))
    if not quality.least_jacobian_ratio > LEAST_JACOBIAN:
        text = "the displacement folds tissue over itself"
        reasons.append(Reason("folded", f"{text}; use the rigid registration, or scan again"))
    if not quality.residual_hu <= MOST_WORSE * quality.rigid_residual_hu:
        text = "the deformable registration explains the liver no better than the rigid one"
        reasons.append(Reason("no-gain", f"{text}; use the rigid registration"))
    return reasons
