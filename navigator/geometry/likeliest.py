"""The likeliest rigid motion between uncertain points: the search, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.rigid import matrix_from_rotation_and_shift, renormalised

if TYPE_CHECKING:
    from navigator.arrays import Floats

SETTLED_SD = 1e-6
"""The search ends where the next step is this small, in standard deviations of the motion."""

MOST_STEPS = 100
"""Of Newton's method; a handful is usual."""

LEAST_CURVATURE = 0.1
"""Of that which small residuals have: no step turns uphill, or is ten times as long."""

VALLEY_LIMIT = 1e-3
"""Of the same: where the misfit is flatter than this, the turn is not decided."""

LEAST_STEP_SHARE = 1e-6
"""A step is halved while it makes things worse, down to this share of it."""

RISE_TOLERANCE = 1e-12
"""A rise of chi-square by less than this share of it is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainPairs:
    """Paired points and how well each is known.

    Parameters
    ----------
    target, source : (n, 3) array
        Points, each side in its own frame, millimetres.
    at_target, at_source : (n, 3, 3) array
        Covariances of their errors in the same frames, square millimetres; that of an exact
        source is 0.
    """

    target: Floats
    source: Floats
    at_target: Floats
    at_source: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearisedMisfit:
    """The misfit about one motion, and how it changes with a small further one.

    Parameters
    ----------
    centre : (3,) array
        What the further turn is about: mean of the carried points, target frame, millimetres.
    residuals : (n, 3) array
        Target less carried source, target frame, millimetres.
    covariances : (n, 3, 3) array
        Of both partners' errors together, target frame, square millimetres.
    white : (3n,) array
        Residuals in their own standard deviations, no unit.
    slopes : (3n, 6) array
        How much of `white` a further shift (mm) and turn (rad) takes away.
    bend : (6, 6) array
        What must be added to slopes' own product for the whole curvature of half of chi-square.
    """

    centre: Floats
    residuals: Floats
    covariances: Floats
    white: Floats
    slopes: Floats
    bend: Floats


def slopes_by_motion(points_mm: Floats, centre_mm: Floats) -> Floats:
    """Give how points move with a small shift and turn about a centre.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points, millimetres.
    centre_mm : (3,) array
        What the turn is about, same frame, millimetres.

    Returns
    -------
    (n, 3, 6) array
        Millimetres by shift along x, y, z (mm) and by turn about x, y, z (rad).
    """
    slopes = np.zeros((len(points_mm), 3, 6))
    slopes[:, :, :3] = np.eye(3)
    for axis, unit in enumerate(np.eye(3)):
        slopes[:, :, 3 + axis] = np.cross(unit, points_mm - centre_mm)
    return slopes


def find_likeliest_motion(pairs: UncertainPairs, start: Floats) -> tuple[Floats, LinearisedMisfit]:
    """Search for the rigid motion of least squared residuals in their own standard deviations.

    Newton's method with step halving; its curvature is exact, also where the source is unsure.

    Parameters
    ----------
    pairs : UncertainPairs
        The points.
    start : (4, 4) array
        A rigid motion near it, target_from_source, millimetres.

    Returns
    -------
    matrix : (4, 4) array
        The motion, target_from_source, millimetres.
    misfit : LinearisedMisfit
        The misfit about it.

    Raises
    ------
    ValueError
        If the search does not settle, or settles where a further turn costs nothing.
    """
    matrix = start
    for _ in range(MOST_STEPS):
        here = _misfit_about(pairs, matrix)
        q, r = np.linalg.qr(here.slopes)
        downhill = q.T @ here.white
        # in units of the curvature that small residuals have: 1, less where they are large
        bend = np.linalg.solve(r.T, np.linalg.solve(r.T, here.bend).T)
        curvatures, axes = np.linalg.eigh(np.eye(6) + bend)
        if np.linalg.norm(downhill) <= SETTLED_SD:
            if not curvatures[0] >= VALLEY_LIMIT:
                raise ValueError(
                    "paired points: expected points that fit best in one way, got points that can "
                    "be turned and fit as well; check which point is paired with which"
                )
            return matrix, here
        share = (axes.T @ downhill) / np.maximum(curvatures, LEAST_CURVATURE)
        matrix = _descended(pairs, matrix, here, np.linalg.solve(r, axes @ share))
    raise ValueError(
        f"paired points: expected a fit that settles within {MOST_STEPS} steps, got none; check "
        "the pairs, and that the covariances are square millimetres"
    )


def _descended(
    pairs: UncertainPairs, matrix: Floats, here: LinearisedMisfit, step: Floats
) -> Floats:
    """Take a (6,) step from a (4, 4) motion, or as much of it as does not raise the misfit."""
    most = float(here.white @ here.white) * (1.0 + RISE_TOLERANCE)
    share, moved = 1.0, _moved(matrix, here.centre, step)
    while share > LEAST_STEP_SHARE and not _chi_square(pairs, moved) <= most:
        share /= 2.0
        moved = _moved(matrix, here.centre, share * step)
    return moved


def _moved(matrix: Floats, centre: Floats, step: Floats) -> Floats:
    """Follow a (4, 4) motion by a small one, (6,), about a centre, (3,).

    The turn is Cayley's: proper whatever the step, and to second order the turn by its length.
    """
    x, y, z = 0.5 * step[3:]
    half = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn = np.linalg.solve(np.eye(3) - half, np.eye(3) + half)
    return renormalised(
        matrix_from_rotation_and_shift(turn, centre + step[:3] - turn @ centre) @ matrix
    )


def _chi_square(pairs: UncertainPairs, matrix: Floats) -> float:
    """Measure the misfit of a (4, 4) motion."""
    white = _misfit_about(pairs, matrix).white
    return float(white @ white)


def _misfit_about(pairs: UncertainPairs, matrix: Floats) -> LinearisedMisfit:
    """Measure the misfit about a (4, 4) motion and its slopes by a small further one."""
    rotation = matrix[:3, :3]
    carried = pairs.source @ rotation.T + matrix[:3, 3]
    turned = rotation @ pairs.at_source @ rotation.T
    covariances = pairs.at_target + turned
    residuals = pairs.target - carried
    factors = np.linalg.cholesky(covariances)
    white = np.linalg.solve(factors, residuals[:, :, None])
    # where the source itself is unsure, the levers are those of its likeliest true points
    pulls = np.linalg.solve(factors.transpose(0, 2, 1), white)[:, :, 0]
    likeliest = carried + np.einsum("nij,nj->ni", turned, pulls)
    centre = carried.mean(axis=0)
    slopes = np.linalg.solve(factors, slopes_by_motion(likeliest, centre)).reshape(-1, 6)
    # the source's covariances turn along
    veer = slopes_by_motion(pulls, np.zeros(3)) * [0, 0, 0, 1, 1, 1]
    dragged = slopes - np.linalg.solve(factors, turned @ veer).reshape(-1, 6)
    bend = dragged.T @ dragged - slopes.T @ slopes + _bend(likeliest - centre, pulls)
    bend -= np.einsum("nai,nab,nbj->ij", veer, turned, veer)
    return LinearisedMisfit(
        centre=centre,
        residuals=residuals,
        covariances=covariances,
        white=white.ravel(),
        slopes=slopes,
        bend=bend,
    )


def _bend(levers: Floats, pulls: Floats) -> Floats:
    """Measure what a turn's second order adds to the misfit's curvature, (6, 6).

    A turn w carries a lever p on by w x (w x p) / 2, and that against the pull f of the residual,
    (n, 3) each.
    """
    outer = levers.T @ pulls
    bend = np.zeros((6, 6))
    bend[3:, 3:] = np.trace(outer) * np.eye(3) - 0.5 * (outer + outer.T)
    return bend
