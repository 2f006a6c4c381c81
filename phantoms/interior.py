"""All organs together, in painting order, and what a place for a lesion is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.bounds import bounds_mm
from phantoms.organs.abdomen import abdomen_parts, build_kidney
from phantoms.organs.arteries import aorta_parts, mesentery_parts
from phantoms.organs.chest import chest_parts
from phantoms.organs.gut import colon_parts, duodenum_part, small_bowel_parts, stomach_parts
from phantoms.organs.liver import build_liver, liver_parts
from phantoms.organs.liver_vessels import wide_runs
from phantoms.organs.muscles import muscle_parts, psoas_parts
from phantoms.organs.segments import build_segments
from phantoms.organs.skeleton import skeleton_parts
from phantoms.organs.trunk import (
    abdomen_room,
    cavity_parts,
    skin_part,
    skin_shape,
)
from phantoms.program import distance_field
from phantoms.shapes import Cut, Offset, Shape, Union
from phantoms.tissues import in_group
from phantoms.tumour import Surroundings

if TYPE_CHECKING:
    from phantoms.physique import Physique
    from phantoms.tissues import Part

WIDE_MM = 1.5
"""Radius from which a branch counts where a lesion shall lie near one: heat is lost to it.

References
----------
D. S. Lu et al., Effect of vessel size on creation of hepatic radiofrequency lesions in pigs,
AJR 178 (2002), doi:10.2214/ajr.178.1.1780047.
"""


def build_organs(physique: Physique, rng: np.random.Generator) -> tuple[list[Part], Surroundings]:
    """Build all of a patient but the lesions.

    Parameters
    ----------
    physique : Physique
        The build.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    parts : list of Part
        In painting order, body frame.
    surroundings : Surroundings
        What a place for a lesion is judged by.
    """
    kidneys = (build_kidney(physique, -1.0, rng), build_kidney(physique, 1.0, rng))
    liver = build_liver(physique, kidneys[0].shape, rng)
    room = distance_field(Cut(abdomen_room(physique, 0.0), liver.shape))
    organs = [
        skin_part(physique),
        *muscle_parts(physique),
        *cavity_parts(physique),
        *in_group("lung", chest_parts(physique, rng)),
        *skeleton_parts(physique),
        *psoas_parts(physique),
        *in_group("abdomen", mesentery_parts(physique, rng)),
        *in_group("abdomen", small_bowel_parts(physique, room, rng)),
        *in_group("abdomen", colon_parts(physique, room, rng)),
        *in_group("abdomen", abdomen_parts(physique, kidneys, rng)),
        *in_group("abdomen", [duodenum_part(physique)]),
        *in_group("abdomen", stomach_parts(physique, Offset(liver.shape, 1.5), rng)),
        *in_group("abdomen", aorta_parts(physique)),
        *in_group("liver", liver_parts(liver)),
    ]
    near = _near_the_way(organs, liver.shape)
    surroundings = Surroundings(
        skin=skin_shape(physique),
        liver=liver.shape,
        vessels=joined(near, ("vessel",)),
        portal=wide_runs(liver.vessels.portal, WIDE_MM),
        hepatic=wide_runs(liver.vessels.hepatic, WIDE_MM),
        bone=joined(near, ("bone",)),
        lung=joined(near, ("lung",)),
        bowel=Cut(joined(near, ("bowel",)), liver.shape),
        other_organs=Union((liver.gallbladder, kidneys[0].shape)),
        segments=build_segments(liver),
    )
    return organs, surroundings


def _near_the_way(parts: list[Part], liver: Shape) -> list[Part]:
    """Keep the parts that any way to the liver may meet: to its right, its front, and around."""
    low, high = bounds_mm(liver) + np.array([[-np.inf, -np.inf, -75.0], [45.0, 45.0, 75.0]])
    boxes = [(part, bounds_mm(part.shape)) for part in parts]
    return [part for part, box in boxes if (box[0] <= high).all() and (box[1] >= low).all()]


def joined(parts: list[Part], structures: tuple[str, ...]) -> Shape:
    """Join all parts of some structures; what is painted inside another adds nothing."""
    inner = (" gas", " fold", " stool", " marrow", "lung vessel", "fissure")
    return Union(
        tuple(
            part.shape
            for part in parts
            if part.tissue.structure in structures and not part.name.endswith(inner)
        )
    )
