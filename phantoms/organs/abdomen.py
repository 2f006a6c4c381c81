"""The other organs under the diaphragm: spleen, kidneys, pancreas, stomach, colon, small bowel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.motion import rigid_about, rotation_about
from phantoms.organs.curves import smooth_tube
from phantoms.organs.trunk import cavity_shape, dome_shape
from phantoms.shapes import (
    Affine,
    Cut,
    HalfSpace,
    Intersection,
    Offset,
    Shape,
    Union,
    ellipsoid,
)
from phantoms.tissues import Part, Tissue

if TYPE_CHECKING:
    from phantoms.physique import Physique


GUT_WALL_MM = 3.0


def _leaning(shape: Shape, about_mm: list[float], axis: list[float], angle_deg: float) -> Shape:
    turn = rotation_about(axis, np.deg2rad(angle_deg))
    return Affine(shape, rigid_about(turn, about_mm, [0.0, 0.0, 0.0]))


def build_kidney(physique: Physique, side: float, rng: np.random.Generator) -> Shape:
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
    Shape
        The kidney, body frame.
    """
    back = physique.cavity_centre_y_mm + float(physique.cavity_half_mm[1])
    z = (-170.0 if side < 0 else -140.0) + rng.uniform(-8.0, 8.0)
    centre = [side * 61.0, back - 36.0, z]
    size = rng.uniform(0.93, 1.07)
    bean = ellipsoid(centre, size * np.array([26.0, 25.0, 54.0]))
    hilum = ellipsoid([side * 36.0, back - 44.0, z], [15.0, 13.0, 17.0])
    leaned = _leaning(Cut(bean, hilum, 8.0), centre, [0.0, 1.0, 0.0], side * 12.0)
    return _leaning(leaned, centre, [0.0, 0.0, 1.0], side * 20.0)


def kidney_part(kidney: Shape, name: str) -> Part:
    """Build a kidney of cortex, medulla and the fat of its sinus."""
    inside = ((7.0, tissues.RENAL_MEDULLA), (16.0, tissues.VISCERAL_FAT))
    return Part(name=name, shape=kidney, tissue=tissues.RENAL_CORTEX, shells=inside)


def _room(physique: Physique) -> Shape:
    under = Intersection((dome_shape(physique), cavity_shape(physique)))
    return Offset(under, -4.5)


def _gut_parts(name: str, shape: Shape, filling: Tissue, level_y_mm: float) -> list[Part]:
    """Build wall, filling and, in front of a level, gas: the patient lies on the back."""
    level = HalfSpace(np.array([0.0, level_y_mm, 0.0]), np.array([0.0, 1.0, 0.0]))
    gas = Intersection((Offset(shape, -GUT_WALL_MM), level), 1.5)
    return [
        _gut_part(name, shape, filling),
        Part(name=name + " gas", shape=gas, tissue=tissues.GUT_GAS),
    ]


def _gut_part(name: str, shape: Shape, filling: Tissue) -> Part:
    return Part(name=name, shape=shape, tissue=tissues.GUT_WALL, shells=((GUT_WALL_MM, filling),))


def spleen_shape(physique: Physique, rng: np.random.Generator) -> Shape:
    """Build the spleen, hollow toward the stomach."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    centre = [0.70 * width, y + 0.42 * depth, -62.0 + rng.uniform(-8.0, 8.0)]
    body = ellipsoid(centre, rng.uniform(0.9, 1.1) * np.array([32.0, 40.0, 50.0]))
    hollow = ellipsoid([0.36 * width, y, -66.0], [42.0, 44.0, 60.0])
    leaning = _leaning(body, centre, [0.0, 0.0, 1.0], -28.0)
    return Intersection((Cut(leaning, hollow, 8.0), _room(physique)), 8.0)


def stomach_shape(physique: Physique, rng: np.random.Generator) -> Shape:
    """Build the stomach from the fundus under the left dome to the pylorus."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    wide = rng.uniform(0.9, 1.1)
    tube = smooth_tube(
        [[0.42 * width, y + 0.16 * depth, -46.0, 27.0 * wide],
         [0.45 * width, y - 0.18 * depth, -78.0, 26.0 * wide],
         [0.34 * width, y - 0.44 * depth, -112.0, 21.0 * wide],
         [0.10 * width, y - 0.42 * depth, -134.0, 16.0],
         [-0.13 * width, y - 0.26 * depth, -126.0, 12.0]], 5,
    )  # fmt: skip
    fundus = ellipsoid([0.45 * width, y + 0.10 * depth, -58.0], wide * np.array([40.0, 42.0, 36.0]))
    return Intersection((Union((tube, fundus), 14.0), _room(physique)), 8.0)


