"""Zones of plain sizes at plain places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.model.ablation import AblationZone, Interval, ZoneSize
from tests.navigator.imaging.digitised import FRAME

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.arrays import Floats
    from navigator.geometry.frames import Frame
    from tests.strategies import Spheroid


def interval(value: float, doubt: float = 0.0) -> Interval:
    """Give a value and the same doubt on both sides."""
    return Interval(value=value, low=value - doubt, high=value + doubt)


def zone_at(
    centre_mm: ArrayLike,
    *,
    long_mm: float,
    short_mm: float,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    doubt_mm: float = 0.0,
    frame: Frame = FRAME,
) -> AblationZone:
    """Place a zone by its full axes."""
    size = ZoneSize(
        power_w=None,
        time_s=None,
        long_axis_mm=interval(long_mm, doubt_mm),
        short_axis_mm=interval(short_mm, doubt_mm),
        centre_to_tip_mm=interval(10.0),
        setting="manufacturer",
        sources=("made up",),
    )
    return AblationZone(
        centre_mm=np.asarray(centre_mm, dtype=float),
        axis=np.asarray(axis, dtype=float),
        size=size,
        frame=frame,
    )


def zone_of(body: Spheroid) -> AblationZone:
    """Make a zone of a body."""
    return zone_at(
        body.centre_mm,
        axis=body.axis,
        long_mm=2.0 * body.along_radius_mm,
        short_mm=2.0 * body.across_radius_mm,
    )


def rings_of_directions(count: int) -> Floats:
    """Spread directions in rings of latitude with even gaps, about `count` of them, (n, 3)."""
    rows = round(np.sqrt(count * np.pi / 4.0))
    polar = (np.arange(rows) + 0.5) / rows * np.pi
    rings = []
    for angle in polar:
        turn = np.linspace(
            0.0, 2.0 * np.pi, max(1, round(2 * rows * np.sin(angle))), endpoint=False
        )
        across = np.sin(angle)
        rings.append(
            np.stack([across * np.cos(turn), across * np.sin(turn), 0.0 * turn + np.cos(angle)])
        )
    directions: Floats = np.concatenate(rings, axis=1).T
    return directions


def random_directions(rng: np.random.Generator, count: int) -> Floats:
    """Draw directions evenly over the sphere, (count, 3)."""
    drawn = rng.normal(size=(count, 3))
    directions: Floats = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return directions
