"""Compiled loops that carry the new scan to the planning lattice and compare; numpy is the oracle.

All lengths are lattice steps of one spacing; axes are (z, y, x). One thread: every sum has one
order, and threads that wait for each other would cost more than they save.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels


@numba.njit(cache=True, inline="always")
def _displacement(nodes: Voxels, axis: int, a: int, b: int, c: int, w: Voxels) -> float:  # noqa: PLR0913, PLR0917 - bare arrays
    """Read one component of a field (3, n, m, o) between nodes; w = upper shares (3,)."""
    lower = (nodes[axis, a, b, c] * (1 - w[2]) + nodes[axis, a, b, c + 1] * w[2]) * (1 - w[1]) + (
        nodes[axis, a, b + 1, c] * (1 - w[2]) + nodes[axis, a, b + 1, c + 1] * w[2]
    ) * w[1]
    upper = (nodes[axis, a + 1, b, c] * (1 - w[2]) + nodes[axis, a + 1, b, c + 1] * w[2]) * (
        1 - w[1]
    ) + (nodes[axis, a + 1, b + 1, c] * (1 - w[2]) + nodes[axis, a + 1, b + 1, c + 1] * w[2]) * w[1]
    return float(lower * (1 - w[0]) + upper * w[0])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def blend_layers(fields: Voxels, shares: Voxels, step: int, blended: Voxels) -> None:
    """Blend the displacements of several layers at every lattice point.

    Parameters
    ----------
    fields : (l, 3, n, m, o) array
        Displacements at nodes, which lie `step` lattice points apart, float32.
    shares : (l, z, y, x) array
        Share of each layer at each point, float32.
    step : int
        Lattice points from node to node.
    blended : (z, y, x, 3) array
        Written: the displacement at each point, float32.
    """
    layers, nz, ny, nx = shares.shape
    for k in range(nz):
        w = np.empty(3, np.float32)
        a = min(k // step, fields.shape[2] - 2)
        w[0] = np.float32(k - a * step) / np.float32(step)
        for j in range(ny):
            b = min(j // step, fields.shape[3] - 2)
            w[1] = np.float32(j - b * step) / np.float32(step)
            for i in range(nx):
                c = min(i // step, fields.shape[4] - 2)
                w[2] = np.float32(i - c * step) / np.float32(step)
                z, y, x = np.float32(0.0), np.float32(0.0), np.float32(0.0)
                for layer in range(layers):
                    share = shares[layer, k, j, i]
                    if share > 0:
                        z += share * _displacement(fields[layer], 0, a, b, c, w)
                        y += share * _displacement(fields[layer], 1, a, b, c, w)
                        x += share * _displacement(fields[layer], 2, a, b, c, w)
                blended[k, j, i, 0] = z
                blended[k, j, i, 1] = y
                blended[k, j, i, 2] = x


@numba.njit(cache=True, nogil=True, error_model="numpy")
def carry_scan(  # noqa: PLR0913, PLR0917 - bare arrays
    moving: Voxels,
    moving_weights: Voxels,
    affine: Floats,
    displacement: Voxels,
    wanted: Voxels,
    carried: Voxels,
    weights: Voxels,
) -> None:
    """Read the new scan where every lattice point of the planning scan lies in it.

    Parameters
    ----------
    moving, moving_weights : (z', y', x') array
        The new scan on its lattice and where it counts, float32.
    affine : (3, 4) array
        Index in `moving` from displaced index on the planning lattice.
    displacement : (z, y, x, 3) array
        Added to the index before the affine, lattice steps; an array (1, 1, 1, 3) holds none.
    wanted : (z, y, x) array
        Points without weight are passed over.
    carried, weights : (z, y, x) array
        Written: what was read, and 1 where it counts, else 0; float32.
    """
    nz, ny, nx = carried.shape
    mz, my, mx = moving.shape
    is_moved = displacement.shape[0] == nz and displacement.shape[2] == nx
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                carried[k, j, i] = 0.0
                weights[k, j, i] = 0.0
                if wanted[k, j, i] <= 0:
                    continue
                p, q, r = float(k), float(j), float(i)
                if is_moved:
                    p += displacement[k, j, i, 0]
                    q += displacement[k, j, i, 1]
                    r += displacement[k, j, i, 2]
                z = affine[0, 0] * p + affine[0, 1] * q + affine[0, 2] * r + affine[0, 3]
                y = affine[1, 0] * p + affine[1, 1] * q + affine[1, 2] * r + affine[1, 3]
                x = affine[2, 0] * p + affine[2, 1] * q + affine[2, 2] * r + affine[2, 3]
                if not (0.0 <= z < mz - 1 and 0.0 <= y < my - 1 and 0.0 <= x < mx - 1):
                    continue
                c, b, a = int(z), int(y), int(x)
                fz, fy, fx = np.float32(z - c), np.float32(y - b), np.float32(x - a)
                # the nearest point decides: half a step of padding is no reason to lose a border
                if moving_weights[int(z + 0.5), int(y + 0.5), int(x + 0.5)] <= 0:
                    continue
                lower = (moving[c, b, a] * (1 - fx) + moving[c, b, a + 1] * fx) * (1 - fy) + (
                    moving[c, b + 1, a] * (1 - fx) + moving[c, b + 1, a + 1] * fx
                ) * fy
                upper = (moving[c + 1, b, a] * (1 - fx) + moving[c + 1, b, a + 1] * fx) * (
                    1 - fy
                ) + (moving[c + 1, b + 1, a] * (1 - fx) + moving[c + 1, b + 1, a + 1] * fx) * fy
                carried[k, j, i] = lower * (1 - fz) + upper * fz
                weights[k, j, i] = 1.0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def expect_values(  # noqa: PLR0913, PLR0917 - bare arrays
    fixed: Voxels, inside: Voxels, tables: Floats, low_hu: float, bin_hu: float, expected: Voxels
) -> None:
    """Say what the new scan should show for each planning value.

    Parameters
    ----------
    fixed : (z, y, x) array
        Planning values, HU, float32.
    inside : (z, y, x) array
        Share of the organ that has a table of its own.
    tables : (2, n) array
        Expected HU by bin of the planning value: outside and inside that organ.
    low_hu, bin_hu : float
        Where the first bin begins, and how wide each is.
    expected : (z, y, x) array
        Written, HU, float32.
    """
    last = tables.shape[1] - 1
    for k in range(fixed.shape[0]):
        for j in range(fixed.shape[1]):
            for i in range(fixed.shape[2]):
                at = (fixed[k, j, i] - low_hu) / bin_hu - 0.5
                at = min(max(at, 0.0), float(last))
                b = min(int(at), last - 1)
                f = at - b
                out = tables[0, b] * (1 - f) + tables[0, b + 1] * f
                share = inside[k, j, i]
                if share > 0:
                    own = tables[1, b] * (1 - f) + tables[1, b + 1] * f
                    out += share * (own - out)
                expected[k, j, i] = out


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


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_at_nodes(  # noqa: PLR0913, PLR0917, PLR0915 - bare arrays
    expected: Voxels,
    carried: Voxels,
    weights: Voxels,
    share: Voxels,
    scale: float,
    step: int,
    nodes: tuple[int, int, int],
) -> Voxels:
    """Sum structure tensors and forces at the nodes of a layer.

    Parameters
    ----------
    expected, carried, weights, share : (z, y, x) array
        What the new scan should show, what it shows, how much each point counts, and how much of
        it belongs to this layer.
    scale : float
        Residual at which a point loses most of its weight, HU.
    step : int
        Lattice points from node to node.
    nodes : tuple of three int
        Nodes along (z, y, x).

    Returns
    -------
    (9, n, m, o) array
        zz, yy, xx, zy, zx, yx of the tensor and z, y, x of the force, summed with trilinear
        weights, float32.
    """
    nz, ny, nx = expected.shape
    total = np.zeros((9, nodes[0], nodes[1], nodes[2]), np.float32)
    row = np.zeros((nodes[2], 9))
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
                s = e / scale
                w = w / ((1.0 + s * s) * (1.0 + s * s))
                gz = _slope(expected, k, j, i, 0)
                gy = _slope(expected, k, j, i, 1)
                gx = _slope(expected, k, j, i, 2)
                c = min(i // step, nodes[2] - 2)
                upper = w * ((i - c * step) / step)
                lower = w - upper
                t0, t1, t2 = gz * gz, gy * gy, gx * gx
                t3, t4, t5 = gz * gy, gz * gx, gy * gx
                row[c, 0] += lower * t0
                row[c, 1] += lower * t1
                row[c, 2] += lower * t2
                row[c, 3] += lower * t3
                row[c, 4] += lower * t4
                row[c, 5] += lower * t5
                row[c, 6] -= lower * gz * e
                row[c, 7] -= lower * gy * e
                row[c, 8] -= lower * gx * e
                row[c + 1, 0] += upper * t0
                row[c + 1, 1] += upper * t1
                row[c + 1, 2] += upper * t2
                row[c + 1, 3] += upper * t3
                row[c + 1, 4] += upper * t4
                row[c + 1, 5] += upper * t5
                row[c + 1, 6] -= upper * gz * e
                row[c + 1, 7] -= upper * gy * e
                row[c + 1, 8] -= upper * gx * e
            if is_empty:
                continue
            for c in range(nodes[2]):
                for entry in range(9):
                    value = row[c, entry]
                    if value != 0.0:
                        low = value * (1.0 - fz)
                        high = value * fz
                        total[entry, a, b, c] += low * (1.0 - fy)
                        total[entry, a, b + 1, c] += low * fy
                        total[entry, a + 1, b, c] += high * (1.0 - fy)
                        total[entry, a + 1, b + 1, c] += high * fy
    return total
