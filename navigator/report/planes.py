"""Cutting planes through a scan, and the letters that say which way the patient lies in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, unit_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
"""Toward +x, -x, +y, -y, +z, -z of LPS."""

LEAST_SHARE_OF_LETTER = 0.35
"""A second letter is added where a direction leans that much toward another axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A picture plane in the patient.

    Parameters
    ----------
    title : str
        What the plane is called.
    centre_mm : (3,) array
        The middle of the picture, LPS millimetres.
    right, up : (3,) array
        Unit directions of the picture's right and upper side, at right angles, LPS.
    half_width_mm, half_height_mm : float
        Half the size of the picture, millimetres.
    """

    title: str
    centre_mm: Floats
    right: Floats
    up: Floats
    half_width_mm: float
    half_height_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen_floats(self.centre_mm, (3,), "centre_mm"))
        object.__setattr__(self, "right", unit_vector(self.right, "right"))
        object.__setattr__(self, "up", unit_vector(self.up, "up"))

    def points_mm(self, step_mm: float) -> Floats:
        """List the points of the picture, rows from top to bottom.

        Parameters
        ----------
        step_mm : float
            Size of a picture element, millimetres.

        Returns
        -------
        (rows, columns, 3) array
            LPS millimetres.
        """
        across = np.arange(-self.half_width_mm, self.half_width_mm + step_mm / 2, step_mm)
        down = np.arange(self.half_height_mm, -self.half_height_mm - step_mm / 2, -step_mm)
        offsets = across[None, :, None] * self.right + down[:, None, None] * self.up
        return self.centre_mm + offsets

    def picture_mm(self, points_mm: ArrayLike) -> Floats:
        """Project points on the picture.

        Parameters
        ----------
        points_mm : (n, 3) array
            LPS millimetres.

        Returns
        -------
        (n, 3) array
            Right, up, and distance off the plane toward the viewer, millimetres.
        """
        offset = np.asarray(points_mm, dtype=np.float64) - self.centre_mm
        toward_viewer = np.cross(self.right, self.up)
        return np.stack([offset @ self.right, offset @ self.up, offset @ toward_viewer], axis=-1)


def letter_of_direction(direction: ArrayLike) -> str:
    """Name a direction of the patient by its letters.

    Parameters
    ----------
    direction : (3,) array
        Any direction, LPS.

    Returns
    -------
    str
        The letter of the nearest axis, then those of other axes it leans to.

    Examples
    --------
    >>> letter_of_direction([1, 0, 0]), letter_of_direction([0, -0.8, 0.6])
    ('L', 'AH')
    """
    vector = unit_vector(direction, "direction")
    order = np.argsort(-np.abs(vector), kind="stable")
    named = [
        LETTERS[axis][0 if vector[axis] > 0 else 1]
        for rank, axis in enumerate(order)
        if rank == 0 or abs(vector[axis]) >= LEAST_SHARE_OF_LETTER
    ]
    return "".join(named)


def anatomical_planes(centre_mm: Floats, half_size_mm: float) -> tuple[Plane, Plane, Plane]:
    """Cut the axial, coronal and sagittal planes in the radiologist's orientation.

    Axial and coronal: the patient's right is on the picture's left; sagittal: the front is on
    the picture's left. Anterior (axial) and head (coronal, sagittal) are up.

    Parameters
    ----------
    centre_mm : (3,) array
        The point that all three planes hold, LPS millimetres.
    half_size_mm : float
        Half the edge of the pictures, millimetres.

    Returns
    -------
    tuple of three Plane
        Axial, coronal, sagittal.
    """
    left, posterior, head = np.eye(3)

    def plane(title: str, right: Floats, up: Floats) -> Plane:
        return Plane(
            title=title,
            centre_mm=centre_mm,
            right=right,
            up=up,
            half_width_mm=half_size_mm,
            half_height_mm=half_size_mm,
        )

    return (
        plane("Axial", left, -posterior),
        plane("Coronal", left, head),
        plane("Sagittal", posterior, head),
    )


def plane_along_needle(entry_mm: ArrayLike, tip_mm: ArrayLike, *, padding_mm: float) -> Plane:
    """Cut the plane that holds the whole needle and leans least from the axial plane.

    Parameters
    ----------
    entry_mm, tip_mm : (3,) array
        Skin entry and tip, LPS millimetres.
    padding_mm : float
        Rim around the needle, millimetres.

    Returns
    -------
    Plane
        The needle runs from top to bottom.
    """
    entry, tip = np.asarray(entry_mm, dtype=np.float64), np.asarray(tip_mm, dtype=np.float64)
    down = unit_vector(tip - entry, "needle")
    left = np.array([1.0, 0.0, 0.0])
    if abs(left @ down) > 0.9:
        left = np.array([0.0, 1.0, 0.0])
    half = 0.5 * float(np.linalg.norm(tip - entry)) + padding_mm
    return Plane(
        title="Along the needle",
        centre_mm=0.5 * (entry + tip),
        right=left - (left @ down) * down,
        up=-down,
        half_width_mm=half,
        half_height_mm=half,
    )
