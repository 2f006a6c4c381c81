"""The liver with its lobes and fissures, and the gallbladder beneath it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.abdomen import leaning
from phantoms.organs.liver_vessels import (
    LiverVessels,
    build_vessels,
    liver_y_mm,
    vessel_parts,
)
from phantoms.organs.trunk import abdomen_room
from phantoms.program import distance_field
from phantoms.sampling import volume_ml
from phantoms.shapes import (
    Cut,
    Intersection,
    Offset,
    Shape,
    Union,
    capsule,
    ellipsoid,
)
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

VOLUME_ML = (1280.0, 1530.0)
"""From the least to the most volume drawn."""
VOLUME_STEP_MM = 5.0
FALCIFORM_X_MM = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Liver:
    """The liver and what is in it.

    Parameters
    ----------
    shape : Shape
        Outside of the liver, vessels and tumours included, body frame.
    gallbladder : Shape
        The gallbladder.
    caudate : Shape
        Where the caudate lobe (segment 1) lies.
    falciform_x_mm : float
        Where the falciform fissure stands, which ends segment 4.
    vessels : LiverVessels
        Portal and hepatic branches, twigs, and the vena cava.
    """

    shape: Shape
    gallbladder: Shape
    caudate: Shape
    falciform_x_mm: float
    vessels: LiverVessels


def caudate_shape(physique: Physique) -> Shape:
    """Build where the caudate lobe lies: before the vena cava, behind the venous ligament."""
    return ellipsoid([-14.0, liver_y_mm(physique) + 4.0, -66.0], [19.0, 15.0, 32.0])


def _bulk(physique: Physique, drop_mm: float) -> Shape:
    """Build both lobes, cut off obliquely below, filling the room under the dome."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    right = ellipsoid([-0.53 * width, y + 2.0, -84.0], [0.58 * width, 1.02 * depth, 92.0])
    left = leaning(
        ellipsoid([0.16 * width, y - 0.46 * depth, -52.0], [74.0, 37.0, 37.0]),
        [0.0, y, -60.0],
        [0.0, 1.0, 0.2],
        -14.0,
    )
    beneath = ellipsoid([26.0, y + 24.0, -205.0 - drop_mm], [108.0, 98.0, 112.0])
    lobes = Union((right, left), 22.0)
    above = Cut(lobes, beneath, 16.0)
    with_caudate = Union((above, caudate_shape(physique)), 6.0)
    return Intersection((with_caudate, abdomen_room(physique, 0.0)), 3.0)


def _fissures(physique: Physique) -> Shape:
    """Build what parts the lobes: falciform and venous ligament, the porta, the cardia's bed."""
    y = liver_y_mm(physique)
    falciform = leaning(
        ellipsoid([FALCIFORM_X_MM, y - 74.0, -96.0], [2.6, 30.0, 44.0]),
        [FALCIFORM_X_MM, y - 60.0, -96.0],
        [0, 0, 1],
        8.0,
    )
    venous = leaning(
        ellipsoid([4.0, y - 16.0, -84.0], [20.0, 1.7, 26.0]),
        [4.0, y - 16.0, -84.0],
        [0, 0, 1],
        16.0,
    )
    porta = ellipsoid([-12.0, y - 16.0, -108.0], [24.0, 9.0, 13.0])
    cardia = capsule([16.0, y - 8.0, -26.0], [36.0, y - 14.0, -62.0], 12.0)
    return Union((falciform, venous, porta, cardia), 2.0)


def _sized_bulk(physique: Physique, goal_ml: float, carve: Shape) -> Shape:
    """Lower or raise the underside until the volume is met."""
    low, high = -45.0, 45.0
    for _ in range(8):
        middle = 0.5 * (low + high)
        cut = Cut(_bulk(physique, middle), carve, 6.0)
        too_small = volume_ml(cut, VOLUME_STEP_MM) < goal_ml
        low, high = (middle, high) if too_small else (low, middle)
    return Cut(_bulk(physique, high), carve, 6.0)


def _gallbladder(physique: Physique, rng: np.random.Generator) -> Shape:
    y = liver_y_mm(physique)
    centre = [-44.0, y - 44.0, -128.0]
    sack = ellipsoid(centre, rng.uniform(0.85, 1.15) * np.array([13.5, 14.0, 30.0]))
    neck = capsule([-42.0, y - 42.0, -104.0], [-34.0, y - 36.0, -96.0], 4.5)
    return leaning(Union((sack, neck), 10.0), centre, [1.0, 0.0, 0.3], rng.uniform(-40.0, -20.0))


def build_liver(physique: Physique, kidney: Shape, rng: np.random.Generator) -> Liver:
    """Build the liver of one patient.

    Parameters
    ----------
    physique : Physique
        The build.
    kidney : Shape
        The right kidney, whose bed is left free.
    rng : numpy.random.Generator
        Source of chance: volume, course of the vessels.

    Returns
    -------
    Liver
        1250 to 1550 ml, in the right upper abdomen.
    """
    gallbladder = _gallbladder(physique, rng)
    carve = Union((Offset(kidney, 3.0), Offset(gallbladder, 0.8), _fissures(physique)))
    shape = _sized_bulk(physique, rng.uniform(*VOLUME_ML), carve)
    return Liver(
        shape=shape,
        gallbladder=gallbladder,
        caudate=caudate_shape(physique),
        falciform_x_mm=FALCIFORM_X_MM,
        vessels=build_vessels(physique, distance_field(shape), rng),
    )


def liver_parts(liver: Liver) -> list[Part]:
    """Build liver, gallbladder and vessels, in painting order."""
    return [
        Part(name="liver", shape=liver.shape, tissue=tissues.LIVER),
        Part(
            name="gallbladder",
            shape=liver.gallbladder,
            tissue=tissues.GALLBLADDER_WALL,
            shells=((1.6, tissues.BILE),),
        ),
        *vessel_parts(liver.vessels),
    ]
