"""Compiled loops that solve for the step of a displacement field at nodes; numpy is the oracle.

One thread: every sum has one order, and the same input gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from navigator.arrays import Voxels


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_first_order(field: Voxels, ties: Voxels, out: Voxels) -> None:
    """Add the gradient of half the tied squared differences between neighbours.

    Parameters
    ----------
    field : (3, n, m, o) array
        Displacements, float32.
    ties : (3, n, m, o) array
        Weight of the difference between a node and the next one along (z, y, x).
    out : (3, n, m, o) array
        Added to.
    """
    _, nz, ny, nx = field.shape
    for d in range(3):
        for k in range(nz):
            for j in range(ny):
                if k < nz - 1:
                    for i in range(nx):
                        gap = ties[0, k, j, i] * (field[d, k + 1, j, i] - field[d, k, j, i])
                        out[d, k, j, i] -= gap
                        out[d, k + 1, j, i] += gap
                if j < ny - 1:
                    for i in range(nx):
                        gap = ties[1, k, j, i] * (field[d, k, j + 1, i] - field[d, k, j, i])
                        out[d, k, j, i] -= gap
                        out[d, k, j + 1, i] += gap
                for i in range(nx - 1):
                    gap = ties[2, k, j, i] * (field[d, k, j, i + 1] - field[d, k, j, i])
                    out[d, k, j, i] -= gap
                    out[d, k, j, i + 1] += gap


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _bend_row(line: Voxels, bends: Voxels, row: Voxels, out: Voxels) -> None:
    """Add the second differences along a line (o,); `row` (o,) is zero at both ends."""
    last = line.shape[0] - 1
    two = np.float32(2.0)
    for i in range(1, last):
        row[i] = bends[i] * (line[i - 1] - two * line[i] + line[i + 1])
    for i in range(1, last):
        out[i] += row[i - 1] - two * row[i] + row[i + 1]
    if last > 1:
        out[0] += row[1]
        out[last] += row[last - 1]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_second_order(field: Voxels, bends: Voxels, out: Voxels) -> None:
    """Add the gradient of half the weighted squared second differences along each axis.

    A field that goes on as it goes, an affine one, costs nothing, up to the border.

    Parameters
    ----------
    field : (3, n, m, o) array
        Displacements, float32.
    bends : (3, n, m, o) array
        Weight of the second difference about a node along (z, y, x); zero at the outer nodes.
    out : (3, n, m, o) array
        Added to.
    """
    _, nz, ny, nx = field.shape
    row = np.zeros(nx, np.float32)
    two = np.float32(2.0)
    for d in range(3):
        for k in range(nz):
            for j in range(ny):
                if 0 < k < nz - 1:
                    for i in range(nx):
                        bend = bends[0, k, j, i] * (
                            field[d, k - 1, j, i] - two * field[d, k, j, i] + field[d, k + 1, j, i]
                        )
                        out[d, k - 1, j, i] += bend
                        out[d, k, j, i] -= two * bend
                        out[d, k + 1, j, i] += bend
                if 0 < j < ny - 1:
                    for i in range(nx):
                        bend = bends[1, k, j, i] * (
                            field[d, k, j - 1, i] - two * field[d, k, j, i] + field[d, k, j + 1, i]
                        )
                        out[d, k, j - 1, i] += bend
                        out[d, k, j, i] -= two * bend
                        out[d, k, j + 1, i] += bend
                _bend_row(field[d, k, j], bends[2, k, j], row, out[d, k, j])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def apply_system(tensors: Voxels, ties: Voxels, bends: Voxels, field: Voxels, out: Voxels) -> None:
    """Apply structure tensors and smoothness to a field.

    Parameters
    ----------
    tensors : (6, n, m, o) array
        zz, yy, xx, zy, zx, yx, float32.
    ties, bends : (3, n, m, o) array
        Weights of the first and second order.
    field : (3, n, m, o) array
        Displacements, float32.
    out : (3, n, m, o) array
        Written.
    """
    for k in range(field.shape[1]):
        for j in range(field.shape[2]):
            for i in range(field.shape[3]):
                z, y, x = field[0, k, j, i], field[1, k, j, i], field[2, k, j, i]
                zy, zx, yx = tensors[3, k, j, i], tensors[4, k, j, i], tensors[5, k, j, i]
                out[0, k, j, i] = tensors[0, k, j, i] * z + zy * y + zx * x
                out[1, k, j, i] = zy * z + tensors[1, k, j, i] * y + yx * x
                out[2, k, j, i] = zx * z + yx * y + tensors[2, k, j, i] * x
    add_first_order(field, ties, out)
    add_second_order(field, bends, out)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _dot(first: Voxels, second: Voxels) -> float:
    """Sum a product (n,) in float64, in one order: four sums side by side, then the rest."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = first.shape[0] - first.shape[0] % 4
    for n in range(0, whole, 4):
        a += float(first[n]) * float(second[n])
        b += float(first[n + 1]) * float(second[n + 1])
        c += float(first[n + 2]) * float(second[n + 2])
        d += float(first[n + 3]) * float(second[n + 3])
    for n in range(whole, first.shape[0]):
        a += float(first[n]) * float(second[n])
    return (a + b) + (c + d)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _go(  # noqa: PLR0913, PLR0917 - bare arrays
    length: np.float32,
    direction: Voxels,
    along: Voxels,
    inverse: Voxels,
    solution: Voxels,
    residual: Voxels,
    scaled: Voxels,
) -> None:
    """Go along a direction (n,), and scale what is left by the preconditioner."""
    for n in range(direction.shape[0]):
        solution[n] += length * direction[n]
        residual[n] -= length * along[n]
        scaled[n] = residual[n] * inverse[n]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _turn(share: np.float32, scaled: Voxels, direction: Voxels) -> None:
    """Turn a direction (n,) towards the scaled residual."""
    for n in range(direction.shape[0]):
        direction[n] = scaled[n] + share * direction[n]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def conjugate_gradients(  # noqa: PLR0913, PLR0917 - bare arrays
    tensors: Voxels,
    ties: Voxels,
    bends: Voxels,
    diagonal: Voxels,
    right: Voxels,
    start: Voxels,
    most: int,
    tolerance: float,
) -> tuple[Voxels, int]:
    """Solve the system by conjugate gradients with a diagonal preconditioner.

    Parameters
    ----------
    tensors, ties, bends
        As for :func:`apply_system`.
    diagonal : (3, n, m, o) array
        Of the whole system, above zero.
    right, start : (3, n, m, o) array
        Right side and first guess.
    most : int
        Iterations at most.
    tolerance : float
        Of the residual against the right side.

    Returns
    -------
    solution : (3, n, m, o) array
        float32.
    iterations : int
        How many were needed.
    """
    solution = start.copy()
    along = np.empty_like(right)
    apply_system(tensors, ties, bends, solution, along)
    residual = right - along
    inverse = np.float32(1.0) / diagonal
    scaled = residual * inverse
    direction = scaled.copy()
    flat = residual.ravel()
    size = _dot(flat, scaled.ravel())
    goal = tolerance * tolerance * _dot(right.ravel(), right.ravel())
    done = 0
    while done < most and size > 0.0 and _dot(flat, flat) > goal:
        apply_system(tensors, ties, bends, direction, along)
        length = np.float32(size / _dot(direction.ravel(), along.ravel()))
        _go(
            length,
            direction.ravel(),
            along.ravel(),
            inverse.ravel(),
            solution.ravel(),
            flat,
            scaled.ravel(),
        )
        before = size
        size = _dot(flat, scaled.ravel())
        _turn(np.float32(size / before), scaled.ravel(), direction.ravel())
        done += 1
    return solution, done
