"""Where the plate stands, and what its protractor shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, lengths, unit_vector
from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from template_gen import spec_hash

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.geometry.rigid import RigidTransform
    from template_gen import TemplateSpec

LEFT = np.array([1.0, 0.0, 0.0])
"""The patient's left in LPS."""
SUPERIOR = np.array([0.0, 0.0, 1.0])
"""Toward the head in LPS."""
LARGEST_LEFT_SHARE_OF_GRAVITY = 0.9
"""Beyond it the patient lies on a side: left is then nearly down and no lateral tilt is defined."""

HASH_DIGITS = 16
"""Hexadecimal digits of a plate's hash in its frame's name: 64 bits tell any two plates apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtractorAngles:
    """The three angles that are set on the protractor, degrees as a person reads them.

    Parameters
    ----------
    lateral_tilt_deg : float
        Positive leans the tip toward the patient's left.
    craniocaudal_tilt_deg : float
        Positive leans the tip toward the head.
    in_plane_rotation_deg : float
        Turn of the columns about the plate's normal against the patient's left-right axis,
        right-handed about the normal into the patient.
    """

    lateral_tilt_deg: float
    craniocaudal_tilt_deg: float
    in_plane_rotation_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePlacement:
    """The plate's pose in one scan.

    Parameters
    ----------
    lps_from_template : RigidTransform
        Carries plate coordinates to the scan, millimetres.
    angles : ProtractorAngles
        What the protractor shows for this pose.
    template_hash : str
        SHA-256 of the template spec that stands there.
    angles_frame : Frame or None
        The scan in which the angles were read, where it is not the pose's own: the protractor
        is fixed to the table, so a pose that was carried to another scan keeps its angles.
    """

    lps_from_template: RigidTransform
    angles: ProtractorAngles
    template_hash: str
    angles_frame: Frame | None = None

    @property
    def normal(self) -> Floats:
        """(3,) array: unit direction into the patient along the plate's normal."""
        return self.lps_from_template.rotation[:, 2]


def template_frame(spec: TemplateSpec) -> Frame:
    """Name the frame of a plate by its serial and the hash of its spec.

    A serial alone may stand on two plates: then their frames are still two.

    Parameters
    ----------
    spec : TemplateSpec
        The plate.

    Returns
    -------
    Frame
        Of kind template.
    """
    return Frame(FrameKind.TEMPLATE, f"{spec.serial}-{spec_hash(spec)[:HASH_DIGITS]}")


