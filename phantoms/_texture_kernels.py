"""The compiled inner loop that adds the unevenness of tissue."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phantoms._compiling import compiled
from phantoms._lattice_kernels import point_at
from phantoms._motion_kernels import Chain, pulled

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRIDE = 4
"""Voxels from one place of a row that is led back to the next; straight between them."""


@compiled
def _field_value(field: NDArray[np.float32], x: float, y: float, z: float) -> float:
    size = field.shape[0]
    a, b, c = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = x - a, y - b, z - c
    total = 0.0
    for corner in range(8):
        p, q, r = corner & 1, (corner >> 1) & 1, corner >> 2
        weight = (u if p else 1.0 - u) * (v if q else 1.0 - v) * (w if r else 1.0 - w)
        total += weight * field[(a + p) % size, (b + q) % size, (c + r) % size]
    return total


@compiled
def _lead_back(
    ends: NDArray[np.float64],
    moved: tuple[Chain, tuple[int, int]],
    affine: NDArray[np.float64],
    place: tuple[int, int, int],
    is_next: bool,  # noqa: FBT001 - kernels take all by position
) -> None:
    """Find both ends (2, 3) of a stretch of a row in the source; one is known if it is the next."""
    k, j, i = place
    chain, span = moved
    if is_next:
        ends[0] = ends[1]
    else:
        ends[0, 0], ends[0, 1], ends[0, 2] = pulled(chain, span, point_at(affine, k, j, i))
    ends[1, 0], ends[1, 1], ends[1, 2] = pulled(chain, span, point_at(affine, k, j, i + STRIDE))


@compiled
def add_texture(
    hu: NDArray[np.float32],
    painted: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    texture: tuple[NDArray[np.float64], NDArray[np.float32], float],
    motions: tuple[Chain, NDArray[np.int64]],
    affine: NDArray[np.float64],
) -> None:
    """Add a random field that moves with the tissue, its height by tissue."""
    tissue, carrier = painted
    heights, field, pitch_mm = texture
    chain, first_steps = motions
    ends = np.empty((len(first_steps) - 1, 2, 3))
    known = np.empty(len(first_steps) - 1, dtype=np.int64)
    for k in range(hu.shape[0]):
        for j in range(hu.shape[1]):
            known[:] = -2 * STRIDE
            for i in range(hu.shape[2]):
                height = heights[tissue[k, j, i]]
                if height <= 0.0:
                    continue
                by, start = carrier[k, j, i], i - i % STRIDE
                if known[by] != start:
                    moved = (chain, (first_steps[by], first_steps[by + 1]))
                    is_next = known[by] == start - STRIDE
                    _lead_back(ends[by], moved, affine, (k, j, start), is_next)
                    known[by] = start
                share = (i - start) / STRIDE
                x = (ends[by, 0, 0] + share * (ends[by, 1, 0] - ends[by, 0, 0])) / pitch_mm
                y = (ends[by, 0, 1] + share * (ends[by, 1, 1] - ends[by, 0, 1])) / pitch_mm
                z = (ends[by, 0, 2] + share * (ends[by, 1, 2] - ends[by, 0, 2])) / pitch_mm
                hu[k, j, i] += height * _field_value(field, x, y, z)
