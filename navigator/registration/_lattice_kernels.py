"""Compiled loops that shrink a scan and read it on an upright lattice; numpy is their oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels


@numba.njit(cache=True, nogil=True, error_model="numpy")
def shrink_clipped(
    values_hu: Voxels,
    factors: tuple[int, int, int],
    window_hu: tuple[float, float],
    least_hu: float,
    metal_hu: float,
) -> tuple[Voxels, Voxels, Voxels]:
    """Average a scan over blocks of voxels, clipped first, and tell what each block shows.

    Parameters
    ----------
    values_hu : (k, j, i) array
        The scan, float32.
    factors : tuple of three int
        Voxels per block along (k, j, i); what is left over at the end is dropped.
    window_hu : (low, high)
        Values are clipped to it.
    least_hu : float
        Below it a voxel is padding: it was not imaged.
    metal_hu : float
        Above it a voxel is metal.

    Returns
    -------
    means, imaged, metal : (m, n, o) array
        Means in HU, float32; the share of each block that was imaged, and that is metal.
    """
    fk, fj, fi = factors
    shape = (values_hu.shape[0] // fk, values_hu.shape[1] // fj, values_hu.shape[2] // fi)
    low, high = np.float32(window_hu[0]), np.float32(window_hu[1])
    means = np.empty(shape, np.float32)
    imaged = np.empty(shape, np.float32)
    metal = np.empty(shape, np.float32)
    share = 1.0 / (fk * fj * fi)
    for k in range(shape[0]):
        for j in range(shape[1]):
            for i in range(shape[2]):
                total = np.float32(0.0)
                seen = 0
                dense = 0
                for c in range(k * fk, (k + 1) * fk):
                    for b in range(j * fj, (j + 1) * fj):
                        for a in range(i * fi, (i + 1) * fi):
                            value = values_hu[c, b, a]
                            if value >= least_hu:
                                seen += 1
                                dense += value > metal_hu
                                total += min(max(value, low), high)
                means[k, j, i] = total / seen if seen > 0 else low
                imaged[k, j, i] = seen * share
                metal[k, j, i] = dense * share
    return means, imaged, metal


@numba.njit(cache=True, nogil=True, error_model="numpy")
def average_blocks(
    values: Voxels, factors: tuple[int, int, int], shape: tuple[int, int, int]
) -> Voxels:
    """Average an array over blocks; beyond its end there is nothing.

    Parameters
    ----------
    values : (k, j, i) array
        Any numbers.
    factors : tuple of three int
        Values per block along (k, j, i).
    shape : tuple of three int
        How many blocks.

    Returns
    -------
    (m, n, o) array
        Means, float32.
    """
    fk, fj, fi = factors
    means = np.empty(shape, np.float32)
    share = np.float32(1.0 / (fk * fj * fi))
    for k in range(shape[0]):
        for j in range(shape[1]):
            for i in range(shape[2]):
                total = np.float32(0.0)
                for c in range(k * fk, min((k + 1) * fk, values.shape[0])):
                    for b in range(j * fj, min((j + 1) * fj, values.shape[1])):
                        for a in range(i * fi, min((i + 1) * fi, values.shape[2])):
                            total += np.float32(values[c, b, a])
                means[k, j, i] = total * share
    return means


@numba.njit(cache=True, nogil=True, error_model="numpy")
def read_on_lattice(
    values: Voxels, affine: Floats, shape: tuple[int, int, int], outside: float
) -> Voxels:
    """Read an array between its voxels on a lattice, trilinearly.

    Parameters
    ----------
    values : (k, j, i) array
        float32.
    affine : (3, 4) array
        Index in `values` from index on the lattice.
    shape : tuple of three int
        Of the lattice.
    outside : float
        What is read more than half a voxel beyond the outer centres.

    Returns
    -------
    array of that shape
        float32.
    """
    nz, ny, nx = values.shape
    read = np.empty(shape, np.float32)
    for k in range(shape[0]):
        for j in range(shape[1]):
            for i in range(shape[2]):
                z = affine[0, 0] * k + affine[0, 1] * j + affine[0, 2] * i + affine[0, 3]
                y = affine[1, 0] * k + affine[1, 1] * j + affine[1, 2] * i + affine[1, 3]
                x = affine[2, 0] * k + affine[2, 1] * j + affine[2, 2] * i + affine[2, 3]
                if z < -0.5 or y < -0.5 or x < -0.5 or z > nz - 0.5 or y > ny - 0.5 or x > nx - 0.5:
                    read[k, j, i] = outside
                    continue
                z = min(max(z, 0.0), nz - 1.0)
                y = min(max(y, 0.0), ny - 1.0)
                x = min(max(x, 0.0), nx - 1.0)
                c, b, a = int(z), int(y), int(x)
                d, e, f = min(c + 1, nz - 1), min(b + 1, ny - 1), min(a + 1, nx - 1)
                fz, fy, fx = np.float32(z - c), np.float32(y - b), np.float32(x - a)
                lower = (values[c, b, a] * (1 - fx) + values[c, b, f] * fx) * (1 - fy) + (
                    values[c, e, a] * (1 - fx) + values[c, e, f] * fx
                ) * fy
                upper = (values[d, b, a] * (1 - fx) + values[d, b, f] * fx) * (1 - fy) + (
                    values[d, e, a] * (1 - fx) + values[d, e, f] * fx
                ) * fy
                read[k, j, i] = lower * (1 - fz) + upper * fz
    return read
