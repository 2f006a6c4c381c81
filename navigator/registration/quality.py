"""Whether a registration may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.imaging.resample import sample_hu
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons

if TYPE_CHECKING:
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.volume import Mask, Volume

LEAST_OVERLAP = 0.5
"""Share of the planning body that must lie inside the intraoperative scan."""

LARGEST_DISAGREEMENT_MM = 3.0
"""Between two starts, and between forward and backward: one slice of 2.5 mm and a little."""

LEAST_CORRELATION = 0.6
"""Correlation of soft-tissue HU inside the body. The same phantom patient reaches 0.9 and more,
another patient 0.4 and less (tests hold both)."""

SOFT_TISSUE_HU = (-200.0, 300.0)
"""Values are clipped to this range before they are compared: metal and air say little."""

SAMPLE_POINTS = 20_000


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
        Expected error of the rigid part, millimetres; says nothing about breathing.
    """

    overlap: float
    correlation: float
    inverse_consistency_mm: float
    start_disagreement_mm: float
    expected_tre_mm: float


def body_points(body: Mask, rng: np.random.Generator) -> Floats:
    """Draw points inside a body.

    Parameters
    ----------
    body : Mask
        The body.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (n, 3) array
        At most 20,000 voxel centres, millimetres.
    """
    indices = np.flatnonzero(body.members)
    chosen = rng.choice(indices, size=min(SAMPLE_POINTS, len(indices)), replace=False)
    return body.grid.points_from_indices(
        np.stack(np.unravel_index(np.sort(chosen), body.members.shape), axis=1)
    )


def disagreement_mm(first: RigidTransform, second: RigidTransform, points_mm: Floats) -> float:
    """Measure how far two transforms carry the same points apart.

    Parameters
    ----------
    first, second : RigidTransform
        Between the same frames.
    points_mm : (n, 3) array
        Points in their source frame, millimetres.

    Returns
    -------
    float
        95th percentile, millimetres.
    """
    apart = lengths(first.map_points(points_mm) - second.map_points(points_mm))
    return float(np.percentile(apart, 95))


def measure_overlap(intraop: Volume, carried_mm: Floats) -> float:
    """Measure the share of points that fall inside a scan.

    Parameters
    ----------
    intraop : Volume
        The scan.
    carried_mm : (n, 3) array
        Points in its frame, millimetres.

    Returns
    -------
    float
        0 to 1.
    """
    indices = intraop.grid.indices_from_points(carried_mm)
    inside = (indices >= -0.5) & (indices <= np.asarray(intraop.grid.shape_kji) - 0.5)
    return float(inside.all(axis=1).mean())


def measure_correlation(
    planning: Volume, intraop: Volume, intraop_from_planning: RigidTransform, points_mm: Floats
) -> float:
    """Correlate soft-tissue HU of the two scans at corresponding points.

    Parameters
    ----------
    planning, intraop : Volume
        The scans.
    intraop_from_planning : RigidTransform
        The registration.
    points_mm : (n, 3) array
        Points of the planning scan, millimetres.

    Returns
    -------
    float
        Pearson's r; 0 where nothing overlaps or one side is constant.
    """
    carried = intraop_from_planning.map_points(points_mm)
    indices = intraop.grid.indices_from_points(carried)
    inside = ((indices >= 0) & (indices <= np.asarray(intraop.grid.shape_kji) - 1)).all(axis=1)
    if inside.sum() < 100:
        return 0.0
    first = np.clip(sample_hu(planning, points_mm[inside]), *SOFT_TISSUE_HU)
    second = np.clip(sample_hu(intraop, carried[inside]), *SOFT_TISSUE_HU)
    if min(first.std(), second.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def judge_registration(quality: RegistrationQuality) -> Verdict:
    """Accept or reject a registration by its quality.

    Parameters
    ----------
    quality : RegistrationQuality
        What was measured.

    Returns
    -------
    Verdict
        Rejected with every limit that was broken.
    """
    rejections = []
    if not quality.overlap >= LEAST_OVERLAP:
        text = f"only {quality.overlap:.0%} of the planned body lies in the new scan"
        rejections.append(
            Reason("little-overlap", f"{text} (limit {LEAST_OVERLAP:.0%}); scan a longer slab")
        )
    if not quality.correlation >= LEAST_CORRELATION:
        text = f"the scans resemble each other too little (r = {quality.correlation:.2f}, "
        rejections.append(
            Reason(
                "scans-differ",
                f"{text}limit {LEAST_CORRELATION}); check that both are of this patient",
            )
        )
    for code, value, what in (
        ("inverse-inconsistent", quality.inverse_consistency_mm, "forward and backward"),
        ("starts-disagree", quality.start_disagreement_mm, "two starts of the"),
    ):
        if not value <= LARGEST_DISAGREEMENT_MM:
            text = f"{what} registration differ by {value:.1f} mm"
            rejections.append(
                Reason(code, f"{text} (limit {LARGEST_DISAGREEMENT_MM} mm); scan again")
            )
    return verdict_from_reasons(rejections=tuple(rejections))
