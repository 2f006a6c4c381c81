"""Where a registration starts: the shifts from which two bodies may overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.model.volume import Mask

AXIAL_OFFSETS_MM = (-60.0, -30.0, 0.0, 30.0, 60.0)
"""Shifts along the body that are tried around each start: a slab may be cut anywhere."""


def find_start_shifts_mm(fixed_body: Mask, moving_body: Mask) -> list[Floats]:
    """List the shifts from which the search shall start.

    Across the body the outlines are centred on each other; along it the slabs' centres and
    ends are laid on each other and moved up and down, for the two scans rarely begin at the
    same slice.

    Parameters
    ----------
    fixed_body, moving_body : Mask
        The body in the two scans.

    Returns
    -------
    list of (3,) array
        moving_from_fixed shifts, millimetres.
    """
    fixed, moving = _extent(fixed_body), _extent(moving_body)
    across = moving[1] - fixed[1]
    axial = {round(float(moving[row, 2] - fixed[row, 2]), 3) for row in range(3)}
    shifts = [
        np.array([across[0], across[1], along + offset])
        for along in sorted(axial)
        for offset in AXIAL_OFFSETS_MM
    ]
    return sorted(shifts, key=lambda shift: float(abs(shift[2] - across[2])))


def _extent(body: Mask) -> Floats:
    """Measure least, mean and greatest coordinates of a body.

    Parameters
    ----------
    body : Mask
        The body.

    Returns
    -------
    (3, 3) array
        Rows least, mean, greatest; millimetres.
    """
    indices = np.argwhere(body.members[::2, ::4, ::4]) * np.array([2, 4, 4])
    points = body.grid.points_from_indices(indices)
    return np.stack([points.min(axis=0), points.mean(axis=0), points.max(axis=0)])
