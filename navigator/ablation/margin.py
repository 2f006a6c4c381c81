"""The margin that a zone keeps around a tumour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.ellipsoids import signed_distance_to_spheroid_mm
from navigator.geometry.frames import check_same_frame
from navigator.model.ablation import Interval, Margin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats
    from navigator.model.ablation import AblationZone
    from navigator.model.anatomy import Lesion

MARGIN_CLASSES_MM = {"lt_0": (-np.inf, 0.0), "0_to_5": (0.0, 5.0), "5_to_10": (5.0, 10.0)}
"""The classes of the margin's distribution below ``ge_10``, millimetres."""


def signed_margins_mm(
    points_mm: Floats, zones: Sequence[AblationZone], *, bound: str = "value"
) -> Floats:
    """Measure how far the union of zones reaches beyond points.

    Inside several zones the largest reach counts, which never says more than the union has.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points in the zones' frame, millimetres.
    zones : sequence of AblationZone
        At least one.
    bound : str
        ``value``, ``low`` or ``high``: which end of the axes' intervals to use.

    Returns
    -------
    (n,) array
        Signed distance to the zone's surface, millimetres, positive inside.
    """
    reaches = [
        signed_distance_to_spheroid_mm(
            points_mm,
            centre_mm=zone.centre_mm,
            axis=zone.axis,
            along_radius_mm=0.5 * getattr(zone.size.long_axis_mm, bound),
            across_radius_mm=0.5 * getattr(zone.size.short_axis_mm, bound),
        )
        for zone in zones
    ]
    best: Floats = np.max(np.stack(reaches), axis=0)
    return best


def measure_margin(lesion: Lesion, zones: Sequence[AblationZone]) -> Margin:
    """Measure the signed margin over a tumour's surface.

    Parameters
    ----------
    lesion : Lesion
        The tumour.
    zones : sequence of AblationZone
        At least one, in the lesion's frame.

    Returns
    -------
    Margin
        Least margin with its interval (axes and tip offset of the zone, surface of the tumour),
        distribution by area, covered share.

    Raises
    ------
    FrameMismatchError
        If a zone lies in another frame.
    ValueError
        If there is no zone.
    """
    if not zones:
        raise ValueError("measure_margin: expected one zone or more, got none")
    for zone in zones:
        check_same_frame("measuring a margin", expected=lesion.frame, got=zone.frame)
    margins = signed_margins_mm(lesion.surface_mm, zones)
    thinnest = int(np.argmin(margins))
    doubt = lesion.surface_uncertainty_mm
    low = least_margin_at_end_mm(lesion.surface_mm, zones, bound="low")
    high = least_margin_at_end_mm(lesion.surface_mm, zones, bound="high")
    weights = lesion.surface_weights_mm2 / lesion.surface_weights_mm2.sum()
    inside = signed_margins_mm(lesion.inside_mm, zones) >= 0
    return Margin(
        mam_mm=Interval(
            value=float(margins[thinnest]),
            low=min(low, float(margins[thinnest])) - doubt,
            high=max(high, float(margins[thinnest])) + doubt,
        ),
        area_share=area_share_by_margin(margins, weights),
        covered_share=float(inside.mean()),
        wanted_margin_covered_share=float(weights[margins >= lesion.wanted_margin_mm].sum()),
        thinnest_point_mm=lesion.surface_mm[thinnest],
        frame=lesion.frame,
    )


def least_margin_at_end_mm(
    points_mm: Floats, zones: Sequence[AblationZone], *, bound: str
) -> float:
    """Find the least margin at the low or high end of the axes' and the tip offset's ranges.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points on the tumour's surface, millimetres.
    zones : sequence of AblationZone
        At least one.
    bound : str
        ``low``: the worst of what may be; ``high``: the best.

    Returns
    -------
    float
        Millimetres.
    """
    ends = ("low", "value", "high")
    leasts = [
        float(
            signed_margins_mm(points_mm, [_moved(zone, end) for zone in zones], bound=bound).min()
        )
        for end in ends
    ]
    return min(leasts) if bound == "low" else max(leasts)


def _moved(zone: AblationZone, end: str) -> AblationZone:
    """Put a zone where it lies if the distance from its centre to the tip is at one end."""
    offset = zone.size.centre_to_tip_mm
    toward_tip_mm = offset.value - float(getattr(offset, end))
    return replace(zone, centre_mm=zone.centre_mm + toward_tip_mm * zone.axis)


def area_share_by_margin(margins_mm: Floats, weights: Floats) -> dict[str, float]:
    """Share out the surface by its margin.

    Parameters
    ----------
    margins_mm : (n,) array
        Signed margins, millimetres.
    weights : (n,) array
        Shares of area that sum to 1.

    Returns
    -------
    dict of str to float
        Shares below 0, 0 to 5, 5 to 10, and 10 mm or more; they sum to 1.

    Examples
    --------
    >>> area_share_by_margin(np.array([-1.0, 6.0]), np.array([0.25, 0.75]))
    {'lt_0': 0.25, '0_to_5': 0.0, '5_to_10': 0.75, 'ge_10': 0.0}
    """
    shares = {
        name: float(weights[(margins_mm >= low) & (margins_mm < high)].sum())
        for name, (low, high) in MARGIN_CLASSES_MM.items()
    }
    shares["ge_10"] = float(weights[margins_mm >= 10.0].sum())
    return shares
