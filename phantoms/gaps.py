"""Distances between a lesion and a shape, bracketed by splitting cubes.

A signed distance of the algebra is a lower bound only, so it cannot prove that something is near.
But it proves that a cube holds no piece of a surface, and two points of different sign prove that
one lies between them. Splitting the cubes that remain squeezes the true distance between both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.lesions import Gap

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.program import Field

TOLERANCE_MM = 0.1
"""Both ends of a gap differ by at most this, millimetres."""
REACH_MM = 40.0
"""So far from a lesion's surface is looked, millimetres."""
MOST_CUBES = 400_000
CORNERS = np.array(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5])).reshape(3, -1).T
NEWTON_STEPS = 60


def distance_to_ellipsoid_mm(points_mm: Floats, radii_mm: Floats) -> Floats:
    """Measure how far points outside an ellipsoid lie from it; 0 inside.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points in the ellipsoid's own frame, millimetres.
    radii_mm : (3,) array
        Half axes, millimetres.

    Returns
    -------
    (n,) array
        Exact to 1e-9 mm.

    References
    ----------
    D. Eberly, Distance from a point to an ellipse, an ellipsoid, or a hyperellipsoid, 2013.
    """
    own = np.abs(points_mm)
    outside = np.square(own / radii_mm).sum(axis=1) > 1.0
    own, squares = own[outside], np.square(radii_mm)
    # the foot of the normal is r^2 p / (t + r^2) with the t >= 0 that puts it on the surface
    low = np.zeros(len(own))
    high = np.linalg.norm(own * radii_mm, axis=1)
    for _ in range(NEWTON_STEPS):
        middle = 0.5 * (low + high)
        beyond = np.square(radii_mm * own / (middle[:, None] + squares)).sum(axis=1) > 1.0
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    foot = squares * own / (0.5 * (low + high)[:, None] + squares)
    distance = np.zeros(len(points_mm))
    distance[outside] = np.linalg.norm(own - foot, axis=1)
    return distance


def measure_gap(
    body_from_lesion: Floats, radii_mm: Floats, other: Field, *, is_inside: bool = False
) -> Gap:
    """Bracket the distance between a lesion and the surface of a shape.

    Parameters
    ----------
    body_from_lesion : (4, 4) array
        Centre and axes of the lesion, rigid, millimetres.
    radii_mm : (3,) array
        Its half axes, millimetres.
    other : callable
        Signed distance of the shape, (n, 3) points to (n,), millimetres; a lower bound.
    is_inside : bool
        Whether the lesion lies inside the shape (the capsule), and the way out is asked for.

    Returns
    -------
    Gap
        At most :data:`TOLERANCE_MM` wide; zero where they meet, infinite beyond
        :data:`REACH_MM`.
    """
    sign = -1.0 if is_inside else 1.0
    turn, centre = body_from_lesion[:3, :3], body_from_lesion[:3, 3]
    edge = 2.0 * (float(radii_mm.max()) + REACH_MM)
    cubes, best, least = np.zeros((1, 3)), np.inf, 0.0
    while len(cubes):
        edge *= 0.5
        cubes = (cubes[:, None] + edge * CORNERS).reshape(-1, 3)
        near = distance_to_ellipsoid_mm(cubes, radii_mm)
        half = 0.5 * np.sqrt(3.0) * edge
        cubes, near = (each[near - half <= min(best, REACH_MM)] for each in (cubes, near))
        value = sign * other(centre + cubes @ turn.T)
        best = min([best, *near[value <= 0.0]])
        # a cube wholly in the other thing is no better than one at its surface
        holds = (value <= half) & (near - half <= best)
        cubes, near = cubes[holds], near[holds]
        least = min(max(float(near.min(initial=np.inf)) - half, least), best)
        if best <= least + TOLERANCE_MM or len(cubes) > MOST_CUBES:
            break
    return Gap(least, float(best))
