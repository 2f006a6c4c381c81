"""The search for one rigid motion between two scans, by mutual information, both ways.

Mattes mutual information after Mattes D et al., 2003, doi:10.1109/TMI.2003.809072, in
SimpleITK; three resolutions; several starts; forward and backward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from navigator.geometry.rigid import RigidTransform, renormalised
from navigator.imaging.resample import image_from_mask, image_from_volume
from navigator.imaging.tissue import find_body, find_imaged
from navigator.imaging.upright import rectify
from navigator.registration.start import find_start_shifts_mm

if TYPE_CHECKING:
    from collections.abc import Callable

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


@dataclass(frozen=True, slots=True)
class PreparedScan:
    """A scan ready for the search.

    Parameters
    ----------
    volume : Volume
        Rectilinear.
    body, imaged : Mask
        The patient, and what was scanned, on its grid.
    image, mask : SimpleITK.Image
        Clipped values, and the body with its skin where it was imaged.
    imaged_mask : SimpleITK.Image or None
        What was scanned; None where all of it was.
    """

    volume: Volume
    body: Mask
    imaged: Mask
    image: sitk.Image
    mask: sitk.Image
    imaged_mask: sitk.Image | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedMotion:
    """What the searches found, all carrying planning points to the intraoperative scan.

    Parameters
    ----------
    motion, backward : RigidTransform
        Of the search, and of the one back again.
    starts : tuple of RigidTransform
        Of the best starts, coarse.
    """

    motion: RigidTransform
    backward: RigidTransform
    starts: tuple[RigidTransform, ...]


def search_both_ways(
    fixed: PreparedScan, moving: PreparedScan, progress: Callable[[str], None]
) -> SearchedMotion:
    """Search from the best starts, and back again.

    Parameters
    ----------
    fixed, moving : PreparedScan
        Planning scan and intraoperative scan.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    SearchedMotion
        Not judged.

    Raises
    ------
    RuntimeError
        If the scans do not overlap from any start.
    """
    progress("searching the planning scan in the new scan")
    starts = _best_starts(fixed, moving)
    coarse = [_search(fixed, moving, start, COARSE_LEVELS_MM) for start in starts]
    coarse.sort(key=lambda found: found[1])
    best = coarse[0][0]
    chosen, _ = _search(fixed, moving, best, (FINE_LEVEL_MM,))
    progress("searching backward")
    # the backward search starts from the rough result, so that it may disagree with the fine one
    backward, _ = _search(moving, fixed, _inverse(best), (COARSE_LEVELS_MM[-1], FINE_LEVEL_MM))
    return SearchedMotion(
        motion=_rigid(chosen, fixed, moving),
        backward=_rigid(backward, moving, fixed).inverse(),
        starts=tuple(_rigid(found, fixed, moving) for found, _ in coarse),
    )


def refine_both_ways(
    fixed: PreparedScan,
    moving: PreparedScan,
    given: RigidTransform,
    progress: Callable[[str], None],
) -> SearchedMotion:
    """Refine a motion that came from elsewhere both ways: how far the answers lie from it tells.

    Parameters
    ----------
    fixed, moving : PreparedScan
        Planning scan and intraoperative scan.
    given : RigidTransform
        Carries points of the planning scan to the intraoperative scan.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    SearchedMotion
        The motion given, with what was found from it.

    Raises
    ------
    RuntimeError
        If the scans do not overlap under the motion.
    """
    start = _euler_of(given, fixed)
    levels_mm = (COARSE_LEVELS_MM[-1], FINE_LEVEL_MM)
    progress("refining the given motion")
    forward, _ = _search(fixed, moving, start, levels_mm)
    progress("refining it backward")
    backward, _ = _search(moving, fixed, _inverse(start), levels_mm)
    return SearchedMotion(
        motion=given,
        backward=_rigid(backward, moving, fixed).inverse(),
        starts=(given, _rigid(forward, fixed, moving)),
    )


def prepare_scan(scan: Volume, known_body: Mask | None) -> PreparedScan:
    """Find the body, clip the values, and mask out what says nothing.

    Parameters
    ----------
    scan : Volume
        A scan; a sheared one is rectified.
    known_body : Mask or None
        The body where it is known already.

    Returns
    -------
    PreparedScan
        Ready for :func:`search_both_ways`.

    Raises
    ------
    StructureRefusedError
        If there is no body in it.
    """
    volume = rectify(scan)
    # a known body of a sheared scan does not lie on the rectified grid
    usable = known_body is not None and known_body.grid.matches(volume.grid)
    body = known_body if known_body is not None and usable else find_body(volume)
    image = sitk.Clamp(image_from_volume(volume), sitk.sitkFloat32, *HU_WINDOW)
    imaged = find_imaged(volume)
    # padding beyond the reconstruction circle would pass for air
    shown = None if imaged.members.all() else image_from_mask(imaged)
    return PreparedScan(volume, body, imaged, image, _grown(body, shown), shown)


def _grown(body: Mask, shown: sitk.Image | None) -> sitk.Image:
    """Grow a body by its skin, on every second voxel of a slice, where it was imaged."""
    mask = image_from_mask(body)
    radius = [int(np.ceil(MASK_MARGIN_MM / spacing)) for spacing in mask.GetSpacing()]
    coarse = sitk.BinShrink(sitk.Cast(mask, sitk.sitkFloat32), [2, 2, 1])
    grown: sitk.Image = sitk.BinaryDilate(
        sitk.Cast(coarse > 0, sitk.sitkUInt8), [max(1, r // 2) for r in radius[:2]] + [radius[2]]
    )
    if shown is None:
        return grown
    whole = sitk.BinShrink(sitk.Cast(shown, sitk.sitkFloat32), [2, 2, 1]) > 1.0 - 1e-6
    both: sitk.Image = sitk.And(grown, whole)
    return both


def _at_spacing(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    factors = [max(1, round(spacing_mm / spacing)) for spacing in image.GetSpacing()]
    shrunk: sitk.Image = sitk.BinShrink(image, factors)
    return shrunk


def _best_starts(fixed: PreparedScan, moving: PreparedScan) -> list[sitk.Euler3DTransform]:
    """Rate every start shift at the coarsest resolution and keep the best two."""
    coarse = tuple(_at_spacing(scan.image, COARSE_LEVELS_MM[0]) for scan in (fixed, moving))
    method = _metric(fixed, moving)
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


def _centre(prepared: PreparedScan) -> list[float]:
    indices = np.argwhere(prepared.body.members[::4, ::8, ::8]) * np.array([4, 8, 8])
    centre = prepared.body.grid.points_from_indices(indices).mean(axis=0)
    return [float(value) for value in centre]


def _metric(fixed: PreparedScan, moving: PreparedScan) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetMetricFixedMask(fixed.mask)
    if moving.imaged_mask is not None:
        method.SetMetricMovingMask(moving.imaged_mask)
    method.SetInterpolator(sitk.sitkLinear)
    # sums over threads differ in the last bits from run to run; one thread gives one answer
    method.SetNumberOfThreads(1)
    method.SetNumberOfWorkUnits(1)
    return method


def _search(
    fixed: PreparedScan,
    moving: PreparedScan,
    start: sitk.Euler3DTransform,
    levels_mm: tuple[float, ...],
) -> tuple[sitk.Euler3DTransform, float]:
    """Refine a start through the resolutions; give the motion and its (negative) information."""
    current, value = sitk.Euler3DTransform(start), 0.0
    for spacing in levels_mm:
        method = _metric(fixed, moving)
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


def _euler_of(motion: RigidTransform, fixed: PreparedScan) -> sitk.Euler3DTransform:
    """Write a motion as SimpleITK does, about the centre of the body."""
    centre = _centre(fixed)
    found = sitk.Euler3DTransform()
    found.SetCenter(centre)
    found.SetMatrix(motion.rotation.ravel().tolist(), 1e-5)
    found.SetTranslation((motion.map_points(centre) - centre).tolist())
    return found


def _inverse(found: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
    """Invert a motion by its transpose: ITK's own inverse of a turn below 1e-308 is NaN."""
    shift = np.array(found.GetTranslation())
    back = sitk.Euler3DTransform()
    back.SetCenter((np.array(found.GetCenter()) + shift).tolist())
    back.SetMatrix(np.array(found.GetMatrix()).reshape(3, 3).T.ravel().tolist())
    back.SetTranslation((-shift).tolist())
    return back


def _rigid(found: sitk.Transform, fixed: PreparedScan, moving: PreparedScan) -> RigidTransform:
    """Read a SimpleITK transform, which carries fixed points to the moving scan."""
    origin = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    axes = [np.array(found.TransformPoint(tuple(row))) - origin for row in np.eye(3)]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack(axes, axis=1), origin
    # a turn that is not a turn shows here: RigidTransform refuses NaN and mirrors
    return RigidTransform(
        matrix=renormalised(matrix), target=moving.volume.grid.frame, source=fixed.volume.grid.frame
    )
