"""The solid organs beside the liver: kidneys, adrenals, spleen, pancreas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.motion import rigid_about, rotation_about
from phantoms.organs.curves import smooth_tube
from phantoms.organs.trunk import abdomen_room
from phantoms.shapes import Affine, Cut, Intersection, Offset, Shape, Union, capsule, ellipsoid
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

CORTEX_MM = 6.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kidney:
    """A kidney, its sinus of fat, and the pelvis in it, body frame."""

    shape: Shape
    sinus: Shape
    pelvis: Shape


def leaning(shape: Shape, about_mm: list[float], axis: list[float], angle_deg: float) -> Shape:
    """Turn a shape about an axis through a point, body frame, millimetres and degrees."""
    turn = rotation_about(axis, np.deg2rad(angle_deg))
    return Affine(shape, rigid_about(turn, about_mm, [0.0, 0.0, 0.0]))


def build_kidney(physique: Physique, side: float, rng: np.random.Generator) -> Kidney:
    """Build a kidney: a bean that leans inward at the top, the hilum toward the middle.

    Parameters
    ----------
    physique : Physique
        The build.
    side : float
        -1 for the right, which stands lower, +1 for the left.
    rng : numpy.random.Generator
        Source of chance: size and height.

    Returns
    -------
    Kidney
        Body frame.
    """
    back = physique.cavity_back_mm
    z = (-166.0 if side < 0 else -140.0) + rng.uniform(-8.0, 8.0)
    centre = [side * 67.0, back - 34.0, z]
    size = rng.uniform(0.93, 1.07)

    def placed(shape: Shape) -> Shape:
        upright = leaning(shape, centre, [0.0, 1.0, 0.0], side * 12.0)
        return leaning(upright, centre, [0.0, 0.0, 1.0], side * 28.0)

    x, y = centre[0], centre[1]
    bean = ellipsoid(centre, size * np.array([26.0, 27.0, 54.0]))
    hilum = ellipsoid([x - side * 27.0, y, z], [14.0, 11.0, 15.0])
    sinus = ellipsoid([x - side * 12.0, y, z], [15.0, 8.5, 25.0])
    calyces: list[Shape] = [
        capsule([x - side * 15.0, y, z], [x - side * 2.0, y + dy, z + dz], 2.6)
        for dy, dz in ((3.0, 15.0), (-3.0, 5.0), (3.0, -6.0), (-2.0, -16.0))
    ]
    pelvis = capsule([x - side * 30.0, y + 1.0, z - 6.0], [x - side * 14.0, y, z], 4.0)
    return Kidney(
        shape=placed(Cut(bean, hilum, 8.0)),
        sinus=placed(sinus),
        pelvis=placed(Union((pelvis, *calyces), 3.0)),
    )


def kidney_parts(kidney: Kidney, side: str) -> list[Part]:
    """Build a kidney of cortex and medulla, its sinus and pelvis; side is "right" or "left"."""
    is_right = side == "right"
    cortex = tissues.RIGHT_CORTEX if is_right else tissues.RENAL_CORTEX
    medulla = tissues.RIGHT_MEDULLA if is_right else tissues.RENAL_MEDULLA
    inside = ((CORTEX_MM, medulla),)
    return [
        Part(name=f"{side} kidney", shape=kidney.shape, tissue=cortex, shells=inside),
        Part(name="renal sinus", shape=kidney.sinus, tissue=tissues.SINUS_FAT),
        Part(name="renal pelvis", shape=kidney.pelvis, tissue=tissues.URINE),
    ]


def adrenal_parts(physique: Physique) -> list[Part]:
    """Build both adrenals: a body with two limbs, above and before the kidneys."""
    back = physique.cavity_back_mm
    parts = []
    for side, x, z in ((-1.0, -33.0, -106.0), (1.0, 40.0, -92.0)):
        y = back - 46.0
        limbs = (
            capsule([x, y, z + 12.0], [x, y - 2.0, z - 12.0], 2.6),
            capsule([x, y, z + 8.0], [x + side * 9.0, y + 14.0, z - 10.0], 2.0),
            capsule([x, y, z + 8.0], [x - side * 5.0, y + 16.0, z - 8.0], 1.9),
        )
        parts.append(Part(name="adrenal", shape=Union(limbs, 2.0), tissue=tissues.ADRENAL))
    return parts


def spleen_shape(physique: Physique, rng: np.random.Generator) -> Shape:
    """Build the spleen under the left dome, hollow toward the stomach and the kidney."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    centre = [0.72 * width, y + 0.36 * depth, -66.0 + rng.uniform(-8.0, 8.0)]
    body = ellipsoid(centre, rng.uniform(0.92, 1.08) * np.array([36.0, 54.0, 56.0]))
    hollow = ellipsoid([0.38 * width, y - 2.0, -70.0], [44.0, 50.0, 70.0])
    leant = leaning(body, centre, [0.0, 0.0, 1.0], -30.0)
    return Intersection((Cut(leant, hollow, 8.0), abdomen_room(physique, 0.4)), 5.0)


def pancreas_shape(physique: Physique) -> Shape:
    """Build the pancreas from its head beside the duodenum to its tail at the spleen."""
    y = physique.spine_y_mm - 52.0
    head = smooth_tube([[-26, y + 12, -156, 11], [-26, y + 4, -136, 14], [-12, y, -124, 12]], 3)
    rest = smooth_tube(
        [[-12, y, -124, 12], [6, y - 10, -118, 10], [28, y - 4, -110, 10],
         [52, y + 18, -100, 9.5], [74, y + 38, -88, 7]], 5,
    )  # fmt: skip
    lobules = [
        ellipsoid(point + np.array([0.0, (-1.0) ** at * 4.0, 3.0 * np.sin(2.0 * at)]), [7.5] * 3)
        for at, point in enumerate(rest.points_mm[2:-2:2])
    ]
    return Union((head, rest, *lobules), 3.0)


def abdomen_parts(
    physique: Physique, kidneys: tuple[Kidney, Kidney], rng: np.random.Generator
) -> list[Part]:
    """Build pancreas, kidneys (right, left), adrenals and spleen, in painting order."""
    spleen = Cut(spleen_shape(physique, rng), Offset(kidneys[1].shape, 3.0), 5.0)
    return [
        Part(name="pancreas", shape=pancreas_shape(physique), tissue=tissues.PANCREAS),
        *kidney_parts(kidneys[0], "right"),
        *kidney_parts(kidneys[1], "left"),
        *adrenal_parts(physique),
        Part(name="spleen", shape=spleen, tissue=tissues.SPLEEN),
    ]
