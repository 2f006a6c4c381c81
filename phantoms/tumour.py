"""Straight ways from the skin to a metastasis that are free of bone, lung, bowel and vessels."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.motion import moved_points
from phantoms.program import Field, distance_field

if TYPE_CHECKING:
    from phantoms.organs.segments import Segments
    from phantoms.shapes import Shape

CORRIDOR_RADIUS_MM = 8.0
CORRIDOR_FROM_BOWEL_MM = 11.0
CORRIDOR_FROM_VESSELS_MM = 4.0
MOST_LEAN_DEG = 40.0
CORRIDOR_STEP_MM = 1.0
LONGEST_WAY_MM = 140.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The shapes that a place for a tumour is judged by, body frame.

    Parameters
    ----------
    skin, liver : Shape
        The outside of the body and the liver.
    vessels : Shape
        All named vessels.
    portal, hepatic : Shape
        Portal branches and hepatic veins where their diameter is 3 mm or more.
    bone, lung, bowel : Shape
        Never in the way; bowel is kept off more widely.
    other_organs : Shape
        Gallbladder and kidney: not in the way either.
    segments : Segments
        The boundaries of the segments.
    """

    skin: Shape
    liver: Shape
    vessels: Shape
    portal: Shape
    hepatic: Shape
    bone: Shape
    lung: Shape
    bowel: Shape
    other_organs: Shape
    segments: Segments

    def fields(self) -> Fields:
        """Prepare every shape for many questions."""
        names = [each.name for each in fields(Fields)]
        return Fields(**{name: distance_field(getattr(self, name)) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The same, ready to be asked: (n, 3) points to (n,) signed distances, body frame, mm."""

    skin: Field
    liver: Field
    vessels: Field
    portal: Field
    hepatic: Field
    bone: Field
    lung: Field
    bowel: Field
    other_organs: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """A straight free way from the skin to the tumour's centre.

    Parameters
    ----------
    entry_mm, target_mm : (3,) array
        Point on the skin and centre of the tumour, millimetres, one frame.
    radius_mm : float
        No bone, lung or bowel lies nearer than this to the straight line.
    """

    entry_mm: Floats
    target_mm: Floats
    radius_mm: float

    def moved(self, target_from_source: Floats) -> Corridor:
        """Carry the corridor by a rigid motion (4, 4), millimetres."""
        return Corridor(
            entry_mm=frozen_floats(moved_points(target_from_source, self.entry_mm), (3,), "entry"),
            target_mm=frozen_floats(
                moved_points(target_from_source, self.target_mm), (3,), "target"
            ),
            radius_mm=self.radius_mm,
        )


def lean_directions() -> Floats:
    """List directions from the target toward the front, the most upright first.

    Returns
    -------
    (n, 3) array
        Unit vectors within :data:`MOST_LEAN_DEG` of straight up (-y); lateral leans go to the
        right.
    """
    lateral, craniocaudal = np.deg2rad(
        np.meshgrid(np.arange(0.0, MOST_LEAN_DEG + 1.0, 5.0), np.arange(-30.0, 31.0, 5.0))
    )
    flat = np.cos(craniocaudal)
    directions = np.stack(
        [-np.sin(lateral) * flat, -np.cos(lateral) * flat, np.sin(craniocaudal)], axis=-1
    ).reshape(-1, 3)
    upright = -directions[:, 1]
    allowed = upright >= np.cos(np.deg2rad(MOST_LEAN_DEG))
    ordered: Floats = directions[allowed][np.argsort(-upright[allowed], kind="stable")]
    return ordered


def find_corridor(around: Fields, centre_mm: Floats) -> Corridor | None:
    """Find the most upright straight way that is free.

    Distances are sampled every millimetre along the line. They change by at most one millimetre
    per millimetre, so half a step more than the radius at every sample proves the radius on the
    whole line.

    Parameters
    ----------
    around : Fields
        Distances to the shapes, body frame.
    centre_mm : (3,) array
        Centre of the tumour, body frame, millimetres.

    Returns
    -------
    Corridor or None
        None where no direction is free.
    """
    for direction in lean_directions():
        # a coarse look rejects most directions: a sample too near is too near at any step
        coarse = _way_out(around.skin, centre_mm, direction, 8.0 * CORRIDOR_STEP_MM)
        if coarse is None or _least_spare_mm(around, coarse) < 0.0:
            continue
        line = _way_out(around.skin, centre_mm, direction, CORRIDOR_STEP_MM)
        if line is None:
            continue
        spare = _least_spare_mm(around, line) - 0.5 * CORRIDOR_STEP_MM
        if spare >= 0.0:
            return Corridor(
                entry_mm=line[-1], target_mm=centre_mm, radius_mm=CORRIDOR_RADIUS_MM + spare
            )
    return None


def _way_out(skin: Field, start_mm: Floats, direction: Floats, step_mm: float) -> Floats | None:
    """List points (n, 3) from inside to the first one outside the skin, millimetres."""
    reach = np.arange(0.0, LONGEST_WAY_MM, step_mm)
    line = start_mm + reach[:, None] * direction
    outside = np.flatnonzero(skin(line) >= 0.0)
    return line[: outside[0] + 1] if len(outside) else None


def _least_spare_mm(around: Fields, line_mm: Floats) -> float:
    """Measure by how much points keep their distances; negative where one does not."""
    return float(
        min(
            around.bone(line_mm).min() - CORRIDOR_RADIUS_MM,
            around.lung(line_mm).min() - CORRIDOR_RADIUS_MM,
            around.bowel(line_mm).min() - CORRIDOR_FROM_BOWEL_MM,
            around.vessels(line_mm).min() - CORRIDOR_FROM_VESSELS_MM,
            around.other_organs(line_mm).min() - CORRIDOR_FROM_VESSELS_MM,
        )
    )
