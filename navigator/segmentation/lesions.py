"""A lesion of the liver, grown from a click, or refused with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.model.ablation import Interval
from navigator.model.outcome import Reason
from navigator.model.volume import Mask
from navigator.segmentation.found import FoundStructure
from navigator.segmentation.lesion_doubts import (
    LEVEL_STEP,
    complaints,
    leak_reason,
    loose_ends,
    touching_remarks,
)
from navigator.segmentation.lesion_region import (
    SHELL_MM,
    GrownRegion,
    Levels,
    ball_radius_mm,
    core_of,
    grow_region,
    region_ml,
)
from navigator.segmentation.neighbourhood import (
    cut_neighbourhood,
    distances_near_mm,
    find_peaks_hu,
)

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Volume
    from navigator.segmentation.neighbourhood import Neighbourhood

REACH_MM = 55.0
"""A lesion of 5 cm is within reach wherever in it the click lies."""

BLUR_MM = 1.2
"""Half of a small lesion's radius is left sharp, and the noise of a voxel falls to a fifth."""

SCANNER_BLUR_MM = 0.6
"""Standard deviation of the point spread of a body kernel (50 % of contrast at 4 line pairs a
centimetre or a little more)."""

CLICK_RADIUS_MM = 2.5
"""The median over this ball is the first guess of the lesion's grey value."""

LOOK_MM = 35.0
"""How far around the click the liver's own grey value is looked for."""

TISSUE_HU = (-40.0, 300.0)
"""What a liver and a lesion in it may have, from necrosis to arterial enhancement."""


LEAST_CONTRAST_HU, MOST_CONTRAST_HU = 10.0, 160.0
"""Between lesion and liver. Less is no border that thresholds find."""

LEAST_PEAK_SHARE = 0.08
"""Of the highest peak: a lower one is a vessel or chance."""


ROUNDS = 6
SETTLED_SHARE = 0.005
"""Volume from round to round; grey values and border are then those of one another."""


def grow_lesion(volume: Volume, click_mm: Floats, *, name: str = "gtv") -> FoundStructure:
    """Grow a lesion of the liver from a point in it.

    The lesion's grey value is the median around the click, the liver's the nearest other peak of
    the grey values; the border lies half way between, corrected for the smoothing of a curved
    surface. Both are measured anew in the region found until nothing changes, so that any click
    in a lesion leads to the same region. What does not hold when the border is moved is refused.

    Parameters
    ----------
    volume : Volume
        A CT scan.
    click_mm : (3,) array
        A point in the lesion, LPS millimetres.
    name : str
        What the structure is called.

    Returns
    -------
    FoundStructure
        With volume and uncertainty; `refusals` say why where there is none.

    Raises
    ------
    StructureRefusedError
        If the click lies outside what was scanned.
    """
    place = cut_neighbourhood(
        volume, np.asarray(click_mm, dtype=np.float64), reach_mm=REACH_MM, blur_mm=BLUR_MM
    )
    grown, reason = _settle(place)
    if grown is None:
        return _refused(volume, name, reason)
    reasons = complaints(place, grown)
    if reasons:
        return _refused(volume, name, *reasons)
    moved = [
        grow_region(place, grown.levels, grown.level_share + step)
        for step in (-LEVEL_STEP, LEVEL_STEP)
    ]
    reasons = loose_ends(place, grown.region, moved)
    if reasons:
        return _refused(volume, name, *reasons)
    return _found(place, grown, moved, name)


def _refused(volume: Volume, name: str, *reasons: Reason) -> FoundStructure:
    nothing = np.zeros(volume.grid.shape_kji, dtype=bool)
    return FoundStructure(name=name, mask=Mask(nothing, volume.grid), refusals=reasons)