def colon_shape(physique: Physique, rng: np.random.Generator) -> Shape:
    """Build the colon: ascending, across below the liver, up to the spleen, descending."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    sag = rng.uniform(-12.0, 12.0)
    tube = smooth_tube(
        [[-0.76 * width, y + 0.18 * depth, -290.0, 21.0],
         [-0.72 * width, y + 0.05 * depth, -196.0, 20.0],
         [-0.48 * width, y - 0.50 * depth, -186.0 + sag, 18.0],
         [0.00 * width, y - 0.62 * depth, -184.0 + sag, 17.0],
         [0.48 * width, y - 0.48 * depth, -160.0, 17.0],
         [0.76 * width, y + 0.10 * depth, -124.0, 16.0],
         [0.80 * width, y + 0.30 * depth, -190.0, 15.0],
         [0.80 * width, y + 0.26 * depth, -290.0, 15.0]], 7,
    )  # fmt: skip
    return Intersection((tube, _room(physique)), 6.0)


def _small_bowel(physique: Physique, rng: np.random.Generator) -> list[Shape]:
    """Build loops below the pancreas that run up and down, so that slices cut them across."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    loops: list[Shape] = []
    for row in (-0.44, -0.10, 0.22):
        x = np.linspace(-0.20, 0.66, 8) * width + rng.uniform(-4.0, 4.0, 8)
        z = np.where(np.arange(8) % 2, -240.0, -158.0) + rng.uniform(-14.0, 10.0, 8)
        sway = y + row * depth + rng.uniform(-7.0, 7.0, 8)
        loops.append(smooth_tube(np.column_stack([x, sway, z, rng.uniform(9, 12, 8)]), 4))
    return [Intersection((loop, _room(physique)), 6.0) for loop in loops]


def abdomen_parts(physique: Physique, liver: Shape, rng: np.random.Generator) -> list[Part]:
    """Build the organs beside the liver, in painting order.

    Parameters
    ----------
    physique : Physique
        The build.
    liver : Shape
        The liver, from which the others keep off.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    list of Part
        In painting order.
    """
    near_liver = Offset(liver, 2.5)
    stomach = Cut(stomach_shape(physique, rng), near_liver, 6.0)
    near_stomach = Offset(stomach, 3.0)
    spleen = Cut(spleen_shape(physique, rng), near_stomach, 6.0)
    # what the stomach and the liver are painted over needs no cut
    colon = colon_shape(physique, rng)
    y = physique.cavity_centre_y_mm
    pancreas = smooth_tube(
        [[-26, y + 4, -136, 12], [-4, y - 6, -124, 11], [26, y + 2, -114, 9],
         [58, y + 24, -98, 8], [74, y + 32, -88, 6]], 5,
    )  # fmt: skip
    return [
        Part(name="pancreas", shape=Cut(pancreas, near_stomach, 4.0), tissue=tissues.PANCREAS),
        Part(name="spleen", shape=spleen, tissue=tissues.SPLEEN),
        *(
            _gut_part("small bowel", loop, tissues.GUT_FLUID)
            for loop in _small_bowel(physique, rng)
        ),
        *_gut_parts("colon", colon, tissues.STOOL, y - rng.uniform(24.0, 34.0)),
        *_gut_parts("stomach", stomach, tissues.GUT_FLUID, y - rng.uniform(10.0, 30.0)),
    ]
