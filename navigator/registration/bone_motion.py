"""The motion of the bones, beside that of the body: ribs and plate live in it.

The organs fill most of a scan of the upper abdomen, and a motion of the whole follows them where
they have slid. Ribs resemble each other, so every height at which they correlate is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration._warp_kernels import carry_scan
from navigator.registration.body_motion import NO_DISPLACEMENT, fit_motion, index_affine
from navigator.registration.correlation import find_shifts
from navigator.registration.lattice import LatticeImage
from navigator.registration.levels import cut_image

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Voxels
    from navigator.registration.body_motion import FoundMotion
    from navigator.registration.correlation import ShiftPeak

AROUND_BONE_MM = 6.0
"""An edge is seen from both sides."""
LESS_PER_MM = 0.001
"""Of the correlation, for every millimetre between bones and body: one rib resembles the next, and
organs slide by half of their distance at most."""
SAME_MM = 5.0
FOLLOWS = 1.1
"""A dense piece that the bones' motion fits worse than the body's by this factor is no bone."""
MOST_DIFFERENCE_HU = 150.0
LARGEST_SLIDE_MM = 60.0
"""Between body and organs or bones: a deep breath moves a liver by 40 mm at most, and two ribs
higher or lower are as far."""


@dataclass(frozen=True, slots=True)
class BoneMotion:
    """The motion of the bones, and whether it is the only one.

    Parameters
    ----------
    motion : FoundMotion
        That of the bones.
    lead_score : float
        By how much its correlation lies above that of the best other one; below zero where it
        was preferred for being nearer.
    """

    motion: FoundMotion
    lead_score: float


def find_local_shifts(
    planning: LatticeImage, new: LatticeImage, matrix: Floats, chosen: Voxels
) -> list[ShiftPeak]:
    """Find the shifts that lay a part of the planning scan on the new one, after a rigid motion.

    Parameters
    ----------
    planning, new : LatticeImage
        Both scans, one spacing.
    matrix : (4, 4) array
        intraop_from_planning so far, LPS millimetres.
    chosen : (z, y, x) array
        1 at the part's points, else 0.

    Returns
    -------
    list of ShiftPeak
        Shifts of the planning scan before the motion, (z, y, x), best first.
    """
    shape = planning.values.shape
    carried, seen = np.empty(shape, np.float32), np.empty(shape, np.float32)
    everywhere = np.ones(shape, np.float32)
    affine = index_affine(planning, new, matrix)
    carry_scan(new.values, new.weights, affine, NO_DISPLACEMENT, everywhere, carried, seen)
    used = np.argwhere(chosen > 0)
    if not len(used):
        return []
    lattice = planning.lattice
    low = lattice.origin_mm + lattice.spacing_mm * used.min(axis=0)
    high = lattice.origin_mm + lattice.spacing_mm * used.max(axis=0)
    part, _ = cut_image(replace(planning, weights=chosen), low, high)
    there = LatticeImage(values=carried, weights=seen, lattice=lattice)
    around_it, _ = cut_image(there, low - LARGEST_SLIDE_MM, high + LARGEST_SLIDE_MM)
    return find_shifts(part, around_it)


def find_bone_motion(
    planning: dict[float, LatticeImage],
    new: dict[float, LatticeImage],
    body: Floats,
    bone: dict[float, Voxels],
) -> BoneMotion | None:
    """Search the motion of the bones from that of the body.

    Parameters
    ----------
    planning, new : dict of float to LatticeImage
        Both scans by spacing, coarse first.
    body : (4, 4) array
        intraop_from_planning of the body, LPS millimetres.
    bone : dict of float to (z, y, x) array
        How much each point counts, by spacing: bone and what lies around it.

    Returns
    -------
    BoneMotion or None
        None where the scan shows too little bone.
    """
    first = next(iter(planning))
    peaks = find_local_shifts(planning[first], new[first], body, bone[first])
    starts = [np.zeros(3), *(peak.shift_mm for peak in peaks)]
    found = [_refined(planning, new, body @ _shifted(start), bone) for start in starts]
    best = [motion for motion in found if motion is not None]
    lattice = planning[first].lattice
    middle = np.append(0.5 * (lattice.origin_mm + lattice.end_mm)[::-1], 1.0)

    def credit(motion: FoundMotion) -> float:
        way = float(np.linalg.norm((motion.matrix - body) @ middle))
        return motion.correlation - LESS_PER_MM * way

    if not best:
        return None
    chosen = max(best, key=credit)
    others = [
        motion.correlation
        for motion in best
        if np.linalg.norm((motion.matrix - chosen.matrix) @ middle) > SAME_MM
    ]
    return BoneMotion(motion=chosen, lead_score=chosen.correlation - max(others, default=-1.0))


def _shifted(shift_mm: Floats) -> Floats:
    """Write a shift (z, y, x) as a (4, 4) motion."""
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm[::-1]
    return matrix


def _refined(
    planning: dict[float, LatticeImage],
    new: dict[float, LatticeImage],
    start: Floats,
    bone: dict[float, Voxels],
) -> FoundMotion | None:
    """Refine a start through the spacings."""
    found = None
    for spacing, image in planning.items():
        matrix = start if found is None else found.matrix
        found = fit_motion(image, new[spacing], matrix, chosen=bone[spacing])
        if found is None:
            return None
    return found


def around(bone: Booleans, spacing_mm: float) -> Voxels:
    """Take bone and what lies around it, as weights (z, y, x)."""
    rounds = max(1, round(AROUND_BONE_MM / spacing_mm))
    grown: Voxels = ndimage.binary_dilation(bone, iterations=rounds).astype(np.float32)
    return grown


def keep_what_follows(
    bone: Booleans, planning: LatticeImage, new: LatticeImage, body: Floats, bones: Floats
) -> Booleans:
    """Drop dense pieces that follow the body better than the bones: kidneys full of contrast.

    Parameters
    ----------
    bone : (z, y, x) array of bool
        All that is dense.
    planning, new : LatticeImage
        Both scans, one spacing.
    body, bones : (4, 4) array
        Both motions, LPS millimetres.

    Returns
    -------
    (z, y, x) array of bool
        The rest of it.
    """
    pieces, count = ndimage.label(ndimage.binary_dilation(bone))
    differences, seen = zip(
        *(_difference(planning, new, matrix) for matrix in (body, bones)), strict=True
    )
    both = (seen[0] & seen[1]).ravel()
    by_body, by_bones = (
        np.bincount(pieces.ravel(), each.ravel() * both, count + 1) for each in differences
    )
    keeps = by_bones <= FOLLOWS * by_body
    keeps[0] = False
    kept: Booleans = bone & keeps[pieces]
    return kept


def _difference(
    planning: LatticeImage, new: LatticeImage, matrix: Floats
) -> tuple[Voxels, Booleans]:
    """Give the clipped difference of both scans under a motion, and where it was seen."""
    shape = planning.values.shape
    carried, seen = np.empty(shape, np.float32), np.empty(shape, np.float32)
    affine = index_affine(planning, new, matrix)
    carry_scan(new.values, new.weights, affine, NO_DISPLACEMENT, planning.weights, carried, seen)
    used = seen > 0
    gap = np.minimum(np.abs(carried - planning.values), MOST_DIFFERENCE_HU)
    return np.where(used, gap, 0.0), used
