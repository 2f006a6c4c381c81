"""Taking the folds out of a displacement field: tissue neither tears nor passes through itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.displacing import measure_jacobian

if TYPE_CHECKING:
    from navigator.arrays import Voxels

LEAST_JACOBIAN = 0.1
"""Where a lattice cell keeps less of its volume, the field is smoothed."""
MOST_ROUNDS = 30


def unfold(vectors: Voxels, spacing_mm: float) -> Voxels:
    """Smooth a field where it folds, and nowhere else, until it folds no more or is given up.

    Parameters
    ----------
    vectors : (z, y, x, 3) array
        Displacements, millimetres, float32.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    (z, y, x, 3) array
        With a Jacobian of at least 0.1 everywhere, or as far as thirty rounds brought it: the
        gate measures what is left.
    """
    found = vectors
    for number in range(MOST_ROUNDS):
        folded = measure_jacobian(found, spacing_mm) < LEAST_JACOBIAN
        if not folded.any():
            return found
        near: Voxels = ndimage.maximum_filter(folded.astype(np.float32), 3 + 2 * (number // 4))
        share = np.clip(2.0 * ndimage.gaussian_filter(near, 1.0), 0.0, 1.0)[..., None]
        soft: Voxels = np.stack(
            [
                ndimage.gaussian_filter(found[..., axis], 1.0 + 0.2 * number, mode="nearest")
                for axis in range(3)
            ],
            axis=-1,
        )
        found = (found + share * (soft - found)).astype(np.float32)
    return found
