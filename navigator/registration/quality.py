"""Whether a registration may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.model.outcome import Reason, Verdict, verdict_from_reasons

if TYPE_CHECKING:
    from navigator.registration.neighbourhood import LocalAgreement

LEAST_OVERLAP = 0.5
"""Share of the planning body that must lie inside the intraoperative scan."""

LARGEST_DISAGREEMENT_MM = 3.0
"""Between two starts, and between forward and backward: one slice of 2.5 mm and a little."""

LEAST_CORRELATION = 0.75
"""Correlation of soft-tissue HU inside the body. The same patient reaches 0.93 and more, 0.80 where
the organs have slid by 15 mm; a mirrored patient 0.69 and less, another one 0.4 and less."""

DOUBTFUL_CORRELATION = 0.9
"""Below it two phantom patients of like build may be mistaken for one (0.85 to 0.87)."""

LEAST_BONE_CORRELATION, DOUBTFUL_BONE_CORRELATION = 0.89, 0.92
"""Of bone and what lies around it, fitted alone: 30 phantom cases have 0.925 and more, another
patient of like build 0.856. No other person's ribs and spine lie at the same places."""

LARGEST_EXPECTED_TRE_MM = 2.0
"""Beyond it the operator has to know: the liver's wanted margin is 5 mm, and the zone takes its
share of doubt too."""

LEAST_IMAGED = 0.95
"""Share of the target's surroundings that the new scan must show."""

LEAST_LOCAL_CORRELATION, DOUBTFUL_LOCAL_CORRELATION = 0.7, 0.9
"""Below the first the surroundings are not recognised and their shift cannot be told. A true match
has 0.98 and more on real scans with 20 HU of noise, also after the organs slid by 15 mm; 0.79 on
painted livers that slid past others; a mirrored patient has 0.15 to 0.8."""

SHIFT_WARNED_MM, SHIFT_REJECTED_MM = 3.0, 5.0
"""Shift of the target's surroundings against the body: a slice of 2.5 mm and a little is told;
the whole of a wanted margin of 5 mm voids the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationQuality:
    """What speaks for and against a registration.

    Parameters
    ----------
    overlap : float
        Share of the planning body inside the intraoperative scan.
    correlation : float
        Of soft-tissue HU inside the body.
    inverse_consistency_mm : float
        95th percentile over the body of forward against backward registration, millimetres.
    start_disagreement_mm : float
        95th percentile over the body between the two best starts, millimetres.
    expected_tre_mm : float
        Expected error, millimetres: of the rigid part, and of the target's surroundings where
        they were looked at.
    mirror_correlation : float
        Of the new scan with the planning scan's mirror image.
    bone_correlation : float or None
        Of bone and what lies around it, fitted alone; None where too little bone is shown.
    surroundings : LocalAgreement or None
        How the target's surroundings agree; None where no target was given.
    """

    overlap: float
    correlation: float
    inverse_consistency_mm: float
    start_disagreement_mm: float
    expected_tre_mm: float
    mirror_correlation: float = 0.0
    bone_correlation: float | None = None
    surroundings: LocalAgreement | None = None


def judge_registration(quality: RegistrationQuality) -> Verdict:
    """Accept a registration, warn, or reject it by its quality.

    Parameters
    ----------
    quality : RegistrationQuality
        What was measured.

    Returns
    -------
    Verdict
        Rejected with every limit that was broken.
    """
    rejections = [*_different_scans(quality), *_undecided(quality)]
    warnings = []
    if not rejections and not quality.correlation >= DOUBTFUL_CORRELATION:
        text = f"the scans resemble each other less than usual (r = {quality.correlation:.2f})"
        warnings.append(
            Reason("scans-differ-somewhat", f"{text}; compare both, and the patient's name")
        )
    bones = quality.bone_correlation
    if not rejections and bones is not None and not bones >= DOUBTFUL_BONE_CORRELATION:
        text = f"the bones fit less well than usual (r = {bones:.2f})"
        warnings.append(Reason("bones-differ-somewhat", f"{text}; compare the patient's name"))
    if not rejections and not quality.expected_tre_mm <= LARGEST_EXPECTED_TRE_MM:
        text = f"an error of {quality.expected_tre_mm:.1f} mm has to be expected at the target"
        warnings.append(Reason("registration-uncertain", f"{text}; scan again in the same breath"))
    if quality.surroundings is not None:
        moved, doubts = _judge_surroundings(quality.surroundings)
        rejections += moved
        warnings += doubts
    return verdict_from_reasons(rejections=tuple(rejections), warnings=tuple(warnings))


def _different_scans(quality: RegistrationQuality) -> list[Reason]:
    """Say where the scans cannot be two of one patient's liver."""
    reasons = []
    if not quality.overlap >= LEAST_OVERLAP:
        text = f"only {quality.overlap:.0%} of the planned body lies in the new scan"
        reasons.append(
            Reason("little-overlap", f"{text} (limit {LEAST_OVERLAP:.0%}); scan a longer slab")
        )
    if not quality.correlation >= LEAST_CORRELATION:
        text = f"the scans resemble each other too little (r = {quality.correlation:.2f}, "
        reasons.append(
            Reason(
                "scans-differ",
                f"{text}limit {LEAST_CORRELATION}); check that both are of this patient",
            )
        )
    bones = quality.bone_correlation
    if bones is not None and not bones >= LEAST_BONE_CORRELATION:
        text = f"the bones of the scans do not fit each other (r = {bones:.2f})"
        reasons.append(Reason("bones-differ", f"{text}; check that both are of this patient"))
    if quality.mirror_correlation > quality.correlation:
        text = "the new scan resembles the planning scan's mirror image more than the scan itself"
        reasons.append(Reason("mirrored", f"{text}; find out which of the two is mirrored"))
    return reasons


