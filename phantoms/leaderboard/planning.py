"""A plan against the true patient: what would be left alive, and what would be hurt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from phantoms.leaderboard.answers import numbers_in, refused_answer
from phantoms.sampling import sphere_points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from phantoms.arrays import Floats

LESION_POINTS, ZONE_POINTS = 4_000, 60_000
"""Points on each surface: on a zone of 40 mm they lie 0.3 mm apart, and a margin of 3 mm is
measured 0.004 mm too large at most."""
WAY_STEP_MM = 0.5


def score_plan(
    answer: Mapping[str, Any],
    truth: Mapping[str, Any],
    clearance_mm: Callable[[Floats], Floats],
) -> dict[str, float]:
    """Carry a plan out in the true patient.

    Parameters
    ----------
    answer : mapping
        With ``trajectories``, each with ``entry_lps_mm``, ``tip_lps_mm`` and, for an antenna,
        ``zone`` (``centre_lps_mm``, ``axis_lps``, ``long_axis_mm``, ``short_axis_mm``), LPS of
        the planning scan.
    truth : mapping
        ``truth.json``.
    clearance_mm : callable
        Takes points (n, 3), LPS of the planning scan, and gives their signed distance (n,) to
        bone, lung and bowel, negative inside, millimetres.

    Returns
    -------
    dict of str to float
        ``needles``; ``mam_mm``, the least margin over all lesions, if they are spheres;
        ``clearance_mm`` of the shafts' middle lines; ``hits``: needles that go through bone,
        lung or bowel.

    Raises
    ------
    MethodRefusedError
        If a trajectory lacks what is scored.
    """
    listed = answer.get("trajectories")
    if not isinstance(listed, list) or not listed:
        raise refused_answer("trajectories", "a list that is not empty", repr(listed)[:80])
    ways = [_way(each) for each in listed]
    least = [float(clearance_mm(way).min()) for way in ways]
    zones = [each["zone"] for each in listed if isinstance(each.get("zone"), dict)]
    if not zones:
        raise refused_answer("trajectories", "a zone for at least one of them", "none")
    return {
        "needles": float(len(listed)),
        "mam_mm": min(union_margin_mm(zones, lesion) for lesion in truth["lesions"]),
        "clearance_mm": min(least),
        "hits": float(sum(each < 0.0 for each in least)),
    }


def _way(trajectory: Mapping[str, Any]) -> Floats:
    """List points (n, 3) along a shaft from the skin to the tip, millimetres."""
    entry, tip = (numbers_in(trajectory, key, (3,)) for key in ("entry_lps_mm", "tip_lps_mm"))
    count = int(np.linalg.norm(tip - entry) / WAY_STEP_MM) + 2
    way: Floats = entry + np.linspace(0.0, 1.0, count)[:, None] * (tip - entry)
    return way


def union_margin_mm(zones: list[Mapping[str, Any]], lesion: Mapping[str, Any]) -> float:
    """Measure the least signed margin of a spherical lesion in a union of ellipsoids.

    Parameters
    ----------
    zones : list of mapping
        Each with ``centre_lps_mm``, ``axis_lps``, ``long_axis_mm`` and ``short_axis_mm``.
    lesion : mapping
        With ``centre_lps_mm`` and ``diameter_mm``.

    Returns
    -------
    float
        Millimetres; negative where the surface of the lesion leaves the union.

    Examples
    --------
    >>> ball = {"centre_lps_mm": [0, 0, 0], "axis_lps": [0, 0, 1], "long_axis_mm": 30,
    ...         "short_axis_mm": 30}
    >>> round(union_margin_mm([ball], {"centre_lps_mm": [0, 0, 4], "diameter_mm": 10}), 2)
    6.0
    """
    bodies = [_Ellipsoid(zone) for zone in zones]
    skin = np.concatenate([body.surface_mm() for body in bodies])
    # of the surfaces, what lies inside another zone is no border of the union
    buried = np.any([body.norm(skin) < 1.0 - 1e-9 for body in bodies], axis=0)
    radius = 0.5 * float(lesion["diameter_mm"])
    points = np.asarray(lesion["centre_lps_mm"]) + radius * sphere_points(LESION_POINTS)
    inside = np.any([body.norm(points) <= 1.0 for body in bodies], axis=0)
    distance, _ = cKDTree(skin[~buried]).query(points)
    return float(np.where(inside, distance, -distance).min())


class _Ellipsoid:
    """An ellipsoid of revolution out of an answer."""

    def __init__(self, zone: Mapping[str, Any]) -> None:
        self.centre_mm = numbers_in(zone, "centre_lps_mm", (3,))
        axis = numbers_in(zone, "axis_lps", (3,))
        self.axis = axis / np.linalg.norm(axis)
        self.half_long_mm = 0.5 * float(numbers_in(zone, "long_axis_mm", ()))
        self.half_short_mm = 0.5 * float(numbers_in(zone, "short_axis_mm", ()))
        if not min(self.half_long_mm, self.half_short_mm) > 0.0:
            raise refused_answer("zone", "axes longer than 0", repr(dict(zone))[:80])

    def norm(self, points_mm: Floats) -> Floats:
        """Give 1 on the surface, less inside, for points (n, 3), millimetres."""
        offset = points_mm - self.centre_mm
        along = offset @ self.axis
        across = np.linalg.norm(offset - along[:, None] * self.axis, axis=1)
        measured: Floats = np.hypot(along / self.half_long_mm, across / self.half_short_mm)
        return measured

    def surface_mm(self) -> Floats:
        """List points (n, 3) all over the surface, millimetres."""
        ball = sphere_points(ZONE_POINTS)
        stretch = np.outer(self.axis, self.axis) * (self.half_long_mm - self.half_short_mm)
        points: Floats = self.centre_mm + ball @ (stretch + np.eye(3) * self.half_short_mm)
        return points
