"""Ellipsoids of revolution: the shape of an ablation zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, lengths, unit_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BISECTION_STEPS = 80
"""Halvings of the bracket in the foot-point search: below float64 rounding from any start."""


def signed_distance_to_spheroid_mm(
    points_mm: ArrayLike,
    *,
    centre_mm: ArrayLike,
    axis: ArrayLike,
    along_radius_mm: float,
    across_radius_mm: float,
) -> Floats:
    """Measure the exact signed distance from points to an ellipsoid of revolution.

    Positive inside: the way that the zone still reaches beyond the point.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points, millimetres.
    centre_mm : (3,) array
        Centre of the ellipsoid, same frame, millimetres.
    axis : (3,) array
        Axis of revolution, any length.
    along_radius_mm, across_radius_mm : float
        Half axes along and across the axis of revolution, millimetres.

    Returns
    -------
    (n,) array
        Signed distance to the surface in millimetres, positive inside.

    Raises
    ------
    ValueError
        If a half axis is not positive.

    References
    ----------
    The foot point on an ellipse by bisection of its one-variable equation: Eberly D,
    Distance from a Point to an Ellipse, Geometric Tools, 2013.

    Examples
    --------
    Along and across a 20 x 10 mm zone, from its centre and from outside:

    >>> signed_distance_to_spheroid_mm(
    ...     [[0, 0, 0], [0, 0, 12], [7, 0, 0]], centre_mm=[0, 0, 0], axis=[0, 0, 1],
    ...     along_radius_mm=10.0, across_radius_mm=5.0).round(9)
    array([ 5., -2., -2.])
    """
    if not (along_radius_mm > 0 and across_radius_mm > 0):
        raise ValueError(
            f"half axes: expected positive millimetres, got {along_radius_mm}, {across_radius_mm}"
        )
    points = frozen_floats(points_mm, (None, 3), "points_mm")
    offset = points - frozen_floats(centre_mm, (3,), "centre_mm")
    direction = unit_vector(axis, "axis")
    along = np.abs(offset @ direction)
    across = lengths(np.cross(offset, direction))
    if along_radius_mm >= across_radius_mm:
        return _signed_distance_to_ellipse(along, across, along_radius_mm, across_radius_mm)
    return _signed_distance_to_ellipse(across, along, across_radius_mm, along_radius_mm)


def _signed_distance_to_ellipse(x: Floats, y: Floats, major: float, minor: float) -> Floats:
    """Measure signed distances in the first quadrant, positive inside.

    The foot point of (x, y) is (a²x/(t + a²), b²y/(t + b²)) where t is the root of
    (ax/(t + a²))² + (by/(t + b²))² = 1 above -b²; the left side falls with t.

    Parameters
    ----------
    x, y : (n,) array
        Non-negative coordinates along the major and the minor axis, millimetres.
    major, minor : float
        Half axes, major ≥ minor > 0, millimetres.

    Returns
    -------
    (n,) array
        Signed distances in millimetres.
    """
    low = -(minor**2) + minor * y
    high = -(minor**2) + np.hypot(major * x, minor * y)
    for _ in range(BISECTION_STEPS):
        middle = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = (major * x / (middle + major**2)) ** 2 + (minor * y / (middle + minor**2)) ** 2
        # 0/0 on the major axis means that the minor term is still to be found there: go up
        rises = ~(value <= 1.0)
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    root = 0.5 * (low + high)
    foot_x = _ratio(major**2 * x, root + major**2)
    # on the major axis near the centre the foot leaves the axis: take it from the ellipse itself
    foot_y = np.where(
        root + minor**2 > 1e-9 * minor**2,
        _ratio(minor**2 * y, root + minor**2),
        minor * np.sqrt(np.clip(1.0 - (foot_x / major) ** 2, 0.0, 1.0)),
    )
    distance = np.hypot(x - foot_x, y - foot_y)
    inside = (x / major) ** 2 + (y / minor) ** 2 <= 1.0
    return np.where(inside, distance, -distance)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide, where 0/0 (the centre of a sphere) is 0.

    Parameters
    ----------
    numerator, denominator : (n,) array
        Any unit.

    Returns
    -------
    (n,) array
        The quotient.
    """
    return np.divide(
        numerator, denominator, out=np.zeros_like(numerator), where=np.abs(denominator) > 0
    )
