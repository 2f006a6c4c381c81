"""Gaussian errors in space: covariances that can be one, and the ball that holds 95 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erf

from navigator.arrays import Floats, frozen_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FLATNESS_LIMIT = 1e-12
"""Least over largest eigenvalue: a standard deviation a millionth of another is no measurement."""

SYMMETRY_LIMIT = 1e-9
"""Largest difference from the transpose over the largest entry: products of float64 stay below."""

HELD_SHARE = 0.95
"""Share of the errors that the ball holds."""

LEAST_RADIUS_SD = 1.9599639845400545
"""The radius where one direction has all the error: the 97.5 % quantile of the normal law. Error
in further directions only widens the ball, to at most 2.795."""

HEIGHT_NODES, TURN_NODES = 24, 16
"""Directions of an eighth of the sphere; the radius is exact to 1e-9 of itself."""

NEWTON_STEPS = 6
"""The share is concave in the radius from there on, so that Newton's steps never overshoot."""


def check_covariances(covariances_mm2: ArrayLike, count: int, name: str) -> Floats:
    """Refuse what is not one covariance of an error in space for each point.

    Parameters
    ----------
    covariances_mm2 : (n, 3, 3) array
        Square millimetres, any frame.
    count : int
        The n wanted.
    name : str
        What the array is called in an error.

    Returns
    -------
    (n, 3, 3) array
        Read-only copy.

    Raises
    ------
    ValueError
        If the shape differs, a value is not finite, or a matrix is not symmetric and positive
        definite.
    """
    covariances = frozen_floats(covariances_mm2, (count, 3, 3), name)
    skew = np.abs(covariances - covariances.transpose(0, 2, 1)).max(axis=(1, 2))
    symmetric = skew <= SYMMETRY_LIMIT * np.abs(covariances).max(axis=(1, 2))
    spread = np.linalg.eigvalsh(covariances)
    definite = (spread[:, 0] > 0.0) & (spread[:, 0] >= FLATNESS_LIMIT * spread[:, 2])
    bad = np.flatnonzero(~(symmetric & definite))
    if len(bad):
        raise ValueError(
            f"{name}: expected symmetric positive definite matrices, got number {bad[0]}: "
            f"{covariances[bad[0]].tolist()}"
        )
    return covariances


def radius_of_95_percent_mm(covariances_mm2: ArrayLike) -> Floats:
    """Measure the ball around the mean that holds 95 % of a Gaussian error in space.

    An error is a direction u on the unit sphere, evenly drawn, times a length of three standard
    deviations' chi law, stretched by the covariance C. So the share within r is the mean over all
    directions of F(r / √(uᵀ C u)), with F the chi distribution of three degrees of freedom. The
    mean is taken by quadrature (Gauss-Legendre along the widest axis, even steps around it), the
    radius by Newton's method.

    Parameters
    ----------
    covariances_mm2 : (n, 3, 3) array
        Symmetric and positive definite, square millimetres.

    Returns
    -------
    (n,) array
        Radii in millimetres.

    Raises
    ------
    ValueError
        If a matrix is not a covariance.

    Examples
    --------
    The same error of 1 mm in every direction, and (nearly) in one alone, where 1.96 is right:

    >>> needle = np.diag([1.0, 1e-9, 1e-9])
    >>> radius_of_95_percent_mm([np.eye(3), needle]).round(3)
    array([2.795, 1.96 ])
    """
    covariances = check_covariances(covariances_mm2, len(np.asarray(covariances_mm2)), "covariance")
    spread = np.linalg.eigvalsh(covariances)
    widest = spread[:, 2]
    stretch = _stretches(spread / widest[:, None])
    weight = _direction_weights()
    radius = np.full(len(widest), LEAST_RADIUS_SD)
    for _ in range(NEWTON_STEPS):
        length = radius[:, None] / stretch
        tail = np.sqrt(2.0 / np.pi) * length * np.exp(-0.5 * length**2)
        share = (erf(length / np.sqrt(2.0)) - tail) @ weight
        slope = (length * tail / stretch) @ weight
        radius -= (share - HELD_SHARE) / slope
    radii: Floats = np.sqrt(widest) * radius
    return radii


def _stretches(variances: Floats) -> Floats:
    """Measure √(uᵀ C u) in the directions of the quadrature.

    Parameters
    ----------
    variances : (n, 3) array
        Eigenvalues of C, rising, the last 1.

    Returns
    -------
    (n, directions) array
        Above 0, at most 1.
    """
    nodes, _ = np.polynomial.legendre.leggauss(HEIGHT_NODES)
    height = 0.5 * (nodes + 1.0)
    turn = 0.5 * np.pi * (np.arange(TURN_NODES) + 0.5) / TURN_NODES
    across = variances[:, 0, None] * np.sin(turn) ** 2 + variances[:, 1, None] * np.cos(turn) ** 2
    squares = height[:, None] ** 2 + (1.0 - height[:, None] ** 2) * across[:, None, :]
    stretches: Floats = np.sqrt(squares).reshape(len(variances), HEIGHT_NODES * TURN_NODES)
    return stretches


def _direction_weights() -> Floats:
    """Weigh the directions of the quadrature, (directions,), to a sum of 1."""
    _, weights = np.polynomial.legendre.leggauss(HEIGHT_NODES)
    return np.repeat(0.5 * weights / TURN_NODES, TURN_NODES)
