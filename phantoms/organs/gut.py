"""The hollow organs: stomach with folds and level, duodenum, colon with haustra, small bowel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import in_pieces, smooth_curve, smooth_tube, widened
from phantoms.shapes import Cut, HalfSpace, Intersection, Offset, Shape, Tube, sphere
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.physique import Physique
    from phantoms.program import Field

STOMACH_WALL_MM = 4.0
COLON_WALL_MM = 2.2
BOWEL_WALL_MM = 2.0
PIECE = 6
"""Segments of a bowel that are painted together."""
HAUSTRUM_MM = 30.0
HAUSTRUM_DEPTH = 0.2
"""By which share the colon narrows between two haustra."""
BUBBLES = 90
"""Small bubbles of gas in the stool."""
FOLDS = 9
"""Folds of the stomach's lining drawn along it."""


def _front_of(shape: Shape, level_y_mm: float) -> Shape:
    """Build what lies in front of a level: the patient lies on the back."""
    level = HalfSpace(np.array([0.0, level_y_mm, 0.0]), np.array([0.0, 1.0, 0.0]))
    return Intersection((shape, level))


def _stomach_axis(physique: Physique, wide: float) -> Floats:
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    return np.array(
        [[0.40 * width, y + 0.20 * depth, -46.0, 31.0 * wide],
         [0.46 * width, y + 0.02 * depth, -62.0, 36.0 * wide],
         [0.42 * width, y - 0.34 * depth, -90.0, 28.0 * wide],
         [0.28 * width, y - 0.56 * depth, -116.0, 20.0 * wide],
         [0.06 * width, y - 0.50 * depth, -128.0, 15.0],
         [-0.14 * width, y - 0.30 * depth, -122.0, 11.0]]
    )  # fmt: skip


def stomach_parts(physique: Physique, keep_off: Shape, rng: np.random.Generator) -> list[Part]:
    """Build the stomach from the fundus under the left dome to the pylorus.

    Parameters
    ----------
    physique : Physique
        The build.
    keep_off : Shape
        What the stomach gives way to: the liver and a little around it.
    rng : numpy.random.Generator
        Source of chance: width, level, folds.

    Returns
    -------
    list of Part
        Wall, contents, folds and gas, in painting order.
    """
    axis = _stomach_axis(physique, rng.uniform(0.8, 1.05))
    tube = smooth_tube(axis, 4)
    level = float(physique.cavity_centre_y_mm - rng.uniform(18.0, 40.0))
    wall = Cut(tube, keep_off, 6.0)
    lumen = Offset(wall, -STOMACH_WALL_MM)
    return [
        Part(
            name="stomach",
            shape=wall,
            tissue=tissues.STOMACH_WALL,
            shells=((STOMACH_WALL_MM, tissues.STOMACH_FLUID),),
        ),
        Part(name="stomach gas", shape=_front_of(lumen, level), tissue=tissues.STOMACH_GAS),
        *_folds(tube, rng),
    ]


