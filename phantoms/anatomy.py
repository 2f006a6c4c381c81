"""A patient by seed: trunk, bones, organs and one metastasis that a needle can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.arrays import Floats, frozen_floats
from phantoms.motion import moved_points, rigid_about, rotation_about
from phantoms.organs.abdomen import abdomen_parts, build_kidney
from phantoms.organs.arteries import aorta_parts, mesentery_parts
from phantoms.organs.chest import chest_parts
from phantoms.organs.gut import colon_parts, duodenum_part, small_bowel_parts, stomach_parts
from phantoms.organs.liver import build_liver, liver_parts
from phantoms.organs.muscles import muscle_parts, psoas_parts
from phantoms.organs.skeleton import skeleton_parts
from phantoms.organs.trunk import (
    BACK_FLAT_MM,
    abdomen_room,
    cavity_parts,
    skin_part,
    skin_shape,
)
from phantoms.program import distance_field
from phantoms.physique import draw_physique
from phantoms.sampling import points_within
from phantoms.shapes import Offset, Shape, Union, sphere
from phantoms.tissues import Part
from phantoms.tumour import Corridor, Surroundings, place_tumour

if TYPE_CHECKING:
    from phantoms.physique import Physique

FIELD_MM = (200.0, 400.0, 400.0)
"""Size of the planning scan: head to feet, front to back, right to left, millimetres."""

FOOT_ROOM_MM = 12.0
"""So much is scanned below the liver at least, millimetres."""

HEAD_ROOM_MM = 12.0
"""So much is scanned above the liver at least, millimetres."""

PLATE_ROOM_MM = 86.0
"""Head and feet of the field are this far from the tumour at least: a 120 mm plate fits."""

FIELD_CENTRE_MM = (0.0, 8.0, -90.0)
"""Middle of the field, body frame, millimetres: a little behind the patient's, for the couch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A synthetic patient lying on the back, as on the day of the planning scan.

    Parameters
    ----------
    seed : int
        Everything below follows from it.
    parts : tuple of Part
        In painting order, body frame, millimetres.
    lps_from_body : (4, 4) array
        Rigid motion from the body frame to LPS of the planning scan, millimetres.
    skin : Shape
        The outside of the body, body frame.
    obstacles : Shape
        Bone, lung and bowel together, body frame.
    tumour_centre_mm : (3,) array
        Centre of the metastasis, LPS of the planning scan, millimetres.
    tumour_diameter_mm : float
        Its diameter: it is an exact sphere.
    corridor : Corridor
        A straight way from the skin that is free, LPS of the planning scan.
    back_y_mm : float
        Where the back rests, LPS y of the planning scan, millimetres.
    field_centre_mm, field_size_kji_mm : (3,) array
        Centre (LPS) and size (k, j, i) of the planning scan, millimetres.
    """

    seed: int
    parts: tuple[Part, ...]
    lps_from_body: Floats
    skin: Shape
    obstacles: Shape
    tumour_centre_mm: Floats
    tumour_diameter_mm: float
    corridor: Corridor
    back_y_mm: float
    field_centre_mm: Floats
    field_size_kji_mm: Floats


def build_patient(seed: int) -> Patient:
    """Build the patient that a seed stands for.

    Parameters
    ----------
    seed : int
        Not negative; every seed is another patient.

    Returns
    -------
    Patient
        Lying on the back; the origin of LPS is nowhere in particular.

    Raises
    ------
    AnatomyError
        If no place for a reachable tumour is found.

    Examples
    --------
    >>> patient = build_patient(3)
    >>> 12.0 <= patient.tumour_diameter_mm <= 17.0
    True
    """
    rng = np.random.default_rng([seed, 1])
    physique = draw_physique(rng)
    organs, surroundings = _build_organs(physique, rng)
    centre, diameter, corridor = place_tumour(surroundings, rng)
    tumour = Part(name="tumour", shape=sphere(centre, 0.5 * diameter), tissue=tissues.METASTASIS,
                  samples=5)  # fmt: skip
    lps_from_body = _draw_pose(rng)
    field, size = _scan_field(surroundings.liver, centre, lps_from_body)
    back = [0.0, physique.half_depth_mm - BACK_FLAT_MM, float(centre[2])]
    return Patient(
        seed=seed,
        parts=(*organs, tumour),
        lps_from_body=lps_from_body,
        skin=surroundings.skin,
        obstacles=Union((surroundings.bone_and_lung, surroundings.bowel)),
        tumour_centre_mm=frozen_floats(moved_points(lps_from_body, centre), (3,), "tumour"),
        tumour_diameter_mm=diameter,
        corridor=corridor.moved(lps_from_body),
        back_y_mm=float(moved_points(lps_from_body, back)[1]),
        field_centre_mm=field,
        field_size_kji_mm=size,
    )


def _scan_field(liver: Shape, tumour_mm: Floats, lps_from_body: Floats) -> tuple[Floats, Floats]:
    """Find centre (LPS) and size (k, j, i) of a field that holds liver and plate."""
    heights = moved_points(lps_from_body, points_within(liver, 5.0))[:, 2]
    middle = float(moved_points(lps_from_body, tumour_mm)[2])
    feet = min(heights.min() - FOOT_ROOM_MM, middle - PLATE_ROOM_MM)
    head = max(heights.max() + HEAD_ROOM_MM, middle + PLATE_ROOM_MM)
    size = np.array([max(FIELD_MM[0], np.ceil(head - feet)), *FIELD_MM[1:]])
    centre = moved_points(lps_from_body, FIELD_CENTRE_MM)
    centre[2] = feet + 0.5 * size[0]
    return frozen_floats(centre, (3,), "field centre"), frozen_floats(size, (3,), "field size")


def _draw_pose(rng: np.random.Generator) -> Floats:
    """Lay the patient a little askew, tens of millimetres from the scanner's zero point."""
    turn = rotation_about(rng.standard_normal(3), np.deg2rad(rng.uniform(0.5, 2.5)))
    offset = np.array([rng.uniform(8, 28), rng.uniform(-190, -140), rng.uniform(-420, 380)])
    offset[0] *= rng.choice([-1.0, 1.0])
    return rigid_about(turn, [0.0, 0.0, 0.0], offset)


