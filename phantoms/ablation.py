"""An ablation zone in the scan after treatment, and exactly how much tumour it has missed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import LesionRefusedError
from phantoms.lesions import lesion_shape, surface_points_mm
from phantoms.motion import inverse_rigid, moved_points
from phantoms.shapes import Cut, Intersection, Union, sphere
from phantoms.tissues import Part, in_group

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.lesions import Lesion
    from phantoms.shapes import Shape

POLAR_RAYS, TURN_RAYS = 400, 800
"""Rays of the quadrature: the volume of a lens of spheres is right to 1e-5 of the ball."""
RIM_MM = 1.5
"""Least thickness of the hyperaemic rim, millimetres."""
KNOBS, KNOB_MM = 40, (3.0, 6.0)
"""The rim is ragged by so many balls of such radii along the border."""
CENTRE_SHARE = 0.35
"""Size of the denser middle against the zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AblatedZone:
    """A zone of coagulated tissue: an exact ellipsoid.

    Parameters
    ----------
    lps_from_zone : (4, 4) array
        Centre and axes, rigid, LPS of the planning scan, millimetres.
    radii_mm : (3,) array
        Half axes of the tissue that is coagulated, before it shrinks, millimetres.
    """

    lps_from_zone: Floats
    radii_mm: Floats

    def __post_init__(self) -> None:
        matrix = frozen_floats(self.lps_from_zone, (4, 4), "AblatedZone.lps_from_zone")
        object.__setattr__(self, "lps_from_zone", matrix)
        radii = frozen_floats(self.radii_mm, (3,), "AblatedZone.radii_mm")
        object.__setattr__(self, "radii_mm", radii)

    @property
    def volume_ml(self) -> float:
        """Exact volume, millilitres."""
        return float(4.0 / 3.0 * np.pi * np.prod(self.radii_mm) / 1000.0)


def covered_volume_ml(lesion: Lesion, zone: AblatedZone) -> float:
    """Compute the volume of a lesion that lies inside a zone.

    In the frame where the lesion is a unit ball the zone is an ellipsoid, and each ray from the
    ball's centre meets it in one interval, exactly. The rays are summed by Gauss-Legendre points
    in height and even steps around.

    Parameters
    ----------
    lesion : Lesion
        Sphere or ellipsoid.
    zone : AblatedZone
        The zone, in the same frame.

    Returns
    -------
    float
        Millilitres; the error is below 1e-4 of the lesion's volume.
    """
    height, weight = np.polynomial.legendre.leggauss(POLAR_RAYS)
    turn = (np.arange(TURN_RAYS) + 0.5) * 2.0 * np.pi / TURN_RAYS
    flat = np.sqrt(1.0 - np.square(height))
    rays = np.stack(
        [
            flat[:, None] * np.cos(turn),
            flat[:, None] * np.sin(turn),
            np.broadcast_to(height[:, None], (POLAR_RAYS, TURN_RAYS)),
        ],
        axis=-1,
    )
    zone_from_lesion = inverse_rigid(zone.lps_from_zone) @ lesion.lps_from_lesion
    scale = 1.0 / zone.radii_mm
    course = (rays * lesion.radii_mm) @ zone_from_lesion[:3, :3].T * scale
    start = zone_from_lesion[:3, 3] * scale
    a, b = np.square(course).sum(axis=-1), course @ start
    root = np.square(b) - a * (start @ start - 1.0)
    half = np.sqrt(np.maximum(root, 0.0))
    first, last = (np.clip((-b + sign * half) / a, 0.0, 1.0) for sign in (-1.0, 1.0))
    each = np.where(root > 0.0, last**3 - first**3, 0.0) / 3.0
    share = float((weight[:, None] * each).sum() * 2.0 * np.pi / TURN_RAYS)
    return share * float(np.prod(lesion.radii_mm)) / 1000.0


