"""Liver, gallbladder and the veins inside: portal tree, hepatic veins, inferior vena cava."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.motion import rigid_about, rotation_about
from phantoms.organs.curves import smooth_tube
from phantoms.organs.trunk import cavity_shape, dome_shape
from phantoms.sampling import volume_ml
from phantoms.shapes import (
    Affine,
    Cut,
    HalfSpace,
    Intersection,
    Offset,
    Shape,
    Tube,
    Union,
    ellipsoid,
)
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.physique import Physique

CAPSULE_GAP_MM = 5.0
"""Twigs of the veins end so far below the capsule."""

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
class Liver:
    """The liver and what is in it.

    Parameters
    ----------
    shape : Shape
        Outside of the liver, veins and tumour included, body frame.
    gallbladder : Shape
        The gallbladder.
    veins : tuple of (str, Shape)
        Portal and hepatic branches inside, and the stem of the portal vein.
    vena_cava : Shape
        The inferior vena cava.
    """

    shape: Shape
    gallbladder: Shape
    veins: tuple[tuple[str, Shape], ...]
    vena_cava: Shape


def _turned(shape: Shape, about_mm: list[float], axis: list[float], angle_deg: float) -> Shape:
    turn = rotation_about(axis, np.deg2rad(angle_deg))
    return Affine(shape, rigid_about(turn, about_mm, [0.0, 0.0, 0.0]))


def _bulk(physique: Physique, size: float) -> Shape:
    """Build both lobes, cut off obliquely below, inside the cavity and under the dome."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    right = ellipsoid(
        [-0.52 * width, y + 4.0, -82.0], size * np.array([0.54 * width, 0.93 * depth, 84.0])
    )
    left = _turned(
        ellipsoid([0.10 * width, y - 0.45 * depth, -58.0], size * np.array([66.0, 30.0, 36.0])),
        [0.0, y, -60.0],
        [0.0, 1.0, 0.2],
        -16.0,
    )
    beneath = HalfSpace(np.array([-45.0, y, -128.0]), np.array([0.42, 0.30, -0.85]))
    lobes = Intersection((Union((right, left), 34.0), beneath), 36.0)
    room = Intersection((Offset(cavity_shape(physique), -4.0), Offset(dome_shape(physique), -3.0)))
    return Intersection((lobes, room), 10.0)


def _sized_bulk(physique: Physique, goal_ml: float, carve: Shape) -> Shape:
    low, high = 0.75, 1.3
    for _ in range(7):
        middle = 0.5 * (low + high)
        too_small = volume_ml(Cut(_bulk(physique, middle), carve, 8.0)) < goal_ml
        low, high = (middle, high) if too_small else (low, middle)
    return Cut(_bulk(physique, high), carve, 8.0)


def _branch(corners: list[list[float]], spread_mm: Floats) -> Tube:
    moved = np.array(corners, dtype=np.float64)
    moved[:, :3] += spread_mm
    return smooth_tube(moved, 6)


def build_liver(physique: Physique, kidney: Shape, rng: np.random.Generator) -> Liver:
    """Build the liver of one patient.

    Parameters
    ----------
    physique : Physique
        The build.
    kidney : Shape
        The right kidney, whose bed is left free.
    rng : numpy.random.Generator
        Source of chance: volume, course of the veins.

    Returns
    -------
    Liver
        1250 to 1550 ml, in the right upper abdomen.
    """
    y = physique.cavity_centre_y_mm + 11.0
    gallbladder = _turned(
        ellipsoid([-46.0, y - 46.0, -126.0], rng.uniform(0.85, 1.15) * np.array([13, 14, 31])),
        [-46.0, y - 46.0, -126.0],
        [1.0, 0.0, 0.3],
        rng.uniform(-40.0, -20.0),
    )
    vena_cava = smooth_tube(
        [[-19, y + 18, -330, 10.5], [-21, y + 17, -120, 11], [-23, y + 15, -60, 12.5],
         [-20, y + 6, -14, 12.5], [-12, y - 8, 24, 13]], 5,
    )  # fmt: skip
    ligament = ellipsoid([-2.0, y - 70.0, -92.0], [3.0, 26.0, 40.0])
    carve = Union((Offset(kidney, 4.0), Offset(gallbladder, 1.5), ligament))
    shape = _sized_bulk(physique, rng.uniform(1280.0, 1530.0), carve)
    inner = Offset(shape, -CAPSULE_GAP_MM)
    veins: list[tuple[str, Shape]] = []
    shift = rng.normal(0.0, 2.5, 3) + np.array([0.0, y, 0.0])
    for name, corners in (PORTAL_TREE | HEPATIC_VEINS).items():
        tube = _branch(corners, shift + rng.normal(0.0, 0.6, 3))
        veins.append((name, tube if name == "portal vein" else Intersection((tube, inner))))
    return Liver(shape=shape, gallbladder=gallbladder, veins=tuple(veins), vena_cava=vena_cava)


def liver_parts(liver: Liver) -> list[Part]:
    """Build liver, gallbladder and veins, in painting order."""
    parts = [
        Part(name="liver", shape=liver.shape, tissue=tissues.LIVER),
        Part(
            name="gallbladder",
            shape=liver.gallbladder,
            tissue=tissues.GALLBLADDER_WALL,
            shells=((1.8, tissues.BILE),),
        ),
        Part(name="vena cava", shape=liver.vena_cava, tissue=tissues.BLOOD),
    ]
    veins = [Part(name=name, shape=vein, tissue=tissues.BLOOD) for name, vein in liver.veins]
    return parts + veins
