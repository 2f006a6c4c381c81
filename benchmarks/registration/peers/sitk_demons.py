"""SimpleITK: rigid, then fast symmetric forces demons at 8, 4 and 2 mm.

Multi-resolution demons after SimpleITK notebook 66 (registration_demons); histograms matched first,
as demons take equal values for equal tissue. Metal is filled with the liver's mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from pictures import (
    WORKING_MM,
    Array,
    Carry,
    Picture,
    Request,
    cropped,
    evenly,
    overlap,
    read_mha,
    thinned,
    through_field,
)
from scipy import ndimage
from with_sitk import image_of, matrix_carry, rigid

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ((4, 60), (2, 60), (1, 40))
"""Shrink factor and iterations."""
SMOOTH_VOXELS = 1.5


def register(request: Request, _work: Path) -> Carry:
    planning, body = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    carry = matrix_carry(rigid(planning, intraop, body, sound))
    fixed = evenly(planning, WORKING_MM)
    fixed = cropped(fixed, overlap(fixed, intraop, carry))
    moved = resliced(intraop, carry, fixed)
    field = demons(image_of(fixed), image_of(moved))
    return lambda points: carry(through_field(field, fixed, points))


def resliced(intraop: Picture, carry: Carry, frame: Picture) -> Picture:
    """Read a picture at the places that a motion brings a frame's voxels to."""
    values = np.where(intraop.values >= 399.0, 60.0, intraop.values)
    index = intraop.index(carry(frame.places().reshape(-1, 3)))
    read = ndimage.map_coordinates(values, index, order=1, mode="nearest")
    return Picture(read.reshape(frame.values.shape), frame.spacing, frame.origin)


def demons(fixed: sitk.Image, moving: sitk.Image) -> Array:
    moving = sitk.HistogramMatching(moving, fixed, 256, 10, thresholdAtMeanIntensity=True)
    field = None
    for factor, iterations in LEVELS:
        small = [sitk.BinShrink(each, [factor] * 3) for each in (fixed, moving)]
        method = sitk.FastSymmetricForcesDemonsRegistrationFilter()
        method.SetNumberOfIterations(iterations)
        method.SmoothDisplacementFieldOn()
        method.SetStandardDeviations(SMOOTH_VOXELS)
        if field is None:
            field = method.Execute(*small)
        else:
            start = sitk.Resample(field, small[0], sitk.Transform(), sitk.sitkLinear, 0.0)
            field = method.Execute(*small, start)
    return sitk.GetArrayFromImage(field)
