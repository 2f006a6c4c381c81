"""What shines beside the plate's own metal: stickers on the skin, coils in the liver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import HardwareRefusedError
from phantoms.metal import Metal
from phantoms.motion import inverse_rigid, moved_points, random_direction
from phantoms.program import signed_distance_mm
from phantoms.shapes import Tube, sphere
from phantoms.tissues import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from phantoms.anatomy import Patient
    from phantoms.hardware import PlacedPlate

BESIDE_MM = ((-25.0, -73.0), (74.0, 10.0), (20.0, 74.0), (32.0, -72.0))
"""Where stickers lie against the plate's middle, along its columns and rows: beyond its rim."""
JITTER_MM = 4.0
ABOVE_MM = 150.0
"""A sticker comes down from so far above the operator face, millimetres."""
TOUCH_MM = 1e-3

COIL_RADIUS_MM, COIL_WIRE_MM = 2.5, 0.5
COIL_TURNS, COIL_RISE_MM, COIL_CORNERS = 4, 1.6, 96
COIL_AWAY_MM = (14.0, 24.0)
"""Distance of a coil's middle from the tumour's surface, millimetres."""
COIL_DEPTH_MM = 7.0
"""A coil's middle lies so far below the capsule at least, millimetres."""
COIL_APART_MM = 12.0
TRIES = 2000


def stick_on_skin(
    plate: PlacedPlate,
    count: int,
    outside_mm: Callable[[Floats], Floats],
    rng: np.random.Generator,
) -> Floats:
    """Stick balls like the plate's markers on the skin round it.

    Parameters
    ----------
    plate : PlacedPlate
        The plate as it stands.
    count : int
        How many, at most four.
    outside_mm : callable
        Takes (n, 3) points, LPS millimetres of the scan, and returns (n,) lower bounds of their
        distance from the skin, negative inside.
    rng : numpy.random.Generator
        Draws where exactly.

    Returns
    -------
    (count, 3) array
        Their centres, LPS millimetres of the scan.
    """
    radius = 0.5 * plate.spec.markers[0].diameter_mm
    down = plate.lps_from_template[:3, 2]
    found = []
    for column_mm, row_mm in BESIDE_MM[:count]:
        jitter = rng.uniform(-JITTER_MM, JITTER_MM, 2)
        start = [column_mm + jitter[0], row_mm + jitter[1], -ABOVE_MM]
        centre = moved_points(plate.lps_from_template, start)
        while (gap := float(outside_mm(centre[None])[0]) - radius) > TOUCH_MM:
            centre = centre + gap * down
        found.append(centre)
    return frozen_floats(np.reshape(found, (-1, 3)), (None, 3), "stickers")


def sticker_parts(centres_mm: Floats, diameter_mm: float) -> list[Part]:
    """Build stickers to paint, LPS millimetres of the scan.

    Parameters
    ----------
    centres_mm : (n, 3) array
        As of :func:`stick_on_skin`, millimetres.
    diameter_mm : float
        Of each.

    Returns
    -------
    list
        One for each.
    """
    return [
        Part(name=f"sticker {number}", shape=sphere(centre, 0.5 * diameter_mm),
             tissue=tissues.MARKER, samples=7)
        for number, centre in enumerate(centres_mm, start=1)
    ]  # fmt: skip


def sticker_metals(centres_mm: Floats, diameter_mm: float) -> list[Metal]:
    """List stickers as metal; they attenuate like the plate's markers.

    Parameters
    ----------
    centres_mm : (n, 3) array
        As of :func:`stick_on_skin`, millimetres.
    diameter_mm : float
        Of each.

    Returns
    -------
    list
        One for each.
    """
    return [
        Metal(points_mm=centre[None], radius_mm=0.5 * diameter_mm, material="aluminium")
        for centre in centres_mm
    ]


def lay_coils(patient: Patient, count: int, rng: np.random.Generator) -> tuple[Floats, ...]:
    """Lay coils of steel wire in the liver round the first tumour.

    Parameters
    ----------
    patient : Patient
        Whose liver.
    count : int
        How many.
    rng : numpy.random.Generator
        Draws where, and how they are turned.

    Returns
    -------
    tuple of (n, 3) array
        The course of each wire, LPS millimetres of the planning scan.

    Raises
    ------
    HardwareRefusedError
        If there is no room in this liver.
    """
    body_from_lps = inverse_rigid(patient.lps_from_body)
    middles: list[Floats] = []
    for _ in range(TRIES):
        if len(middles) == count:
            break
        away = 0.5 * patient.tumour_diameter_mm + rng.uniform(*COIL_AWAY_MM)
        middle = patient.tumour_centre_mm + away * random_direction(rng)
        own = moved_points(body_from_lps, middle)[None]
        is_deep = signed_distance_mm(patient.liver, own)[0] <= -COIL_DEPTH_MM
        if is_deep and all(np.linalg.norm(middle - each) >= COIL_APART_MM for each in middles):
            middles.append(middle)
    if len(middles) < count:
        raise HardwareRefusedError(
            "There is no room for the coils",
            where=f"patient of seed {patient.seed}",
            expected=f"{count} places in the liver, {COIL_AWAY_MM[0]:g} mm off the tumour",
            got=str(len(middles)),
            next_step="use another seed",
        )
    return tuple(_coil(middle, random_direction(rng)) for middle in middles)


def _coil(middle_mm: Floats, axis: Floats) -> Floats:
    """Wind a wire round an axis: its course (n, 3), millimetres."""
    first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    first /= np.linalg.norm(first)
    turn = np.linspace(0.0, 2.0 * np.pi * COIL_TURNS, COIL_CORNERS)[:, None]
    round_it = np.cos(turn) * first + np.sin(turn) * np.cross(axis, first)
    along = COIL_RISE_MM * (turn / (2.0 * np.pi) - 0.5 * COIL_TURNS) * axis
    course = middle_mm + COIL_RADIUS_MM * round_it + along
    return frozen_floats(course, (None, 3), "coil")


def coil_parts(courses_mm: Sequence[Floats]) -> list[Part]:
    """Build coils to paint, LPS millimetres of the scan.

    Parameters
    ----------
    courses_mm : sequence of (n, 3) array
        As of :func:`lay_coils`, millimetres.

    Returns
    -------
    list
        One for each.
    """
    return [
        Part(name=f"coil {number}", tissue=tissues.COIL, samples=5,
             shape=Tube(course, np.full(len(course), COIL_WIRE_MM)))
        for number, course in enumerate(courses_mm, start=1)
    ]  # fmt: skip


def coil_metals(courses_mm: Sequence[Floats]) -> list[Metal]:
    """List coils as metal that throws streaks.

    Parameters
    ----------
    courses_mm : sequence of (n, 3) array
        As of :func:`lay_coils`, millimetres.

    Returns
    -------
    list
        One for each.
    """
    return [
        Metal(points_mm=course, radius_mm=COIL_WIRE_MM, material="steel") for course in courses_mm
    ]
