"""Taking the folds out of a displacement field: tissue neither tears nor passes through itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.blurring import blur
from navigator.imaging.displacing import measure_jacobian

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels

LEAST_JACOBIAN = 0.1
"""Where a lattice cell keeps less of its volume, the field is smoothed."""
MOST_ROUNDS, MOST_PASSES = 30, 3
HELD_ROUNDS, LOOSER = 2, 0.15
"""After so many rounds what was held gives way a little more in each: a few cells are left then."""
ROOM = 12
"""Lattice points about the folds that smoothing may reach."""


def unfold(vectors: Voxels, spacing_mm: float, free: Voxels) -> Voxels:
    """Smooth a field where it folds, and nowhere else, until it folds no more or is given up.

    Parameters
    ----------
    vectors : (z, y, x, 3) array
        Displacements, millimetres, float32.
    spacing_mm : float
        Of the lattice.
    free : (z, y, x) array
        How far each point may be moved, 1 to 0: what was found well is not bent for its
        neighbours, but where nothing else helps.

    Returns
    -------
    (z, y, x, 3) array
        With a Jacobian of at least 0.1 everywhere, or as far as three passes of thirty rounds
        brought it: the gate measures what is left.
    """
    found = np.array(vectors, np.float32)
    for _ in range(MOST_PASSES):
        box = _box_of(measure_jacobian(found, spacing_mm) < LEAST_JACOBIAN)
        if box is None:
            break
        # nothing is smoothed farther off
        _smooth_folds(found[box], spacing_mm, free[box])
    return found


def _smooth_folds(part: Voxels, spacing_mm: float, free: Voxels) -> None:
    """Smooth a part of a field, in place, where it folds."""
    for number in range(MOST_ROUNDS):
        folded = measure_jacobian(part, spacing_mm) < LEAST_JACOBIAN
        if not folded.any():
            break
        near: Voxels = ndimage.maximum_filter(folded.astype(np.float32), 3 + 2 * (number // 4))
        may = np.minimum(free + np.float32(LOOSER * max(0, number - HELD_ROUNDS)), 1)
        share = may * np.clip(2.0 * blur(near, 1.0), 0.0, 1.0)
        for axis in range(3):
            soft = blur(part[..., axis], 1.0 + 0.2 * number)
            part[..., axis] += share * (soft - part[..., axis])


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
