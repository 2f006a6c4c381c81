"""greedy: SimpleITK's rigid motion of the liver, then normalised correlation, radius 2.

After the program's documentation: ``-m NCC 2x2x2`` with its default smoothing (1.732 and 0.707
voxels), three levels of 100, 100 and 50 iterations; streaks are left out of the moving scan by its
mask.
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
from sitk_rigid_liver import register as rigid_on_liver
from with_sitk import image_of

if TYPE_CHECKING:
    from pathlib import Path


def register(request: Request, work: Path) -> Carry:
    planning, _ = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    fixed, moving = evenly(planning, WORKING_MM), evenly(intraop, WORKING_MM)
    clean = evenly(Picture(sound.astype(np.float32), intraop.spacing, intraop.origin), WORKING_MM)
    carry_first = rigid_on_liver(request, work)
    matrix = np.eye(4)
    matrix[:3, 3] = carry_first(np.zeros((1, 3)))[0]
    matrix[:3, :3] = (carry_first(np.eye(3)) - matrix[:3, 3]).T
    start = work / "rigid.mat"
    np.savetxt(start, to_ras(matrix))
    small = cropped(fixed, overlap(fixed, moving, carry_first))
    greedy = Greedy3D()
    greedy.execute(
        f"-i fixed moving -it {start} -mm sound -m NCC 2x2x2 -n 100x100x50 -threads 2 -o warp",
        fixed=image_of(small),
        moving=image_of(moving),
        sound=sitk.Cast(image_of(clean) > 0.5, sitk.sitkFloat32),
        warp=None,
    )
    warp = sitk.GetArrayFromImage(greedy["warp"]).astype(np.float64)

    def carry(points: Array) -> Array:
        # the warp comes first, then the rigid motion
        bent = through_field(warp, small, points)
        return carry_first(bent)

    return carry


FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_ras(matrix: Array) -> Array:
    """Turn a matrix of LPS millimetres into greedy's, which acts on RAS."""
    return FLIP @ matrix @ FLIP
