"""Taking the folds out of a displacement field: tissue neither tears nor passes through itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.displacing import measure_jacobian

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels

LEAST_JACOBIAN = 0.1
"""Where a lattice cell keeps less of its volume, the field is smoothed."""
MOST_ROUNDS = 30
ROOM = 12
"""Lattice points about the folds that smoothing may reach."""


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
    found = np.array(vectors, np.float32)
    box = _box_of(measure_jacobian(found, spacing_mm) < LEAST_JACOBIAN)
    if box is None:
        return found
    # nothing is smoothed farther off
    part = found[box]
    for number in range(MOST_ROUNDS):
        folded = measure_jacobian(part, spacing_mm) < LEAST_JACOBIAN
        if not folded.any():
            break
        near: Voxels = ndimage.maximum_filter(folded.astype(np.float32), 3 + 2 * (number // 4))
        share = np.clip(2.0 * ndimage.gaussian_filter(near, 1.0), 0.0, 1.0)[..., None]
        width = (1.0 + 0.2 * number,) * 3 + (0.0,)
        soft = ndimage.gaussian_filter(part, width, mode="nearest", truncate=3.0)
        part += share * (soft - part)
    return found


def _box_of(folded: Booleans) -> tuple[slice, slice, slice] | None:
    """Find the box about all folds, with room for smoothing; None without folds."""
    spans = []
    for axis in range(3):
        other = tuple(a for a in range(3) if a != axis)
        places = np.flatnonzero(folded.any(axis=other))
        if not len(places):
            return None
        spans.append(slice(max(0, int(places[0]) - ROOM), int(places[-1]) + ROOM + 1))
    return spans[0], spans[1], spans[2]
