"""Metastases: what is asked of one, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import LesionRefusedError
from phantoms.motion import inverse_rigid, moved_points
from phantoms.shapes import Affine, ellipsoid, sphere
from phantoms.tissues import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.shapes import Shape
    from phantoms.tumour import Corridor

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "deep": "in the right lobe, 8 mm or more below the capsule and from every vessel",
        "subcapsular": "at most 5 mm below the capsule",
        "dome": "at most 12 mm under the lung, which lies straight above it",
        "near portal vein": "at most 5 mm from a portal branch of 3 mm or more",
        "near hepatic vein": "at most 5 mm from a hepatic vein of 3 mm or more",
        "near bowel": "at most 10 mm from stomach, duodenum or bowel",
        "subcostal": "rib, cartilage or sternum lies over it within 8 mm of the upright way",
    }
)
"""Every place that can be asked for by name, and what it promises, from the lesion's surface."""

LEAST_DIAMETER_MM, MOST_DIAMETER_MM = 4.0, 60.0
MOST_UNEVEN = 1.25
"""An oval lesion's half axes differ from the mean by at most this factor."""
RIM_MM = 1.8
"""Thickness of the brighter rim, millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionRequest:
    """What one metastasis shall be like.

    Parameters
    ----------
    diameter_mm : (low, high)
        Range of the diameter; for an oval, of the sphere of the same volume, millimetres.
    where : str or int
        A key of :data:`PLACES`, or the number of a segment, 1 to 8.
    is_reachable : bool or None
        Whether a straight free way from the skin must exist (True), must not exist (False), or
        does not matter (None).
    is_oval : bool
        An ellipsoid of three different axes, turned at random, in place of a sphere.
    has_rim : bool
        Whether a brighter rim surrounds its middle.

    Raises
    ------
    LesionRefusedError
        If the place has no such name, or the diameter is not one of a metastasis.
    """

    diameter_mm: tuple[float, float] = (12.0, 17.0)
    where: str | int = "deep"
    is_reachable: bool | None = True
    is_oval: bool = False
    has_rim: bool = False

    def __post_init__(self) -> None:
        low, high = self.diameter_mm
        if not LEAST_DIAMETER_MM <= low <= high <= MOST_DIAMETER_MM:
            raise LesionRefusedError(
                "The diameter is not one of a metastasis that is ablated",
                where="LesionRequest.diameter_mm",
                expected=f"{LEAST_DIAMETER_MM:g} <= low <= high <= {MOST_DIAMETER_MM:g} mm",
                got=repr(self.diameter_mm),
                next_step="give a range in millimetres",
            )
        if self.where not in PLACES and self.where not in range(1, 9):
            raise LesionRefusedError(
                "There is no such place in the liver",
                where="LesionRequest.where",
                expected=f"one of {', '.join(PLACES)}, or a segment 1 to 8",
                got=repr(self.where),
                next_step="choose a place from the list",
            )


@dataclass(frozen=True, slots=True)
class Gap:
    """A distance between two surfaces, bracketed: `low_mm` <= truth <= `high_mm`; 0 if they meet.

    Both are infinite where the other thing is farther than was looked.
    """

    low_mm: float
    high_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionTruth:
    """Where a lesion lies, measured from its surface; a rigid motion changes none of it.

    Parameters
    ----------
    segment : int
        The segment of its centre, 1 to 8.
    to_capsule, to_portal_vein, to_hepatic_vein, to_bowel, to_lung, to_bone : Gap
        Distances, millimetres. Veins are those of 3 mm diameter and more.
    upright_way_to_bone_mm : float
        How near bone or cartilage comes to the straight way from its centre to the front.
    is_under_lung : bool
        Whether lung lies straight above (toward the head of) its centre.
    """

    segment: int
    to_capsule: Gap
    to_portal_vein: Gap
    to_hepatic_vein: Gap
    to_bowel: Gap
    to_lung: Gap
    to_bone: Gap
    upright_way_to_bone_mm: float
    is_under_lung: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A metastasis: an exact sphere or ellipsoid.

    Parameters
    ----------
    name : str
        L1, L2, ... in the order asked for.
    lps_from_lesion : (4, 4) array
        Its centre and the directions of its axes, LPS of the planning scan, millimetres.
    radii_mm : (3,) array
        Half axes, millimetres; all equal for a sphere.
    has_rim : bool
        Whether it has a brighter rim.
    request : LesionRequest
        What was asked for.
    truth : LesionTruth
        What was measured.
    corridor : Corridor or None
        A straight free way to its centre, LPS of the planning scan; None where none was found.
    is_visible : bool
        False once it has vanished: known from an older scan, in no scan of this patient.
    """

    name: str
    lps_from_lesion: Floats
    radii_mm: Floats
    has_rim: bool
    request: LesionRequest
    truth: LesionTruth
    corridor: Corridor | None
    is_visible: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "radii_mm", frozen_floats(self.radii_mm, (3,), "Lesion.radii_mm"))
        matrix = frozen_floats(self.lps_from_lesion, (4, 4), "Lesion.lps_from_lesion")
        object.__setattr__(self, "lps_from_lesion", matrix)

    @property
    def centre_mm(self) -> Floats:
        """Centre (3,), LPS of the planning scan, millimetres."""
        return self.lps_from_lesion[:3, 3]

    @property
    def volume_ml(self) -> float:
        """Exact volume: 4/3 pi times the half axes, millilitres."""
        return float(4.0 / 3.0 * np.pi * np.prod(self.radii_mm) / 1000.0)

    @property
    def diameter_mm(self) -> float:
        """Diameter of the sphere of the same volume, millimetres."""
        return float(2.0 * np.cbrt(np.prod(self.radii_mm)))


