"""The spine: bodies, discs, arches with their processes, and the canal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.physique import FIRST_LEVEL, LEVELS, bowed_mm
from phantoms.shapes import (
    Cut,
    HalfSpace,
    Intersection,
    Shape,
    Superellipsoid,
    Tube,
    Union,
    capsule,
)
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

BELOW_RIB_MM = 4.0
"""A body's middle lies so far below the place where its rib starts."""
BODY_SHARE = 0.44
"""Half height of a body by the way to the next; the rest is disc."""
BODY_RADII_MM, DISC_RADII_MM = (21.5, 16.0), (20.5, 15.2)
"""Half width and half depth of the mean body, and of the disc below it."""
LOIN_LEVEL, ROOF_LEVELS = 9, 5
"""From this level up, within so many levels, the spinous processes turn steep."""
LEVEL_DROP_MM, ROOF_DROP_MM = 4.0, 17.0
"""How much lower a spinous process ends than it starts: in the loin, and more in the chest."""
TOP_MM, BOTTOM_MM = 160.0, -330.0


def boned(name: str, shape: Shape, cortex_mm: float) -> Part:
    """Build a bone of cortex and marrow."""
    return Part(
        name=name,
        shape=shape,
        tissue=tissues.CORTICAL_BONE,
        shells=((cortex_mm, tissues.SPONGY_BONE),),
    )


def _body(y_mm: float, z_mm: float, size: float, half_height_mm: float) -> Shape:
    """Build a vertebral body, waisted and a little hollow behind."""
    block = Superellipsoid(
        centre_mm=np.array([0.0, y_mm + _setback_mm(size), z_mm]),
        radii_mm=np.array([*(size * np.array(BODY_RADII_MM)), half_height_mm]),
        exponent=3.0,
    )
    hollow = capsule([0.0, y_mm + 27.0, z_mm - 20.0], [0.0, y_mm + 27.0, z_mm + 20.0], 13.0)
    return Cut(block, hollow, 4.0)


def _spinous_process(y_mm: float, z_mm: float, drop_mm: float) -> Shape:
    """Build the blade behind an arch: level in the loin, roof tiles in the chest."""
    # the skin does not follow the spine's bow: the blades there are shorter
    end = y_mm + 53.0 - float(bowed_mm(np.array(z_mm)))
    ridges = [
        capsule([0.0, y_mm + 31.0, z_mm - below], [0.0, end, z_mm - below - drop_mm], 3.0)
        for below in (2.5, 7.0, 11.5)
    ]
    return Union(tuple(ridges), 2.0)


def _arch(y_mm: float, z_mm: float, level: int) -> Shape:
    """Build pedicles, laminae, joints and processes; it reaches below its body."""
    steep = np.clip((LOIN_LEVEL - level) / ROOF_LEVELS, 0.0, 1.0)
    parts = [_spinous_process(y_mm, z_mm, LEVEL_DROP_MM + ROOF_DROP_MM * float(steep))]
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
    canal, cord = (_behind_bodies(y + 22.0, radius) for radius in (8.6, 5.6))
    discs, arches, bodies = [], [], []
    for level in range(FIRST_LEVEL, FIRST_LEVEL + LEVELS):
        size, pitch = physique.level_size(level), physique.level_pitch_mm(level)
        z = physique.level_height_mm(level) - BELOW_RIB_MM
        y = physique.spine_y_mm + float(bowed_mm(np.array(z)))
        discs.append(Part(name="discs", shape=_disc(y, z, size, pitch), tissue=tissues.DISC))
        arches.append(boned("vertebral arch", Cut(_arch(y, z, level), canal), 1.0))
        bodies.append(boned("vertebra", _body(y, z, size, BODY_SHARE * pitch), 0.9))
    parts = [*discs, *arches, *bodies]
    parts.append(Part(name="spinal canal", shape=canal, tissue=tissues.VISCERAL_FAT))
    parts.append(Part(name="spinal cord", shape=cord, tissue=tissues.SPINAL_CANAL))
    return parts


def _setback_mm(size: float) -> float:
    """Say how far behind the mean one's middle a body lies, for the backs of all to be in line."""
    return BODY_RADII_MM[1] * (1.0 - size)


def _behind_bodies(y_mm: float, radius_mm: float) -> Tube:
    """Build a tube that follows the spine's bow."""
    heights = np.linspace(BOTTOM_MM, TOP_MM, 36)
    line = np.column_stack([np.zeros(len(heights)), y_mm + bowed_mm(heights), heights])
    return Tube(line, np.full(len(heights), radius_mm))


def _disc(y_mm: float, z_mm: float, size: float, pitch_mm: float) -> Shape:
    """Build the disc below a body, reaching into it and into the next one."""
    disc = Superellipsoid(
        centre_mm=np.array([0.0, y_mm + _setback_mm(size), z_mm - 0.5 * pitch_mm]),
        radii_mm=np.array([*(size * np.array(DISC_RADII_MM)), 0.25 * pitch_mm]),
        exponent=4.0,
    )
    return Intersection(
        (disc, HalfSpace(np.array([0.0, y_mm + 13.0, 0.0]), np.array([0.0, 1.0, 0.0]))), 3.0
    )
