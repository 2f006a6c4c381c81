"""Ribs with their cartilage, and the sternum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import smooth_curve
from phantoms.organs.spine import boned, spine_parts
from phantoms.physique import CHEST_LENGTH_MM, narrowed
from phantoms.shapes import RoundedBox, Shape, Tube, Union, capsule
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.physique import Physique

RIB_RADIUS_MM = 3.7
"""Half thickness of a rib's upper and lower edge."""
RIB_HALF_RISE_MM = 2.5
"""The edges run so far above and below the middle line: a rib is taller than thick."""
RIB_BLEND_MM = 5.0
RIB_CORTEX_MM = 1.3
RIB_DEPTH_MM = 4.6
"""The middle of a rib lies so far outside the body cavity."""
RIB_ENDS_RAD = (2.62, 2.66, 2.66, 2.58, 2.46, 2.30, 2.12, 1.88, 1.45, 0.95)
"""Where ribs 3 to 12 end in front: angle round the trunk from the spine, radians."""
RIB_PIECE = 6
"""Segments of a rib that are painted together."""
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
    half = physique.cavity_half_mm + RIB_DEPTH_MM
    sine, cosine = np.sin(angles_rad), np.cos(angles_rad)
    z = physique.level_height_mm(level) - physique.rib_drop_mm * 0.5 * (1.0 - cosine)
    narrow = narrowed(z, CHEST_LENGTH_MM)
    # on the oval parted in the middle: the ray at this angle meets it at the share of the ray
    # where the rounded end's norm is one
    ray = np.column_stack([half[0] * sine, half[1] * cosine])
    low, high = np.zeros(len(ray)), np.full(len(ray), 2.0)
    for _ in range(40):
        share = 0.5 * (low + high)
        beyond = np.maximum(share * ray[:, 0] - physique.flat_mm, 0.0)
        norm = np.hypot(beyond / (half[0] - physique.flat_mm), share * ray[:, 1] / half[1])
        low, high = np.where(norm < narrow, share, low), np.where(norm < narrow, high, share)
    return np.column_stack(
        [side * high * ray[:, 0], physique.cavity_centre_y_mm + high * ray[:, 1], z]
    )


def rib_lines(physique: Physique) -> list[Floats]:
    """Trace the ribs, (n, 3) arrays in the body frame, right then left from the top down."""
    return [
        rib_line(physique, side, level, np.linspace(0.42, end, 25))
        for side in (-1.0, 1.0)
        for level, end in enumerate(RIB_ENDS_RAD)
    ]


def rib_shape(line_mm: Floats, shrink_mm: float = 0.0) -> Shape:
    """Build a rib, oval in cross-section, along its middle line (n, 3), millimetres."""
    radii = np.full(len(line_mm), RIB_RADIUS_MM - shrink_mm)
    rise = np.array([0.0, 0.0, RIB_HALF_RISE_MM])
    edges = (Tube(line_mm - rise, radii), Tube(line_mm + rise, radii))
    return Union(edges, RIB_BLEND_MM)


def rib_parts(physique: Physique) -> list[Part]:
    """Build the ribs: all of their cortex, then the marrow in it, in short pieces."""
    pieces = [
        line[at : at + RIB_PIECE + 1]
        for line in rib_lines(physique)
        for at in range(0, len(line) - 1, RIB_PIECE)
    ]
    cortex = [
        Part(name="rib", shape=rib_shape(piece), tissue=tissues.CORTICAL_BONE) for piece in pieces
    ]
    marrow = [
        Part(name="rib marrow", shape=rib_shape(piece, RIB_CORTEX_MM), tissue=tissues.SPONGY_BONE)
        for piece in pieces
    ]
    return cortex + marrow


def cartilage_tubes(physique: Physique) -> list[Tube]:
    """Build the cartilage from each rib's end to the sternum or to the cartilage above."""
    front = physique.cavity_front_mm - RIB_DEPTH_MM
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
            tubes.append(Tube(line, np.full(len(line), 5.0)))
    return tubes


def skeleton_parts(physique: Physique) -> list[Part]:
    """Build cartilage, ribs, sternum and spine, in painting order."""
    front = physique.cavity_front_mm - RIB_DEPTH_MM
    parts = [
        Part(
            name="cartilage",
            shape=tube,
            tissue=tissues.FAT,
            shells=((0.5, tissues.CARTILAGE),),
        )
        for tube in cartilage_tubes(physique)
    ]
    parts += rib_parts(physique)
    sternum = RoundedBox(
        centre_mm=np.array([0.0, front - 1.0, 40.0]),
        half_extent_mm=np.array([17.0, 6.0, 76.0]),
        edge_radius_mm=5.5,
    )
    xiphoid = capsule([0.0, front, -34.0], [0.0, front + 2.0, -52.0], 4.0)
    parts.append(boned("sternum", sternum, 1.4))
    parts.append(Part(name="xiphoid", shape=xiphoid, tissue=tissues.CARTILAGE))
    return parts + spine_parts(physique)
