"""Where a metastasis may lie: deep in the right lobe, clear of vessels, with a free way to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.bounds import bounds_mm
from phantoms.errors import AnatomyError
from phantoms.motion import moved_points
from phantoms.program import Field, distance_field

if TYPE_CHECKING:
    from phantoms.shapes import Shape

DIAMETER_MM = (12.0, 17.0)
BELOW_CAPSULE_MM = 8.0
FROM_VESSELS_MM = 8.0
CORRIDOR_RADIUS_MM = 8.0
CORRIDOR_FROM_BOWEL_MM = 11.0
CORRIDOR_FROM_VESSELS_MM = 4.0
MOST_LEAN_DEG = 40.0
CORRIDOR_STEP_MM = 1.0
LONGEST_WAY_MM = 140.0
DRAWS = 4000
"""Places looked at before a seed is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The shapes that a place for a tumour is judged by, body frame.

    Parameters
    ----------
    skin, liver, vessels : Shape
        The outside of the body, the liver, and all vessels.
    bone_and_lung, bowel : Shape
        Never in the way; bowel is kept off more widely.
    other_organs : Shape
        Gallbladder and kidney: not in the way either.
    """

    skin: Shape
    liver: Shape
    vessels: Shape
    bone_and_lung: Shape
    bowel: Shape
    other_organs: Shape

    def fields(self) -> Fields:
        """Prepare every shape for many questions."""
        return Fields(
            skin=distance_field(self.skin),
            liver=distance_field(self.liver),
            vessels=distance_field(self.vessels),
            bone_and_lung=distance_field(self.bone_and_lung),
            bowel=distance_field(self.bowel),
            other_organs=distance_field(self.other_organs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The same, ready to be asked: (n, 3) points to (n,) signed distances, body frame, mm."""

    skin: Field
    liver: Field
    vessels: Field
    bone_and_lung: Field
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
            around.bone_and_lung(line_mm).min() - CORRIDOR_RADIUS_MM,
            around.bowel(line_mm).min() - CORRIDOR_FROM_BOWEL_MM,
            around.vessels(line_mm).min() - CORRIDOR_FROM_VESSELS_MM,
            around.other_organs(line_mm).min() - CORRIDOR_FROM_VESSELS_MM,
        )
    )


def place_tumour(around: Surroundings, rng: np.random.Generator) -> tuple[Floats, float, Corridor]:
    """Draw a metastasis until its place keeps every promise.

    Parameters
    ----------
    around : Surroundings
        The shapes, body frame.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    centre_mm : (3,) array
        Centre, body frame, millimetres.
    diameter_mm : float
        Diameter, millimetres.
    corridor : Corridor
        A free way from the skin, body frame.

    Raises
    ------
    AnatomyError
        If no place is found.
    """
    diameter = float(rng.uniform(*DIAMETER_MM))
    low, high = bounds_mm(around.liver)
    high[0] = -35.0  # the right lobe only
    places = rng.uniform(low, high, (DRAWS, 3))
    fields = around.fields()
    deep = fields.liver(places) <= -(0.5 * diameter + BELOW_CAPSULE_MM)
    places = places[deep]
    clear = fields.vessels(places) >= 0.5 * diameter + FROM_VESSELS_MM
    for centre in places[clear]:
        corridor = find_corridor(fields, centre)
        if corridor is not None:
            return centre, diameter, corridor
    raise AnatomyError(
        f"No reachable place for a {diameter:.1f} mm tumour among {DRAWS} draws in a liver of box "
        f"{low.round()} to {high.round()} mm; use another seed and report this one"
    )