def _undecided(quality: RegistrationQuality) -> list[Reason]:
    """Say where two searches of one pair of scans gave two answers."""
    reasons = []
    for code, value, what in (
        ("inverse-inconsistent", quality.inverse_consistency_mm, "forward and backward"),
        ("starts-disagree", quality.start_disagreement_mm, "two starts of the"),
    ):
        if not value <= LARGEST_DISAGREEMENT_MM:
            text = f"{what} registration differ by {value:.1f} mm"
            reasons.append(Reason(code, f"{text} (limit {LARGEST_DISAGREEMENT_MM} mm); scan again"))
    return reasons


def _judge_surroundings(found: LocalAgreement) -> tuple[list[Reason], list[Reason]]:
    """Give what rejects, and what warns, about the target's surroundings."""
    if not found.imaged_share >= LEAST_IMAGED:
        text = f"only {found.imaged_share:.0%} of the target's surroundings lie in the new scan"
        return [Reason("target-not-imaged", f"{text}; scan the whole of the liver")], []
    if not found.correlation >= LEAST_LOCAL_CORRELATION:
        text = f"the target's surroundings are not recognised (r = {found.correlation:.2f})"
        return [Reason("surroundings-unlike", f"{text}; compare both scans, and scan again")], []
    text = (
        f"the target's surroundings lie {found.distance_mm:.1f} mm beside the body's registration"
    )
    if found.at_end_of_search:
        text = f"the target's surroundings lie {found.distance_mm:.0f} mm or more beside the body's"
    doubts = []
    if not found.correlation >= DOUBTFUL_LOCAL_CORRELATION:
        unlike = f"the target's surroundings look different (r = {found.correlation:.2f})"
        doubts.append(Reason("surroundings-unlike-somewhat", f"{unlike}; compare both scans"))
    advice = "the liver has moved under the ribs: scan again in the planned breath"
    if not found.distance_mm <= SHIFT_REJECTED_MM or found.at_end_of_search:
        return [Reason("target-moved", f"{text}; {advice}")], []
    if not found.distance_mm <= SHIFT_WARNED_MM:
        doubts.append(Reason("target-moved-somewhat", f"{text}; {advice}"))
    return [], doubts
