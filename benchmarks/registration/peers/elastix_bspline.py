"""elastix: Euler, then a cubic B-spline, mutual information, adaptive stochastic gradient descent.

The default parameter maps "rigid" and "bspline" of elastix, with 3 and 4 resolutions, a final grid
of 12 mm and 500 iterations, without the bending penalty of the second; masks in which metal and
what lies outside the body is left out, and between the two a cut to what both scans show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import itk
import numpy as np
from pictures import Array, Carry, Picture, Request, cropped, overlap, read_mha, thinned

if TYPE_CHECKING:
    from pathlib import Path

Itk: TypeAlias = Any
"""ITK's classes are made while it runs and have no names for a checker."""


def image_of(picture: Picture, kind: type) -> Itk:
    image = itk.image_from_array(np.ascontiguousarray(picture.values.astype(kind)))
    image.SetSpacing(picture.spacing.tolist())
    image.SetOrigin(picture.origin.tolist())
    return image


def parameters(name: str, resolutions: int) -> Itk:
    chosen = itk.ParameterObject.GetDefaultParameterMap(name, resolutions, 12.0)
    chosen["AutomaticTransformInitialization"] = ["false"]
    chosen["MaximumNumberOfIterations"] = ["500"]
    chosen["ErodeMask"] = ["false"]
    chosen["RequiredRatioOfValidSamples"] = ["0.05"]
    chosen["WriteResultImage"] = ["false"]
    if name == "bspline":
        chosen["Registration"] = ["MultiResolutionRegistration"]
        chosen["Metric"] = ["AdvancedMattesMutualInformation"]
        chosen.pop("Metric0Weight", None)
        chosen.pop("Metric1Weight", None)
    both = itk.ParameterObject.New()
    both.AddParameterMap(chosen)
    return both


def found_by(
    images: tuple[Picture, Picture],
    masks: tuple[Picture, Picture],
    settings: Itk,
    start: Itk = None,
) -> Itk:
    """Run one stage; the next one goes on from its transform."""
    method = itk.ElastixRegistrationMethod.New(
        image_of(images[0], np.float32),
        image_of(images[1], np.float32),
        fixed_mask=image_of(masks[0], np.uint8),
        moving_mask=image_of(masks[1], np.uint8),
        parameter_object=settings,
        log_to_console=False,
        number_of_threads=2,
    )
    if start is not None:
        method.SetInitialTransformParameterObject(start)
    method.Update()
    return method.GetTransformParameterObject()


def register(request: Request, work: Path) -> Carry:
    planning, body = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    masks = [
        Picture(mask, picture.spacing, picture.origin)
        for picture, mask in ((planning, body), (intraop, sound))
    ]
    first = found_by((planning, intraop), masks, parameters("rigid", 3))
    box = overlap(planning, intraop, carrier(first, intraop, work))
    found = found_by(
        (cropped(planning, box), intraop),
        (cropped(masks[0], box), masks[1]),
        parameters("bspline", 4),
        first,
    )
    return carrier(found, intraop, work)


def carrier(found: Itk, intraop: Picture, work: Path) -> Carry:
    """Carry points from the fixed to the moving image by a transform and those before it."""
    moving = image_of(intraop, np.float32)

    def carry(points: Array) -> Array:
        listed = work / "points.txt"
        rows = "\n".join(" ".join(f"{x:.6f}" for x in point) for point in points)
        listed.write_text(f"point\n{len(points)}\n{rows}\n", encoding="ascii")
        itk.transformix_pointset(
            moving,
            found,
            fixed_point_set_file_name=str(listed),
            output_directory=str(work),
            log_to_console=False,
        )
        told = (work / "outputpoints.txt").read_text(encoding="ascii").splitlines()
        words = [line.split("OutputPoint = [")[1].split("]")[0].split() for line in told if line]
        return np.array(words, dtype=float)

    return carry
