"""The trunk: skin, fat, body cavity, diaphragm and lungs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.physique import (
    BARREL_MM,
    CHEST_LENGTH_MM,
    SKIN_LENGTH_MM,
    TRUNK_STRETCH_MM,
    Physique,
)
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

BACK_FLAT_MM = 7.0
"""How much lying on the couch flattens the back."""
DIAPHRAGM_MM = 2.4
"""Thickness of the diaphragm."""


def barrel(half_xy: Floats, centre_y_mm: float, flat_mm: float, length_mm: float) -> Superellipsoid:
    """Build a trunk: a column up to the ribs' widest place, narrower from there to the neck.

    Parameters
    ----------
    half_xy : (2,) array
        Half axes of the whole cross-section, millimetres.
    centre_y_mm : float
        Its middle, front to back.
    flat_mm : float
        Half width of the flat piece that parts the oval.
    length_mm : float
        Half axis along the body of the narrower part.

    Returns
    -------
    Superellipsoid
        Its cross-section is :func:`phantoms.physique.narrowed` of the widest one.
    """
    return Superellipsoid(
        centre_mm=np.array([0.0, centre_y_mm, BARREL_MM - TRUNK_STRETCH_MM]),
        radii_mm=np.array([half_xy[0] - flat_mm, half_xy[1], length_mm]),
        stretch_mm=np.array([flat_mm, 0.0, TRUNK_STRETCH_MM]),
    )


def column(centre_xy: tuple[float, float], half_xy: Floats, flat_mm: float) -> Superellipsoid:
    """Build an upright column: an oval parted in the middle by a flat piece.

    Parameters
    ----------
    centre_xy : (x, y)
        Middle of the cross-section, millimetres.
    half_xy : (2,) array
        Half axes of the whole cross-section, millimetres.
    flat_mm : float
        Half width of the flat piece.

    Returns
    -------
    Superellipsoid
        Far longer than any scan.
    """
    return Superellipsoid(
        centre_mm=np.array([*centre_xy, 0.0]),
        radii_mm=np.array([half_xy[0] - flat_mm, half_xy[1], max(half_xy)]),
        stretch_mm=np.array([flat_mm, 0.0, TRUNK_STRETCH_MM]),
    )


def skin_shape(physique: Physique) -> Shape:
    """Build the outside of the trunk: a flattened oval, belly forward, furrow along the spine."""
    half = np.array([physique.half_width_mm, physique.half_depth_mm])
    oval = barrel(half, 0.0, physique.flat_mm, SKIN_LENGTH_MM)
    belly = ellipsoid([0.0, -0.30 * half[1], -185.0], [0.72 * half[0], 0.77 * half[1], 120.0])
    back = HalfSpace(np.array([0.0, half[1] - BACK_FLAT_MM, 0.0]), np.array([0.0, 1.0, 0.0]))
    lying = Intersection((Union((oval, belly), 40.0), back), 26.0)
    furrow = capsule([0.0, half[1] + 5.0, -TRUNK_STRETCH_MM], [0.0, half[1] + 5.0, 600.0], 7.0)
    return Cut(lying, furrow, 14.0)


def cavity_shape(physique: Physique) -> Shape:
    """Build the inside of the muscular wall, spine and the muscles beside it left out."""
    half, y = physique.cavity_half_mm, physique.cavity_centre_y_mm
    oval = barrel(half, y, physique.flat_mm, CHEST_LENGTH_MM)
    ridge = column((0.0, physique.cavity_back_mm + 4.0), np.array([27.0, 58.0]), 0.0)
    return Cut(oval, ridge, 20.0)


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


def abdomen_room(physique: Physique, gap_mm: float) -> Shape:
    """Build the room for organs under the diaphragm, a gap of some millimetres kept off it."""
    under = Offset(dome_shape(physique), -DIAPHRAGM_MM - gap_mm)
    return Intersection((under, Offset(cavity_shape(physique), -gap_mm)), 4.0)


def heart_bed(physique: Physique) -> Shape:
    """Build the room of the heart between the lungs, resting on the diaphragm."""
    front = physique.cavity_front_mm
    low = ellipsoid([26.0, front + 54.0, 20.0], [62.0, 49.0, 50.0])
    return Union((low, ellipsoid([-16.0, front + 62.0, 26.0], [42.0, 42.0, 46.0])), 20.0)


def lung_shapes(physique: Physique) -> tuple[Shape, Shape]:
    """Build the right and the left lung, down to the recess between chest wall and diaphragm."""
    chest = Offset(cavity_shape(physique), -1.6)
    dome = Offset(dome_shape(physique), 0.4)
    # the recess reaches lower behind than in front
    floor = HalfSpace(np.array([0.0, 0.0, -66.0]), np.array([0.0, -0.42, -1.0]))
    middle = Superellipsoid(
        centre_mm=np.array([6.0, physique.cavity_centre_y_mm, 0.0]),
        radii_mm=np.array([25.0, 98.0, 98.0]),
        stretch_mm=np.array([0.0, 0.0, TRUNK_STRETCH_MM]),
    )
    right = HalfSpace(np.array([0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    left = HalfSpace(np.array([0.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]))
    between = Union((dome, middle, heart_bed(physique)), 8.0)
    return (
        Cut(Intersection((chest, floor, right), 6.0), between, 3.0),
        Cut(Intersection((chest, floor, left), 6.0), between, 3.0),
    )


def skin_part(physique: Physique) -> Part:
    """Build the skin with the fat beneath it."""
    return Part(
        name="skin",
        shape=skin_shape(physique),
        tissue=tissues.SKIN,
        shells=((physique.skin_mm, tissues.FAT),),
    )


def cavity_parts(physique: Physique) -> list[Part]:
    """Build the body cavity and the diaphragm in it, in painting order."""
    cavity = cavity_shape(physique)
    under = Intersection((dome_shape(physique), cavity))
    return [
        Part(name="cavity", shape=cavity, tissue=tissues.VISCERAL_FAT),
        # the lung rests on the diaphragm and moves with it, what lies under it by its own
        Part(name="diaphragm", shape=under, tissue=tissues.MUSCLE, group="lung"),
        Part(
            name="abdominal fat",
            shape=Offset(under, -DIAPHRAGM_MM),
            tissue=tissues.VISCERAL_FAT,
            group="abdomen",
        ),
    ]
