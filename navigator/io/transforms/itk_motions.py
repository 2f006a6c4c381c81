"""The rigid motion that the parameters of an ITK transform stand for.

Computed here from the definitions in the ITK Software Guide, book 2, 3.9, so that one piece of
code decides for text and HDF5 files alike.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.rigid import (
    matrix_from_rotation_and_shift,
    renormalised,
    rotation_from_axis_angle,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats

RIGID_LIMIT = 1e-4
"""A matrix may differ so much from a rotation: 0.03 mm over 300 mm, the rounding of text."""
FARTHEST_MM = 5_000.0
"""Two scans of one patient lie nearer to each other; more is another unit or a flipped digit."""
LARGEST_ANGLE_RAD = 2 * math.pi
"""More than a turn is an angle in degrees."""
NAME = re.compile(r"([A-Za-z0-9]+?)(?:_(?:double|float)_3_3)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ItkTransform:
    """A transform as ITK stores it.

    Parameters
    ----------
    name : str
        Class in ITK, without number type and dimension.
    parameters, fixed : tuple of float
        As ITK orders them; lengths in millimetres, angles in radians.
    """

    name: str
    parameters: tuple[float, ...]
    fixed: tuple[float, ...]

    @classmethod
    def from_name(
        cls, full_name: str, parameters: Sequence[float], fixed: Sequence[float]
    ) -> ItkTransform:
        """Make one from the full name in a file.

        Parameters
        ----------
        full_name : str
            For example ``Euler3DTransform_double_3_3``.
        parameters, fixed : sequence of float
            As stored.

        Returns
        -------
        ItkTransform
            With the short name.

        Raises
        ------
        ValueError
            If the name is of another dimension.
        """
        match = NAME.fullmatch(full_name)
        if match is None:
            raise ValueError(f"the transform {full_name[:60]!r} is none of three dimensions")
        return cls(match[1], tuple(parameters), tuple(fixed))


class NotRigidError(ValueError):
    """A transform that is no rigid motion; the text says why."""


def matrix_of_parts(parts: Sequence[ItkTransform]) -> Floats:
    """Chain transforms to one rigid motion.

    Parameters
    ----------
    parts : sequence of ItkTransform
        The one applied last first.

    Returns
    -------
    (4, 4) array
        Proper rigid matrix that carries points of the fixed image to the moving one, LPS
        millimetres.

    Raises
    ------
    NotRigidError
        If one part bends, scales, shears or mirrors, or carries points too far.
    ValueError
        If the numbers are not as many as the kind of transform has.
    """
    matrix = np.eye(4)
    for part in parts:
        matrix = matrix @ _rigid(part)
    if not np.abs(matrix[:3, 3]).max() <= FARTHEST_MM:
        raise NotRigidError(f"a shift of {np.abs(matrix[:3, 3]).max():.6g} mm")
    return renormalised(matrix)


def _rigid(part: ItkTransform) -> Floats:
    """Give the matrix of one transform, checked."""
    kind = KINDS.get(part.name)
    if kind is None:
        raise NotRigidError(f"a {part.name}, which is no rigid motion")
    count, fixed, turn_of = kind
    if len(part.parameters) != count or len(part.fixed) not in fixed:
        raise ValueError(f"{len(part.parameters)} parameters, {len(part.fixed)} fixed ones")
    if not np.isfinite([*part.parameters, *part.fixed]).all():
        raise ValueError("numbers that are not finite")
    turn = turn_of(part)
    with np.errstate(all="ignore"):
        drift = np.abs(turn.T @ turn - np.eye(3)).max()
    if not drift <= RIGID_LIMIT:
        raise NotRigidError(f"a matrix that differs by {drift:.2g} from a rotation")
    if not np.linalg.det(turn) > 0:
        raise NotRigidError("a mirror")
    centre = np.asarray(part.fixed[:3] or (0.0, 0.0, 0.0))
    shift = np.asarray(part.parameters[-3:] if part.name in WITH_SHIFT else (0.0, 0.0, 0.0))
    if part.name == "Similarity3DTransform":
        shift = np.asarray(part.parameters[3:6])
    with np.errstate(all="ignore"):
        return matrix_from_rotation_and_shift(turn, centre + shift - turn @ centre)


def _euler(part: ItkTransform) -> Floats:
    """Turn about the axes; a fourth fixed number that is not zero chooses the order z, y, x."""
    angles = part.parameters[:3]
    if not max(map(abs, angles)) <= LARGEST_ANGLE_RAD:
        raise NotRigidError(f"an angle of {max(map(abs, angles)):.6g} radians; degrees?")
    x, y, z = (
        rotation_from_axis_angle(axis, angle) for axis, angle in zip(np.eye(3), angles, strict=True)
    )
    is_zyx = len(part.fixed) == 4 and part.fixed[3] != 0
    return z @ y @ x if is_zyx else z @ x @ y


def _versor(part: ItkTransform) -> Floats:
    """Turn by a versor, of which the vector part is stored."""
    vector = np.asarray(part.parameters[:3])
    with np.errstate(all="ignore"):
        square = float(vector @ vector)
    if not square <= 1.0 + RIGID_LIMIT:
        raise NotRigidError(f"a versor of length {math.sqrt(square):.6g}")
    real = math.sqrt(max(0.0, 1.0 - square))
    x, y, z = vector / max(1.0, math.sqrt(square))
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + 2.0 * real * cross + 2.0 * cross @ cross)


def _similarity(part: ItkTransform) -> Floats:
    """Turn by a versor and scale; the scale has to be 1."""
    return _versor(part) * part.parameters[6]


def _matrix(part: ItkTransform) -> Floats:
    """Take nine numbers, row by row."""
    return np.reshape(part.parameters[:9], (3, 3))


def _none(_: ItkTransform) -> Floats:
    """Turn nothing."""
    return np.eye(3)


KINDS = {
    "IdentityTransform": (0, (0,), _none),
    "TranslationTransform": (3, (0,), _none),
    "Euler3DTransform": (6, (3, 4), _euler),
    "VersorTransform": (3, (3,), _versor),
    "VersorRigid3DTransform": (6, (3,), _versor),
    "Similarity3DTransform": (7, (3,), _similarity),
    "Rigid3DTransform": (12, (3,), _matrix),
    "AffineTransform": (12, (3,), _matrix),
    "MatrixOffsetTransformBase": (12, (3,), _matrix),
}
"""How many parameters and fixed ones each kind has, and how they turn."""
WITH_SHIFT = {
    *("TranslationTransform", "Euler3DTransform", "VersorRigid3DTransform", "Rigid3DTransform"),
    *("AffineTransform", "MatrixOffsetTransformBase"),
}
"""The kinds whose last three parameters are a shift."""
