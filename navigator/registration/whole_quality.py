"""Whether a deformable registration may be believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.registration.body_motion import spread_hu
from navigator.registration.deformable import compare_deformed
from navigator.registration.expectation import MOSTLY
from navigator.registration.lattice import TISSUE_HU
from navigator.registration.lattice_pair import FINE_MM, MIDDLE_MM
from navigator.registration.quality import LEAST_OVERLAP

if TYPE_CHECKING:
    from navigator.arrays import Booleans
    from navigator.registration.backward import SearchChecks
    from navigator.registration.body_motion import Comparison
    from navigator.registration.deformable import StageScans
    from navigator.registration.stages import FoundFields, LayeredPair

LEAST_LIVER_SHOWN, LIVER_SHOWN_WARNED = 0.33, 0.5
LEAST_CORRELATION, DOUBTFUL_CORRELATION = 0.85, 0.88
"""Of tissue under the whole motion. The same patient reaches 0.895 and more, a mirrored one 0.59 to
0.82, another one 0.62 to 0.92: that one is known by his bones."""
LEAST_BONE_CORRELATION, DOUBTFUL_BONE_CORRELATION = 0.86, 0.92
"""Of bone and what lies around it under its rigid motion, lower than in a rigid registration where
ribs have moved with the breath: the same patient reaches 0.86 to 0.98, another one of like build
0.68 to 0.856. No field makes one skeleton out of another."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How far searches may disagree, 95th percentiles, millimetres.

    Parameters
    ----------
    most_apart_mm, apart_warned_mm : float
        Between two starts of the liver's search.
    most_beside_mm, beside_warned_mm : float
        There and back.
    """

    most_apart_mm: float
    apart_warned_mm: float
    most_beside_mm: float
    beside_warned_mm: float


SEARCH_LIMITS = {
    MIDDLE_MM: SearchLimits(6.0, 4.0, 10.0, 7.0),
    FINE_MM: SearchLimits(3.0, 2.0, 6.0, 4.5),
}
"""By the spacing of the lattice: both ways leave more where it is coarse."""
LEAST_BONE_LEAD = 0.02
"""Of the correlation: ribs and vertebrae resemble the next ones."""
LEAST_JACOBIAN = 0.0
SLICES_WARNED_MM = 3.5
"""Distance of the slices. Made for 1 to 2.5 mm; with 5 mm the liver lags behind by 2 mm, with 10 mm
by 4."""
OTHER_REJECTIONS = frozenset(
    {"little-overlap", "target-not-imaged", "scans-differ", "bones-not-compared", "bones-differ"}
)
"""What no other search can mend: another patient, or a part that was not scanned."""
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
        Of expected and new values over the tissue under the whole motion.
    bone_correlation : float or None
        Over bone and what lies around it, under its rigid motion; None without bone.
    residual_hu, rigid_residual_hu : float
        Robust spread of the difference in the liver (the body without one): deformable, rigid.
    checked_at_mm : float
        Spacing of the lattice at which the next two were measured.
    start_disagreement_mm : float
        Between two starts, 95th percentile over the liver (the body without one), millimetres.
    inverse_consistency_mm : float
        How far points of the same region come back beside themselves by a backward search, 95th
        percentile, millimetres.
    least_jacobian_ratio : float
        Of the field; zero or less folds.
    bone_lead_score : float or None
        Correlation of the bones' motion above that of the next best one; None without bone.
    slices_mm : float
        Distance of the slices of that scan which has fewer, millimetres.
    """

    overlap: float
    liver_share: float | None
    correlation: float
    bone_correlation: float | None
    residual_hu: float
    rigid_residual_hu: float
    checked_at_mm: float
    start_disagreement_mm: float
    inverse_consistency_mm: float
    least_jacobian_ratio: float
    bone_lead_score: float | None
    slices_mm: float


def measure_whole(
    layered: LayeredPair,
    found: FoundFields,
    checks: SearchChecks,
    *,
    least_jacobian_ratio: float,
    slices_mm: float,
) -> WholeQuality:
    """Measure what speaks for and against the fields that were found.

    Parameters
    ----------
    layered : LayeredPair
        Both scans.
    found : FoundFields
        Of the search.
    checks : SearchChecks
        How far other searches agree with it.
    least_jacobian_ratio : float
        Of the field that is given out.
    slices_mm : float
        Distance of the slices of that scan which has fewer, millimetres.

    Returns
    -------
    WholeQuality
        At the stages' lattices.
    """
    scans, compared = found.scans, found.compared
    tissue = scans.planning.values > TISSUE_HU
    still = np.zeros_like(found.fields.values_mm)
    rigid = compare_deformed(scans, layered.body, still, found.stage.step, scans.shares())
    return WholeQuality(
        overlap=_share(compared, tissue & (scans.planning.weights > 0)),
        liver_share=_liver_share(layered, compared),
        correlation=_resemblance(compared, tissue),
        bone_correlation=layered.bone_correlation,
        residual_hu=liver_residual_hu(found),
        rigid_residual_hu=_residual(rigid, _region(scans)),
        checked_at_mm=checks.spacing_mm,
        start_disagreement_mm=checks.start_disagreement_mm,
        inverse_consistency_mm=checks.inverse_consistency_mm,
        least_jacobian_ratio=least_jacobian_ratio,
        bone_lead_score=layered.bone_lead_score,
        slices_mm=slices_mm,
    )


