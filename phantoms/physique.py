"""The build of one patient: the sizes that all organs share.

Body frame: millimetres, +x to the patient's left, +y to the back, +z to the head (the directions
of LPS), the origin in the middle of the trunk at the height of the right dome of the diaphragm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from phantoms.arrays import Floats

TRUNK_STRETCH_MM = 600.0
"""Half length of the straight trunk: far beyond any scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Physique:
    """Sizes of the trunk, body frame, millimetres.

    Parameters
    ----------
    half_width_mm, half_depth_mm : float
        Half axes of the skin's cross-section.
    flat_mm : float
        Half width of the flat part in the middle of the cross-section, an oval parted in the
        middle.
    skin_mm, fat_mm, wall_mm : float
        Thickness of skin, of the fat under it in front, and of the muscular wall.
    cavity_centre_y_mm : float
        Middle of the body cavity, front to back.
    rib_pitch_mm : float
        Distance from rib to rib, and from vertebra to vertebra, along the body.
    rib_drop_mm : float
        How much lower a rib ends in front than it starts at the spine.
    dome_mm : float
        How much lower the left dome of the diaphragm stands than the right.
    """

    half_width_mm: float
    half_depth_mm: float
    flat_mm: float
    skin_mm: float
    fat_mm: float
    wall_mm: float
    cavity_centre_y_mm: float
    rib_pitch_mm: float
    rib_drop_mm: float
    dome_mm: float

    @property
    def cavity_half_mm(self) -> Floats:
        """(2,) array: half width and half depth of the body cavity, millimetres."""
        layers = self.skin_mm + self.wall_mm
        width = self.half_width_mm - layers - 1.1 * self.fat_mm
        front = self.half_depth_mm - layers - self.fat_mm
        return np.array([width, front + self.cavity_centre_y_mm])

    @property
    def cavity_back_mm(self) -> float:
        """Back of the body cavity beside the spine, y in millimetres."""
        return self.cavity_centre_y_mm + float(self.cavity_half_mm[1])

    @property
    def spine_y_mm(self) -> float:
        """Middle of the vertebral bodies, y in millimetres."""
        return self.cavity_back_mm - 40.0

    @property
    def cavity_front_mm(self) -> float:
        """Front of the body cavity on the midline, y in millimetres."""
        return self.cavity_centre_y_mm - float(self.cavity_half_mm[1])


def draw_physique(rng: np.random.Generator) -> Physique:
    """Draw the build of a patient.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Physique
        Around 315 mm wide and 220 mm deep.

    Examples
    --------
    >>> 150 < draw_physique(np.random.default_rng(1)).half_width_mm < 175
    True
    """
    fat = rng.uniform(8.0, 17.0)
    return Physique(
        half_width_mm=rng.uniform(150.0, 159.0) + 0.9 * (fat - 10.0),
        half_depth_mm=rng.uniform(105.0, 111.0) + 0.8 * (fat - 10.0),
        flat_mm=rng.uniform(22.0, 34.0),
        skin_mm=2.0,
        fat_mm=fat,
        wall_mm=13.0,
        cavity_centre_y_mm=rng.uniform(-6.0, -4.0),
        rib_pitch_mm=rng.uniform(28.5, 30.5),
        rib_drop_mm=rng.uniform(70.0, 80.0),
        dome_mm=rng.uniform(9.0, 18.0),
    )
