"""A certain bound of the gradient of a displacement made of cubic B-splines.

In each cell of a lattice the displacement is a polynomial, and so is each entry of its gradient.
Written in Bernstein's form, a polynomial lies between its least and its greatest coefficient. So
the gradient lies in a box of matrices, and no matrix of the box has a larger norm than the middle
one's and that of the half widths together.

References
----------
G. Farin, Curves and Surfaces for CAGD, 5th ed. (2002), chapters 5 and 8 (convex hull, B-splines to
Bernstein's form).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms._lattice_kernels import LATTICE_RIM

if TYPE_CHECKING:
    from phantoms.arrays import Floats

ROUNDING = 1.0 + 1e-9
"""What rounding could take off a bound."""
AT_ONCE = 1024
"""Cells that are looked at together."""

VALUE = np.array([[1.0, 4, 1, 0], [0, 4, 2, 0], [0, 2, 4, 0], [0, 1, 4, 1]]) / 6.0
"""From four nodes to the Bernstein coefficients of the cubic between the middle two."""
SLOPE = np.array([[-1.0, 0, 1, 0], [0, -2, 2, 0], [0, -1, 0, 1]]) / 2.0
"""From four nodes to the Bernstein coefficients of its derivative, for a pitch of one."""


def largest_norm(coefficients_mm: Floats, pitch_mm: float, added: Floats) -> float:
    """Bound the spectral norm of a displacement's gradient, plus a matrix, over all cells.

    Parameters
    ----------
    coefficients_mm : (a, b, c, 3) array
        Coefficients along x, y, z, millimetres; beyond them all are zero.
    pitch_mm : float
        Distance of the nodes, millimetres.
    added : (3, 3) array
        Is added to the gradient first.

    Returns
    -------
    float
        No gradient in any cell has a larger norm.

    Examples
    --------
    >>> largest_norm(np.zeros((2, 2, 2, 3)), 5.0, np.eye(3)) < 1.0 + 1e-6
    True
    """
    padded = np.pad(coefficients_mm, [(LATTICE_RIM, LATTICE_RIM)] * 3 + [(0, 0)])
    cells = np.stack(np.meshgrid(*(np.arange(n - 3) for n in padded.shape[:3]), indexing="ij"), -1)
    cells = cells.reshape(-1, 3)
    quick = _quick_bounds(padded, pitch_mm) + np.linalg.norm(added, ord=2)
    order = np.argsort(-quick)
    worst = 0.0
    for first in range(0, len(order), AT_ONCE):
        few = order[first : first + AT_ONCE]
        if quick[few[0]] <= worst:
            break
        worst = max(worst, float(_cell_bounds(padded, cells[few], pitch_mm, added).max()))
    return worst * ROUNDING


def _quick_bounds(padded_mm: Floats, pitch_mm: float) -> Floats:
    """Bound each cell's gradient (n,) by the largest differences of neighbouring coefficients."""
    squares = 0.0
    for axis in range(3):
        longest = np.linalg.norm(np.diff(padded_mm, axis=axis), axis=-1) / pitch_mm
        for along in range(3):
            width = 3 if along == axis else 4
            count = longest.shape[along] - width + 1
            pieces = [longest.take(np.arange(at, at + count), along) for at in range(width)]
            longest = np.maximum.reduce(pieces)
        squares = squares + longest**2
    bounds: Floats = np.sqrt(np.asarray(squares)).ravel()
    return bounds


def _cell_bounds(padded_mm: Floats, cells: np.ndarray, pitch_mm: float, added: Floats) -> Floats:
    """Bound the norm in each of some cells (n, 3), by the Bernstein coefficients of its entries."""
    near = cells[:, :, None] + np.arange(4)
    nodes = padded_mm[
        near[:, 0, :, None, None], near[:, 1, None, :, None], near[:, 2, None, None, :]
    ]
    low, high = np.empty((len(cells), 3, 3)), np.empty((len(cells), 3, 3))
    for axis in range(3):
        turns = [SLOPE if along == axis else VALUE for along in range(3)]
        found = np.einsum("pi,nijkd->npjkd", turns[0], nodes)
        found = np.einsum("qj,npjkd->npqkd", turns[1], found)
        found = np.einsum("rk,npqkd->npqrd", turns[2], found) / pitch_mm
        low[:, :, axis], high[:, :, axis] = found.min(axis=(1, 2, 3)), found.max(axis=(1, 2, 3))
    middle = np.linalg.norm(added + 0.5 * (low + high), ord=2, axis=(1, 2))
    bounds: Floats = middle + np.linalg.norm(0.5 * (high - low), ord=2, axis=(1, 2))
    return bounds
