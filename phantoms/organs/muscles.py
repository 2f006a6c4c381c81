"""The muscular wall in layers, with the fat between them that a CT shows as dark lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import smooth_tube
from phantoms.organs.trunk import cavity_shape, column
from phantoms.shapes import Offset, Shape, Superellipsoid
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

INNER_WALL_MM = 9.5
"""Thickness of the inner layers: what lies between the ribs, and the deep belly muscles."""
FILM_MM = 0.8
"""Fat between two muscles."""


def _filmed(name: str, shape: Shape) -> Part:
    """Build a muscle in a film of fat, which parts it from what is painted beneath."""
    return Part(name=name, shape=shape, tissue=tissues.FAT, shells=((FILM_MM, tissues.MUSCLE),))


def _outer_layer(physique: Physique, side: float) -> list[Part]:
    """Build the external oblique and the latissimus: ovals pushed forward and backward."""
    half, y = physique.cavity_half_mm, physique.cavity_centre_y_mm
    oblique = column((side * 5.0, y - 4.0), half + np.array([8.5, 2.0]), physique.flat_mm)
    broad = column((side * 5.0, y + 9.0), half + np.array([8.5, 3.0]), physique.flat_mm)
    return [_filmed("external oblique", oblique), _filmed("latissimus", broad)]


def _inner_layer(physique: Physique) -> Part:
    """Build the inner wall; a second film of fat runs in the middle of it."""
    return Part(
        name="wall",
        shape=Offset(cavity_shape(physique), INNER_WALL_MM),
        tissue=tissues.FAT,
        shells=(
            (FILM_MM, tissues.MUSCLE),
            (3.6, tissues.FAT),
            (4.3, tissues.MUSCLE),
        ),
    )


def _back_muscles(physique: Physique, side: float) -> list[Part]:
    back = physique.half_depth_mm - 7.0 - physique.skin_mm
    y = physique.spine_y_mm
    erector = column((side * 37.0, back - 22.5), np.array([31.0, 17.5]), 8.0)
    deep = column((side * 17.0, y + 38.0), np.array([17.0, 19.0]), 0.0)
    square = column((side * 56.0, y + 26.0), np.array([17.0, 8.0]), 3.0)
    return [
        _filmed("quadratus lumborum", square),
        _filmed("erector spinae", erector),
        _filmed("multifidus", deep),
    ]


def _rectus(physique: Physique, side: float) -> Part:
    front = physique.cavity_front_mm - INNER_WALL_MM
    belly = Superellipsoid(
        centre_mm=np.array([side * 34.0, front + 3.0, -400.0]),
        radii_mm=np.array([23.0, 6.6, 60.0]),
        stretch_mm=np.array([12.0, 0.0, 310.0]),
    )
    return _filmed("rectus abdominis", belly)


def muscle_parts(physique: Physique) -> list[Part]:
    """Build the muscles of the wall and the back, in painting order.

    Parameters
    ----------
    physique : Physique
        The build.

    Returns
    -------
    list of Part
        From outside inward; the body cavity is painted over them.
    """
    parts: list[Part] = []
    for side in (-1.0, 1.0):
        parts += _outer_layer(physique, side)
    parts.append(_inner_layer(physique))
    for side in (-1.0, 1.0):
        parts += [*_back_muscles(physique, side), _rectus(physique, side)]
    return parts


def psoas_parts(physique: Physique) -> list[Part]:
    """Build psoas and the crura of the diaphragm beside the spine, inside the cavity."""
    y = physique.spine_y_mm
    parts = []
    for side in (-1.0, 1.0):
        psoas = smooth_tube(
            [[side * 21, y + 6, -112, 4], [side * 28, y + 4, -150, 10],
             [side * 34, y + 1, -210, 16], [side * 42, y - 6, -320, 19]], 4,
        )  # fmt: skip
        crus = smooth_tube(
            [[side * 12, y - 22, -36, 4.5], [side * 15, y - 19, -80, 5.5],
             [side * 13, y - 18, -120, 4], [side * 9, y - 17, -160, 2.5]], 3,
        )  # fmt: skip
        parts += [
            Part(name="psoas", shape=psoas, tissue=tissues.MUSCLE),
            Part(name="crus of the diaphragm", shape=crus, tissue=tissues.MUSCLE),
        ]
    return parts
