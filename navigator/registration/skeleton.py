"""Whether two scans show one skeleton: a name in a header may be wrong, bones are not.

Patients of like build resemble each other in their soft tissue, and phantoms of one generator do so
the more. No other person's ribs and spine lie at the same places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.registration.body_motion import fit_motion
from navigator.registration.bone_motion import around
from navigator.registration.lattice import read_array
from navigator.registration.lattice_pair import FINE_MM, MIDDLE_MM, lay_lattices
from navigator.registration.layers import SURE_BONE_HU, SURE_CORTEX_HU, find_bone

if TYPE_CHECKING:
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.volume import Volume


def measure_bone_correlation(
    planning: Volume, intraop: Volume, intraop_from_planning: RigidTransform
) -> float | None:
    """Fit the bones alone, from a motion that was found, and say how well they fit.

    Parameters
    ----------
    planning, intraop : Volume
        The two scans, sheared ones too.
    intraop_from_planning : RigidTransform
        The motion of the body.

    Returns
    -------
    float or None
        Pearson's r over bone and 6 mm about it; None where both scans share too little bone.
    """
    pair = lay_lattices(planning, intraop, None)
    fine = pair.planning[FINE_MM]
    sure = find_bone(fine, None, bone_hu=SURE_BONE_HU, cortex_hu=SURE_CORTEX_HU)
    share, affine = around(sure, FINE_MM), fine.lattice.lps_from_index()
    matrix = np.asarray(intraop_from_planning.matrix)
    found = None
    for spacing in (MIDDLE_MM, FINE_MM):
        image = pair.planning[spacing]
        chosen = read_array(share, affine, image.lattice, outside_value=0.0) > 0.3
        weights = chosen.astype(np.float32) * image.weights
        found = fit_motion(image, pair.new[spacing], matrix, chosen=weights)
        if found is None:
            return None
        matrix = found.matrix
    return None if found is None else found.correlation
