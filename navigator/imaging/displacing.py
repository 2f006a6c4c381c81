"""Carrying points through a displacement field, there and back; and whether the field folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import lengths
from navigator.errors import GeometryRefusedError
from navigator.imaging._field_kernels import sum_determinants

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.arrays import Floats, Voxels
    from navigator.model.displacement import DisplacementField, ErrorMap

CLOSED_MM = 0.01
"""A point that was carried back and does not return within this was not carried back."""
MOST_ROUNDS = 60
NUDGE_MM, LEAST_DETERMINANT = 0.02, 0.02


def read_displacement(field: DisplacementField, points_mm: ArrayLike) -> Floats:
    """Read a field between its grid points, trilinearly.

    Parameters
    ----------
    field : DisplacementField
        The field.
    points_mm : (n, 3) array
        Points in its frame, millimetres.

    Returns
    -------
    (n, 3) array
        Displacements, millimetres; beyond the grid those of its border.
    """
    at = field.grid.indices_from_points(np.asarray(points_mm, dtype=np.float64)).T
    read = [
        ndimage.map_coordinates(
            field.vectors_mm[..., axis], at, order=1, mode="nearest", output=np.float64
        )
        for axis in range(3)
    ]
    return np.stack(read, axis=1)


def read_errors(errors: ErrorMap, points_mm: ArrayLike) -> Floats:
    """Read a map of expected errors at points.

    Parameters
    ----------
    errors : ErrorMap
        The map.
    points_mm : (n, 3) array
        Points in its frame, millimetres.

    Returns
    -------
    (n,) array
        Radius that holds the true place in 95 of 100 cases, millimetres; NaN where the map does
        not know it: beyond its grid, and where one of the eight values around is unknown.
    """
    at = errors.grid.indices_from_points(np.asarray(points_mm, dtype=np.float64)).T
    read: Floats = ndimage.map_coordinates(
        errors.radius95_mm, at, order=1, mode="constant", cval=np.nan, output=np.float64
    )
    return read


def displace_points(field: DisplacementField, points_mm: ArrayLike) -> Floats:
    """Carry points along a field.

    Parameters
    ----------
    field : DisplacementField
        The field.
    points_mm : (n, 3) array
        Points in its frame, millimetres.

    Returns
    -------
    (n, 3) array
        Where they lie afterwards, millimetres.
    """
    points = np.asarray(points_mm, dtype=np.float64)
    carried: Floats = points + read_displacement(field, points)
    return carried


def undisplace_points(field: DisplacementField, points_mm: ArrayLike) -> Floats:
    """Find the points that a field carries to given places.

    Newton's way; a point's move is halved where it did not help: where the liver slides along
    the wall the plain iteration would swing.

    Parameters
    ----------
    field : DisplacementField
        The field; it must not fold.
    points_mm : (n, 3) array
        Where they lie afterwards, millimetres.

    Returns
    -------
    (n, 3) array
        Where they come from, millimetres.

    Raises
    ------
    GeometryRefusedError
        ``field-not-invertible`` where a point does not return within 0.01 mm.
    """
    goal = np.asarray(points_mm, dtype=np.float64)
    start = goal - read_displacement(field, goal)
    left = goal - displace_points(field, start)
    shares = np.ones((len(goal), 1))
    for _ in range(MOST_ROUNDS):
        if not len(goal) or lengths(left).max() <= 0.1 * CLOSED_MM:
            break
        tried = start + shares * _newton_steps(field, start, left)
        rest = goal - displace_points(field, tried)
        helps = (lengths(rest) < lengths(left))[:, None]
        start = np.where(helps, tried, start)
        left = np.where(helps, rest, left)
        shares = np.where(helps, np.minimum(1.0, 2.0 * shares), 0.5 * shares)
    apart = lengths(left)
    if len(goal) and not apart.max() <= CLOSED_MM:
        worst = int(np.argmax(apart))
        raise GeometryRefusedError(
            code="field-not-invertible",
            what="A point cannot be carried back through the deformable registration",
            where=f"point {worst} at {np.round(goal[worst], 1).tolist()} mm",
            expected=f"a way back within {CLOSED_MM} mm",
            got=f"{apart[worst]:.2f} mm beside it",
            next_step="move the point a few millimetres, or register with --rigid",
        )
    return start


def _newton_steps(field: DisplacementField, points_mm: Floats, left_mm: Floats) -> Floats:
    """Solve for the moves (n, 3) that take away what is left; plain where that has no answer."""
    columns = []
    for axis in range(3):
        nudge = np.zeros(3)
        nudge[axis] = NUDGE_MM
        ahead = displace_points(field, points_mm + nudge)
        columns.append((ahead - displace_points(field, points_mm - nudge)) / (2.0 * NUDGE_MM))
    slopes = np.stack(columns, axis=-1)
    flat = np.abs(np.linalg.det(slopes)) < LEAST_DETERMINANT
    slopes[flat] = np.eye(3)
    moves = np.linalg.solve(slopes, left_mm[..., None])[..., 0]
    return np.asarray(moves, dtype=np.float64)


def measure_jacobian(vectors: Voxels, spacing_mm: float) -> Voxels:
    """Measure by how much each place of an upright field swells.

    Parameters
    ----------
    vectors : (z, y, x, 3) array
        Displacements (z, y, x), millimetres.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    (z, y, x) array
        Determinant of the displaced place's derivative, float32: 1 keeps the volume, 0 and less
        folds.
    """
    determinant = np.empty(vectors.shape[:3], np.float32)
    sum_determinants(np.ascontiguousarray(vectors, np.float32), float(spacing_mm), determinant)
    return determinant
