"""The way of a needle's middle line: straight, then round one circle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.errors import HardwareRefusedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CHORD_SAG_MM = 0.003
"""A bent needle is painted along chords that stay this close to its circle, millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A middle line from the hub to the tip: a straight piece, then an arc that is tangent to it.

    Parameters
    ----------
    tail_mm : (3,) array
        Where the shaft leaves the hub, millimetres.
    direction : (3,) array
        Unit vector from the hub on.
    straight_mm : float
        Length before the bend begins, millimetres.
    length_mm : float
        Length from the hub to the tip along the line, millimetres.
    bend_radius_mm : float
        Radius of the arc, millimetres; infinite for a straight needle.
    bend_towards : (3,) array
        Unit vector from the line to the arc's centre, across `direction`.

    Raises
    ------
    HardwareRefusedError
        If the directions are not unit vectors across each other, or the arc closes a half circle.
    """

    tail_mm: Floats
    direction: Floats
    straight_mm: float
    length_mm: float
    bend_radius_mm: float
    bend_towards: Floats

    def __post_init__(self) -> None:
        for name in ("tail_mm", "direction", "bend_towards"):
            vector = frozen_floats(getattr(self, name), (3,), f"Course.{name}")
            object.__setattr__(self, name, vector)
        positive(self.length_mm, "Course.length_mm")
        frame = np.array([self.direction, self.bend_towards])
        is_square = np.abs(frame @ frame.T - np.eye(2)).max() <= 1e-9
        arc = (self.length_mm - self.straight_mm) / self.bend_radius_mm
        if not (is_square and 0.0 <= self.straight_mm <= self.length_mm and 0.0 <= arc <= np.pi):
            raise HardwareRefusedError(
                "The needle's line is not a straight piece and an arc",
                where="Course",
                expected="unit directions across each other, an arc of at most a half circle",
                got=f"straight {self.straight_mm:g} of {self.length_mm:g} mm, "
                f"radius {self.bend_radius_mm:g} mm, directions {frame.round(6).tolist()}",
                next_step="bend the needle less, or correct its directions",
            )


def _split(course: Course, along_mm: ArrayLike) -> tuple[Floats, Floats]:
    """Split lengths into the part run straight and the angle run round the arc."""
    along = np.asarray(along_mm, dtype=np.float64)
    straight = np.minimum(along, course.straight_mm)
    return straight, (along - straight) / course.bend_radius_mm


def points_along(course: Course, along_mm: ArrayLike) -> Floats:
    """Find points of the middle line.

    Parameters
    ----------
    course : Course
        The line.
    along_mm : (n,) array
        Lengths from the hub, 0 to `course.length_mm`, millimetres.

    Returns
    -------
    (n, 3) array
        Points, millimetres.

    Examples
    --------
    A quarter of a circle of 10 mm ends 10 mm on and 10 mm aside:

    >>> quarter = Course(tail_mm=[0, 0, 0], direction=[0, 0, 1], straight_mm=0,
    ...                  length_mm=5 * np.pi, bend_radius_mm=10, bend_towards=[1, 0, 0])
    >>> points_along(quarter, [5 * np.pi]).round(9)
    array([[10.,  0., 10.]])
    """
    straight, angle = _split(course, along_mm)
    on, aside = np.asarray(along_mm, dtype=np.float64), np.zeros_like(straight)
    if np.isfinite(course.bend_radius_mm):
        on = straight + course.bend_radius_mm * np.sin(angle)
        # 1 - cos, without losing digits on small angles
        aside = 2.0 * course.bend_radius_mm * np.sin(0.5 * angle) ** 2
    points: Floats = course.tail_mm + np.multiply.outer(on, course.direction)
    points += np.multiply.outer(aside, course.bend_towards)
    return points


def directions_along(course: Course, along_mm: ArrayLike) -> Floats:
    """Find the directions in which the line runs on.

    Parameters
    ----------
    course : Course
        The line.
    along_mm : (n,) array
        Lengths from the hub, millimetres.

    Returns
    -------
    (n, 3) array
        Unit vectors.
    """
    _, angle = _split(course, along_mm)
    tangents: Floats = np.multiply.outer(np.cos(angle), course.direction)
    tangents += np.multiply.outer(np.sin(angle), course.bend_towards)
    return tangents


def course_line(
    course: Course,
    from_mm: float = 0.0,
    to_mm: float | None = None,
    *,
    sag_mm: float = CHORD_SAG_MM,
) -> Floats:
    """Draw the middle line as chords.

    Parameters
    ----------
    course : Course
        The line.
    from_mm, to_mm : float
        First and last length from the hub, millimetres; the whole line if left out.
    sag_mm : float
        How far a chord may stay off the arc, millimetres.

    Returns
    -------
    (n, 3) array
        Corners, the first and the last exact, millimetres.
    """
    last = course.length_mm if to_mm is None else to_mm
    bend = float(np.clip(course.straight_mm, from_mm, last))
    knots = [from_mm]
    if bend > from_mm:
        knots.append(bend)
    if last > bend:
        step = np.sqrt(8.0 * course.bend_radius_mm * sag_mm)
        count = max(1, int(np.ceil((last - bend) / step)))
        knots += np.linspace(bend, last, count + 1)[1:].tolist()
    return points_along(course, knots)


def carried(course: Course, target_from_source: Floats) -> Course:
    """Carry a line by a rigid motion.

    Parameters
    ----------
    course : Course
        The line in its source frame.
    target_from_source : (4, 4) array
        Rigid motion, millimetres.

    Returns
    -------
    Course
        The line in the target frame.
    """
    turn, shift = target_from_source[:3, :3], target_from_source[:3, 3]
    return Course(
        tail_mm=turn @ course.tail_mm + shift,
        direction=turn @ course.direction,
        straight_mm=course.straight_mm,
        length_mm=course.length_mm,
        bend_radius_mm=course.bend_radius_mm,
        bend_towards=turn @ course.bend_towards,
    )
