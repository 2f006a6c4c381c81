"""What fills the chest: lungs with their vessels, heart, aorta, and twigs in the abdominal fat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import smooth_tube
from phantoms.organs.trunk import lung_shapes
from phantoms.shapes import Cut, Intersection, Offset, Shape, ellipsoid
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

LUNG_VESSELS = 26
"""Vessels drawn in each lung."""


def _lung_vessels(lung: Shape, side: float, rng: np.random.Generator) -> list[Part]:
    """Draw vessels that fan out from the root of the lung, down and outward."""
    root = np.array([side * 34.0, 0.0, 66.0])
    inside = Offset(lung, -2.5)
    parts = []
    for _ in range(LUNG_VESSELS):
        reach = [side * rng.uniform(10, 92), rng.uniform(-78, 66), rng.uniform(-120, -30)]
        goal = root + np.array(reach)
        sway = rng.normal(0.0, 9.0, 3)
        corners = [
            [*root, 3.2],
            [*(0.55 * root + 0.45 * goal + sway), rng.uniform(1.5, 2.4)],
            [*goal, 0.7],
        ]
        tube = smooth_tube(corners, 4)
        parts.append(
            Part(
                name="lung vessel",
                shape=Intersection((tube, inside)),
                tissue=tissues.LUNG_VESSEL,
            )
        )
    return parts


def chest_parts(physique: Physique, rng: np.random.Generator) -> list[Part]:
    """Build lungs, lung vessels and heart, in painting order."""
    parts = []
    for side, name, lung in zip(
        (-1.0, 1.0), ("right lung", "left lung"), lung_shapes(physique), strict=True
    ):
        parts.append(Part(name=name, shape=lung, tissue=tissues.LUNG))
        parts += _lung_vessels(lung, side, rng)
    heart = ellipsoid([30.0, physique.cavity_centre_y_mm - 20.0, 30.0], [50.0, 42.0, 38.0])
    right, left = lung_shapes(physique)
    heart_bed = Cut(Cut(heart, Offset(right, 3.0), 4.0), Offset(left, 3.0), 4.0)
    blood = ((9.0, tissues.HEART),)
    parts.append(Part(name="heart", shape=heart_bed, tissue=tissues.MYOCARDIUM, shells=blood))
    return parts


def aorta_parts(physique: Physique) -> list[Part]:
    """Build the aorta in front of the spine, with the coeliac trunk and mesenteric artery."""
    y = physique.cavity_centre_y_mm + float(physique.cavity_half_mm[1]) - 50.0
    aorta = smooth_tube(
        [[24, y + 14, 160, 11.5], [20, y + 10, 20, 11], [8, y - 1, -60, 10.5],
         [5, y - 2, -150, 9.5], [4, y - 1, -330, 9]], 6,
    )  # fmt: skip
    coeliac = smooth_tube(
        [[6, y - 8, -96, 4], [6, y - 22, -98, 3.6], [30, y - 18, -96, 3], [66, y + 14, -84, 2.2]], 5
    )
    mesenteric = smooth_tube(
        [[6, y - 8, -112, 4], [5, y - 20, -122, 3.8], [3, y - 24, -170, 3.2]], 5
    )
    hepatic = smooth_tube(
        [[6, y - 22, -98, 3], [-14, y - 26, -104, 2.6], [-28, y - 24, -98, 1.8]], 5
    )
    tubes = {
        "aorta": aorta,
        "splenic artery": coeliac,
        "mesenteric artery": mesenteric,
        "hepatic artery": hepatic,
    }
    return [
        Part(name=name, shape=tube, tissue=tissues.ARTERIAL_BLOOD) for name, tube in tubes.items()
    ]


def fat_vessel_parts(physique: Physique, rng: np.random.Generator) -> list[Part]:
    """Draw small vessels in the mesenteric fat, so that it does not look poured."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    parts = []
    for _ in range(40):
        start = np.array([rng.uniform(-0.2, 0.7) * width, y + rng.uniform(-0.6, 0.5) * depth, 0.0])
        start[2] = rng.uniform(-200.0, -110.0)
        corners = np.column_stack(
            [
                start + np.cumsum(rng.normal(0.0, 9.0, (4, 3)), axis=0),
                np.linspace(1.7, 0.8, 4),
            ]
        )
        parts.append(
            Part(
                name="mesenteric twig",
                shape=smooth_tube(corners, 4),
                tissue=tissues.PANCREAS,
            )
        )
    return parts
