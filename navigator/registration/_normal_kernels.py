"""Compiled loops that sum normal equations: of a rigid motion, and at the nodes of a field.

One thread: every sum has one order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels


OWN_SHARE = 0.7
"""A point with less of the layer lies beyond its surface: along it that tissue moves by itself."""
LEAST_STEEP = 1e-4


@numba.njit(cache=True, inline="always")
def _slope(image: Voxels, k: int, j: int, i: int, axis: int) -> float:
    """Take the central difference along an axis, per lattice step; one-sided at the border."""
    n = image.shape[axis]
    at = k if axis == 0 else (j if axis == 1 else i)
    if at == 0 or at == n - 1:
        return 0.0
    if axis == 0:
        return float(0.5 * (image[k + 1, j, i] - image[k - 1, j, i]))
    if axis == 1:
        return float(0.5 * (image[k, j + 1, i] - image[k, j - 1, i]))
    return float(0.5 * (image[k, j, i + 1] - image[k, j, i - 1]))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_rigid(
    expected: Voxels, carried: Voxels, weights: Voxels, centre: Floats, scale: float
) -> Floats:
    """Sum the normal equations of a small rigid motion of the planning scan.

    Parameters
    ----------
    expected, carried, weights : (z, y, x) array
        What the new scan should show, what it shows, and how much each point counts.
    centre : (3,) array
        The turn's centre, lattice index.
    scale : float
        Residual at which a point loses most of its weight, HU.

    Returns
    -------
    (28,) array
        Upper triangle of the (6, 6) matrix row by row, the right side, and the sum of weights.
        Unknowns: shift (z, y, x) and turn about (z, y, x), lattice steps and radians.
    """
    nz, ny, nx = expected.shape
    total = np.zeros(28)
    row = np.zeros(6)
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                w = weights[k, j, i]
                if w <= 0:
                    continue
                gz = _slope(expected, k, j, i, 0)
                gy = _slope(expected, k, j, i, 1)
                gx = _slope(expected, k, j, i, 2)
                if gz * gz + gy * gy + gx * gx < 1.0:
                    continue
                e = carried[k, j, i] - expected[k, j, i]
                s = e / scale
                w = w / ((1.0 + s * s) * (1.0 + s * s))
                z, y, x = k - centre[0], j - centre[1], i - centre[2]
                # the turn about an axis moves a point by axis x point; (z, y, x) is left-handed
                row[0], row[1], row[2] = gz, gy, gx
                row[3] = gy * x - gx * y
                row[4] = gx * z - gz * x
                row[5] = gz * y - gy * z
                at = 0
                for m in range(6):
                    for n in range(m, 6):
                        total[at] += w * row[m] * row[n]
                        at += 1
                for m in range(6):
                    total[21 + m] -= w * row[m] * e
                total[27] += w
    return total


@numba.njit(cache=True, inline="always")
def _across(  # noqa: PLR0913, PLR0917 - bare arrays
    share: Voxels, k: int, j: int, i: int, gz: float, gy: float, gx: float
) -> tuple[float, float, float]:
    """Keep of a slope what runs across the layer's surface, where that surface is near."""
    sz, sy, sx = _slope(share, k, j, i, 0), _slope(share, k, j, i, 1), _slope(share, k, j, i, 2)
    steep = sz * sz + sy * sy + sx * sx
    if steep < LEAST_STEEP:
        return gz, gy, gx
    along = (gz * sz + gy * sy + gx * sx) / steep
    return along * sz, along * sy, along * sx


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _spread_row(
    row: Floats, total: Voxels, node: tuple[int, int], upper: tuple[float, float]
) -> None:
    """Add a row of sums (o, 9) to the four rows of nodes (9, n, m, o) around it."""
    a, b = node
    fz, fy = upper
    for c in range(row.shape[0]):
        for entry in range(9):
            value = row[c, entry]
            if value != 0.0:
                low = value * (1.0 - fz)
                high = value * fz
                total[entry, a, b, c] += low * (1.0 - fy)
                total[entry, a, b + 1, c] += low * fy
                total[entry, a + 1, b, c] += high * (1.0 - fy)
                total[entry, a + 1, b + 1, c] += high * fy


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_at_nodes(  # noqa: PLR0913, PLR0917 - bare arrays
    expected: Voxels,
    carried: Voxels,
    weights: Voxels,
    share: Voxels,
    noise: float,
    edge: float,
    factor: float,
    step: int,
    nodes: tuple[int, int, int],
) -> Voxels:
    """Sum structure tensors and forces at the nodes of a layer.

    Parameters
    ----------
    expected, carried, weights, share : (z, y, x) array
        What the new scan should show, what it shows, how much each point counts, and how much of
        it belongs to this layer; beyond its surface only slopes across that count.
    noise : float
        Spread of the residual where the scan is flat, HU.
    edge : float
        Lattice steps that an edge may lie off by reading and blur alone: its residual spreads by
        its slope times this.
    factor : float
        Residual, by its spread, at which a point keeps a quarter of its weight.
    step : int
        Lattice points from node to node.
    nodes : tuple of three int
        Nodes along (z, y, x).

    Returns
    -------
    (9, n, m, o) array
        zz, yy, xx, zy, zx, yx of the tensor and z, y, x of the force, in units of the spread,
        summed with trilinear weights, float32.
    """
    nz, ny, nx = expected.shape
    total = np.zeros((9, nodes[0], nodes[1], nodes[2]), np.float32)
    row = np.zeros((nodes[2], 9))
    entries = np.zeros(9)
    for k in range(nz):
        a = min(k // step, nodes[0] - 2)
        fz = (k - a * step) / step
        for j in range(ny):
            b = min(j // step, nodes[1] - 2)
            fy = (j - b * step) / step
            row[:] = 0.0
            is_empty = True
            for i in range(nx):
                w = share[k, j, i] * weights[k, j, i]
                if w <= 0:
                    continue
                is_empty = False
                e = float(carried[k, j, i] - expected[k, j, i])
                gz = _slope(expected, k, j, i, 0)
                gy = _slope(expected, k, j, i, 1)
                gx = _slope(expected, k, j, i, 2)
                if share[k, j, i] < OWN_SHARE:
                    gz, gy, gx = _across(share, k, j, i, gz, gy, gx)
                spread = noise * noise + edge * edge * (gz * gz + gy * gy + gx * gx)
                s = e * e / (factor * factor * spread)
                w = w / ((1.0 + s) * (1.0 + s) * spread)
                c = min(i // step, nodes[2] - 2)
                upper = w * ((i - c * step) / step)
                lower = w - upper
                entries[0], entries[1], entries[2] = gz * gz, gy * gy, gx * gx
                entries[3], entries[4], entries[5] = gz * gy, gz * gx, gy * gx
                entries[6], entries[7], entries[8] = -gz * e, -gy * e, -gx * e
                for entry in range(9):
                    row[c, entry] += lower * entries[entry]
                    row[c + 1, entry] += upper * entries[entry]
            if is_empty:
                continue
            _spread_row(row, total, (a, b), (fz, fy))
    return total
