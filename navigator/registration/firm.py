"""A part that keeps its size and shape: a tumour after ablation must not shrink into the scar.

The zone dries and draws together; a field that follows its edge presses the tumour that lies in it,
and the margin about it would be measured too wide. Here each part moves rigidly, by the motion that
lies nearest to the field that was found, and the tissue about it makes up for the difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.geometry.pointsets import fit_rigid_matrix
from navigator.imaging.distance import measure_distances_mm
from navigator.registration.lattice import read_array, shrink_mask

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Voxels
    from navigator.model.volume import Mask
    from navigator.registration.lattice import Lattice

HELD_STEPS = 1.8
"""Lattice points so far outside the part, in steps, move with it: the cells at its edge are held
whole, a cell's diagonal being 1.73 steps."""
YIELDING_MM = 12.0
"""Over so much more the tissue about it yields."""
LEAST_POINTS = 4
"""Of a part that can turn; smaller ones are only shifted."""
TOUCHING = np.ones((3, 3, 3), dtype=bool)


def firm_points(mask: Mask, lattice: Lattice) -> Booleans:
    """Lay what is firm on a lattice.

    Parameters
    ----------
    mask : Mask
        Of the planning scan.
    lattice : Lattice
        Of the field.

    Returns
    -------
    (z, y, x) array of bool
        Points at least half of which is firm, or half of the most that any is; none where the
        lattice does not reach it.
    """
    shares, affine = shrink_mask(mask)
    there = read_array(shares, affine, lattice, outside_value=0.0)
    most = float(there.max(initial=0.0))
    firm: Booleans = there >= 0.5 * min(1.0, most) if most > 0.0 else there > 0.0
    return firm


def hold_firm(vectors_mm: Voxels, firm: Booleans, spacing_mm: float) -> Voxels:
    """Let each part move as a rigid body.

    Parameters
    ----------
    vectors_mm : (z, y, x, 3) array
        Displacements (z, y, x), millimetres, float32.
    firm : (z, y, x) array of bool
        Points of the parts; what does not touch is another part.
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
    parts, count = ndimage.label(firm, TOUCHING)
    change, weight = np.zeros_like(vectors_mm), np.zeros(firm.shape, np.float32)
    for number in range(1, count + 1):
        part = parts == number
        motion = _nearest_motion(vectors_mm, part, spacing_mm)
        share = _yielding(measure_distances_mm(part, np.full(3, spacing_mm)), spacing_mm)
        where = np.nonzero(share)
        points = spacing_mm * np.stack(where, axis=1)
        moved = points @ motion[:3, :3].T + motion[:3, 3] - points
        change[where] += share[where][:, None] * (moved - vectors_mm[where]).astype(np.float32)
        weight[where] += share[where]
    # between two parts each gives way
    change /= np.maximum(weight, np.float32(1.0))[..., None]
    return vectors_mm + change


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


def _yielding(distance_mm: Voxels, spacing_mm: float) -> Voxels:
    """Fall smoothly from 1 at the part to 0 where nothing is held."""
    left = np.clip(1 - (distance_mm - HELD_STEPS * spacing_mm) / YIELDING_MM, 0, 1)
    share: Voxels = (left * left * (3 - 2 * left)).astype(np.float32)
    return share
