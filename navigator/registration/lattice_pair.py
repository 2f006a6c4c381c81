"""Both scans on lattices of all spacings, and the motion of the body between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.registration.body_motion import fit_motion
from navigator.registration.correlation import find_shifts
from navigator.registration.lattice import (
    LatticeImage,
    lattice_over,
    read_array,
    read_scan,
    shrink_mask,
    shrink_scan,
)
from navigator.registration.levels import coarser_image

if TYPE_CHECKING:
    from navigator.arrays import Voxels
    from navigator.model.volume import Mask, Volume
    from navigator.registration.body_motion import FoundMotion

COARSE_MM, MIDDLE_MM, FINE_MM = 8.0, 5.0, 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticePair:
    """Both scans by spacing, and the liver.

    Parameters
    ----------
    planning, new : dict of float to LatticeImage
        By spacing, coarse first.
    liver : (z, y, x) array or None
        Share of each planning point in the liver, at the finest spacing.
    """

    planning: dict[float, LatticeImage]
    new: dict[float, LatticeImage]
    liver: Voxels | None


def lay_lattices(planning: Volume, intraop: Volume, liver: Mask | None) -> LatticePair:
    """Shrink both scans and lay them on lattices of all spacings.

    Parameters
    ----------
    planning, intraop : Volume
        The two scans.
    liver : Mask or None
        The liver of the planning scan.

    Returns
    -------
    LatticePair
        The whole of both.
    """
    levels = []
    for scan in (planning, intraop):
        shrunk = shrink_scan(scan)
        fine = read_scan(shrunk, lattice_over(shrunk, FINE_MM))
        levels.append(
            {spacing: coarser_image(fine, spacing) for spacing in (COARSE_MM, MIDDLE_MM)}
            | {FINE_MM: fine}
        )
    of_liver = None
    if liver is not None:
        shares, affine = shrink_mask(liver)
        of_liver = read_array(shares, affine, levels[0][FINE_MM].lattice, outside_value=0.0)
    return LatticePair(planning=levels[0], new=levels[1], liver=of_liver)


def find_body_motion(pair: LatticePair) -> FoundMotion | None:
    """Search the body's rigid motion: by correlation, then by Gauss-Newton at two spacings.

    Parameters
    ----------
    pair : LatticePair
        Both scans.

    Returns
    -------
    FoundMotion or None
        That of the best peak; None where nothing is in common.
    """
    found = []
    for peak in find_shifts(pair.planning[COARSE_MM], pair.new[COARSE_MM]):
        matrix = np.eye(4)
        matrix[:3, 3] = peak.shift_mm[::-1]
        motion = None
        for spacing in (COARSE_MM, MIDDLE_MM):
            motion = fit_motion(pair.planning[spacing], pair.new[spacing], matrix)
            if motion is None:
                break
            matrix = motion.matrix
        if motion is not None:
            found.append(motion)
    return max(found, key=lambda motion: motion.correlation) if found else None
