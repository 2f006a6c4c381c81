"""Outlines sorted into the planes in which they were drawn, and the slab each plane stands for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.imaging.coverage import PlaneCoverage, measure_coverage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats

PLANE_TOLERANCE_MM = 0.1
"""How far from its plane a point may lie: files round to a tenth of a millimetre."""
MOST_OUTLINES_IN_A_PLANE = 500
"""Where some overlap, each is compared with each."""
GAP_STEPS = 1.5
"""Planes further apart than this many steps have planes missing between them."""
TOUCHING_SHARE, WITHIN_SHARE = 0.01, 0.99
"""Shares of the smaller of two outlines in both: below they touch, above one holds the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourPlane:
    """The outlines of one plane.

    Parameters
    ----------
    position_index : float
        Fractional index of the plane along the axis across the planes.
    low, high : float
        Ends of the slab that it stands for, on the same axis.
    polygons : tuple of (n, 2) array
        Corners along the other two axes, fractional indices.
    """

    position_index: float
    low: float
    high: float
    polygons: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneReading:
    """The area inside the outlines of one plane, and what had to be interpreted.

    Parameters
    ----------
    coverage : PlaneCoverage
        Share of each pixel.
    hole_pixels : float
        Area, in pixels, that is outside because one outline lies within another.
    crosses_itself : bool
        Whether a single outline crosses itself.
    """

    coverage: PlaneCoverage
    hole_pixels: float
    crosses_itself: bool


def sort_into_planes(
    outlines: Sequence[Floats], axis: int, *, tolerance: float, lone_slab_slices: float
) -> tuple[tuple[ContourPlane, ...], int]:
    """Sort outlines into planes, and give each plane its slab.

    A slab ends half-way to the next plane; where planes are missing it ends half a regular step
    beyond its own, so that nothing is made up between them.

    Parameters
    ----------
    outlines : sequence of (n, 3) array
        Fractional indices of corners.
    axis : int
        The axis across the planes.
    tolerance : float
        Planes that are nearer than this are one, in steps of the axis.
    lone_slab_slices : float
        Thickness of the slab of a plane that is the only one, in steps of the axis.

    Returns
    -------
    planes : tuple of ContourPlane
        In order.
    missing : int
        How many planes seem to be missing between them.
    """
    places = np.array([outline[:, axis].mean() for outline in outlines])
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order]) > tolerance) + 1
    groups = np.split(order, starts)
    positions = np.array([places[group].mean() for group in groups])
    steps = np.diff(positions)
    step = (
        float(np.median(steps[steps <= GAP_STEPS * steps.min()]))
        if len(steps)
        else lone_slab_slices
    )
    is_gap = steps > GAP_STEPS * step
    halves = np.where(is_gap, step, steps) / 2
    below, above = np.append(step / 2, halves), np.append(halves, step / 2)
    others = [each for each in range(3) if each != axis]
    planes = tuple(
        ContourPlane(
            position_index=float(position),
            low=float(position - below[at]),
            high=float(position + above[at]),
            polygons=tuple(outlines[index][:, others] for index in groups[at]),
        )
        for at, position in enumerate(positions)
    )
    return planes, int((np.rint(steps[is_gap] / step) - 1).sum())


def read_plane(polygons: Sequence[Floats], *, is_xor: bool) -> PlaneReading:
    """Measure the area inside the outlines of a plane.

    An outline within another is a hole, as all programs in use write it. Two outlines that cross
    leave open what lies in both.

    Parameters
    ----------
    polygons : sequence of (n, 2) array
        Corners, in pixels.
    is_xor : bool
        Whether the file itself says that what lies in two outlines is outside.

    Returns
    -------
    PlaneReading
        With the area outside for being within two outlines.

    Raises
    ------
    StructureRefusedError
        If two outlines cross and the file does not say what that means.
    """
    coverage = measure_coverage(polygons)
    inside = float(coverage.odd_shares.sum())
    twice = float(coverage.any_shares.sum()) - inside
    total = sum(_enclosed(polygon) for polygon in polygons)
    allowed = 1e-6 * max(total, 1.0)
    if twice <= allowed and abs(total - inside) <= TOUCHING_SHARE * total:
        return PlaneReading(coverage=coverage, hole_pixels=0.0, crosses_itself=False)
    if len(polygons) > MOST_OUTLINES_IN_A_PLANE:
        raise StructureRefusedError(
            code="outline-absurd",
            what="Too many outlines lie in one plane, and some of them overlap",
            where="outlines of one plane",
            expected=f"at most {MOST_OUTLINES_IN_A_PLANE} outlines",
            got=f"{len(polygons)}",
            next_step="export the structure again; look at it in the program that drew it",
        )
    areas = [float(measure_coverage([polygon]).odd_shares.sum()) for polygon in polygons]
    if not is_xor:
        _check_none_cross(polygons, areas)
    crosses_itself = any(
        abs(area - _enclosed(polygon)) > TOUCHING_SHARE * area
        for area, polygon in zip(areas, polygons, strict=True)
    )
    return PlaneReading(coverage=coverage, hole_pixels=twice, crosses_itself=crosses_itself)


def _enclosed(polygon: Floats) -> float:
    """Give the area of a simple polygon (n, 2) by the shoelace formula."""
    j, i = (polygon - polygon.mean(axis=0)).T
    return abs(float(j @ np.roll(i, -1) - i @ np.roll(j, -1))) / 2


def _check_none_cross(polygons: Sequence[Floats], areas: list[float]) -> None:
    """Refuse outlines (n, 2) of which two cross, or one stands twice."""
    boxes = [(polygon.min(axis=0), polygon.max(axis=0)) for polygon in polygons]
    for one, other in combinations(range(len(polygons)), 2):
        if (boxes[one][0] > boxes[other][1]).any() or (boxes[other][0] > boxes[one][1]).any():
            continue
        pair = measure_coverage([polygons[one], polygons[other]])
        shared = float(pair.any_shares.sum() - pair.odd_shares.sum())
        small, large = sorted((areas[one], areas[other]))
        is_hole = WITHIN_SHARE * small <= shared <= WITHIN_SHARE * large
        if not (is_hole or shared <= TOUCHING_SHARE * small):
            raise StructureRefusedError(
                code="outlines-cross",
                what="Two outlines of one plane cross, and what lies in both may be in or out",
                where="outlines of one plane",
                expected="outlines beside each other, or one within the other",
                got=f"{shared / small:.0%} of the smaller one within the other",
                next_step="mend the outline in the program that drew it, and export it again",
            )
