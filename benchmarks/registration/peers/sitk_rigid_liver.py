"""SimpleITK: rigid over the body, then over the liver and 12 mm about it.

The second search starts from the best of eleven shifts along the body: a breath is wider than
its reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pictures import Carry, Request, read_mha, thinned
from scipy import ndimage
from with_sitk import matrix_carry, rigid

if TYPE_CHECKING:
    from pathlib import Path


def register(request: Request, _work: Path) -> Carry:
    planning, body = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    liver = read_mha(request["liver"])
    index = liver.index(planning.places().reshape(-1, 3))
    shape = planning.values.shape
    inside = ndimage.map_coordinates(liver.values, index, order=0).reshape(shape) > 0
    near = ndimage.distance_transform_edt(~inside, sampling=planning.spacing[::-1]) < 12.0
    start = rigid(planning, intraop, body, sound)
    return matrix_carry(rigid(planning, intraop, np.asarray(near), sound, start))
