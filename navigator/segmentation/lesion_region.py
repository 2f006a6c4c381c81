"""The region that a lesion fills at a level between its own grey value and the liver's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.segmentation.neighbourhood import depths_mm, open_from_click

if TYPE_CHECKING:
    from navigator.arrays import Booleans
    from navigator.segmentation.neighbourhood import Neighbourhood

FAT_HU = -100.0
"""Half way to fat the lesion ends on the capsule's side."""

NECK_MM = 1.8
"""Radius of the narrowest neck. Blurred edges between bright and dark tissue have the lesion's
grey value too, and are thinner."""

SEARCH_MM = 4.0
"""So far a click may lie from the lesion's inside."""

SHELL_MM = (2.5, 8.0)
"""Where around the lesion the liver is measured: beyond the blur, nearer than other organs."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Grey values of a lesion and of what lies around it.

    Parameters
    ----------
    inside_hu, outside_hu : float
        Of the lesion and of the liver, Hounsfield units.
    """

    inside_hu: float
    outside_hu: float

    @property
    def contrast_hu(self) -> float:
        """Positive where the lesion is dark."""
        return self.outside_hu - self.inside_hu

    def band(self, place: Neighbourhood, level_share: float) -> Booleans:
        """Mark voxels (z, y, x) on the lesion's side of a level between the two."""
        border_hu = self.inside_hu + level_share * self.contrast_hu
        values = place.values_hu
        if self.contrast_hu > 0:
            inside = (values < border_hu) & (values > 0.5 * (self.inside_hu + FAT_HU))
        else:
            inside = (values > border_hu) & (values < self.inside_hu - self.contrast_hu)
        return inside & place.imaged


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownRegion:
    """A region that was grown, and by what.

    Parameters
    ----------
    region : (z, y, x) array of bool
        Its voxels in the neighbourhood.
    levels : Levels
        Grey values inside and around it.
    level_share : float
        Where its border lies between the two: 0 is the lesion's own grey value.
    """

    region: Booleans
    levels: Levels
    level_share: float


def grow_region(place: Neighbourhood, levels: Levels, level_share: float) -> Booleans:
    """Grow the region at a level, its holes filled.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings of the click.
    levels : Levels
        Grey values of lesion and liver.
    level_share : float
        Where the border lies between the two.

    Returns
    -------
    (z, y, x) array of bool
        Empty where nothing solid of that grey value lies at the click.
    """
    band = levels.band(place, level_share) & (place.away_mm <= place.reach_mm)
    region = open_from_click(place, band, NECK_MM, SEARCH_MM)
    filled: Booleans = ndimage.binary_fill_holes(region)
    return filled


def core_of(place: Neighbourhood, region: Booleans) -> Booleans:
    """Take the inner 40 % of a region (z, y, x), away from its blurred border."""
    depth = depths_mm(region, place.spacing_mm)
    core: Booleans = region & (depth >= np.percentile(depth[region], 60.0))
    return core


def ball_radius_mm(size_ml: float) -> float:
    """Compute the radius of a ball from its volume in millilitres."""
    return float(np.cbrt(size_ml * 1000.0 * 0.75 / np.pi))


def region_ml(place: Neighbourhood, region: Booleans) -> float:
    """Measure the volume of a region (z, y, x), millilitres."""
    return float(region.sum()) * place.grid.voxel_volume_mm3 / 1000.0
