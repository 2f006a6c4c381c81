"""How deep along a given line, and which power and time: the zone that serves the tumour best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.ablation.margin import signed_margins_mm
from navigator.ablation.zones import place_zone
from navigator.arrays import lengths
from navigator.model.trajectory import Trajectory

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.model.ablation import ZoneSize
    from navigator.model.anatomy import Lesion

DEPTH_STEP_MM = 1.0
"""Depths are set on the needle's scale, which is engraved in millimetres."""

SEARCH_POINTS = 500
"""Surface points used while searching; the plan itself is measured on all."""

SEARCH_HALF_RANGE_MM = 15
"""How far along the line from the centred depth the best depth is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthChoice:
    """The best use of one line.

    Parameters
    ----------
    guide_depth_mm : float
        Origin of the line (operator face, or skin) to tip, whole millimetres.
    size : ZoneSize
        Power and time.
    mam_mm : float
        Least margin on the search points, millimetres.
    """

    guide_depth_mm: float
    size: ZoneSize
    mam_mm: float


def search_surface(lesion: Lesion) -> Floats:
    """Thin out a tumour's surface for searching.

    Parameters
    ----------
    lesion : Lesion
        The tumour.

    Returns
    -------
    (n, 3) array
        About 500 of its surface points, millimetres.
    """
    step = max(1, len(lesion.surface_mm) // SEARCH_POINTS)
    return lesion.surface_mm[::step]


def choose_depth(
    origin_mm: Floats, direction: Floats, lesion: Lesion, sizes: tuple[ZoneSize, ...]
) -> DepthChoice:
    """Find the least zone that keeps the wanted margin on a line, or the best of all.

    The signed distance into a convex zone is concave along the line, and so is its least
    value over the surface: the best whole millimetre is found by climbing from the depth at
    which the zone is centred on the tumour.

    Parameters
    ----------
    origin_mm : (3,) array
        Where depths are counted from, millimetres.
    direction : (3,) array
        Unit direction toward the tip.
    lesion : Lesion
        The tumour.
    sizes : tuple of ZoneSize
        The zones that may be asked for.

    Returns
    -------
    DepthChoice
        The smallest zone whose least margin is the wanted one; where none keeps it, the one
        with the largest least margin.
    """
    surface = search_surface(lesion)
    aside = float(lengths(np.cross(surface - origin_mm, direction)).max())
    best: DepthChoice | None = None
    for size, most_mm in _worth_trying(sizes, aside, lesion.wanted_margin_mm):
        if best is not None and most_mm <= best.mam_mm:
            continue
        choice = _climb(origin_mm, direction, surface, lesion, size)
        if choice.mam_mm >= lesion.wanted_margin_mm:
            return choice
        best = choice if best is None or choice.mam_mm > best.mam_mm else best
    if best is None:
        raise ValueError("choose_depth: expected one zone size or more, got none")
    return best


def _worth_trying(
    sizes: tuple[ZoneSize, ...], aside_mm: float, wanted_mm: float
) -> list[tuple[ZoneSize, float]]:
    """Order the zones: those that may keep the wanted margin by volume, then the most promising.

    No depth gives more margin than the short half axis leaves beside the point that lies farthest
    from the line.

    Returns
    -------
    list of tuple of ZoneSize and float
        Each zone with the most margin that it may give, millimetres.
    """
    most = [(size, 0.5 * size.short_axis_mm.value - aside_mm) for size in sizes]
    serving = sorted(
        (item for item in most if item[1] >= wanted_mm), key=lambda item: zone_volume_mm3(item[0])
    )
    others = sorted((item for item in most if item[1] < wanted_mm), key=lambda item: -item[1])
    return [*serving, *others]


def zone_volume_mm3(size: ZoneSize) -> float:
    """Measure a zone's volume.

    Parameters
    ----------
    size : ZoneSize
        Axes in millimetres.

    Returns
    -------
    float
        mm³.
    """
    return float(np.pi / 6.0 * size.long_axis_mm.value * size.short_axis_mm.value**2)


def _climb(
    origin_mm: Floats, direction: Floats, surface: Floats, lesion: Lesion, size: ZoneSize
) -> DepthChoice:
    """Climb in whole millimetres from the centred depth while the least margin grows."""

    def least_margin(depth_mm: float) -> float:
        tip = origin_mm + depth_mm * direction
        way = Trajectory(entry_mm=tip - direction, tip_mm=tip, frame=lesion.frame)
        return float(signed_margins_mm(surface, [place_zone(size, way)]).min())

    centred = float((lesion.centre_mm - origin_mm) @ direction) + size.centre_to_tip_mm.value
    depth = round(centred / DEPTH_STEP_MM) * DEPTH_STEP_MM
    value = least_margin(depth)
    for step in (DEPTH_STEP_MM, -DEPTH_STEP_MM):
        for _ in range(SEARCH_HALF_RANGE_MM):
            ahead = least_margin(depth + step)
            if not ahead > value:
                break
            depth, value = depth + step, ahead
    return DepthChoice(guide_depth_mm=depth, size=size, mam_mm=value)
