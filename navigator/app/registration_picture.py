"""The check picture of a registration, for the file that a person looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.app.outlines import LIVER_COLOUR, membership_field
from navigator.report.planes import anatomical_planes
from navigator.report.registration_picture import RegisteredScans, draw_registration
from navigator.report.slices import Outline

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.arrays import Floats
    from navigator.model.outcome import Verdict
    from navigator.model.volume import Mask, Volume

ROOM_MM = 30.0
"""Shown around the organ."""
WHOLE_HALF_MM = 190.0
"""Half the edge of the pictures where no organ was given."""


def draw_registered(
    scans: tuple[Volume, Volume],
    to_intraop: Callable[[Floats], Floats],
    organ: Mask | None,
    verdict: Verdict,
) -> bytes:
    """Draw both scans in one checkerboard, and what they differ by, through the liver's middle.

    Parameters
    ----------
    scans : tuple of Volume
        Planning and intraoperative scan.
    to_intraop : callable
        Takes (n, 3) points of the planning scan, gives those of the other, LPS millimetres.
    organ : Mask or None
        The liver; without it the planning scan's middle is cut.
    verdict : Verdict
        Written above.

    Returns
    -------
    bytes
        PNG: axial, coronal, sagittal.
    """
    planning, intraop = scans
    middle, half = (
        planning.grid.points_from_indices(
            0.5 * (np.array(planning.grid.shape_kji, float)[None] - 1.0)
        )[0],
        WHOLE_HALF_MM,
    )
    outlines: tuple[Outline, ...] = ()
    if organ is not None and organ.members.any():
        low, high = _box_mm(organ)
        middle, half = 0.5 * (low + high), float(0.5 * (high - low).max()) + ROOM_MM
        outlines = (
            Outline(name="liver", colour=LIVER_COLOUR, field=membership_field(organ), width_pt=0.9),
        )
    reasons = "; ".join(reason.message.rstrip(".") for reason in verdict.reasons)
    headline = verdict.status.value + (f": {reasons}" if reasons else "")
    shown = RegisteredScans(
        planning=planning,
        intraop=intraop,
        to_intraop=to_intraop,
        outlines=outlines,
        headline=headline,
    )
    return draw_registration(shown, anatomical_planes(middle, half))


def _box_mm(organ: Mask) -> tuple[Floats, Floats]:
    """Find the corners of an organ's box, LPS millimetres."""
    ends = []
    for axis in range(3):
        other = tuple(a for a in range(3) if a != axis)
        places = np.flatnonzero(organ.members.any(axis=other))
        ends.append((places[0], places[-1]))
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3).astype(float)
    points = organ.grid.points_from_indices(corners)
    return points.min(axis=0), points.max(axis=0)
