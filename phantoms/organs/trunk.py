"""The trunk: skin, fat, muscular wall, body cavity, diaphragm and lungs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.physique import TRUNK_STRETCH_MM, Physique
from phantoms.shapes import (
    Cut,
    HalfSpace,
    Intersection,
    Offset,
    Shape,
    Superellipsoid,
    Union,
    capsule,
    ellipsoid,
)
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats

DIAPHRAGM_MM = 2.2
BACK_FLAT_MM = 7.0
"""How much lying on the couch flattens the back."""


def _column(centre_xy: tuple[float, float], half_xy: Floats, flat_mm: float) -> Superellipsoid:
    """Build an upright column: an oval parted in the middle by a flat piece of half width."""
    return Superellipsoid(
        centre_mm=np.array([*centre_xy, 0.0]),
        radii_mm=np.array([half_xy[0] - flat_mm, half_xy[1], max(half_xy)]),
        stretch_mm=np.array([flat_mm, 0.0, TRUNK_STRETCH_MM]),
    )


def skin_shape(physique: Physique) -> Shape:
    """Build the outside of the trunk: a flattened oval, belly forward, furrow along the spine."""
    half = np.array([physique.half_width_mm, physique.half_depth_mm])
    oval = _column((0.0, 0.0), half, physique.flat_mm)
    belly = ellipsoid([0.0, -0.30 * half[1], -175.0], [0.72 * half[0], 0.78 * half[1], 120.0])
    back = HalfSpace(np.array([0.0, half[1] - BACK_FLAT_MM, 0.0]), np.array([0.0, 1.0, 0.0]))
    lying = Intersection((Union((oval, belly), 40.0), back), 26.0)
    furrow = capsule([0.0, half[1] + 7.0, -TRUNK_STRETCH_MM], [0.0, half[1] + 7.0, 600.0], 7.0)
    return Cut(lying, furrow, 14.0)


def cavity_shape(physique: Physique) -> Shape:
    """Build the inside of the muscular wall, spine and the muscles beside it left out."""
    half = physique.cavity_half_mm
    oval = _column((0.0, physique.cavity_centre_y_mm), half, physique.flat_mm)
    back = physique.cavity_centre_y_mm + half[1]
    ridge = _column((0.0, back + 6.0), np.array([25.0, 30.0]), 0.0)
    return Cut(oval, ridge, 22.0)


def dome_shape(physique: Physique) -> Shape:
    """Build what lies under the diaphragm: two domes, the right one up to z = 0."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm

    def one(side: float, top_mm: float, height_mm: float) -> Superellipsoid:
        return Superellipsoid(
            centre_mm=np.array([side * 0.485 * width, y, top_mm - height_mm - 300.0]),
            radii_mm=np.array([0.515 * width, depth, height_mm]),
            stretch_mm=np.array([0.0, 0.0, 300.0]),
        )

    tendon = Superellipsoid(
        centre_mm=np.array([0.0, y, -380.0]),
        radii_mm=np.array([0.62 * width, depth, 62.0]),
        stretch_mm=np.array([0.0, 0.0, 286.0]),
    )
    return Union((one(-1.0, 0.0, 84.0), one(1.0, -physique.dome_mm, 78.0), tendon), 26.0)


def lung_shapes(physique: Physique) -> tuple[Shape, Shape]:
    """Build the right and the left lung, down to the recess between chest wall and diaphragm."""
    chest = Offset(cavity_shape(physique), -2.5)
    dome = Offset(dome_shape(physique), 2.0)
    # the recess reaches lower behind than in front
    floor = HalfSpace(np.array([0.0, 0.0, -66.0]), np.array([0.0, -0.42, -1.0]))
    middle = Superellipsoid(
        centre_mm=np.array([4.0, physique.cavity_centre_y_mm, 0.0]),
        radii_mm=np.array([38.0, 98.0, 98.0]),
        stretch_mm=np.array([0.0, 0.0, TRUNK_STRETCH_MM]),
    )
    right = HalfSpace(np.array([0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    left = HalfSpace(np.array([0.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]))
    heart = ellipsoid([34.0, -32.0, 22.0], [58.0, 48.0, 42.0])
    return (
        Cut(Intersection((chest, floor, right), 6.0), Union((dome, middle), 12.0), 5.0),
        Cut(Intersection((chest, floor, left), 6.0), Union((dome, middle, heart), 12.0), 5.0),
    )


def trunk_parts(physique: Physique) -> list[Part]:
    """Build skin, fat, wall with its muscles, cavity and diaphragm, in painting order."""
    skin = skin_shape(physique)
    cavity = cavity_shape(physique)
    dome = dome_shape(physique)
    wall = Offset(cavity, physique.wall_mm)
    beneath_skin = Offset(skin, -physique.skin_mm - 5.0)
    back = physique.cavity_centre_y_mm + physique.cavity_half_mm[1]
    parts = [
        Part(
            name="skin",
            shape=skin,
            tissue=tissues.SKIN,
            shells=((physique.skin_mm, tissues.FAT),),
        ),
        Part(name="wall", shape=Intersection((wall, beneath_skin), 4.0), tissue=tissues.MUSCLE),
    ]
    for side in (-1.0, 1.0):
        erector = _column((side * 37.0, back + 11.0), np.array([29.0, 17.0]), 6.0)
        parts.append(
            Part(
                name="erector spinae",
                shape=Intersection((erector, beneath_skin), 5.0),
                tissue=tissues.MUSCLE,
            )
        )
    parts.append(Part(name="cavity", shape=cavity, tissue=tissues.VISCERAL_FAT))
    under = Intersection((dome, cavity))
    # the lung rests on the diaphragm and moves with it, what lies under it by its own
    parts.append(Part(name="diaphragm", shape=under, tissue=tissues.MUSCLE, group="lung"))
    parts.append(
        Part(
            name="abdominal fat",
            shape=Offset(under, -DIAPHRAGM_MM),
            tissue=tissues.VISCERAL_FAT,
            group="abdomen",
        )
    )
    return parts
