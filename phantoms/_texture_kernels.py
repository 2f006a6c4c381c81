"""The compiled inner loop that adds the unevenness of tissue."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phantoms._kernels import compiled, point_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@compiled
def _lattice_value(lattice: NDArray[np.float32], x: float, y: float, z: float) -> float:
    size = lattice.shape[0]
    a, b, c = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = x - a, y - b, z - c
    total = 0.0
    for corner in range(8):
        p, q, r = corner & 1, (corner >> 1) & 1, corner >> 2
        weight = (u if p else 1.0 - u) * (v if q else 1.0 - v) * (w if r else 1.0 - w)
        total += weight * lattice[(a + p) % size, (b + q) % size, (c + r) % size]
    return total


@compiled
def add_texture(
    hu: NDArray[np.float32],
    tissue: NDArray[np.uint8],
    amplitude_hu: NDArray[np.float64],
    lattice: NDArray[np.float32],
    lattice_from_index: NDArray[np.float64],
) -> None:
    """Add a random field that moves with the patient, its height by tissue."""
    for k in range(hu.shape[0]):
        for j in range(hu.shape[1]):
            for i in range(hu.shape[2]):
                height = amplitude_hu[tissue[k, j, i]]
                if height > 0.0:
                    x, y, z = point_at(lattice_from_index, k, j, i)
                    hu[k, j, i] += height * _lattice_value(lattice, x, y, z)
