"""How close two needles come to each other in space, whatever their pictures show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from phantoms.arrays import Floats, frozen_floats
from phantoms.hardware.course import directions_along, points_along
from phantoms.hardware.driving import course_of

if TYPE_CHECKING:
    from phantoms.hardware.course import Course
    from phantoms.hardware.placed import PlacedNeedle

STEP_MM = 1.0
"""Lines are looked over at this step before the closest pairs are refined, millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closest:
    """The place where two needles come closest.

    Parameters
    ----------
    distance_mm : float
        Between the middle lines, millimetres.
    clearance_mm : float
        Between the surfaces, millimetres; negative where steel would be in steel.
    points_mm : (2, 3) array
        The point of each middle line, LPS millimetres.
    along_mm : (2,) array
        Where these points lie from each hub, millimetres.
    """

    distance_mm: float
    clearance_mm: float
    points_mm: Floats
    along_mm: Floats


def needles_closest_mm(first: PlacedNeedle, second: PlacedNeedle) -> Closest:
    """Measure how close the shafts of two needles come, bent or straight.

    Parameters
    ----------
    first, second : DrivenNeedle, FreeNeedle or ThreadedNeedle
        Both in LPS of the same scan.

    Returns
    -------
    Closest
        The distance is right to 1e-6 mm.
    """
    one, other = course_of(first), course_of(second)
    alongs = [
        np.linspace(0.0, each.length_mm, int(np.ceil(each.length_mm / STEP_MM)) + 1)
        for each in (one, other)
    ]
    gaps = points_along(one, alongs[0])[:, None] - points_along(other, alongs[1])
    distance = np.linalg.norm(gaps, axis=-1)
    # a pair of knots is never farther from the true minimum's value than a step
    near = np.argwhere(distance <= distance.min() + 2.0 * STEP_MM)
    is_lowest = [distance[k, m] <= _around(distance, k, m).min() for k, m in near.tolist()]
    starts = [(alongs[0][k], alongs[1][m]) for k, m in near[is_lowest]]
    along = min((_refined(one, other, np.array(start)) for start in starts), key=lambda at:
                _gap_mm(one, other, at))  # fmt: skip
    points = np.vstack([points_along(one, along[:1]), points_along(other, along[1:])])
    between = float(np.linalg.norm(points[0] - points[1]))
    radii = 0.5 * (first.needle.diameter_mm + second.needle.diameter_mm)
    return Closest(
        distance_mm=between,
        clearance_mm=between - radii,
        points_mm=frozen_floats(points, (2, 3), "Closest.points_mm"),
        along_mm=frozen_floats(along, (2,), "Closest.along_mm"),
    )


def _around(distance: Floats, k: int, m: int) -> Floats:
    """Cut out the neighbours of one pair of knots."""
    return distance[max(k - 1, 0) : k + 2, max(m - 1, 0) : m + 2]


def _gap_mm(one: Course, other: Course, along: Floats) -> float:
    """Measure between one point of each line."""
    return float(np.linalg.norm(points_along(one, along[:1]) - points_along(other, along[1:])))


def _refined(one: Course, other: Course, start: Floats) -> Floats:
    """Slide both points until they come no closer."""

    def squared(along: Floats) -> tuple[float, Floats]:
        gap = points_along(one, along[:1])[0] - points_along(other, along[1:])[0]
        slopes = [gap @ directions_along(one, along[:1])[0],
                  -gap @ directions_along(other, along[1:])[0]]  # fmt: skip
        return float(gap @ gap), 2.0 * np.array(slopes)

    bounds = [(0.0, one.length_mm), (0.0, other.length_mm)]
    found = minimize(
        squared, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-16, "gtol": 1e-10},
    )  # fmt: skip
    slid: Floats = np.asarray(found.x, dtype=np.float64)
    return slid