def _folds(tube: Tube, rng: np.random.Generator) -> list[Part]:
    """Draw folds that run along the inside of the wall and stand into the contents."""
    parts = []
    along = np.gradient(tube.points_mm, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    first = np.cross(along, [0.0, 0.0, 1.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    for turn in np.arange(FOLDS) * 2.0 * np.pi / FOLDS + rng.uniform(0.0, 1.0):
        angle = turn + rng.normal(0.0, 0.12, len(tube.points_mm)).cumsum()
        across = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second
        line = tube.points_mm + (tube.radii_mm[:, None] - 4.0) * across
        fold = Tube(line[1:-1], rng.uniform(1.6, 3.2, len(line) - 2))
        parts += [
            Part(name="stomach fold", shape=piece, tissue=tissues.STOMACH_WALL)
            for piece in in_pieces(fold, PIECE)
        ]
    return parts


def settled_within(tube: Tube, room: Field, gap_mm: float) -> Tube:
    """Push a tube's corners inward until it stays a gap below the surface of a room, mm."""
    points = np.array(tube.points_mm)
    steps = 0.5 * np.eye(3)
    for _ in range(12):
        here = room(points)
        beyond = np.maximum(here + tube.radii_mm + gap_mm, 0.0)
        slope = np.column_stack([room(points + step) - here for step in steps]) / 0.5
        size = np.linalg.norm(slope, axis=1, keepdims=True)
        points -= 0.6 * beyond[:, None] * slope / np.maximum(size, 1e-6)
    return Tube(points, tube.radii_mm)


def colon_tube(physique: Physique, room: Field, rng: np.random.Generator) -> Tube:
    """Trace the colon: ascending, across, up to the spleen, descending; with haustra."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    sag, high = rng.uniform(-14.0, 10.0), rng.uniform(-16.0, 16.0)
    corners = np.array(
        [[-0.74 * width, y + 0.14 * depth, -320.0, 22.0],
         [-0.74 * width, y + 0.12 * depth, -196.0, 21.0],
         [-0.56 * width, y - 0.30 * depth, -172.0 + sag, 19.0],
         [-0.30 * width, y - 0.66 * depth, -170.0 + sag, 18.0],
         [0.12 * width, y - 0.70 * depth, -160.0 + sag, 19.0],
         [0.50 * width, y - 0.62 * depth, -122.0, 19.0],
         [0.70 * width, y - 0.42 * depth, -70.0 + high, 20.0],
         [0.84 * width, y - 0.02 * depth, -96.0 + high, 17.0],
         [0.84 * width, y + 0.28 * depth, -170.0, 14.0],
         [0.80 * width, y + 0.26 * depth, -320.0, 14.0]]
    )  # fmt: skip
    curve = smooth_curve(corners, 14)
    tube = settled_within(Tube(curve[:, :3], curve[:, 3]), room, 2.5)
    steps = np.linalg.norm(np.diff(tube.points_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    narrow = (0.5 + 0.5 * np.cos(2.0 * np.pi * along / HAUSTRUM_MM)) ** 3
    return Tube(tube.points_mm, tube.radii_mm * (1.0 - HAUSTRUM_DEPTH * narrow))


def colon_parts(physique: Physique, room: Field, rng: np.random.Generator) -> list[Part]:
    """Build the colon's wall, stool with bubbles, and gas in front, in painting order."""
    tube = colon_tube(physique, room, rng)
    walls = in_pieces(tube, PIECE)
    lumens = in_pieces(widened(tube, -COLON_WALL_MM), PIECE)
    parts = [Part(name="colon", shape=each, tissue=tissues.GUT_WALL) for each in walls]
    parts += [Part(name="colon stool", shape=each, tissue=tissues.STOOL) for each in lumens]
    level = rng.normal(0.0, 9.0, len(lumens)).cumsum() * 0.3
    for each, offset in zip(lumens, level, strict=True):
        middle = float(each.points_mm[:, 1].mean())
        shift = offset + rng.uniform(-13.0, 2.0)
        gas = _front_of(each, middle + shift)
        parts.append(Part(name="colon gas", shape=gas, tissue=tissues.GUT_GAS))
    for _ in range(BUBBLES):
        at = int(rng.integers(2, len(tube.points_mm) - 2))
        reach = 0.6 * tube.radii_mm[at]
        centre = tube.points_mm[at] + rng.uniform(-reach, reach, 3)
        bubble = sphere(centre, rng.uniform(1.2, 3.6))
        parts.append(Part(name="colon gas", shape=bubble, tissue=tissues.GUT_GAS))
    return parts


def small_bowel_parts(physique: Physique, room: Field, rng: np.random.Generator) -> list[Part]:
    """Build packed loops in front of the spine; folds of the lining cross the lumen."""
    width, _ = physique.cavity_half_mm
    front, back = physique.cavity_front_mm + 22.0, physique.spine_y_mm - 40.0
    parts = []
    for layer, z in enumerate(np.arange(-130.0, -300.0, -25.0)):
        left = (0.14, -0.12, -0.36)[min(layer, 2)]
        columns = np.arange(left * width, 0.74 * width, 21.0)
        rows = np.arange(front, back, 25.0)
        nodes = []
        for row, y in enumerate(rows):
            ordered = columns if (row + layer) % 2 else columns[::-1]
            sway = np.where(np.arange(len(ordered)) % 2, 9.0, -9.0)
            nodes += [[x, y + s, z] for x, s in zip(ordered, sway, strict=True)]
        course = np.array(nodes) + rng.normal(0.0, 4.5, (len(nodes), 3))
        radii = 9.6 + 1.6 * np.sin(np.arange(len(nodes)) * 0.9 + rng.uniform(0.0, 6.0))
        tube = smooth_tube(np.column_stack([course, radii]), 3)
        parts += [
            Part(
                name="small bowel",
                shape=piece,
                tissue=tissues.SMALL_BOWEL_WALL,
                shells=((BOWEL_WALL_MM, tissues.SMALL_BOWEL_FLUID),),
            )
            for piece in in_pieces(settled_within(tube, room, 2.0), 4)
        ]
    return parts


def duodenum_part(physique: Physique) -> Part:
    """Build the duodenum: from the pylorus down beside the pancreas and across the midline."""
    y, width = physique.cavity_centre_y_mm, physique.cavity_half_mm[0]
    low = physique.spine_y_mm - 34.0
    tube = smooth_tube(
        [[-0.14 * width, y - 0.28 * physique.cavity_half_mm[1], -122, 12],
         [-40, low - 14, -130, 12.5], [-42, low, -160, 12], [-30, low - 2, -188, 12],
         [6, low - 8, -190, 11], [36, low - 6, -172, 11], [40, low - 24, -158, 11]], 5,
    )  # fmt: skip
    return Part(
        name="duodenum",
        shape=tube,
        tissue=tissues.DUODENUM_WALL,
        shells=((BOWEL_WALL_MM + 0.6, tissues.DUODENUM_FLUID),),
    )
