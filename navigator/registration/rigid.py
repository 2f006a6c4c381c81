"""Rigid registration of an intraoperative CT to the planning CT, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.model.outcome import Reason, verdict_from_reasons, worst_verdict
from navigator.registration.agreement import (
    body_points,
    disagreement_mm,
    measure_correlation,
    measure_mirror_correlation,
    measure_overlap,
)
from navigator.registration.neighbourhood import measure_local_agreement
from navigator.registration.quality import RegistrationQuality, judge_registration
from navigator.registration.search import (
    FINE_LEVEL_MM,
    PreparedScan,
    SearchedMotion,
    prepare_scan,
    refine_both_ways,
    search_both_ways,
)
from navigator.registration.skeleton import measure_bone_correlation
from navigator.registration.start import find_start_shifts_mm

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.model.outcome import Verdict
    from navigator.model.volume import Mask, Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class RigidRegistration:
    """Where the planning scan's patient lies in the intraoperative scan.

    Parameters
    ----------
    intraop_from_planning : RigidTransform
        Carries points of the planning scan to the intraoperative scan.
    quality : RegistrationQuality
        What was measured of it.
    verdict : Verdict
        Whether it may be used.
    """

    intraop_from_planning: RigidTransform
    quality: RegistrationQuality
    verdict: Verdict


def register_rigid(
    planning: Volume,
    intraop: Volume,
    *,
    planning_body: Mask | None = None,
    organ: Mask | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> RigidRegistration:
    """Register an intraoperative CT to the planning CT by one rigid motion.

    Parameters
    ----------
    planning, intraop : Volume
        The two scans; a sheared one is rectified first.
    planning_body : Mask or None
        The body in the planning scan, where it is known already.
    organ : Mask or None
        The liver, or the surroundings of a target, in the planning frame: agreement is measured
        there, and whether it has moved against the body; the whole body by default.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    RigidRegistration
        The motion, its quality and a verdict.

    Raises
    ------
    StructureRefusedError
        If there is no body in one of the scans.
    """
    progress("preparing both scans")
    fixed, moving = prepare_scan(planning, planning_body), prepare_scan(intraop, None)
    try:
        searched = search_both_ways(fixed, moving, progress)
    except RuntimeError as error:
        return _not_overlapping(fixed, moving, str(error))
    quality = _measure(fixed, moving, searched, organ)
    return RigidRegistration(
        intraop_from_planning=searched.motion, quality=quality, verdict=judge_registration(quality)
    )


def measure_given_motion(
    planning: Volume,
    intraop: Volume,
    given: RigidTransform,
    *,
    organ: Mask | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> RigidRegistration:
    """Judge a motion that came from elsewhere by the two scans, as if it had been searched here.

    Parameters
    ----------
    planning, intraop : Volume
        The two scans; a sheared one is rectified first.
    given : RigidTransform
        Intraoperative from planning; it stays as it is.
    organ : Mask or None
        As for :func:`register_rigid`.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    RigidRegistration
        The motion given, its quality and a verdict: also rejected where its inverse fits better.

    Raises
    ------
    StructureRefusedError
        If there is no body in one of the scans.
    """
    progress("preparing both scans")
    fixed, moving = prepare_scan(planning, None), prepare_scan(intraop, None)
    try:
        searched = refine_both_ways(fixed, moving, given, progress)
    except RuntimeError as error:
        nothing = _not_overlapping(fixed, moving, str(error))
        return replace(nothing, intraop_from_planning=given)
    quality = _measure(fixed, moving, searched, organ)
    verdict = judge_registration(quality)
    if _fits_better_inverted(fixed, moving, given, quality.correlation):
        verdict = worst_verdict(verdict, verdict_from_reasons(rejections=(INVERTED,)))
    return RigidRegistration(intraop_from_planning=given, quality=quality, verdict=verdict)


INVERTED = Reason(
    "transform-inverted",
    "the inverse of the motion given fits the scans better; save it in the other direction, "
    "or exchange the two scans in the other program",
)
CLEARLY_BETTER = 0.02
"""Of a correlation. Motions of a millimetre or two fit both ways; then the direction hardly
matters, and what it matters shows in the disagreement."""


def _fits_better_inverted(
    fixed: PreparedScan, moving: PreparedScan, given: RigidTransform, correlation: float
) -> bool:
    """Tell whether a motion was taken the wrong way round."""
    inverted = RigidTransform(
        matrix=given.inverse().matrix, target=given.target, source=given.source
    )
    scans, points = (fixed.volume, moving.volume), body_points(fixed.body, np.random.default_rng(0))
    other = measure_correlation(scans, inverted, moving.imaged, points)
    return other > correlation + CLEARLY_BETTER


def _not_overlapping(fixed: PreparedScan, moving: PreparedScan, cause: str) -> RigidRegistration:
    """Reject, with the shift that lays the bodies' centres on each other as the only guess."""
    shift = find_start_shifts_mm(fixed.body, moving.body)[0]
    last_line = cause.strip().splitlines()[-1]
    text = f"the two scans show no common part of the body ({last_line})"
    reason = Reason("no-overlap", f"{text}; check that both show the liver of one patient")
    return RigidRegistration(
        intraop_from_planning=RigidTransform(
            matrix=matrix_from_rotation_and_shift(np.eye(3), shift),
            target=moving.volume.grid.frame,
            source=fixed.volume.grid.frame,
        ),
        quality=RegistrationQuality(
            overlap=0.0,
            correlation=0.0,
            inverse_consistency_mm=float("inf"),
            start_disagreement_mm=float("inf"),
            expected_tre_mm=float("inf"),
        ),
        verdict=verdict_from_reasons(rejections=(reason,)),
    )


def _measure(
    fixed: PreparedScan, moving: PreparedScan, searched: SearchedMotion, organ: Mask | None
) -> RegistrationQuality:
    """Measure agreement over the organ, and resemblance over the whole body.

    One organ alone is too even for a correlation: its noise would pass for another patient.
    """
    motion, scans = searched.motion, (fixed.volume, moving.volume)
    whole = body_points(fixed.body, np.random.default_rng(0))
    points = whole if organ is None else body_points(organ, np.random.default_rng(0))
    around = None
    if organ is not None:
        around = measure_local_agreement(*scans, motion, organ, moving.imaged)
    inverse = disagreement_mm(motion, searched.backward, points)
    apart = max(disagreement_mm(searched.starts[0], other, points) for other in searched.starts)
    # half a voxel of the finest level is what a converged search still leaves open
    floor = 0.5 * FINE_LEVEL_MM / np.sqrt(3.0)
    moved = 0.0 if around is None else around.distance_mm
    return RegistrationQuality(
        overlap=measure_overlap(moving.imaged, motion.map_points(whole)),
        correlation=measure_correlation(scans, motion, moving.imaged, whole),
        inverse_consistency_mm=inverse,
        start_disagreement_mm=apart,
        expected_tre_mm=float(np.sqrt(floor**2 + inverse**2 + apart**2 + moved**2)),
        bone_correlation=measure_bone_correlation(*scans, motion),
        mirror_correlation=measure_mirror_correlation(scans, motion, moving.imaged, whole),
        surroundings=around,
    )
