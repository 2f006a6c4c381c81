"""Rigid motions between named frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, unit_vector
from navigator.errors import FrameMismatchError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.geometry.frames import Frame

ORTHONORMALITY_LIMIT = 1e-6
"""Largest entry of ``|RᵀR - I|`` of a rotation: float32 storage of a unit matrix stays below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RigidTransform:
    """A rotation and a shift that carry points of the source frame into the target frame.

    Named ``target_from_source``, so that a chain reads as a sentence:
    ``template_from_planning = template_from_intraop @ intraop_from_planning``.

    Parameters
    ----------
    matrix : (4, 4) array
        Homogeneous matrix for column vectors, millimetres.
    target, source : Frame
        Where points arrive and where they come from.

    Raises
    ------
    ValueError
        If the matrix is not a proper rigid motion (a mirror, a scale, a NaN).
    """

    matrix: Floats
    target: Frame
    source: Frame

    def __post_init__(self) -> None:
        matrix = frozen_floats(self.matrix, (4, 4), "RigidTransform.matrix")
        check_rigid(matrix)
        object.__setattr__(self, "matrix", matrix)

    @property
    def rotation(self) -> Floats:
        """(3, 3) array: the rotation part."""
        return self.matrix[:3, :3]

    @property
    def shift_mm(self) -> Floats:
        """(3,) array: where the source's origin lies in the target frame, millimetres."""
        return self.matrix[:3, 3]

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        """Chain two motions; the frames in the middle must be the same.

        Raises
        ------
        FrameMismatchError
            If `other` does not arrive where this one starts.
        """
        if other.target != self.source:
            raise FrameMismatchError(
                "composing transforms", expected=str(self.source), got=str(other.target)
            )
        product = renormalised(self.matrix @ other.matrix)
        return RigidTransform(matrix=product, target=self.target, source=other.source)

    def inverse(self) -> RigidTransform:
        """Turn the motion round: source from target."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation.T
        matrix[:3, 3] = -self.rotation.T @ self.shift_mm
        return RigidTransform(matrix=matrix, target=self.source, source=self.target)

    def map_points(self, points_mm: ArrayLike) -> Floats:
        """Carry points from the source to the target frame.

        Parameters
        ----------
        points_mm : (n, 3) or (3,) array
            Points in the source frame, millimetres.

        Returns
        -------
        array of the same shape
            The same points in the target frame, millimetres.
        """
        return np.asarray(points_mm, dtype=np.float64) @ self.rotation.T + self.shift_mm

    def map_vectors(self, vectors: ArrayLike) -> Floats:
        """Turn directions from the source to the target frame.

        Parameters
        ----------
        vectors : (n, 3) or (3,) array
            Directions in the source frame.

        Returns
        -------
        array of the same shape
            The same directions in the target frame.
        """
        return np.asarray(vectors, dtype=np.float64) @ self.rotation.T


def check_rigid(matrix: Floats) -> None:
    """Refuse a matrix that is not a proper rigid motion.

    Parameters
    ----------
    matrix : (4, 4) array
        Homogeneous matrix, millimetres.

    Raises
    ------
    ValueError
        If the last row is not (0, 0, 0, 1), or the rotation scales, shears or mirrors.
    """
    if not np.array_equal(matrix[3], [0.0, 0.0, 0.0, 1.0]):
        raise ValueError(f"rigid matrix: expected last row 0 0 0 1, got {matrix[3].tolist()}")
    rotation = matrix[:3, :3]
    drift = float(np.abs(rotation.T @ rotation - np.eye(3)).max())
    if not drift <= ORTHONORMALITY_LIMIT:
        raise ValueError(f"rigid matrix: expected orthonormal axes, got a deviation of {drift:.2e}")
    if not np.linalg.det(rotation) > 0:
        raise ValueError("rigid matrix: expected a right-handed rotation, got a mirror")


def renormalised(matrix: Floats) -> Floats:
    """Take away the rounding that long chains of products gather.

    Parameters
    ----------
    matrix : (4, 4) array
        A product of rigid matrices.

    Returns
    -------
    (4, 4) array
        The nearest proper rigid matrix.
    """
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    nearest = np.array(matrix, dtype=np.float64)
    nearest[:3, :3] = u @ vt
    return nearest


def identity_transform(*, target: Frame, source: Frame) -> RigidTransform:
    """State that two frames lie on each other.

    Parameters
    ----------
    target, source : Frame
        The two frames.

    Returns
    -------
    RigidTransform
        The motion that moves nothing.
    """
    return RigidTransform(matrix=np.eye(4), target=target, source=source)


def matrix_from_rotation_and_shift(rotation: ArrayLike, shift_mm: ArrayLike) -> Floats:
    """Put a rotation and a shift into one homogeneous matrix.

    Parameters
    ----------
    rotation : (3, 3) array
        Rotation matrix.
    shift_mm : (3,) array
        Shift in millimetres.

    Returns
    -------
    (4, 4) array
        Homogeneous matrix for column vectors.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = shift_mm
    return matrix


def rotation_from_axis_angle(axis: ArrayLike, angle_rad: float) -> Floats:
    """Turn about an axis by the right-hand rule (Rodrigues).

    Parameters
    ----------
    axis : (3,) array
        Direction of the axis, any length.
    angle_rad : float
        Angle in radians.

    Returns
    -------
    (3, 3) array
        Rotation matrix.

    Examples
    --------
    A quarter turn about the z axis carries x to y:

    >>> (rotation_from_axis_angle([0, 0, 1], np.pi / 2) @ [1, 0, 0]).round(12)
    array([0., 1., 0.])
    """
    x, y, z = unit_vector(axis, "rotation axis")
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: Floats = np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * cross @ cross
    return turn


def angle_between_rotations_rad(first: ArrayLike, second: ArrayLike) -> float:
    """Measure the angle of the turn that leads from one rotation to another.

    Parameters
    ----------
    first, second : (3, 3) array
        Rotation matrices.

    Returns
    -------
    float
        Angle in radians, 0 to π. Accurate near 0, where arccos of a trace is not.
    """
    turn = np.asarray(first, dtype=np.float64).T @ np.asarray(second, dtype=np.float64)
    sine = 0.5 * np.linalg.norm(
        [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
    )
    return float(np.arctan2(sine, 0.5 * (np.trace(turn) - 1.0)))
