"""Compiled loops over displacement fields; numpy is their oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Voxels


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_determinants(vectors: Voxels, spacing_mm: float, determinant: Voxels) -> None:
    """Take the determinant of the displaced place's derivative at every point.

    Parameters
    ----------
    vectors : (z, y, x, 3) array
        Displacements (z, y, x), millimetres, float32.
    spacing_mm : float
        Of the lattice.
    determinant : (z, y, x) array
        Written, float32; central differences, one-sided at the border.
    """
    nz, ny, nx, _ = vectors.shape
    slope = np.empty((3, 3))
    for k in range(nz):
        below, above = max(k - 1, 0), min(k + 1, nz - 1)
        for j in range(ny):
            front, behind = max(j - 1, 0), min(j + 1, ny - 1)
            for i in range(nx):
                right, left = max(i - 1, 0), min(i + 1, nx - 1)
                for row in range(3):
                    slope[row, 0] = (vectors[above, j, i, row] - vectors[below, j, i, row]) / (
                        max(above - below, 1) * spacing_mm
                    )
                    slope[row, 1] = (vectors[k, behind, i, row] - vectors[k, front, i, row]) / (
                        max(behind - front, 1) * spacing_mm
                    )
                    slope[row, 2] = (vectors[k, j, left, row] - vectors[k, j, right, row]) / (
                        max(left - right, 1) * spacing_mm
                    )
                    slope[row, row] += 1.0
                determinant[k, j, i] = (
                    slope[0, 0] * (slope[1, 1] * slope[2, 2] - slope[1, 2] * slope[2, 1])
                    - slope[0, 1] * (slope[1, 0] * slope[2, 2] - slope[1, 2] * slope[2, 0])
                    + slope[0, 2] * (slope[1, 0] * slope[2, 1] - slope[1, 1] * slope[2, 0])
                )
