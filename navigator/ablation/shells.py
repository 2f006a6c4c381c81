"""Shells around a tumour: how much of the tissue next to it is covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.surfels import signed_distance_to_surface_mm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navigator.arrays import Booleans, Floats
    from navigator.imaging.surfaces import SurfacePoints

STEP_MM = 1.0
"""Spacing of the points at which shells are sampled."""


def measure_shell_coverage(
    tumour: SurfacePoints,
    widths_mm: Sequence[float],
    *,
    reach_mm: Callable[[Floats], Floats],
    in_organ: Callable[[Floats], Booleans],
) -> dict[float, float]:
    """Measure the share of each shell that the zone covers.

    Parameters
    ----------
    tumour : SurfacePoints
        The tumour's surface.
    widths_mm : sequence of float
        Widths of the shells, millimetres outward from the surface.
    reach_mm : callable
        Takes (n, 3) points, millimetres; signed distance to the zone's surface, positive
        inside.
    in_organ : callable
        Takes (n, 3) points, millimetres; True inside the organ: a shell ends at its capsule.

    Returns
    -------
    dict of float to float
        Share, 0 to 1, by width; NaN where a shell has no tissue in the organ.
    """
    widest = max(widths_mm)
    low, high = tumour.points_mm.min(axis=0) - widest, tumour.points_mm.max(axis=0) + widest
    axes = [np.arange(a, b + STEP_MM, STEP_MM) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    outside = -signed_distance_to_surface_mm(points, tumour)
    near = (outside > 0) & (outside <= widest)
    points, outside = points[near], outside[near]
    counted = in_organ(points)
    covered = reach_mm(points) >= 0
    return {width: _share(covered[counted & (outside <= width)]) for width in widths_mm}


def _share(members: Booleans) -> float:
    return float(members.mean()) if len(members) else float("nan")
