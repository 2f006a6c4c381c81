"""What fills the chest: lungs with vessels and fissures, heart, oesophagus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import smooth_tube, trimmed
from phantoms.organs.trees import Growth, grown_twigs
from phantoms.organs.trunk import dome_shape, heart_bed, lung_shapes
from phantoms.program import distance_field
from phantoms.shapes import Cut, Intersection, Offset, Shape, ellipsoid
from phantoms.tissues import Part, Tissue

if TYPE_CHECKING:
    from phantoms.physique import Physique
    from phantoms.shapes import Tube

LUNG_VESSELS = 44
"""Stems drawn in each lung."""
LUNG_GROWTH = Growth(
    generations=2,
    spacing_mm=14.0,
    thinner_ratio=0.68,
    slender_ratio=13.0,
    least_mm=0.6,
    most_mm=1.6,
)
VESSEL_GAP_MM = 2.5
"""Lung vessels end so far below the pleura."""


def _lung_vessels(lung: Shape, side: float, rng: np.random.Generator) -> list[Part]:
    """Draw vessels that fan out from the root of the lung, down and outward, and their twigs."""
    root = np.array([side * 46.0, 14.0, 72.0])
    inside = distance_field(lung)
    goals = rng.uniform([10.0, -90.0, -90.0], [150.0, 90.0, 90.0], (1500, 3)) * [side, 1.0, 1.0]
    stems: list[Tube] = []
    for goal in goals[inside(goals) < -VESSEL_GAP_MM - 1.0][:LUNG_VESSELS]:
        sway = rng.normal(0.0, 6.0, 3)
        corners = [
            [*root, 3.4],
            [*(0.55 * root + 0.45 * goal + sway), rng.uniform(1.6, 2.6)],
            [*goal, 0.9],
        ]
        kept = trimmed(smooth_tube(corners, 5), inside, VESSEL_GAP_MM)
        if kept is not None:
            stems.append(kept)
    twigs = grown_twigs(stems, LUNG_GROWTH, inside, VESSEL_GAP_MM, rng)
    return [
        Part(name="lung vessel", shape=tube, tissue=tissues.LUNG_VESSEL)
        for tube in [*stems, *twigs]
    ]


def _fissure(lung: Shape, side: float) -> Part:
    """Build the oblique fissure: a curved sheet from high behind to low in front."""
    ball = ellipsoid([side * 70.0, -190.0, -120.0], [150.0, 210.0, 210.0])
    sheet = Intersection((Cut(ball, Offset(ball, -0.9)), Offset(lung, -0.5)))
    return Part(name="lung fissure", shape=sheet, tissue=tissues.LUNG_FISSURE)


def _heart_parts(physique: Physique) -> list[Part]:
    """Build the heart in its bed: muscle, a left and a right ventricle, a right atrium."""
    front = physique.cavity_front_mm
    bed = Cut(Offset(heart_bed(physique), -3.0), Offset(dome_shape(physique), 3.0), 6.0)

    def blood(name: str, centre: list[float], radii: list[float]) -> Part:
        chamber = Intersection((ellipsoid(centre, radii), Offset(bed, -3.0)), 4.0)
        return Part(name=name, shape=chamber, tissue=tissues.HEART)

    return [
        Part(
            name="pericardial fat",
            shape=Cut(heart_bed(physique), Offset(dome_shape(physique), 0.5)),
            tissue=tissues.VISCERAL_FAT,
        ),
        Part(name="heart", shape=bed, tissue=tissues.MYOCARDIUM),
        blood("left ventricle", [48.0, front + 64.0, 18.0], [27.0, 20.0, 28.0]),
        blood("right ventricle", [14.0, front + 34.0, 8.0], [44.0, 20.0, 28.0]),
        blood("right atrium", [-26.0, front + 66.0, 22.0], [27.0, 27.0, 38.0]),
    ]


def chest_parts(physique: Physique, rng: np.random.Generator) -> list[Part]:
    """Build lungs, lung vessels and heart, in painting order."""
    parts = []
    for side, name, lung in zip(
        (-1.0, 1.0), ("right lung", "left lung"), lung_shapes(physique), strict=True
    ):
        parts.append(Part(name=name, shape=lung, tissue=tissues.LUNG))
        parts.append(_fissure(lung, side))
        parts += _lung_vessels(lung, side, rng)
    return parts + _heart_parts(physique) + [_oesophagus(physique, tissues.OESOPHAGUS)]


def _oesophagus(physique: Physique, tissue: Tissue) -> Part:
    y = physique.spine_y_mm
    tube = smooth_tube(
        [[6, y - 30, 150, 8], [8, y - 36, 40, 8.5], [14, y - 46, -30, 8.5],
         [30, y - 50, -52, 9]], 4,
    )  # fmt: skip
    return Part(name="oesophagus", shape=tube, tissue=tissue)
