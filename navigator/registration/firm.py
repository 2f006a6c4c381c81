"""A part that keeps its size and shape: a tumour after ablation must not shrink into the scar.

The zone dries and draws together; a field that follows its edge presses the tumour that lies in it,
and the margin about it would be measured too wide. Here each part moves rigidly, by the motion that
lies nearest to the field that was found, and the tissue of the liver about it makes up for the
difference; wall and bone stay as they were found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.errors import StructureRefusedError
from navigator.geometry.pointsets import fit_rigid_matrix
from navigator.imaging.distance import measure_distances_mm
from navigator.model.volume import Mask
from navigator.registration.lattice import read_array, shrink_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Booleans, Floats, Voxels
    from navigator.registration.lattice import Lattice

HELD_STEPS = 1.8
"""Lattice points so far outside a part, in steps, move with it: the cells at its edge are held
whole, a cell's diagonal being 1.73 steps."""
YIELDING_MM = 12.0
"""Over so much more the tissue about it yields."""
BESIDE_LIVER_MM = 4.0
"""Beyond the liver, and the rim that is held, it yields within so much."""
LEAST_POINTS = 4
"""Of a part that can turn; smaller ones are only shifted."""
MOST_PARTS = 20
TOUCHING = np.ones((3, 3, 3), dtype=bool)
SMALLEST_WAY_MM = 0.1


def firm_parts(mask: Mask, lattice: Lattice) -> list[Booleans]:
    """Lay the parts of what is firm on a lattice.

    Parameters
    ----------
    mask : Mask
        Of the planning scan; what does not touch is another part.
    lattice : Lattice
        Of the field.

    Returns
    -------
    list of (z, y, x) array of bool
        For each part the points at least half of which it fills, or half of the most that it fills
        of any; none where the lattice does not reach it.

    Raises
    ------
    StructureRefusedError
        ``firm-in-pieces``.
    """
    pieces, count = ndimage.label(mask.members, TOUCHING)
    if count > MOST_PARTS:
        raise StructureRefusedError(
            code="firm-in-pieces",
            what="What is to keep its shape consists of too many pieces",
            where="--lesion",
            expected=f"at most {MOST_PARTS} lesions",
            got=f"{count} pieces that do not touch",
            next_step="see whether this is the lesion's label, and take single voxels off it",
        )
    parts = []
    for number in range(1, count + 1):
        shares, affine = shrink_mask(Mask(pieces == number, mask.grid))
        there = read_array(shares, affine, lattice, outside_value=0.0)
        parts.append((there > 0.0) & (there >= 0.5 * min(1.0, float(there.max(initial=0.0)))))
    return parts


def hold_firm(
    vectors_mm: Voxels, parts: Sequence[Booleans], yields: Voxels, spacing_mm: float
) -> Voxels:
    """Let each part move as a rigid body.

    Parameters
    ----------
    vectors_mm : (z, y, x, 3) array
        Displacements (z, y, x), millimetres, float32.
    parts : sequence of (z, y, x) array of bool
        Points of each part.
    yields : (z, y, x) array
        How much a point beside them may follow, 0 to 1 (:func:`yielding_tissue`).
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    (z, y, x, 3) array
        The field with the parts' rigid motions in them, as it was from 16 mm beyond them on.

    References
    ----------
    M. Staring, S. Klein, J. P. W. Pluim, Med. Phys. 34 (2007), doi:10.1118/1.2776236: why what is
    firm has to be kept so in a field, there by a penalty, here by construction.
    """
    shape = vectors_mm.shape[:3]
    blended, total = np.zeros_like(vectors_mm), np.zeros(shape, np.float32)
    most, nearest = np.zeros(shape, np.float32), np.full(shape, np.inf, np.float32)
    own = np.zeros_like(vectors_mm)
    for part in parts:
        if not part.any():
            continue
        beyond = measure_distances_mm(part, np.full(3, spacing_mm)) - HELD_STEPS * spacing_mm
        share = _ramp(beyond / YIELDING_MM)
        where = np.nonzero(share)
        points = spacing_mm * np.stack(where, axis=1)
        motion = _nearest_motion(vectors_mm, part, spacing_mm)
        moved = points @ motion[:3, :3].T + motion[:3, 3] - points
        change = (moved - vectors_mm[where]).astype(np.float32)
        # the nearer of two parts has the more to say
        weight = share[where] / (np.maximum(beyond[where], 0) + SMALLEST_WAY_MM) ** 2
        blended[where] += weight[:, None] * change
        total[where] += weight
        most = np.maximum(most, share)
        # and in its own rim the only word
        mine = beyond[where] < np.minimum(nearest[where], SMALLEST_WAY_MM)
        own[tuple(axis[mine] for axis in where)] = change[mine]
        nearest = np.minimum(nearest, beyond)
    blended *= (most * yields / np.maximum(total, np.float32(1e-12)))[..., None]
    held: Voxels = vectors_mm + np.where((nearest <= 0)[..., None], own, blended)
    return held


def yielding_tissue(liver: Booleans, bone: Voxels, spacing_mm: float) -> Voxels:
    """Say which tissue may make up for what is held: the liver's, not wall and bone.

    Parameters
    ----------
    liver : (z, y, x) array of bool
        The liver; all may yield where there is none.
    bone : (z, y, x) array
        Share of each point in bone.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    (z, y, x) array
        0 to 1, float32.
    """
    free: Voxels = (1 - bone).astype(np.float32)
    if liver.any():
        beyond = measure_distances_mm(liver, np.full(3, spacing_mm))
        free *= _ramp(beyond / BESIDE_LIVER_MM)
    return free


def _nearest_motion(vectors_mm: Voxels, part: Booleans, spacing_mm: float) -> Floats:
    """Fit a rigid motion (4, 4) to the field in a part, (z, y, x), millimetres from the corner."""
    points = spacing_mm * np.argwhere(part).astype(np.float64)
    vectors = vectors_mm[part].astype(np.float64)
    spread = np.linalg.matrix_rank(points - points.mean(axis=0))
    if len(points) >= LEAST_POINTS and spread > 1:
        return fit_rigid_matrix(points + vectors, points)
    motion = np.eye(4)
    motion[:3, 3] = vectors.mean(axis=0)
    return motion


def _ramp(share: Voxels) -> Voxels:
    """Fall smoothly from 1 up to 0 to 0 from 1 on."""
    left = np.clip(1 - share, 0, 1)
    fallen: Voxels = (left * left * (3 - 2 * left)).astype(np.float32)
    return fallen