def residual_volume_ml(lesion: Lesion, zone: AblatedZone) -> float:
    """Compute the volume of a lesion that a zone has missed, millilitres.

    Parameters
    ----------
    lesion : Lesion
        Sphere or ellipsoid.
    zone : AblatedZone
        The zone, in the same frame.

    Returns
    -------
    float
        Exactly 0 where the zone holds the whole lesion.
    """
    return (
        0.0
        if least_margin_mm(lesion, zone) >= 0.0
        else max(lesion.volume_ml - covered_volume_ml(lesion, zone), 0.0)
    )


def least_margin_mm(lesion: Lesion, zone: AblatedZone, points: int = 20_000) -> float:
    """Bound how far the zone reaches beyond the lesion all around; negative where it falls short.

    Parameters
    ----------
    lesion : Lesion
        Sphere or ellipsoid.
    zone : AblatedZone
        The zone, in the same frame.
    points : int
        Points on the lesion's surface that are looked at.

    Returns
    -------
    float
        Exact for concentric spheres; else a lower bound of the depth of the worst point inside
        the zone, millimetres.
    """
    surface = surface_points_mm(lesion.lps_from_lesion, lesion.radii_mm, points)
    own = moved_points(inverse_rigid(zone.lps_from_zone), surface) / zone.radii_mm
    return float((1.0 - np.linalg.norm(own, axis=1).max()) * zone.radii_mm.min())


def ablated(patient: Patient, name: str, zone: AblatedZone, *, seed: int = 0) -> Patient:
    """Put an ablation zone into a patient.

    Parameters
    ----------
    patient : Patient
        Before the ablation.
    name : str
        The lesion that was treated.
    zone : AblatedZone
        Where the tissue is coagulated.
    seed : int
        Which ragged rim.

    Returns
    -------
    Patient
        With rim, zone, and what is left of the tumour, whose voxels alone are labelled as tumour.

    Raises
    ------
    LesionRefusedError
        If there is no such lesion.
    """
    lesion = next((each for each in patient.lesions if each.name == name), None)
    if lesion is None:
        raise LesionRefusedError(
            "There is no such lesion",
            where="ablated: name",
            expected=f"one of {', '.join(each.name for each in patient.lesions)}",
            got=repr(name),
            next_step="name a lesion of this patient",
        )
    body_from_lps = inverse_rigid(patient.lps_from_body)
    pose = body_from_lps @ zone.lps_from_zone
    tumour = lesion_shape(body_from_lps @ lesion.lps_from_lesion, lesion.radii_mm)
    old = "tumour" if lesion is patient.lesions[0] else f"tumour {name}"
    kept = tuple(part for part in patient.parts if part.name != old)
    treated = _zone_parts(patient, pose, zone, tumour, np.random.default_rng([seed, 6]))
    return replace(patient, parts=(*kept, *treated))


def _zone_parts(
    patient: Patient, pose: Floats, zone: AblatedZone, tumour: Shape, rng: np.random.Generator
) -> list[Part]:
    burnt = lesion_shape(pose, zone.radii_mm)
    border = surface_points_mm(pose, zone.radii_mm, KNOBS)
    knobs = tuple(sphere(point, rng.uniform(*KNOB_MM)) for point in border)
    rim = Union((lesion_shape(pose, zone.radii_mm, RIM_MM), Union(knobs)), 2.0)
    parts = [
        Part(name="ablation rim", shape=Intersection((rim, patient.liver)),
             tissue=tissues.ABLATION_RIM),
        Part(name="ablation zone", shape=Intersection((burnt, patient.liver)),
             tissue=tissues.ABLATED, samples=3),
        Part(name="coagulated tumour", shape=Intersection((tumour, burnt)),
             tissue=tissues.ABLATED_TUMOUR),
        Part(name="ablation middle", shape=lesion_shape(pose, CENTRE_SHARE * zone.radii_mm),
             tissue=tissues.ABLATION_CENTRE),
        Part(name="residual tumour", shape=Cut(tumour, burnt), tissue=tissues.METASTASIS,
             samples=5),
    ]  # fmt: skip
    return in_group("liver", parts)
