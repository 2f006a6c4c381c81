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
BARREL_MM = -130.0
"""Height from which the chest grows narrower towards the neck."""
CHEST_LENGTH_MM, SKIN_LENGTH_MM = 505.0, 820.0
"""Half axes along the body of the ovals that chest and skin follow above it: at the third rib the
chest has 90 % of its width; shoulder and breast muscle fill up what the skin does not follow."""
FIRST_LEVEL, LEVELS = -1, 14
"""Vertebrae modelled, level 0 bears the third rib and level 9 the last."""
FIRST_PITCHES = 3.15
"""Height of level 0 above the dome, in mean pitches."""
PITCH_SHARES = (0.87, 0.031)
"""Height of a thoracic level by the mean one, and how much each further one has more: 26 mm in the
upper chest, 36 in the loin."""
SIZE_SHARES = (0.80, 0.022)
"""The same of the bodies' width and depth."""
LEVEL_SPREAD = 0.025
"""By so much at most a level is higher or lower than its place in the row says."""
KYPHOSIS_MM, KYPHOSIS_AT_MM, KYPHOSIS_WIDTH_MM = 7.0, 60.0, 75.0
"""The spine of the chest bows backward by so much, most at this height, over such a width."""


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
    pitch_mm : float
        Mean distance from rib to rib, and from vertebra to vertebra, along the body.
    level_shares : tuple of float
        By how much each level, from `FIRST_LEVEL` down, is higher than its place in the row says.
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
    pitch_mm: float
    level_shares: tuple[float, ...]
    rib_drop_mm: float
    dome_mm: float

    def level_pitch_mm(self, level: int) -> float:
        """Give the way (millimetres) from a level to the next one below."""
        row = PITCH_SHARES[0] + PITCH_SHARES[1] * level
        return self.pitch_mm * row * self.level_shares[level - FIRST_LEVEL]

    def level_height_mm(self, level: int) -> float:
        """Give the height (z, millimetres) of a level: where its rib starts."""
        top = self.pitch_mm * FIRST_PITCHES
        if level < 0:
            return top + sum(self.level_pitch_mm(each) for each in range(level, 0))
        return top - sum(self.level_pitch_mm(each) for each in range(level))

    @staticmethod
    def level_size(level: int) -> float:
        """Give width and depth of a level's body, by those of the mean one."""
        return SIZE_SHARES[0] + SIZE_SHARES[1] * level

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
    own = rng.spawn(1)[0]
    return Physique(
        half_width_mm=rng.uniform(150.0, 159.0) + 0.9 * (fat - 10.0),
        half_depth_mm=rng.uniform(105.0, 111.0) + 0.8 * (fat - 10.0),
        flat_mm=rng.uniform(22.0, 34.0),
        skin_mm=2.0,
        fat_mm=fat,
        wall_mm=13.0,
        cavity_centre_y_mm=rng.uniform(-6.0, -4.0),
        pitch_mm=rng.uniform(28.5, 30.5),
        rib_drop_mm=rng.uniform(70.0, 80.0),
        dome_mm=rng.uniform(9.0, 18.0),
        level_shares=tuple(1.0 + LEVEL_SPREAD * own.uniform(-1.0, 1.0, LEVELS)),
    )


def bowed_mm(height_mm: Floats) -> Floats:
    """Say how far behind its straight line the spine lies at heights (n,), millimetres.

    Parameters
    ----------
    height_mm : (n,) array
        Heights, body frame, millimetres.

    Returns
    -------
    (n,) array
        Millimetres to the back.
    """
    away = (np.asarray(height_mm) - KYPHOSIS_AT_MM) / KYPHOSIS_WIDTH_MM
    bow: Floats = KYPHOSIS_MM * np.exp(-away * away)
    return bow


def narrowed(height_mm: Floats, length_mm: float) -> Floats:
    """Say by how much the trunk is narrower at heights (n,), millimetres, than at the waist.

    Parameters
    ----------
    height_mm : (n,) array
        Heights, body frame, millimetres.
    length_mm : float
        Half axis along the body of the oval that it follows.

    Returns
    -------
    (n,) array
        Shares of the width, 0 to 1.
    """
    above = np.clip((height_mm - BARREL_MM) / length_mm, 0.0, 1.0)
    share: Floats = np.sqrt(1.0 - above * above)
    return share
