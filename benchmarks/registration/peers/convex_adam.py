"""convexAdam: SimpleITK's rigid motion of the liver first, then coupled convex search, then Adam.

The package's default parameters (Siebert, Grossbroehmer, Hansen, Heinrich, ConvexAdam,
doi:10.1109/TMI.2024.3480998) on cubes of 2 mm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from convexAdam.convex_adam_MIND import convex_adam_pt
from pictures import (
    WORKING_MM,
    Carry,
    Request,
    cropped,
    evenly,
    overlap,
    read_mha,
    thinned,
    through_field,
)
from sitk_demons import resliced
from sitk_rigid_liver import register as rigid_on_liver

if TYPE_CHECKING:
    from pathlib import Path

torch.set_num_threads(2)


def register(request: Request, work: Path) -> Carry:
    planning, _ = thinned(read_mha(request["planning"]))
    intraop, _ = thinned(read_mha(request["intraop"]))
    carry = rigid_on_liver(request, work)
    fixed = evenly(planning, WORKING_MM)
    fixed = cropped(fixed, overlap(fixed, intraop, carry))
    moved = resliced(intraop, carry, fixed)
    voxels = convex_adam_pt(
        img_fixed=fixed.values,
        img_moving=moved.values,
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    # components along k, j, i in voxels become x, y, z in millimetres
    field = np.asarray(voxels)[..., ::-1] * WORKING_MM
    return lambda points: carry(through_field(field, fixed, points))
