"""The vessels of the liver: portal tree, hepatic veins, arteries, twigs, and the vena cava."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import in_pieces, smooth_tube, trimmed
from phantoms.organs.trees import Growth, grown_twigs
from phantoms.shapes import Tube, Union
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.physique import Physique
    from phantoms.program import Field
    from phantoms.shapes import Shape

CAPSULE_GAP_MM, STEM_GAP_MM = 4.0, 1.0
"""Twigs and named vessels end so far below the capsule."""
GROWTH = Growth(
    generations=3, spacing_mm=8.0, thinner_ratio=0.72, slender_ratio=15.0, least_mm=0.6, most_mm=1.8
)
BIFURCATION_MM = (-30.0, -12.0, -94.0)
"""Where the portal vein forks, in the tables below."""
SPREAD = (1.12, 1.22, 1.04)
"""The tables are stretched so much away from the fork, so that the tree fills the liver."""
ARTERY_BESIDE_MM = (2.0, -5.0, 2.5)
"""A hepatic artery runs so far beside its portal branch."""

PORTAL_TREE: dict[str, list[list[float]]] = {
    "portal vein": [[14, -4, -124, 7.0], [-8, -10, -108, 7.0], [-30, -12, -94, 6.5]],
    "right portal vein": [[-30, -12, -94, 6.0], [-46, -9, -88, 5.2], [-58, -7, -84, 4.6]],
    "right anterior branch": [[-58, -7, -84, 4.2], [-76, -24, -72, 3.3], [-94, -40, -54, 1.8]],
    "right posterior branch": [[-58, -7, -84, 4.2], [-80, 8, -90, 3.2], [-104, 20, -104, 1.8]],
    "left portal vein": [
        [-30, -12, -94, 5.4], [-12, -26, -78, 4.6], [4, -44, -68, 3.8], [26, -52, -60, 2.0],
    ],
    "segment 8 twig": [[-76, -24, -72, 2.4], [-82, -18, -50, 1.9], [-90, -12, -30, 1.1]],
    "segment 5 twig": [[-70, -20, -77, 2.4], [-72, -40, -92, 1.8], [-74, -52, -112, 1.0]],
    "segment 6 twig": [[-80, 8, -90, 2.2], [-88, 8, -112, 1.7], [-92, 2, -130, 1.0]],
    "segment 7 twig": [[-80, 8, -90, 2.2], [-96, 24, -76, 1.7], [-104, 28, -56, 1.0]],
    "segment 8 front twig": [[-78, -26, -70, 2.0], [-66, -40, -52, 1.6], [-62, -48, -36, 0.9]],
    "segment 5 side twig": [[-72, -28, -84, 2.0], [-94, -38, -90, 1.6], [-112, -40, -96, 0.9]],
    "segment 6 front twig": [[-86, 8, -106, 1.8], [-104, -6, -116, 1.5], [-112, -14, -124, 0.9]],
    "segment 7 inner twig": [[-84, 12, -88, 2.0], [-72, 36, -78, 1.6], [-62, 42, -64, 0.9]],
    "segment 2 twig": [[10, -47, -66, 2.2], [26, -36, -52, 1.6], [42, -32, -46, 0.9]],
    "segment 4 twig": [[2, -42, -70, 2.4], [-14, -56, -80, 1.8], [-24, -62, -92, 1.0]],
}  # fmt: skip
"""Corners and radius of each branch, body frame of the mean patient, millimetres."""

HEPATIC_VEINS: dict[str, list[list[float]]] = {
    "right hepatic vein": [
        [-26, 12, -26, 5.5], [-60, 4, -36, 4.4], [-90, -2, -64, 3.2], [-104, 2, -98, 1.4],
    ],
    "right upper twig": [[-66, 2, -40, 3.0], [-84, -22, -36, 2.2], [-96, -34, -40, 1.0]],
    "right lower twig": [[-88, -1, -62, 2.6], [-92, 22, -76, 1.8], [-90, 34, -92, 1.0]],
    "middle twig": [[-38, -26, -50, 2.8], [-60, -44, -58, 2.0], [-74, -52, -70, 1.0]],
    "middle hepatic vein": [
        [-24, 8, -28, 5.0], [-36, -22, -46, 4.0], [-46, -40, -76, 2.8], [-52, -50, -104, 1.2],
    ],
    "left hepatic vein": [
        [-20, 6, -28, 4.8], [-4, -18, -38, 3.8], [16, -40, -48, 2.6], [38, -48, -54, 1.2],
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LiverVessels:
    """The vessels of one liver, body frame.

    Parameters
    ----------
    portal, hepatic : dict of str to Tube
        Portal branches and hepatic veins by name: what counts as a vessel to keep away from.
    twigs : tuple of Tube
        Their finer branches and the arteries, which count as liver.
    vena_cava : Tube
        The inferior vena cava.
    far_ends_mm : dict of str to (3,) array
        Where each branch and vein would end in a liver that does not stop it.
    """

    portal: dict[str, Tube]
    hepatic: dict[str, Tube]
    twigs: tuple[Tube, ...]
    vena_cava: Tube
    far_ends_mm: dict[str, Floats]


def liver_y_mm(physique: Physique) -> float:
    """Find the front-to-back origin of the tables below, millimetres."""
    return physique.spine_y_mm - 35.0


def vena_cava_tube(physique: Physique) -> Tube:
    """Build the inferior vena cava, from the pelvis to the heart."""
    y = liver_y_mm(physique)
    return smooth_tube(
        [[-24, y + 11, -330, 10], [-26, y + 12, -140, 10.5], [-27, y + 16, -60, 12],
         [-23, y + 12, -14, 12.5], [-18, y - 6, 24, 13]], 5,
    )  # fmt: skip


def _placed(corners: list[list[float]], shift_mm: Floats) -> Tube:
    moved = np.array(corners, dtype=np.float64)
    moved[:, :3] = (moved[:, :3] - BIFURCATION_MM) * SPREAD + BIFURCATION_MM + shift_mm
    return smooth_tube(moved, 6)


def build_vessels(physique: Physique, liver: Field, rng: np.random.Generator) -> LiverVessels:
    """Build the vessels of one liver.

    Parameters
    ----------
    physique : Physique
        The build.
    liver : callable
        Signed distance to the liver's surface, (n, 3) points to (n,), millimetres.
    rng : numpy.random.Generator
        Source of chance: course and twigs.

    Returns
    -------
    LiverVessels
        Body frame.
    """
    shift = rng.normal(0.0, 2.5, 3) + np.array([0.0, liver_y_mm(physique), 0.0])

    def drawn(table: dict[str, list[list[float]]]) -> dict[str, Tube]:
        return {
            name: _placed(corners, shift + rng.normal(0.0, 0.6, 3))
            for name, corners in table.items()
        }

    def inside(named: dict[str, Tube]) -> dict[str, Tube]:
        kept = {
            name: tube if name == "portal vein" else trimmed(tube, liver, STEM_GAP_MM)
            for name, tube in named.items()
        }
        return {name: tube for name, tube in kept.items() if tube is not None}

    courses = drawn(HEPATIC_VEINS)
    branches = drawn(PORTAL_TREE)
    portal, hepatic = inside(branches), inside(courses)
    stems = [tube for name, tube in (portal | hepatic).items() if name != "portal vein"]
    twigs = grown_twigs(stems, GROWTH, liver, CAPSULE_GAP_MM, rng)
    arteries = [
        Tube(tube.points_mm + ARTERY_BESIDE_MM, np.linspace(1.5, 0.7, len(tube.radii_mm)))
        for name, tube in portal.items()
        if name.endswith("portal vein") and name != "portal vein"
    ]
    return LiverVessels(
        portal=portal,
        hepatic=hepatic,
        twigs=(*twigs, *arteries),
        vena_cava=vena_cava_tube(physique),
        far_ends_mm={name: tube.points_mm[-1] for name, tube in (branches | courses).items()},
    )


def vessel_parts(vessels: LiverVessels) -> list[Part]:
    """Build twigs, hepatic veins, portal tree and vena cava, in painting order."""
    parts = [
        Part(name="hepatic twig", shape=tube, tissue=tissues.HEPATIC_TWIG) for tube in vessels.twigs
    ]
    parts += [
        Part(name=name, shape=tube, tissue=tissues.BLOOD) for name, tube in vessels.hepatic.items()
    ]
    parts += [
        Part(name=name, shape=tube, tissue=tissues.PORTAL_BLOOD)
        for name, tube in vessels.portal.items()
    ]
    parts += [
        Part(name="vena cava", shape=piece, tissue=tissues.CAVAL_BLOOD)
        for piece in in_pieces(vessels.vena_cava, 5)
    ]
    return parts


def wide_runs(tubes: dict[str, Tube], least_radius_mm: float) -> Union:
    """Join the runs of vessels from their roots to where they grow thinner than a radius, mm."""
    runs: list[Shape] = []
    for tube in tubes.values():
        thin = np.flatnonzero(tube.radii_mm < least_radius_mm)
        end = int(thin[0]) if len(thin) else len(tube.radii_mm)
        if end >= 2:
            runs.append(Tube(tube.points_mm[:end], tube.radii_mm[:end]))
    return Union(tuple(runs))
