"""Shapes measured by sampling their box on a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.bounds import bounds_mm
from phantoms.program import signed_distance_mm

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.shapes import Shape


def points_within(shape: Shape, spacing_mm: float) -> Floats:
    """List the grid points inside a shape.

    Parameters
    ----------
    shape : Shape
        A bounded shape, millimetres.
    spacing_mm : float
        Grid step, millimetres; the grid starts half a step inside the shape's box.

    Returns
    -------
    (n, 3) array
        Points, millimetres.

    Examples
    --------
    >>> from phantoms.shapes import sphere
    >>> points_within(sphere([0, 0, 0], 1.5), 2.0).tolist()
    [[-0.5, -0.5, -0.5]]
    """
    low, high = bounds_mm(shape)
    axes = [np.arange(a + 0.5 * spacing_mm, b, spacing_mm) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    within: Floats = points[signed_distance_mm(shape, points) <= 0.0]
    return within


def volume_ml(shape: Shape, spacing_mm: float = 4.0) -> float:
    """Measure a shape's volume.

    Parameters
    ----------
    shape : Shape
        A bounded shape, millimetres.
    spacing_mm : float
        Grid step, millimetres.

    Returns
    -------
    float
        Volume, millilitres.

    Examples
    --------
    >>> from phantoms.shapes import sphere
    >>> abs(volume_ml(sphere([0, 0, 0], 50.0)) - 523.6) < 5
    True
    """
    return len(points_within(shape, spacing_mm)) * spacing_mm**3 / 1000.0


def sphere_points(count: int) -> Floats:
    """Spread points evenly over the unit sphere (golden spiral).

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    (count, 3) array
        Unit vectors; neighbours lie about ``3.5 / sqrt(count)`` apart.

    References
    ----------
    A. Gonzalez, Mathematical Geosciences 42 (2010), doi:10.1007/s11004-009-9257-x.

    Examples
    --------
    >>> bool(abs(sphere_points(1000).mean(axis=0)).max() < 1e-3)
    True
    """
    height = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    turn = np.pi * (3.0 - np.sqrt(5.0)) * np.arange(count)
    flat = np.sqrt(1.0 - height**2)
    points: Floats = np.column_stack([flat * np.cos(turn), flat * np.sin(turn), height])
    return points
