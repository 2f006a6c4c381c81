"""Rigid registration of an intraoperative CT to the planning CT by mutual information.

Mattes mutual information after Mattes D et al., 2003, doi:10.1109/TMI.2003.809072, in
SimpleITK; three resolutions; several starts; forward and backward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from navigator.geometry.rigid import (
    RigidTransform,
    matrix_from_rotation_and_shift,
    renormalised,
)
from navigator.imaging.resample import image_from_mask, image_from_volume, rectify
from navigator.imaging.tissue import find_body
from navigator.model.outcome import Reason, verdict_from_reasons
from navigator.registration.quality import (
    RegistrationQuality,
    body_points,
    disagreement_mm,
    judge_registration,
    measure_correlation,
    measure_overlap,
)
from navigator.registration.start import find_start_shifts_mm

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.arrays import Floats
    from navigator.model.outcome import Verdict
    from navigator.model.volume import Mask, Volume

HISTOGRAM_BINS = 48
COARSE_LEVELS_MM = (9.0, 6.0)
FINE_LEVEL_MM = 3.0
"""Grid spacing of the resolutions: the last is near the slice spacing of the new scan."""
HU_WINDOW = (-250.0, 400.0)
"""Clipped range: soft tissue, contrast and bone; metal weighs no more than bone."""
MASK_MARGIN_MM = 8.0
"""The skin's edge is part of the picture, the couch is not."""
STARTS_KEPT = 2


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


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A scan ready for the search."""

    volume: Volume
    body: Mask
    image: sitk.Image
    mask: sitk.Image


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """What the searches found, all carrying planning points to the intraoperative scan."""

    motion: RigidTransform
    backward: RigidTransform
    starts: tuple[RigidTransform, ...]


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
        Where the agreement is measured, in the planning frame; the whole body by default.
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
    fixed, moving = _prepare(planning, planning_body), _prepare(intraop, None)
    try:
        searched = _search_both_ways(fixed, moving, progress)
    except RuntimeError as error:
        return _not_overlapping(fixed, moving, str(error))
    whole = body_points(fixed.body, np.random.default_rng(0))
    points = whole if organ is None else body_points(organ, np.random.default_rng(0))
    quality = _measure(planning, intraop, searched, points, whole)
    return RigidRegistration(
        intraop_from_planning=searched.motion, quality=quality, verdict=judge_registration(quality)
    )


def _search_both_ways(
    fixed: _Prepared, moving: _Prepared, progress: Callable[[str], None]
) -> _Searched:
    """Search from the best starts, and back again; RuntimeError where the scans do not overlap."""
    progress("searching the planning scan in the new scan")
    starts = _best_starts(fixed, moving)
    coarse = [_search(fixed, moving, start, COARSE_LEVELS_MM) for start in starts]
    coarse.sort(key=lambda found: found[1])
    best = coarse[0][0]
    chosen, _ = _search(fixed, moving, best, (FINE_LEVEL_MM,))
    progress("searching backward")
    # the backward search starts from the rough result, so that it may disagree with the fine one
    backward, _ = _search(moving, fixed, _inverse(best), (COARSE_LEVELS_MM[-1], FINE_LEVEL_MM))
    return _Searched(
        motion=_rigid(chosen, fixed, moving),
        backward=_rigid(backward, moving, fixed).inverse(),
        starts=tuple(_rigid(found, fixed, moving) for found, _ in coarse),
    )


def _not_overlapping(fixed: _Prepared, moving: _Prepared, cause: str) -> RigidRegistration:
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
    planning: Volume, intraop: Volume, searched: _Searched, points: Floats, whole: Floats
) -> RegistrationQuality:
    """Measure agreement at `points` (n, 3), and resemblance over the `whole` body (m, 3).

    One organ alone is too even for a correlation: its noise would pass for another patient.
    """
    motion = searched.motion
    inverse = disagreement_mm(motion, searched.backward, points)
    apart = max(disagreement_mm(searched.starts[0], other, points) for other in searched.starts)
    # half a voxel of the finest level is what a converged search still leaves open
    floor = 0.5 * FINE_LEVEL_MM / np.sqrt(3.0)
    return RegistrationQuality(
        overlap=measure_overlap(intraop, motion.map_points(whole)),
        correlation=measure_correlation(planning, intraop, motion, whole),
        inverse_consistency_mm=inverse,
        start_disagreement_mm=apart,
        expected_tre_mm=float(np.sqrt(floor**2 + inverse**2 + apart**2)),
    )


def _prepare(scan: Volume, known_body: Mask | None) -> _Prepared:
    volume = rectify(scan)
    # a known body of a sheared scan does not lie on the rectified grid
    usable = known_body is not None and known_body.grid.matches(volume.grid)
    body = known_body if known_body is not None and usable else find_body(volume)
    image = sitk.Clamp(image_from_volume(volume), sitk.sitkFloat32, *HU_WINDOW)
    mask = image_from_mask(body)
    radius = [int(np.ceil(MASK_MARGIN_MM / spacing)) for spacing in mask.GetSpacing()]
    coarse = sitk.BinShrink(sitk.Cast(mask, sitk.sitkFloat32), [2, 2, 1])
    grown = sitk.BinaryDilate(
        sitk.Cast(coarse > 0, sitk.sitkUInt8), [max(1, r // 2) for r in radius[:2]] + [radius[2]]
    )
    return _Prepared(volume, body, image, grown)


def _at_spacing(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    factors = [max(1, round(spacing_mm / spacing)) for spacing in image.GetSpacing()]
    shrunk: sitk.Image = sitk.BinShrink(image, factors)
    return shrunk


def _best_starts(fixed: _Prepared, moving: _Prepared) -> list[sitk.Euler3DTransform]:
    """Rate every start shift at the coarsest resolution and keep the best two."""
    coarse = tuple(_at_spacing(scan.image, COARSE_LEVELS_MM[0]) for scan in (fixed, moving))
    method = _metric(fixed)
    rated: list[tuple[float, int, sitk.Euler3DTransform]] = []
    for shift in find_start_shifts_mm(fixed.body, moving.body):
        start = sitk.Euler3DTransform()
        start.SetCenter(_centre(fixed))
        start.SetTranslation([float(value) for value in shift])
        method.SetInitialTransform(start, inPlace=False)
        try:
            rated.append((method.MetricEvaluate(*coarse), len(rated), start))
        except RuntimeError:
            continue  # no overlap from this start: it is no start
    if not rated:
        raise RuntimeError("no start overlaps")
    return [start for _, _, start in sorted(rated, key=lambda item: item[:2])[:STARTS_KEPT]]


def _centre(prepared: _Prepared) -> list[float]:
    indices = np.argwhere(prepared.body.members[::4, ::8, ::8]) * np.array([4, 8, 8])
    centre = prepared.body.grid.points_from_indices(indices).mean(axis=0)
    return [float(value) for value in centre]


def _metric(fixed: _Prepared) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetMetricFixedMask(fixed.mask)
    method.SetInterpolator(sitk.sitkLinear)
    # sums over threads differ in the last bits from run to run; one thread gives one answer
    method.SetNumberOfThreads(1)
    return method


def _search(
    fixed: _Prepared,
    moving: _Prepared,
    start: sitk.Euler3DTransform,
    levels_mm: tuple[float, ...],
) -> tuple[sitk.Euler3DTransform, float]:
    """Refine a start through the resolutions; give the motion and its (negative) information."""
    current, value = sitk.Euler3DTransform(start), 0.0
    for spacing in levels_mm:
        method = _metric(fixed)
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=spacing / 2.0,
            minStep=0.005,
            numberOfIterations=60,
            relaxationFactor=0.6,
            gradientMagnitudeTolerance=1e-8,
        )
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetInitialTransform(current, inPlace=True)
        method.Execute(_at_spacing(fixed.image, spacing), _at_spacing(moving.image, spacing))
        value = method.GetMetricValue()
    return current, value


def _inverse(found: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
    return sitk.Euler3DTransform(found.GetInverse())


def _rigid(found: sitk.Transform, fixed: _Prepared, moving: _Prepared) -> RigidTransform:
    """Read a SimpleITK transform, which carries fixed points to the moving scan."""
    origin = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    axes = [np.array(found.TransformPoint(tuple(row))) - origin for row in np.eye(3)]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack(axes, axis=1), origin
    # a turn that is not a turn shows here: RigidTransform refuses NaN and mirrors
    return RigidTransform(
        matrix=renormalised(matrix), target=moving.volume.grid.frame, source=fixed.volume.grid.frame
    )
