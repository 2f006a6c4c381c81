"""Rigid motions: turns, shifts, and set-up shifts drawn by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def rotation_about(axis: ArrayLike, angle_rad: float) -> Floats:
    """Build the rotation about an axis through the origin (Rodrigues' formula).

    Parameters
    ----------
    axis : (3,) array
        Direction of the axis, any length but zero.
    angle_rad : float
        Angle, right-handed, radians.

    Returns
    -------
    (3, 3) array
        Rotation matrix.

    Examples
    --------
    A quarter turn about z carries +x to +y:

    >>> rotation_about([0, 0, 2], np.pi / 2).round(9) @ [1, 0, 0]
    array([0., 1., 0.])
    """
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: Floats = np.eye(3) + np.sin(angle_rad) * cross
    turned += (1.0 - np.cos(angle_rad)) * (cross @ cross)
    return turned


def rigid_about(rotation: ArrayLike, about_mm: ArrayLike, shift_mm: ArrayLike) -> Floats:
    """Build the motion that turns about a point and then shifts.

    Parameters
    ----------
    rotation : (3, 3) array
        Rotation matrix.
    about_mm : (3,) array
        Point that the rotation leaves in place, millimetres.
    shift_mm : (3,) array
        Shift of that point, millimetres.

    Returns
    -------
    (4, 4) array
        Read-only homogeneous matrix, millimetres.

    Examples
    --------
    >>> rigid_about(np.eye(3), [9, 9, 9], [1, 2, 3])[:3, 3]
    array([1., 2., 3.])
    """
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    about = np.asarray(about_mm, dtype=np.float64)
    matrix[:3, 3] = about - matrix[:3, :3] @ about + np.asarray(shift_mm, dtype=np.float64)
    return frozen_floats(matrix, (4, 4), "rigid motion")


def inverse_rigid(matrix: ArrayLike) -> Floats:
    """Turn a rigid motion round without a general inverse.

    Parameters
    ----------
    matrix : (4, 4) array
        Rigid motion, millimetres: ``target_from_source``.

    Returns
    -------
    (4, 4) array
        ``source_from_target``, read-only.

    Examples
    --------
    >>> inverse_rigid(rigid_about(np.eye(3), [0, 0, 0], [1, 2, 3]))[:3, 3]
    array([-1., -2., -3.])
    """
    forward = np.asarray(matrix, dtype=np.float64)
    back = np.eye(4)
    back[:3, :3] = forward[:3, :3].T
    back[:3, 3] = -forward[:3, :3].T @ forward[:3, 3]
    return frozen_floats(back, (4, 4), "inverse motion")


def random_direction(rng: np.random.Generator) -> Floats:
    """Draw a direction evenly from the sphere.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    (3,) array
        Unit vector.

    Examples
    --------
    >>> float(np.linalg.norm(random_direction(np.random.default_rng(1))).round(9))
    1.0
    """
    vector = rng.standard_normal(3)
    direction: Floats = vector / np.linalg.norm(vector)
    return direction


def rigid_motion(
    rng: np.random.Generator,
    *,
    shift_mm: tuple[float, float],
    turn_deg: tuple[float, float],
    about_mm: ArrayLike,
) -> Floats:
    """Draw a set-up shift: a turn about a point inside the patient, then a shift of that point.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    shift_mm : (low, high)
        Range of the length of the shift, millimetres.
    turn_deg : (low, high)
        Range of the angle, degrees; the axis is drawn evenly.
    about_mm : (3,) array
        Centre of the turn, LPS millimetres of the planning scan.

    Returns
    -------
    (4, 4) array
        ``intraop_from_planning``, read-only, millimetres.

    Examples
    --------
    >>> motion = rigid_motion(np.random.default_rng(7), shift_mm=(5, 20), turn_deg=(1, 3),
    ...                       about_mm=[10, 20, 30])
    >>> 5 <= np.linalg.norm((motion @ [10, 20, 30, 1])[:3] - [10, 20, 30]) <= 20
    np.True_
    """
    turn = rotation_about(random_direction(rng), np.deg2rad(rng.uniform(*turn_deg)))
    return rigid_about(turn, about_mm, random_direction(rng) * rng.uniform(*shift_mm))
