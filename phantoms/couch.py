"""The couch and the vacuum pad: they belong to the room and stay when the patient moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.physique import TRUNK_STRETCH_MM
from phantoms.shapes import HalfSpace, Intersection, Superellipsoid
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.arrays import Floats

PAD_MM = 38.0
"""From the back of the patient to the couch, millimetres."""


def couch_parts(centre_mm: Floats, back_y_mm: float) -> list[Part]:
    """Build a hollow couch of foam and shell, and the pad that holds the patient.

    Parameters
    ----------
    centre_mm : (3,) array
        Centre of the planning scan, LPS millimetres.
    back_y_mm : float
        Where the patient's back lies in the planning scan, LPS y, millimetres.

    Returns
    -------
    list of Part
        LPS of the room, in painting order.
    """
    top = back_y_mm + PAD_MM - 24.0
    board = Superellipsoid(
        centre_mm=np.array([centre_mm[0], top - 60.0, centre_mm[2]]),
        radii_mm=np.array([125.0, 106.0, 125.0]),
        stretch_mm=np.array([100.0, 0.0, TRUNK_STRETCH_MM]),
    )
    down = np.array([0.0, 1.0, 0.0])
    shell = Intersection((board, HalfSpace(np.array([0.0, top, 0.0]), -down)), 5.0)
    pad = Superellipsoid(
        centre_mm=np.array([centre_mm[0], top - 26.0, centre_mm[2]]),
        radii_mm=np.array([40.0, 34.0, 40.0]),
        stretch_mm=np.array([165.0, 0.0, TRUNK_STRETCH_MM]),
    )
    resting = Intersection((pad, HalfSpace(np.array([0.0, top - 1.0, 0.0]), down)), 4.0)
    return [
        Part(
            name="couch",
            shape=shell,
            tissue=tissues.COUCH_SHELL,
            shells=((2.0, tissues.COUCH_FOAM),),
        ),
        Part(
            name="vacuum pad",
            shape=resting,
            tissue=tissues.COUCH_SHELL,
            shells=((0.8, tissues.VACUUM_PAD),),
        ),
    ]
