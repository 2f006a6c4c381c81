"""greedy: rigid by mutual information, then deformable by normalised correlation, radius 2.

After the program's documentation: ``-a -dof 6 -m MI -ia-identity``, then ``-m NCC 2x2x2`` with its
default smoothing (1.732 and 0.707 voxels), three levels of 100, 100 and 50 iterations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from picsl_greedy import Greedy3D
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
from with_sitk import image_of

if TYPE_CHECKING:
    from pathlib import Path


def register(request: Request, work: Path) -> Carry:
    planning, body = thinned(read_mha(request["planning"]))
    intraop, _ = thinned(read_mha(request["intraop"]))
    fixed, moving = evenly(planning, WORKING_MM), evenly(intraop, WORKING_MM)
    mask = evenly(Picture(body.astype(np.float32), planning.spacing, planning.origin), WORKING_MM)
    greedy = Greedy3D()
    images = {"fixed": image_of(fixed), "moving": image_of(moving)}
    images["mask"] = sitk.Cast(image_of(mask) > 0.5, sitk.sitkFloat32)
    start = work / "rigid.mat"
    greedy.execute(
        f"-i fixed moving -gm mask -a -dof 6 -m MI -ia-identity -n 100x50x20 -threads 2 -o {start}",
        **images,
    )
    matrix = to_lps(np.loadtxt(start))
    small = cropped(fixed, overlap(fixed, moving, lambda p: p @ matrix[:3, :3].T + matrix[:3, 3]))
    greedy = Greedy3D()
    greedy.execute(
        f"-i fixed moving -it {start} -m NCC 2x2x2 -n 100x100x50 -threads 2 -o warp",
        fixed=image_of(small),
        moving=images["moving"],
        warp=None,
    )
    warp = sitk.GetArrayFromImage(greedy["warp"]).astype(np.float64)

    def carry(points: Array) -> Array:
        # the warp comes first, then the rigid motion
        bent = through_field(warp, small, points)
        return bent @ matrix[:3, :3].T + matrix[:3, 3]

    return carry


FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_lps(matrix: Array) -> Array:
    """Turn greedy's matrix, which acts on RAS millimetres, into one of LPS."""
    return FLIP @ matrix @ FLIP
