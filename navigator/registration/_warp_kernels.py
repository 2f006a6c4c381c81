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
def _row_between(nodes: Voxels, a: int, b: int, upper: Voxels, row: Voxels) -> None:
    """Read a row of nodes of a field (3, n, m, o) between four of its rows; upper shares (z, y)."""
    lower_z, lower_y = np.float32(1.0) - upper[0], np.float32(1.0) - upper[1]
    for axis in range(3):
        for c in range(nodes.shape[3]):
            row[axis, c] = lower_z * (
                lower_y * nodes[axis, a, b, c] + upper[1] * nodes[axis, a, b + 1, c]
            ) + upper[0] * (
                lower_y * nodes[axis, a + 1, b, c] + upper[1] * nodes[axis, a + 1, b + 1, c]
            )


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
    rows = np.empty((layers, 3, fields.shape[4]), np.float32)
    upper = np.empty(2, np.float32)
    for k in range(nz):
        a = min(k // step, fields.shape[2] - 2)
        upper[0] = np.float32(k - a * step) / np.float32(step)
        for j in range(ny):
            b = min(j // step, fields.shape[3] - 2)
            upper[1] = np.float32(j - b * step) / np.float32(step)
            for layer in range(layers):
                _row_between(fields[layer], a, b, upper, rows[layer])
            for i in range(nx):
                c = min(i // step, fields.shape[4] - 2)
                right = np.float32(i - c * step) / np.float32(step)
                left = np.float32(1.0) - right
                z, y, x = np.float32(0.0), np.float32(0.0), np.float32(0.0)
                for layer in range(layers):
                    share = shares[layer, k, j, i]
                    if share > 0:
                        z += share * (left * rows[layer, 0, c] + right * rows[layer, 0, c + 1])
                        y += share * (left * rows[layer, 1, c] + right * rows[layer, 1, c + 1])
                        x += share * (left * rows[layer, 2, c] + right * rows[layer, 2, c + 1])
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


@numba.njit(cache=True, inline="always")
def _change(value: float, changes: Floats, low_hu: float, bin_hu: float) -> float:
    """Read between bins by how much a value changes."""
    last = changes.shape[0] - 1
    at = min(max((value - low_hu) / bin_hu - 0.5, 0.0), float(last))
    b = min(int(at), last - 1)
    f = at - b
    return float(changes[b] * (1 - f) + changes[b + 1] * f)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def expect_values(  # noqa: PLR0913, PLR0917 - bare arrays
    fixed: Voxels,
    share: Voxels,
    inner: Voxels,
    outer: Voxels,
    changes: Floats,
    bins_hu: tuple[float, float],
    expected: Voxels,
) -> None:
    """Say what the new scan should show for each planning value.

    Parameters
    ----------
    fixed : (z, y, x) array
        Planning values, HU, float32.
    share : (z, y, x) array
        Share of the organ that has a table of its own.
    inner, outer : (z, y, x) array
        Planning values of the two tissues that a point may mix, HU.
    changes : (2, n) array
        Change in HU by bin of the planning value: outside and inside that organ.
    bins_hu : (low, width)
        Where the first bin begins, and how wide each is.
    expected : (z, y, x) array
        Written, HU, float32.
    """
    low, width = bins_hu
    for k in range(fixed.shape[0]):
        for j in range(fixed.shape[1]):
            for i in range(fixed.shape[2]):
                s = share[k, j, i]
                change = 0.0
                if s < 1:
                    change += (1 - s) * _change(outer[k, j, i], changes[0], low, width)
                if s > 0:
                    change += s * _change(inner[k, j, i], changes[1], low, width)
                expected[k, j, i] = fixed[k, j, i] + change
