"""A plan against the true patient: what would be left alive, and what would be hurt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from phantoms.leaderboard.answers import direction_in, numbers_in, objects_in, refused_answer
from phantoms.motion import moved_points
from phantoms.sampling import sphere_points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from phantoms.arrays import Floats

LESION_POINTS, ZONE_POINTS = 4_000, 60_000
"""Points on each surface: on a zone of 40 mm they lie 0.3 mm apart, and a margin of 3 mm is
measured 0.004 mm too large at most."""
WAY_STEP_MM = 0.5
INNER_STEP_MM = 1.0
"""Within a lesion points lie so far apart on a cubic grid: what is left alive between them reaches
0.87 mm deep at most."""
LEAST_AXIS_MM, MOST_AXIS_MM = 10.0, 100.0
"""No antenna makes a zone that is smaller or larger."""
MOST_TRAJECTORIES = 20
"""Nobody drives more needles in one session."""
INNER_SHELLS = (0.9, 0.75, 0.5, 0.25, 0.0)
"""Shares of its size at which a zone is looked at inside too, lest it swallow a loop of bowel."""


def score_plan(
    answer: Mapping[str, Any],
    truth: Mapping[str, Any],
    clearance_mm: Callable[[Floats], Floats],
    bowel_mm: Callable[[Floats], Floats],
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
    bowel_mm : callable
        The same to bowel alone.

    Returns
    -------
    dict of str to float
        ``needles``; ``mam_mm``, the least margin over all lesions;
        ``clearance_mm`` of the shafts' middle lines; ``hits``: needles that go through bone,
        lung or bowel; ``zone_to_bowel_mm``, negative where a zone reaches into bowel.

    Raises
    ------
    MethodRefusedError
        If a trajectory lacks what is scored, a zone's axes are not 10 to 100 mm, or there are
        more than 20 trajectories.
    """
    listed = objects_in(answer, "trajectories", most=MOST_TRAJECTORIES)
    if not listed:
        raise refused_answer("trajectories", "a list that is not empty", "an empty one")
    ways = [_way(each) for each in listed]
    zones = [each["zone"] for each in listed if each.get("zone") is not None]
    if not zones:
        raise refused_answer("trajectories", "a zone for at least one of them", "none")
    bodies = _bodies(zones)
    least = [float(clearance_mm(way).min()) for way in ways]
    return {
        "needles": float(len(listed)),
        "mam_mm": min(union_margin_mm(zones, lesion) for lesion in truth["lesions"]),
        "clearance_mm": min(least),
        "hits": float(sum(each < 0.0 for each in least)),
        "zone_to_bowel_mm": min(float(bowel_mm(body.solid_mm()).min()) for body in bodies),
    }


def _way(trajectory: Mapping[str, Any]) -> Floats:
    """List points (n, 3) along a shaft from the skin to the tip, millimetres."""
    entry, tip = (numbers_in(trajectory, key, (3,)) for key in ("entry_lps_mm", "tip_lps_mm"))
    count = int(np.linalg.norm(tip - entry) / WAY_STEP_MM) + 2
    way: Floats = entry + np.linspace(0.0, 1.0, count)[:, None] * (tip - entry)
    return way


def union_margin_mm(zones: Sequence[Mapping[str, Any]], lesion: Mapping[str, Any]) -> float:
    """Measure the least signed margin of a lesion, sphere or oval, in a union of ellipsoids.

    Parameters
    ----------
    zones : sequence of mapping
        Each with ``centre_lps_mm``, ``axis_lps``, ``long_axis_mm`` and ``short_axis_mm``, both
        10 to 100 mm.
    lesion : mapping
        With ``lps_from_lesion`` and ``radii_mm``, as in ``truth.json``.

    Returns
    -------
    float
        Millimetres; negative where any of the lesion, its middle too, lies outside the union:
        minus the distance of the point that is farthest from the zones.

    Raises
    ------
    MethodRefusedError
        If a zone is none.

    Examples
    --------
    >>> ball = {"centre_lps_mm": [0, 0, 0], "axis_lps": [0, 0, 1], "long_axis_mm": 30,
    ...         "short_axis_mm": 30}
    >>> pose = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 4], [0, 0, 0, 1]]
    >>> round(union_margin_mm([ball], {"lps_from_lesion": pose, "radii_mm": [5, 5, 5]}), 2)
    6.0
    """
    bodies = _bodies(zones)
    skin = np.concatenate([body.surface_mm() for body in bodies])
    # of the surfaces, what lies inside another zone is no border of the union
    buried = np.any([body.norm(skin) < 1.0 - 1e-9 for body in bodies], axis=0)
    points = _lesion_points(lesion)
    inside = np.any([body.norm(points) <= 1.0 for body in bodies], axis=0)
    distance, _ = cKDTree(skin[~buried]).query(points)
    return float(np.where(inside, distance, -distance).min())


def _lesion_points(lesion: Mapping[str, Any]) -> Floats:
    """List points (n, 3) on a lesion's surface and on a cubic grid inside it, LPS millimetres."""
    radii = np.asarray(lesion["radii_mm"], dtype=np.float64)
    axes = [
        INNER_STEP_MM * np.arange(-steps, steps + 1)
        for steps in (radii / INNER_STEP_MM).astype(int).tolist()
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inner = grid[np.linalg.norm(grid / radii, axis=1) < 1.0]
    own = np.concatenate([radii * sphere_points(LESION_POINTS), inner])
    return moved_points(np.asarray(lesion["lps_from_lesion"], dtype=np.float64), own)


def _bodies(zones: Sequence[object]) -> list[_Ellipsoid]:
    """Read zones out of an answer."""
    odd = [zone for zone in zones if not isinstance(zone, dict)]
    if odd:
        raise refused_answer("zone", "an object", repr(odd[0])[:80])
    return [_Ellipsoid(zone) for zone in zones if isinstance(zone, dict)]


class _Ellipsoid:
    """An ellipsoid of revolution out of an answer."""

    def __init__(self, zone: Mapping[str, Any]) -> None:
        self.centre_mm = numbers_in(zone, "centre_lps_mm", (3,))
        self.axis = direction_in(zone, "axis_lps")
        self.half_long_mm = 0.5 * float(numbers_in(zone, "long_axis_mm", ()))
        self.half_short_mm = 0.5 * float(numbers_in(zone, "short_axis_mm", ()))
        for half_mm in (self.half_long_mm, self.half_short_mm):
            if not LEAST_AXIS_MM <= 2.0 * half_mm <= MOST_AXIS_MM:
                expected = f"axes of {LEAST_AXIS_MM:.0f} to {MOST_AXIS_MM:.0f} mm"
                raise refused_answer("zone", expected, f"{2.0 * half_mm:g} mm")

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

    def solid_mm(self) -> Floats:
        """List points (n, 3) on the surface and on shells within it, millimetres."""
        surface = self.surface_mm()
        # an inner shell has less to tell and is sampled less finely
        inner = [self.centre_mm + share * (surface[::8] - self.centre_mm) for share in INNER_SHELLS]
        points: Floats = np.concatenate([surface, *inner])
        return points
