"""ANTs: rigid, then SyN, mutual information (``type_of_transform="SyNOnly"``, 32 bins).

The defaults of antsRegistration as ANTsPy sets them: gradient step 0.2, flow sigma 3, total sigma
0; 40, 20 and 10 iterations at shrink factors 4, 2 and 1, with masks without metal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ants
import numpy as np
import pandas as pd
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
)

if TYPE_CHECKING:
    from pathlib import Path


def image_of(picture: Picture) -> ants.ANTsImage:
    return ants.from_numpy(
        np.ascontiguousarray(picture.values.astype(np.float32).transpose(2, 1, 0)),
        origin=picture.origin.tolist(),
        spacing=picture.spacing.tolist(),
    )


def register(request: Request, work: Path) -> Carry:
    planning, body = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    fixed, moving = evenly(planning, WORKING_MM), evenly(intraop, WORKING_MM)

    def mask_of(mask: Array, of: Picture) -> Picture:
        cubes = evenly(Picture(mask.astype(np.float32), of.spacing, of.origin), WORKING_MM)
        return Picture((cubes.values > 0.5).astype(np.float32), cubes.spacing, cubes.origin)

    whole, clean = mask_of(body, planning), mask_of(sound, intraop)
    images = {"moving": image_of(moving), "moving_mask": image_of(clean)}
    first = ants.registration(
        image_of(fixed),
        images["moving"],
        type_of_transform="Rigid",
        initial_transform="Identity",
        mask=image_of(whole),
        moving_mask=images["moving_mask"],
        aff_metric="mattes",
        aff_random_sampling_rate=0.1,
        random_seed=1,
        outprefix=str(work / "rigid"),
    )["fwdtransforms"]
    carry_first = carrier(first)
    box = overlap(fixed, moving, carry_first)
    found = ants.registration(
        image_of(cropped(fixed, box)),
        images["moving"],
        type_of_transform="SyNOnly",
        initial_transform=first[0],
        mask=image_of(cropped(whole, box)),
        moving_mask=images["moving_mask"],
        mask_all_stages=True,
        syn_metric="mattes",
        syn_sampling=32,
        reg_iterations=(40, 20, 10),
        random_seed=1,
        outprefix=str(work / "syn"),
    )["fwdtransforms"]
    return carrier(found)


def carrier(transforms: list[str]) -> Carry:
    """Carry points from the fixed to the moving image: in ANTs the way that images come."""

    def carry(points: Array) -> Array:
        table = pd.DataFrame(np.asarray(points, dtype=float), columns=["x", "y", "z"])
        moved = ants.apply_transforms_to_points(3, table, transforms)
        return moved[["x", "y", "z"]].to_numpy()

    return carry