def _settle(place: Neighbourhood) -> tuple[GrownRegion | None, Reason]:
    """Grow and measure in turn until the region stays; or tell why there is none."""
    levels = _first_levels(place)
    if levels is None:
        text = "around the click there is one tissue only"
        return None, Reason(
            "no-contrast", f"{text}; click inside the lesion, or outline it by hand"
        )
    last_ml, level_share = 0.0, 0.5
    region = np.zeros(place.imaged.shape, dtype=bool)
    for _ in range(ROUNDS):
        region = grow_region(place, levels, level_share)
        if not region.any():
            text = "nothing solid of the click's grey value lies there"
            return None, Reason("nothing-grown", f"{text}; click nearer to the lesion's middle")
        if place.reaches_end(region):
            return None, leak_reason(place, region)
        size_ml = region_ml(place, region)
        if abs(size_ml - last_ml) <= SETTLED_SHARE * size_ml:
            break
        last_ml, levels = size_ml, _measured(place, region, levels)
        level_share = 0.5 + _curvature_share(place, size_ml)
    return GrownRegion(region=region, levels=levels, level_share=level_share), Reason("", "")


def _first_levels(place: Neighbourhood) -> Levels | None:
    """Guess the lesion's grey value at the click and the liver's from the peaks around it."""
    inside = float(np.median(place.values_hu[place.around_mm(CLICK_RADIUS_MM)]))
    for peak_hu, _ in find_peaks_hu(place, LOOK_MM, TISSUE_HU, LEAST_PEAK_SHARE):
        if LEAST_CONTRAST_HU <= abs(peak_hu - inside) <= MOST_CONTRAST_HU:
            return Levels(inside, peak_hu)
    return None


def _measured(place: Neighbourhood, region: Booleans, levels: Levels) -> Levels:
    """Measure lesion and liver anew, inside and around a region (z, y, x)."""
    core = core_of(place, region)
    beyond = distances_near_mm(region, place.spacing_mm, SHELL_MM[1])
    shell = (beyond > SHELL_MM[0]) & (beyond <= SHELL_MM[1]) & place.imaged
    # vessels, fat and ribs lie around a lesion too: they are not the liver
    shell &= np.abs(place.values_hu - levels.outside_hu) < 0.6 * abs(levels.contrast_hu)
    inside = float(np.median(place.values_hu[core]))
    outside = float(np.median(place.values_hu[shell])) if shell.any() else levels.outside_hu
    if abs(outside - inside) < LEAST_CONTRAST_HU:
        return levels
    return Levels(inside, outside)


def _curvature_share(place: Neighbourhood, size_ml: float) -> float:
    """How far blur pulls the half level of a ball inward, as a share of the contrast.

    A ball of radius r blurred by s has 1/2 - s / (r sqrt(2 pi)) of its contrast at its surface,
    up to terms that fall with exp(-r²/s²).
    """
    voxel_mm = float(np.sqrt(np.mean(place.spacing_mm**2) / 12.0))
    blur_mm = float(np.sqrt(BLUR_MM**2 + SCANNER_BLUR_MM**2 + voxel_mm**2))
    return float(min(blur_mm / (ball_radius_mm(size_ml) * np.sqrt(2.0 * np.pi)), 0.2))


def _found(
    place: Neighbourhood, grown: GrownRegion, moved: list[Booleans], name: str
) -> FoundStructure:
    """Put the lesion together with what is uncertain and what touches it."""
    tight_ml, size_ml, wide_ml = (
        region_ml(place, each) for each in (moved[0], grown.region, moved[1])
    )
    shift_mm = 0.5 * (ball_radius_mm(wide_ml) - ball_radius_mm(tight_ml))
    uncertainty = float(np.hypot(shift_mm, 0.25 * place.spacing_mm.max()))
    return FoundStructure(
        name=name,
        mask=place.mask(grown.region),
        remarks=tuple(touching_remarks(place, grown)),
        volume_ml=Interval(value=size_ml, low=min(tight_ml, size_ml), high=max(wide_ml, size_ml)),
        surface_uncertainty_mm=uncertainty,
    )
