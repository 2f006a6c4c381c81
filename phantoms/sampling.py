"""Shapes measured by sampling their box on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.bounds import bounds_mm
from phantoms.program import distance_field, signed_distance_mm

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.program import Field
    from phantoms.shapes import Shape

FIRST_EDGE_MM = 16.0
HALVES = np.array(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5])).reshape(3, -1).T


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume and the size of its error, millilitres."""

    ml: float
    error_ml: float


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


def exact_volume_ml(shape: Shape, *, finest_mm: float = 1.0) -> Volume:
    """Compute a shape's volume by splitting cubes down to the surface.

    A cube that no surface can cross counts in full or not at all. Each cube that is left at the
    end counts by the share of it behind the plane that value and slope give.

    Parameters
    ----------
    shape : Shape
        A bounded shape, millimetres.
    finest_mm : float
        Edge of the cubes that the surface may cross, millimetres.

    Returns
    -------
    Volume
        Extrapolated from this edge and twice it; the step that this adds measures the error.

    References
    ----------
    L. F. Richardson, The approximate arithmetical solution by finite differences, Phil. Trans. A
    210 (1911), doi:10.1098/rsta.1911.0009.

    Examples
    --------
    >>> from phantoms.shapes import sphere
    >>> found = exact_volume_ml(sphere([0, 0, 0], 50.0))
    >>> abs(found.ml - 523.599) < 0.02
    True
    """
    low, high = bounds_mm(shape)
    field = distance_field(shape)
    steps = int(np.ceil(np.log2(FIRST_EDGE_MM / finest_mm)))
    edge = finest_mm * 2.0**steps
    axes = [np.arange(a + 0.5 * edge, b + edge, edge) for a, b in zip(low, high, strict=True)]
    cubes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    full, rough, fine = 0.0, 0.0, 0.0
    for step in range(steps + 1):
        value = field(cubes)
        crossed = np.abs(value) <= 0.5 * np.sqrt(3.0) * edge
        full += float(np.count_nonzero(value[~crossed] < 0.0)) * edge**3
        cubes, value = cubes[crossed], value[crossed]
        if step >= steps - 1:
            border = float(_share_behind(field, cubes, value, edge).sum()) * edge**3
            rough, fine = fine, full + border
        if step < steps:
            edge *= 0.5
            cubes = (cubes[:, None] + edge * HALVES).reshape(-1, 3)
    # the planes miss the curvature, an error of second order in the edge (Richardson)
    gain = (fine - rough) / 3.0
    return Volume((fine + gain) / 1000.0, abs(gain) / 1000.0)


def _share_behind(field: Field, cubes: Floats, value: Floats, edge: float) -> Floats:
    """Compute the share (n,) of cubes behind the planes that value and slope give."""
    step = 0.02 * edge
    slope = np.abs(
        np.column_stack([field(cubes + step * unit) - value for unit in np.eye(3)]) / step * edge
    )
    slope = np.maximum(slope, 0.02 * slope.max(axis=1, keepdims=True) + 1e-12)
    reach = 0.5 * slope.sum(axis=1) - value
    total = np.zeros(len(cubes))
    for corner in np.ndindex(2, 2, 2):
        here = np.maximum(reach - slope @ np.array(corner, dtype=np.float64), 0.0)
        total += (1.0 - 2.0 * (sum(corner) % 2)) * here**3
    share: Floats = np.clip(total / (6.0 * slope.prod(axis=1)), 0.0, 1.0)
    return share


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