def _build_organs(physique: Physique, rng: np.random.Generator) -> tuple[list[Part], Surroundings]:
    kidneys = (build_kidney(physique, -1.0, rng), build_kidney(physique, 1.0, rng))
    liver = build_liver(physique, kidneys[0].shape, rng)
    room = distance_field(abdomen_room(physique, 0.0))
    organs = [
        skin_part(physique),
        *muscle_parts(physique),
        *cavity_parts(physique),
        *chest_parts(physique, rng),
        *skeleton_parts(physique),
        *psoas_parts(physique),
        *mesentery_parts(physique, rng),
        *small_bowel_parts(physique, room, rng),
        *colon_parts(physique, room, rng),
        *abdomen_parts(physique, kidneys, rng),
        duodenum_part(physique),
        *stomach_parts(physique, Offset(liver.shape, 1.5), rng),
        *aorta_parts(physique),
        *liver_parts(liver),
    ]
    surroundings = Surroundings(
        skin=skin_shape(physique),
        liver=liver.shape,
        vessels=_joined(organs, ("vessel",)),
        bone_and_lung=_joined(organs, ("bone", "lung")),
        bowel=_joined(organs, ("bowel",)),
        other_organs=Union((liver.gallbladder, kidneys[0].shape)),
    )
    return organs, surroundings


def _joined(parts: list[Part], structures: tuple[str, ...]) -> Shape:
    """Join all parts of some structures; what is painted inside another adds nothing."""
    inner = (" gas", " fold", " stool", " marrow", "lung vessel", "fissure")
    return Union(
        tuple(
            part.shape
            for part in parts
            if part.tissue.structure in structures and not part.name.endswith(inner)
        )
    )