def _share(compared: Comparison, region: Booleans) -> float:
    """Tell which share of a region the new scan shows."""
    return float((compared.weights[region] > 0).mean()) if region.any() else 0.0


def _liver_share(layered: LayeredPair, compared: Comparison) -> float | None:
    """Tell which share of the whole liver the new scan shows; None where it is not known."""
    liver = layered.pair.liver
    if liver is None or not layered.liver_points:
        return None
    return float((compared.weights[liver > MOSTLY] > 0).sum()) / layered.liver_points


def _resemblance(compared: Comparison, tissue: Booleans) -> float:
    """Correlate over tissue alone: the air around them is alike in any two patients."""
    used = (tissue & (compared.weights > 0)).astype(np.float32)
    low = np.float32(TISSUE_HU)
    expected, carried = (np.maximum(each, low) for each in (compared.expected, compared.carried))
    return replace(compared, expected=expected, carried=carried, weights=used).correlation()


def liver_residual_hu(found: FoundFields) -> float:
    """Measure what found fields leave unexplained in the liver (the body without one).

    Parameters
    ----------
    found : FoundFields
        At some resolution.

    Returns
    -------
    float
        Robust spread of the difference, Hounsfield units.
    """
    return _residual(found.compared, _region(found.scans))


def _region(scans: StageScans) -> Booleans:
    liver = scans.tissues.liver
    return liver if liver.any() else scans.planning.values > TISSUE_HU


def _residual(compared: Comparison, region: Booleans) -> float:
    """Measure the robust spread of the difference in a region."""
    used = region & (compared.weights > 0)
    return spread_hu((compared.carried - compared.expected)[used]) if used.any() else np.inf


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
    if not quality.slices_mm <= SLICES_WARNED_MM:
        text = f"slices {quality.slices_mm:.1f} mm apart show the liver's motion some mm short"
        warnings.append(Reason("slices-far-apart", f"{text}; scan with 2.5 mm or less"))
    bones = quality.bone_correlation
    if bones is not None and LEAST_BONE_CORRELATION <= bones < DOUBTFUL_BONE_CORRELATION:
        text = f"the bones fit less well than usual (r = {bones:.2f})"
        warnings.append(Reason("bones-differ-somewhat", f"{text}; compare the patient's name"))
    lead = quality.bone_lead_score
    if lead is not None and not lead >= LEAST_BONE_LEAD:
        text = "the bones fit nearly as well a rib higher or lower"
        warnings.append(Reason("bones-undecided", f"{text}; count the ribs in both scans"))
    limits = SEARCH_LIMITS[quality.checked_at_mm]
    if not rejections and not quality.inverse_consistency_mm <= limits.beside_warned_mm:
        text = f"there and back leaves {quality.inverse_consistency_mm:.1f} mm"
        warnings.append(Reason("inverse-doubtful", f"{text}; compare both scans"))
    if not rejections and not quality.start_disagreement_mm <= limits.apart_warned_mm:
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
    bones = quality.bone_correlation
    if bones is None:
        text = "the scans share too little bone to tell by it whose they are"
        reasons.append(Reason("bones-not-compared", f"{text}; scan spine and ribs too"))
    elif not bones >= LEAST_BONE_CORRELATION:
        text = f"the bones of the scans do not fit each other (r = {bones:.2f})"
        reasons.append(Reason("bones-differ", f"{text}; check that both are of this patient"))
    return reasons


def _unsound(quality: WholeQuality) -> list[Reason]:
    """Say where the search gave no motion of tissue, or two answers."""
    reasons = []
    limits = SEARCH_LIMITS[quality.checked_at_mm]
    if not quality.start_disagreement_mm <= limits.most_apart_mm:
        text = f"two searches carry the liver {quality.start_disagreement_mm:.1f} mm apart"
        limit = f"(limit {limits.most_apart_mm} mm)"
        reasons.append(Reason("starts-disagree", f"{text} {limit}; scan again"))
    if not quality.inverse_consistency_mm <= limits.most_beside_mm:
        text = f"there and back leaves {quality.inverse_consistency_mm:.1f} mm"
        limit = f"(limit {limits.most_beside_mm} mm)"
        reasons.append(Reason("inverse-inconsistent", f"{text} {limit}; scan again"))
    if not quality.least_jacobian_ratio > LEAST_JACOBIAN:
        text = "the displacement folds tissue over itself"
        reasons.append(Reason("folded", f"{text}; use the rigid registration, or scan again"))
    if not quality.residual_hu <= MOST_WORSE * quality.rigid_residual_hu:
        text = "the deformable registration explains the liver no better than the rigid one"
        reasons.append(Reason("no-gain", f"{text}; use the rigid registration"))
    return reasons
