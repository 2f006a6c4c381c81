"""Vessels that branch: daughters grown from a few given stems, thinner by Murray's law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.organs.curves import smooth_tube, trimmed

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.program import Field
    from phantoms.shapes import Tube


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How daughters leave a vessel.

    Parameters
    ----------
    generations : int
        Daughters, their daughters, and so on.
    spacing_mm : float
        Distance between two daughters along the parent.
    thinner_ratio : float
        Radius of a daughter against the parent's at its root; (1/2)^(1/3) = 0.79 where both
        daughters of a fork are alike, less for a side branch.
    slender_ratio : float
        Length of a vessel against its radius.
    least_mm : float
        Vessels with a thinner root are not drawn, radius in millimetres.
    most_mm : float
        A daughter is no thicker than this, radius in millimetres: the thick ones are given.

    References
    ----------
    C. D. Murray, The physiological principle of minimum work, PNAS 12 (1926),
    doi:10.1073/pnas.12.3.207.
    """

    generations: int
    spacing_mm: float
    thinner_ratio: float
    slender_ratio: float
    least_mm: float
    most_mm: float


def grown_twigs(
    stems: list[Tube], growth: Growth, inside: Field, gap_mm: float, rng: np.random.Generator
) -> list[Tube]:
    """Grow daughters from stems, generation by generation.

    Parameters
    ----------
    stems : list of Tube
        The vessels they spring from.
    growth : Growth
        How they leave.
    inside : callable
        Signed distance to the surface of the organ, (n, 3) points to (n,), millimetres.
    gap_mm : float
        How far every twig stays below that surface, millimetres.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    list of Tube
        The daughters only.
    """
    twigs: list[Tube] = []
    parents = stems
    for _ in range(growth.generations):
        grown = [_daughter(root, growth, rng) for stem in parents for root in _roots(stem, growth)]
        kept = (trimmed(each, inside, gap_mm) for each in grown)
        parents = [each for each in kept if each is not None]
        twigs += parents
    return twigs


def _roots(stem: Tube, growth: Growth) -> list[tuple[Floats, Floats, float]]:
    """List where daughters leave: point, direction of the parent, radius of the daughter."""
    steps = np.diff(stem.points_mm, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    roots = []
    for at in np.arange(0.7 * growth.spacing_mm, ends[-1], growth.spacing_mm):
        leg = min(int(np.searchsorted(ends, at)) - 1, len(steps) - 1)
        share = (at - ends[leg]) / lengths[leg]
        here = stem.radii_mm[leg] + share * (stem.radii_mm[leg + 1] - stem.radii_mm[leg])
        radius = min(growth.thinner_ratio * here, growth.most_mm)
        if radius >= growth.least_mm:
            point = stem.points_mm[leg] + share * steps[leg]
            roots.append((point, steps[leg] / lengths[leg], float(radius)))
    return roots


def _daughter(root: tuple[Floats, Floats, float], growth: Growth, rng: np.random.Generator) -> Tube:
    point, along, radius = root
    away = np.cross(along, rng.standard_normal(3))
    away /= np.linalg.norm(away)
    lean = np.deg2rad(rng.uniform(38.0, 68.0))
    course = np.cos(lean) * along + np.sin(lean) * away
    length = growth.slender_ratio * radius * rng.uniform(0.75, 1.25)
    bend = rng.normal(0.0, 0.10, 3) * length
    goal = point + length * course
    corners = [
        [*point, radius],
        [*(0.5 * (point + goal) + bend), 0.8 * radius],
        [*goal, 0.45 * radius],
    ]
    return smooth_tube(corners, 4)
