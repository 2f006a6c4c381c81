"""A breath for a real scan: the liver slides, what lies about it follows by less, bone stays.

Each region has its own displacement, written as the way back from the later scan to the planning
scan on a cubic B-spline lattice (:class:`phantoms.motion.Lattice`, whose bound excludes folds). The
two disagree along the liver's surface: that is the sliding. Points are carried by Newton's method
to 1e-9 mm, so the truth has no part in any registration.

References
----------
K. M. Brock et al., Med. Phys. 32 (2005), doi:10.1118/1.1915012 and T. Rohlfing et al., Med. Phys.
31 (2004), doi:10.1118/1.1644513: the liver goes 12 to 26 mm along the body and deforms on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from benchmarks.registration.problem import index_of
from phantoms.errors import MotionRefusedError
from phantoms.motion import Motion, chained, fit_lattice, random_direction, rotation_about
from phantoms.motion.fading import rising, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.registration.real_sources import Source
    from phantoms.arrays import Floats

AMPLITUDE_MM = (10.0, 20.0)
BUMPS, BUMP_MM, BUMP_WIDTH_MM = 6, (3.0, 7.0), (24.0, 36.0)
"""So that no rigid motion fits the liver better than to 2 to 3 mm."""
ASIDE_SHARE, FORWARD_SHARE = 0.12, 0.25
"""Of the amplitude, the most that the liver goes to the side and to the front."""
LIVER_PITCH_MM, REST_PITCH_MM = 20.0, 12.0
FADE_MM, BOX_MM = 130.0, 150.0
FOLLOW_SHARE, FOLLOW_MM = 0.65, 45.0
"""What touches the liver follows by this share, and so much farther by 60 % of that."""
BONE_FREE_MM, BONE_FADE_MM = 6.0, 45.0
SKIN_FREE_MM, SKIN_FADE_MM = 20.0, 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """How liver and rest move from the planning scan to the later one, LPS millimetres.

    Parameters
    ----------
    liver, rest : Motion
        With the set-up shift.
    amplitude_mm : float
        How far the liver goes along the body; positive to the head.
    follow_share : float
        Share of it by which what touches the liver follows.
    """

    liver: Motion
    rest: Motion
    amplitude_mm: float
    follow_share: float


def draw_slide(source: Source, setup: Floats, rng: np.random.Generator) -> Slide:
    """Draw a breath and put the set-up shift behind it.

    Parameters
    ----------
    source : Source
        The scan that breathes.
    setup : (4, 4) array
        The set-up shift, rigid, millimetres.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Slide
        Both motions, free of folds by a bound that is certain.
    """
    amplitude = float(rng.uniform(*AMPLITUDE_MM) * rng.choice([-1.0, 1.0]))
    low, high = liver_box_mm(source)
    liver = _liver_motion(low, high, amplitude, rng)
    share = FOLLOW_SHARE
    while True:
        try:
            rest = _rest_motion(source, amplitude * share)
            break
        except MotionRefusedError:
            share *= 0.85
    return Slide(
        liver=chained(liver, setup),
        rest=chained(rest, setup),
        amplitude_mm=amplitude,
        follow_share=share,
    )


def liver_box_mm(source: Source) -> tuple[Floats, Floats]:
    """Find the box (3,), (3,) of the liver, LPS millimetres."""
    index = np.argwhere(source.liver_mm < 0.0)
    ends = np.array([index.min(axis=0), index.max(axis=0)]).astype(np.float64)
    matrix = source.grid.lps_from_index
    low, high = ends @ matrix[:3, :3].T + matrix[:3, 3]
    return low, high


def draw_bumps(low: Floats, high: Floats, rng: np.random.Generator) -> Callable[[Floats], Floats]:
    """Draw the local deformation of a liver: a few smooth bumps in any direction.

    Parameters
    ----------
    low, high : (3,) array
        The liver's box, LPS millimetres.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    callable
        From points (n, 3) to displacements (n, 3), millimetres.
    """
    centres = low + rng.uniform(0.1, 0.9, (BUMPS, 3)) * (high - low)
    pushes = np.array([random_direction(rng) * rng.uniform(*BUMP_MM) for _ in range(BUMPS)])
    widths = rng.uniform(*BUMP_WIDTH_MM, BUMPS)

    def displacement_mm(points: Floats) -> Floats:
        moved = np.zeros_like(points)
        for centre, push, width in zip(centres, pushes, widths, strict=True):
            away = np.square((points - centre) / width).sum(axis=1)
            moved += np.exp(-0.5 * away)[:, None] * push
        return moved

    return displacement_mm


def bump_motion(low: Floats, high: Floats, rng: np.random.Generator) -> Motion:
    """Deform a liver locally, and nothing else about it: see :func:`draw_bumps`."""
    bumps = draw_bumps(low, high, rng)

    def displacement_mm(points: Floats) -> Floats:
        near = np.prod([within(points[:, d], low[d], high[d], FADE_MM) for d in range(3)], axis=0)
        way_back: Floats = -near[:, None] * bumps(points)
        return way_back

    return Motion(
        (
            fit_lattice(
                displacement_mm,
                low_mm=low - BOX_MM - LIVER_PITCH_MM,
                high_mm=high + BOX_MM + LIVER_PITCH_MM,
                pitch_mm=LIVER_PITCH_MM,
            ),
        )
    )


def _liver_motion(
    low: Floats, high: Floats, amplitude_mm: float, rng: np.random.Generator
) -> Motion:
    """Let the liver slide along the body, lag below and to the left, turn, and bulge."""
    middle, size = 0.5 * (low + high), high - low
    main = amplitude_mm * np.array(
        [rng.uniform(-ASIDE_SHARE, ASIDE_SHARE), -rng.uniform(0.0, FORWARD_SHARE), 1.0]
    )
    squeeze, tilt = rng.uniform(0.1, 0.25), rng.uniform(0.04, 0.15)
    turn = rotation_about(random_direction(rng), np.deg2rad(rng.uniform(0.5, 3.0))) - np.eye(3)
    bumps = draw_bumps(low, high, rng)

    def displacement_mm(points: Floats) -> Floats:
        depth = rising((high[2] - points[:, 2]) / size[2])
        leftward = np.clip((points[:, 0] - middle[0]) / size[0], -0.7, 0.7)
        moved = (1.0 - squeeze * depth - tilt * leftward)[:, None] * main
        moved += np.clip(points - middle, -size, size) @ turn.T
        moved += bumps(points)
        near = np.prod(
            [within(points[:, d], low[d] - 10.0, high[d] + 10.0, FADE_MM) for d in range(3)], axis=0
        )
        way_back: Floats = -near[:, None] * moved
        return way_back

    return Motion(
        (
            fit_lattice(
                displacement_mm,
                low_mm=low - BOX_MM - LIVER_PITCH_MM,
                high_mm=high + BOX_MM + LIVER_PITCH_MM,
                pitch_mm=LIVER_PITCH_MM,
            ),
        )
    )


def _rest_motion(source: Source, most_mm: float) -> Motion:
    """Let what lies about the liver follow it, the less the farther, and bone and wall not."""
    low, high = liver_box_mm(source)

    def read(distances: object, points: Floats) -> Floats:
        found: Floats = ndimage.map_coordinates(
            distances, index_of(source.grid, points).T, order=1, mode="nearest"
        ).astype(np.float64)
        return found

    def displacement_mm(points: Floats) -> Floats:
        away = np.maximum(read(source.liver_mm, points), 0.0)
        share = np.exp(-0.5 * np.square(away / FOLLOW_MM))
        share *= rising((read(source.bone_mm, points) - BONE_FREE_MM) / BONE_FADE_MM)
        share *= rising((-read(source.skin_mm, points) - SKIN_FREE_MM) / SKIN_FADE_MM)
        for d in range(3):
            share *= within(points[:, d], low[d] - 10.0, high[d] + 10.0, FADE_MM)
        way_back: Floats = -most_mm * share[:, None] * np.array([0.0, 0.0, 1.0])
        return way_back

    return Motion(
        (
            fit_lattice(
                displacement_mm,
                low_mm=low - BOX_MM,
                high_mm=high + BOX_MM,
                pitch_mm=REST_PITCH_MM,
            ),
        )
    )
