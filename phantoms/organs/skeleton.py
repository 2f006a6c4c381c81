"""Ribs with their cartilage, sternum and spine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import smooth_curve
from phantoms.shapes import (
    Cut,
    RoundedBox,
    Shape,
    Superellipsoid,
    Tube,
    Union,
    capsule,
)
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.physique import Physique

RIB_RADIUS_MM = 5.0
RIB_CORTEX_MM = 1.5
RIB_ENDS_RAD = (2.62, 2.66, 2.66, 2.58, 2.46, 2.30, 2.12, 1.88, 1.45, 0.95)
"""Where ribs 3 to 12 end in front: angle round the trunk from the spine, radians."""
FIRST_RIB_PITCHES = 3.15
"""Height of the first rib's start above the dome, in rib pitches."""
CARTILAGE_RIBS = 7
"""So many of the ribs reach the sternum or the one above by cartilage."""


def rib_line(physique: Physique, side: float, level: int, angles_rad: Floats) -> Floats:
    """Trace a rib in the middle of the chest wall.

    Parameters
    ----------
    physique : Physique
        The build.
    side : float
        -1 for the right, +1 for the left.
    level : int
        0 for the uppermost rib modelled.
    angles_rad : (n,) array
        Angles round the trunk from the spine to the front, radians.

    Returns
    -------
    (n, 3) array
        Points of the middle line, body frame, millimetres.
    """
    half = physique.cavity_half_mm + 0.5 * physique.wall_mm
    sine, cosine = np.sin(angles_rad), np.cos(angles_rad)
    # on the oval parted in the middle: the ray at this angle meets it at the share of the ray
    # where the rounded end's norm is one
    ray = np.column_stack([half[0] * sine, half[1] * cosine])
    low, high = np.zeros(len(ray)), np.full(len(ray), 2.0)
    for _ in range(40):
        share = 0.5 * (low + high)
        beyond = np.maximum(share * ray[:, 0] - physique.flat_mm, 0.0)
        norm = np.hypot(beyond / (half[0] - physique.flat_mm), share * ray[:, 1] / half[1])
        low, high = np.where(norm < 1.0, share, low), np.where(norm < 1.0, high, share)
    start = physique.rib_pitch_mm * (FIRST_RIB_PITCHES - level)
    z = start - physique.rib_drop_mm * 0.5 * (1.0 - cosine)
    return np.column_stack(
        [side * high * ray[:, 0], physique.cavity_centre_y_mm + high * ray[:, 1], z]
    )


def rib_tubes(physique: Physique) -> list[Tube]:
    """Build the ribs, right then left from the top down; between two stays 14 mm or more."""
    tubes = []
    for side in (-1.0, 1.0):
        for level, end in enumerate(RIB_ENDS_RAD):
            line = rib_line(physique, side, level, np.linspace(0.34, end, 26))
            tubes.append(Tube(line, np.full(len(line), RIB_RADIUS_MM)))
    return tubes


def cartilage_tubes(physique: Physique) -> list[Tube]:
    """Build the cartilage from each rib's end to the sternum or to the cartilage above."""
    front = physique.cavity_front_mm - 0.5 * physique.wall_mm
    tubes = []
    for side in (-1.0, 1.0):
        ends = [
            rib_line(physique, side, level, np.array([end]))[0]
            for level, end in enumerate(RIB_ENDS_RAD)
        ]
        for level in range(CARTILAGE_RIBS):
            if level < 4:
                goal = np.array([side * 16.0, front, max(ends[level][2] + 6.0 * level, -38.0)])
            else:
                goal = 0.5 * (ends[level - 1] + np.array([side * 16.0, front, -38.0]))
            middle = 0.5 * (ends[level] + goal) + np.array([0.0, -3.0, 0.0])
            line = smooth_curve(np.array([ends[level], middle, goal]), 4)
            tubes.append(Tube(line, np.full(len(line), 4.5)))
    return tubes


def _vertebra(y_mm: float, z_mm: float) -> Shape:
    return Superellipsoid(
        centre_mm=np.array([0.0, y_mm, z_mm]), radii_mm=np.array([22.0, 17.0, 12.5]), exponent=2.7
    )


def _posterior_arch(y_mm: float, z_mm: float) -> Shape:
    parts: list[Shape] = [
        capsule([0.0, y_mm + 35.0, z_mm - 5.0], [0.0, y_mm + 50.0, z_mm - 13.0], 3.8)
    ]
    for side in (-1.0, 1.0):
        root = [side * 12.5, y_mm + 22.0, z_mm]
        parts.append(capsule([side * 14.0, y_mm + 9.0, z_mm + 2.0], root, 4.2))
        parts.append(capsule(root, [0.0, y_mm + 35.0, z_mm - 4.0], 4.0))
        parts.append(capsule(root, [side * 34.0, y_mm + 31.0, z_mm + 3.0], 4.4))
    return Union(tuple(parts), 4.0)


def spine_y_mm(physique: Physique) -> float:
    """Find the middle of the vertebral bodies, front to back, millimetres."""
    return physique.cavity_centre_y_mm + float(physique.cavity_half_mm[1]) - 21.0


def _boned(name: str, shape: Shape, cortex_mm: float) -> Part:
    return Part(
        name=name,
        shape=shape,
        tissue=tissues.CORTICAL_BONE,
        shells=((cortex_mm, tissues.SPONGY_BONE),),
    )


def skeleton_parts(physique: Physique) -> list[Part]:
    """Build cartilage, ribs, sternum and spine, in painting order."""
    y = spine_y_mm(physique)
    front = physique.cavity_front_mm - 0.5 * physique.wall_mm
    parts = [
        Part(name="cartilage", shape=tube, tissue=tissues.CARTILAGE)
        for tube in cartilage_tubes(physique)
    ]
    parts += [_boned("rib", tube, RIB_CORTEX_MM) for tube in rib_tubes(physique)]
    sternum = RoundedBox(
        centre_mm=np.array([0.0, front - 1.0, 40.0]),
        half_extent_mm=np.array([17.0, 6.0, 76.0]),
        edge_radius_mm=5.5,
    )
    xiphoid = capsule([0.0, front, -34.0], [0.0, front + 2.0, -52.0], 4.0)
    parts.append(_boned("sternum", sternum, 1.8))
    parts.append(Part(name="xiphoid", shape=xiphoid, tissue=tissues.CARTILAGE))
    column = capsule([0.0, y, -330.0], [0.0, y, 160.0], 16.5)
    parts.append(Part(name="discs", shape=column, tissue=tissues.DISC))
    canal = capsule([0.0, y + 25.0, -330.0], [0.0, y + 25.0, 160.0], 9.0)
    for level in range(-1, 13):
        z = physique.rib_pitch_mm * (FIRST_RIB_PITCHES - level) - 4.0
        arch = Cut(_posterior_arch(y, z), canal)
        parts.append(_boned("vertebral arch", arch, 1.2))
        parts.append(_boned("vertebra", _vertebra(y, z), 1.1))
    parts.append(Part(name="spinal canal", shape=canal, tissue=tissues.SPINAL_CANAL))
    return parts
