"""Whether a plate's pose may be used, and what to do where it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.model.outcome import Reason, Verdict, verdict_from_reasons, worst_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_FRE_MM = 1.0
"""Residual beyond which the spots are not this plate: three times what a 2.5 mm slice costs."""

GOOD_FRE_MM = 0.3
"""Residual that no plate reached in slices of 3 mm or less: above it a person looks."""

LARGEST_FRE_WITH_LOST_MM = 0.5
"""Residual limit where markers are lost: fewer spots are fitted more easily by another plate."""

NEAR_LOST_MM = 6.0
"""A spot so near the place of a lost marker is that marker out of its place, not a stray one."""

LEAST_AMBIGUITY_RATIO = 3.0
"""How much worse the next-best naming of the markers must fit."""

LEAST_TISSUE = 0.05
"""Share of tissue beside the plate below which there is no body to tell the sides by."""


def judge_plate(
    fre_mm: float, ratio: float, lost_mm: Mapping[str, float], *, tissue: tuple[float, float]
) -> Verdict:
    """Judge a pose by its residual, its naming, the sides of the plate and what was not found.

    Parameters
    ----------
    fre_mm : float
        Root mean square residual of the markers, millimetres.
    ratio : float
        Residual of the next-best naming over that of the best.
    lost_mm : mapping of str to float
        Labels of the markers without a spot, and how far from the place of each the nearest
        spot of no name lies, millimetres; infinite where there is none.
    tissue : (float, float)
        Share of tissue below the plate, and above it.

    Returns
    -------
    Verdict
        Whether the pose may be used.

    Examples
    --------
    >>> judge_plate(0.1, 20.0, {}, tissue=(1.0, 0.0)).status.value
    'accepted'
    >>> gone, near = {"M6": 40.0}, {"M6": 1.2}
    >>> judge_plate(0.1, 20.0, gone, tissue=(1.0, 0.0)).status.value
    'warning'
    >>> judge_plate(0.1, 20.0, near, tissue=(1.0, 0.0)).reasons[0].code
    'marker-out-of-place'
    """
    parts = (
        _judge_residual(fre_mm, with_lost=bool(lost_mm)),
        _judge_naming(ratio),
        _judge_sides(tissue),
        _judge_lost(lost_mm),
    )
    return worst_verdict(*parts)


def _judge_naming(ratio: float) -> Verdict:
    """Judge whether the spots can be named in one way alone."""
    if not ratio >= LEAST_AMBIGUITY_RATIO:
        text = f"another naming of the markers fits nearly as well (ratio {ratio:.1f})"
        reason = Reason("ambiguous-markers", f"{text}; use a plate with an asymmetric pattern")
        return verdict_from_reasons(rejections=(reason,))
    return Verdict.accepted()


def _judge_sides(tissue: tuple[float, float]) -> Verdict:
    """Judge which face shows to the patient, by the tissue below and above."""
    if max(tissue) < LEAST_TISSUE:
        text = "no body lies beside the plate, so that its patient side cannot be told"
        reason = Reason("body-not-seen", f"{text}; look which face shows to the patient")
        return verdict_from_reasons(warnings=(reason,))
    if not tissue[0] > tissue[1]:
        text = "the patient side of the plate shows away from the body"
        reason = Reason("plate-turned-over", f"{text}; turn the plate round and scan again")
        return verdict_from_reasons(rejections=(reason,))
    return Verdict.accepted()


def _judge_residual(fre_mm: float, *, with_lost: bool) -> Verdict:
    """Judge how well the spots fit the plate."""
    limit = LARGEST_FRE_WITH_LOST_MM if with_lost else LARGEST_FRE_MM
    if not fre_mm <= limit:
        beside = " where markers are lost" if with_lost else ""
        text = f"the markers miss the plate by {fre_mm:.2f} mm (limit {limit} mm{beside})"
        reason = Reason("residual-too-large", f"{text}; wrong or warped plate: check its serial")
        return verdict_from_reasons(rejections=(reason,))
    if fre_mm > GOOD_FRE_MM:
        text = f"the markers miss the plate by {fre_mm:.2f} mm, usual is {GOOD_FRE_MM} mm or less"
        reason = Reason("residual-raised", f"{text}; check its serial, and for warping")
        return verdict_from_reasons(warnings=(reason,))
    return Verdict.accepted()


def _judge_lost(lost_mm: Mapping[str, float]) -> Verdict:
    """Tell a marker that is gone from one that lies elsewhere than on this plate."""
    misplaced = {label: far for label, far in lost_mm.items() if far <= NEAR_LOST_MM}
    missing = [label for label in lost_mm if label not in misplaced]
    rejections, warnings = [], []
    if misplaced:
        offs = ", ".join(f"{label} ({far:.1f} mm off)" for label, far in misplaced.items())
        text = f"bright spots lie beside the places of markers {offs}"
        next_step = "wrong or warped plate, or a loose marker; check the serial"
        rejections.append(Reason("marker-out-of-place", f"{text}: {next_step}"))
    if missing:
        text = f"markers {', '.join(missing)} were not seen"
        warnings.append(Reason("markers-lost", f"{text}; the pose rests on the others"))
    return verdict_from_reasons(rejections=tuple(rejections), warnings=tuple(warnings))