def table_axes_from_gravity(gravity_lps: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Find the patient's left and head directions at right angles to gravity.

    Parameters
    ----------
    gravity_lps : (3,) array
        Direction in which things fall, LPS, any length.

    Returns
    -------
    down, left, superior : (3,) array
        Unit directions at right angles to each other, LPS.

    Raises
    ------
    InputRefusedError
        If the patient lies on a side, or stands.
    """
    down = unit_vector(gravity_lps, "gravity_lps")
    if not max(abs(down @ LEFT), abs(down @ SUPERIOR)) <= LARGEST_LEFT_SHARE_OF_GRAVITY:
        raise InputRefusedError(
            code="gravity-along-protractor-axis",
            what="The protractor's angles are not defined for this gravity",
            where="gravity_lps",
            expected="a patient on the back or the belly: gravity mainly along posterior-anterior",
            got=str(down.round(3).tolist()),
            next_step="give the direction of gravity in LPS, [0, 1, 0] for a supine patient",
        )
    left = unit_vector(LEFT - (LEFT @ down) * down, "left")
    along = SUPERIOR - (SUPERIOR @ down) * down - (SUPERIOR @ left) * left
    return down, left, unit_vector(along, "superior")


def normal_from_tilts(
    lateral_tilt_deg: ArrayLike, craniocaudal_tilt_deg: ArrayLike, gravity_lps: ArrayLike
) -> Floats:
    """Find the direction into the patient that two protractor angles set.

    Parameters
    ----------
    lateral_tilt_deg, craniocaudal_tilt_deg : float or (...) array
        Protractor angles, degrees.
    gravity_lps : (3,) array
        Direction of gravity, LPS.

    Returns
    -------
    (..., 3) array
        Unit directions into the patient, LPS.

    Examples
    --------
    Tip leaning 90° to the head points to the head:

    >>> normal_from_tilts(0.0, 90.0, [0, 1, 0]).round(9)
    array([0., 0., 1.])
    """
    down, left, superior = table_axes_from_gravity(gravity_lps)
    lateral = np.deg2rad(np.asarray(lateral_tilt_deg, dtype=np.float64))[..., None]
    craniocaudal = np.deg2rad(np.asarray(craniocaudal_tilt_deg, dtype=np.float64))[..., None]
    level = np.sin(lateral) * left + np.cos(lateral) * down
    normals = np.cos(craniocaudal) * level + np.sin(craniocaudal) * superior
    unit: Floats = normals / lengths(normals)[..., None]
    return unit


def rotation_from_normal(
    normal: ArrayLike, in_plane_rotation_deg: float, gravity_lps: ArrayLike
) -> Floats:
    """Find the plate's axes from its normal and its turn in its own plane.

    Parameters
    ----------
    normal : (3,) array
        Direction into the patient, LPS.
    in_plane_rotation_deg : float
        Turn of the columns about the normal, degrees.
    gravity_lps : (3,) array
        Direction of gravity, LPS.

    Returns
    -------
    (3, 3) array
        Columns are the plate's x (columns), y (rows) and z (into the patient) in LPS.
    """
    z = unit_vector(normal, "normal")
    _, left, _ = table_axes_from_gravity(gravity_lps)
    reference = unit_vector(left - (left @ z) * z, "left in the plate's plane")
    turn = np.deg2rad(in_plane_rotation_deg)
    x = np.cos(turn) * reference + np.sin(turn) * np.cross(z, reference)
    return np.stack([x, np.cross(z, x), z], axis=1)


def angles_from_rotation(rotation: ArrayLike, gravity_lps: ArrayLike) -> ProtractorAngles:
    """Read the protractor's angles off a pose.

    Parameters
    ----------
    rotation : (3, 3) array
        Plate axes as columns, LPS.
    gravity_lps : (3,) array
        Direction of gravity, LPS.

    Returns
    -------
    ProtractorAngles
        Degrees; the inverse of :func:`normal_from_tilts` and :func:`rotation_from_normal`.
    """
    axes = np.asarray(rotation, dtype=np.float64)
    x, normal = axes[:, 0], axes[:, 2]
    unturned = rotation_from_normal(normal, 0.0, gravity_lps)
    turn = float(np.arctan2(x @ unturned[:, 1], x @ unturned[:, 0]))
    lateral_tilt_deg, craniocaudal_tilt_deg = tilts_from_direction(normal, gravity_lps)
    return ProtractorAngles(
        lateral_tilt_deg=lateral_tilt_deg,
        craniocaudal_tilt_deg=craniocaudal_tilt_deg,
        in_plane_rotation_deg=_readable_deg(turn),
    )


def tilts_from_direction(direction: ArrayLike, gravity_lps: ArrayLike) -> tuple[float, float]:
    """Read the two tilts of a way into the patient against gravity.

    Parameters
    ----------
    direction : (3,) array
        Direction into the patient, LPS: a plate's normal, or a needle from hub to tip.
    gravity_lps : (3,) array
        Direction of gravity, LPS.

    Returns
    -------
    lateral_tilt_deg, craniocaudal_tilt_deg : float
        Degrees; the inverse of :func:`normal_from_tilts`.

    Raises
    ------
    InputRefusedError
        If the patient lies on a side, or stands.

    Examples
    --------
    A needle that goes down and as far to the patient's left:

    >>> tilts_from_direction([1, 1, 0], [0, 1, 0])
    (45.0, 0.0)
    """
    unit = unit_vector(direction, "direction")
    down, left, superior = table_axes_from_gravity(gravity_lps)
    lateral = float(np.arctan2(unit @ left, unit @ down))
    craniocaudal = float(np.arcsin(np.clip(unit @ superior, -1.0, 1.0)))
    return _readable_deg(lateral), _readable_deg(craniocaudal)


def _readable_deg(angle_rad: float) -> float:
    """Turn radians to degrees and drop what is rounding: 1e-9 degrees, and the sign of zero."""
    return round(float(np.rad2deg(angle_rad)), 9) + 0.0
