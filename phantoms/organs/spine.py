"""The spine: bodies, discs, arches with their processes, and the canal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.shapes import (
    Cut,
    HalfSpace,
    Intersection,
    RoundedBox,
    Shape,
    Superellipsoid,
    Union,
    capsule,
)
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

FIRST_BODY_PITCHES = 3.15
"""Height of the first body above the dome, in rib pitches: each carries a rib."""
LEVELS = range(-1, 13)
TOP_MM, BOTTOM_MM = 160.0, -330.0


def boned(name: str, shape: Shape, cortex_mm: float) -> Part:
    """Build a bone of cortex and marrow."""
    return Part(
        name=name,
        shape=shape,
        tissue=tissues.CORTICAL_BONE,
        shells=((cortex_mm, tissues.SPONGY_BONE),),
    )


def _body(y_mm: float, z_mm: float) -> Shape:
    """Build a vertebral body, waisted and a little hollow behind."""
    block = Superellipsoid(
        centre_mm=np.array([0.0, y_mm, z_mm]),
        radii_mm=np.array([21.5, 16.0, 12.4]),
        exponent=3.0,
    )
    hollow = capsule([0.0, y_mm + 27.0, z_mm - 20.0], [0.0, y_mm + 27.0, z_mm + 20.0], 13.0)
    return Cut(block, hollow, 4.0)


def _arch(y_mm: float, z_mm: float) -> Shape:
    """Build pedicles, laminae, joints and processes; it reaches below its body."""
    parts: list[Shape] = [
        RoundedBox(
            centre_mm=np.array([0.0, y_mm + 43.0, z_mm - 9.0]),
            half_extent_mm=np.array([2.8, 12.0, 9.0]),
            edge_radius_mm=2.4,
        )
    ]
    for side in (-1.0, 1.0):
        root = [side * 15.0, y_mm + 21.0, z_mm + 1.0]
        parts += [
            capsule([side * 14.5, y_mm + 10.0, z_mm + 4.0], root, 4.3),
            capsule(root, [side * 3.0, y_mm + 32.0, z_mm - 6.0], 3.6),
            capsule(root, [side * 13.0, y_mm + 25.0, z_mm - 19.0], 4.0),
            capsule(root, [side * 32.0, y_mm + 29.0, z_mm + 2.0], 3.8),
            capsule([side * 13.0, y_mm + 25.0, z_mm - 15.0],
                    [side * 3.0, y_mm + 33.0, z_mm - 12.0], 3.4),
        ]  # fmt: skip
    return Union(tuple(parts), 3.0)


def spine_parts(physique: Physique) -> list[Part]:
    """Build discs, arches, bodies and the canal, in painting order."""
    y = physique.spine_y_mm
    discs = Intersection(
        (
            Superellipsoid(
                centre_mm=np.array([0.0, y, 0.0]),
                radii_mm=np.array([20.5, 15.2, 20.5]),
                stretch_mm=np.array([0.0, 0.0, 400.0]),
            ),
            HalfSpace(np.array([0.0, y + 13.0, 0.0]), np.array([0.0, 1.0, 0.0])),
        ),
        3.0,
    )
    canal = capsule([0.0, y + 22.0, BOTTOM_MM], [0.0, y + 22.0, TOP_MM], 8.6)
    cord = capsule([0.0, y + 22.0, BOTTOM_MM], [0.0, y + 22.0, TOP_MM], 5.6)
    parts = [Part(name="discs", shape=discs, tissue=tissues.DISC)]
    heights = [physique.rib_pitch_mm * (FIRST_BODY_PITCHES - level) - 4.0 for level in LEVELS]
    parts += [boned("vertebral arch", Cut(_arch(y, z), canal), 1.0) for z in heights]
    parts += [boned("vertebra", _body(y, z), 0.9) for z in heights]
    parts.append(Part(name="spinal canal", shape=canal, tissue=tissues.VISCERAL_FAT))
    parts.append(Part(name="spinal cord", shape=cord, tissue=tissues.SPINAL_CANAL))
    return parts