def lesion_shape(lps_from_lesion: Floats, radii_mm: Floats, grow_mm: float = 0.0) -> Shape:
    """Build a lesion's shape in the frame that its matrix leads to.

    Parameters
    ----------
    lps_from_lesion : (4, 4) array
        Centre and axes, millimetres.
    radii_mm : (3,) array
        Half axes, millimetres.
    grow_mm : float
        Added to each half axis, millimetres.

    Returns
    -------
    Shape
        A sphere where the axes are equal, else a turned ellipsoid.
    """
    radii = np.asarray(radii_mm) + grow_mm
    if np.ptp(radii) == 0.0:
        return sphere(lps_from_lesion[:3, 3], float(radii[0]))
    return Affine(ellipsoid(np.zeros(3), radii), lps_from_lesion)


def lesion_part(lesion: Lesion, lps_from_body: Floats) -> Part:
    """Build the part of a lesion; it is sampled finely, for its size is a truth.

    Parameters
    ----------
    lesion : Lesion
        The lesion.
    lps_from_body : (4, 4) array
        Where the patient lies, rigid, millimetres.

    Returns
    -------
    Part
        Body frame.
    """
    body_from_lesion = inverse_rigid(lps_from_body) @ lesion.lps_from_lesion
    is_first = lesion.name == FIRST_NAME
    return Part(
        name="tumour" if is_first else f"tumour {lesion.name}",
        shape=lesion_shape(body_from_lesion, lesion.radii_mm),
        tissue=tissues.TUMOUR_RIM if lesion.has_rim else tissues.METASTASIS,
        shells=((RIM_MM, tissues.METASTASIS),) if lesion.has_rim else (),
        samples=5,
        group="liver",
    )


FIRST_NAME = "L1"


def surface_points_mm(matrix: Floats, radii_mm: Floats, count: int) -> Floats:
    """Spread points (count, 3) over a lesion's surface in its matrix's target frame, mm."""
    at = np.arange(count) + 0.5
    polar, turn = np.arccos(1.0 - 2.0 * at / count), np.pi * (1.0 + np.sqrt(5.0)) * at
    unit = np.column_stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)]
    )
    return moved_points(matrix, unit * radii_mm)
