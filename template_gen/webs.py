"""Where bores and sleeves come near each other, in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from template_gen.outlines import corner_radius_mm
from template_gen.segments import segment_distances_mm

if TYPE_CHECKING:
    from template_gen.arrays import Floats, Indices
    from template_gen.outlines import BoreRings

FREE_APPROACH_MM = 100.0
"""How far in front of the plate a needle's straight way must be free of other sleeves."""


def least_webs_mm(
    bores: BoreRings, thickness_mm: float, *, within_mm: float
) -> tuple[Indices, Floats]:
    """Measure the material between pairs of neighbouring bores.

    Parameters
    ----------
    bores : BoreRings
        n bores of one plate.
    thickness_mm : float
        Of the plate.
    within_mm : float
        Pairs that are surely further apart may be left out.

    Returns
    -------
    pairs : (p, 2) array
        Rows of `bores`.
    webs_mm : (p,) array
        Least distance between the two walls inside the plate, negative where the bores meet.
    """
    corner = corner_radius_mm(bores.radii_mm)
    # A tilted bore's mouth reaches beyond the end of its axis.
    overshoot = (corner * bores.tangents)[:, None] * bores.directions
    starts = bores.entries_mm - overshoot
    ends = bores.centres_at_mm(thickness_mm) + overshoot
    reach = np.linalg.norm(ends - starts, axis=1) / 2 + corner + within_mm / 2
    pairs = _pairs_within_reach((starts + ends) / 2, reach)
    first, second = pairs.T
    gaps = segment_distances_mm(starts[first], ends[first], starts[second], ends[second])
    return pairs, gaps - corner[first] - corner[second]


def _pairs_within_reach(centres: Floats, reach: Floats) -> Indices:
    """Pairs whose balls around the centres meet: a superset of what can touch."""
    first, second = np.triu_indices(len(centres), 1)
    apart = np.linalg.norm(centres[first] - centres[second], axis=1)
    near = apart <= reach[first] + reach[second]
    return np.stack([first[near], second[near]], axis=1)


def sleeves_in_the_way(bores: BoreRings) -> Indices:
    """Find sleeves that stand on the straight way to another bore, or meet its sleeve.

    Parameters
    ----------
    bores : BoreRings

    Returns
    -------
    (p, 2) array
        Rows of `bores`: the sleeve, and the bore that it blocks.
    """
    sleeved = bores.sleeves_mm > 0
    pairs = np.argwhere(sleeved[:, None] & ~np.eye(len(sleeved), dtype=np.bool_))
    corner = corner_radius_mm(bores.sleeve_radii_mm)
    widths = np.where(sleeved, corner, corner_radius_mm(bores.radii_mm))
    foot = bores.entries_mm + (corner * bores.tangents)[:, None] * bores.directions
    sleeve_ends = bores.entries_mm - bores.directions * bores.sleeves_mm[:, None]
    ways = bores.entries_mm - bores.directions * FREE_APPROACH_MM
    first, second = pairs.T
    gaps = segment_distances_mm(sleeve_ends[first], foot[first], ways[second], foot[second])
    return np.asarray(pairs[~(gaps - corner[first] - widths[second] > 0)])
