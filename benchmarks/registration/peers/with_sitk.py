"""What the SimpleITK peers share: pictures as images, and a rigid start by mutual information.

Settings after the SimpleITK notebook 60 (registration introduction): Mattes mutual information with
50 bins, scales from the physical shift, shrink factors with smoothing; regular steps from 2 mm on,
as gradient descent at the notebook's learning rate stopped early here. A fifth of the voxels, drawn
at random inside a mask; cubes of 4 mm, shrunk by 2 and 1: cubes of 2 mm cost ten times as much and
found the same motion within 0.1 mm.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from pictures import Array, Carry, Picture, coarse

SHIFTS_MM = tuple(range(-25, 26, 5))
"""A given start is tried at these shifts along the body: a breath is wider than a search."""


def image_of(picture: Picture) -> sitk.Image:
    """Turn a picture into an image."""
    image = sitk.GetImageFromArray(picture.values)
    image.SetSpacing(picture.spacing.tolist())
    image.SetOrigin(picture.origin.tolist())
    return image


def rigid(
    planning: Picture,
    intraop: Picture,
    mask: Array,
    metal_free: Array,
    start: sitk.Euler3DTransform | None = None,
) -> sitk.Euler3DTransform:
    """Find the rigid motion from the planning to the intraoperative scan.

    It starts from no motion at all, unless a start is given, which is changed.
    """
    (planning, mask), (intraop, metal_free) = coarse(planning, mask), coarse(intraop, metal_free)
    fixed, moving = image_of(planning), image_of(intraop)
    if start is None:
        start = sitk.Euler3DTransform()
        start.SetCenter(planning.places()[mask].mean(axis=0).tolist())
    else:
        _best_shifted(start, (fixed, moving), _measure(fixed, moving, mask, metal_free))
    method = _measure(fixed, moving, mask, metal_free)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.01, 200, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([1.0, 0.0])
    method.SetInitialTransform(start, inPlace=True)
    method.Execute(fixed, moving)
    return start


def _measure(
    fixed: sitk.Image, moving: sitk.Image, mask: Array, metal_free: Array
) -> sitk.ImageRegistrationMethod:
    """Set the measure of likeness up."""
    masks = [sitk.GetImageFromArray(each.astype(np.uint8)) for each in (mask, metal_free)]
    for each, like in zip(masks, (fixed, moving), strict=True):
        each.CopyInformation(like)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.2, seed=1)
    method.SetMetricFixedMask(masks[0])
    method.SetMetricMovingMask(masks[1])
    method.SetInterpolator(sitk.sitkLinear)
    return method


def _best_shifted(
    start: sitk.Euler3DTransform,
    images: tuple[sitk.Image, sitk.Image],
    method: sitk.ImageRegistrationMethod,
) -> None:
    """Shift a start along the body to where the scans are most alike."""
    origin, values = np.array(start.GetTranslation()), []
    for shift in SHIFTS_MM:
        start.SetTranslation((origin + np.array([0.0, 0.0, shift])).tolist())
        method.SetInitialTransform(start, inPlace=False)
        values.append(method.MetricEvaluate(*images))
    best = SHIFTS_MM[int(np.argmin(values))]
    start.SetTranslation((origin + np.array([0.0, 0.0, best])).tolist())


def matrix_carry(transform: sitk.Euler3DTransform) -> Carry:
    """Make a fast function that carries points (n, 3) by a rigid transform."""
    turn = np.array(transform.GetMatrix()).reshape(3, 3)
    middle, shift = np.array(transform.GetCenter()), np.array(transform.GetTranslation())
    return lambda points: (np.asarray(points) - middle) @ turn.T + middle + shift
