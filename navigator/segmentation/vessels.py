"""A contrast-filled vessel, grown from a click, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.model.ablation import Interval
from navigator.model.outcome import Reason
from navigator.model.volume import Mask
from navigator.segmentation.found import FoundStructure
from navigator.segmentation.neighbourhood import (
    Neighbourhood,
    cut_neighbourhood,
    depths_mm,
    extents_mm,
    find_peaks_hu,
    open_from_click,
)

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Volume

REACHES_MM = (70.0, 45.0, 30.0)
"""How far from the click a vessel is followed; less where it runs into an organ on the way."""

BLUR_MM = 0.7
"""A vessel of 4 mm keeps most of its contrast."""

CLICK_RADIUS_MM = 1.5
LOOK_MM = 20.0
TISSUE_HU = (-140.0, 300.0)
LEAST_PEAK_SHARE, LEAST_DARK_SHARE = 0.01, 0.35
"""Of the highest peak, and of the highest that is darker than the vessel: a lower one is the
blurred edge between two tissues."""
LEAST_CONTRAST_HU = 20.0
"""Between the vessel and the brightest tissue around it."""

BRIGHT_HU, BRIGHT_FACTOR = 60.0, 0.75
"""What is brighter than the vessel by more than either is bone, metal or another phase."""

NECK_MM = 1.1
"""What hangs on by less is another thing that touches; thinner branches are not followed."""

SEARCH_MM = 3.0
WIDER_FACTOR, WIDER_MM = 1.7, 4.0
"""A vessel does not get that much wider on its way: an organ does."""

LARGEST_RADIUS_MM = 22.0
"""The aorta's is 15 at most, and 25 where it is a surgeon's matter."""

LARGEST_FILL_FACTOR = 2.2
"""Volume over that of a tube of the radius at the click, right through the reach: branches are
thinner than their stem, and two such vessels may touch."""

SMALLEST_ML = 0.1
LEAST_ENHANCED_HU = 90.0
"""Blood without contrast has 30 to 60 HU, as muscle and bowel do: no rule tells them apart."""

AROUND_MM, LARGEST_SHARE = 30.0, 0.45
"""Where so much of the surroundings is as bright, it is an organ that was clicked."""

LUMP = "vessel-is-lump"
LEAST_ELONGATION = 1.7
"""Longest over middle axis of what ends within reach."""

LEVEL_STEP = 0.15
LARGEST_GROWTH_SHARE = 0.6
"""By how much the volume may change when the level moves by `LEVEL_STEP` of the contrast."""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Grey values of the vessel and of the brightest tissue around it, Hounsfield units."""

    inside_hu: float
    outside_hu: float

    def band(self, place: Neighbourhood, level_share: float) -> Booleans:
        """Mark voxels (z, y, x) above a level between the two, and not as bright as bone."""
        contrast = self.inside_hu - self.outside_hu
        border_hu = self.inside_hu - level_share * contrast
        most_hu = self.inside_hu + max(BRIGHT_HU, BRIGHT_FACTOR * contrast)
        values = place.values_hu
        return (values > border_hu) & (values < most_hu) & place.imaged


def grow_vessel(
    volume: Volume, click_mm: Floats, *, name: str = "clicked vessel"
) -> FoundStructure:
    """Grow a vessel full of contrast from a point in it.

    Parameters
    ----------
    volume : Volume
        A CT scan.
    click_mm : (3,) array
        A point in the vessel, LPS millimetres.
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
    click = np.asarray(click_mm, dtype=np.float64)
    reason = Reason("", "")
    for reach_mm in REACHES_MM:
        place = cut_neighbourhood(volume, click, reach_mm=reach_mm, blur_mm=BLUR_MM)
        levels = _levels_at(place)
        if levels is None or not levels.inside_hu >= LEAST_ENHANCED_HU:
            text = f"the click is not {LEAST_CONTRAST_HU:.0f} HU brighter than the tissue around it"
            text = f"{text}, or below {LEAST_ENHANCED_HU:.0f} HU as blood without contrast"
            reason = Reason("vessel-no-contrast", f"{text}; click in the vessel's middle")
            break
        region = _region(place, levels, 0.5)
        reason = _complaint(place, levels, region)
        if not reason.code:
            return _found(place, levels, region, name)
        if reason.code == LUMP:
            break
    nothing = np.zeros(volume.grid.shape_kji, dtype=bool)
    return FoundStructure(name=name, mask=Mask(nothing, volume.grid), refusals=(reason,))


def _levels_at(place: Neighbourhood) -> _Levels | None:
    """Measure the vessel at the click, and the brightest other tissue that is plenty around it."""
    inside = float(np.median(place.values_hu[place.around_mm(CLICK_RADIUS_MM)]))
    peaks = find_peaks_hu(place, LOOK_MM, TISSUE_HU, LEAST_PEAK_SHARE)
    darker = [peak for peak in peaks if peak[0] <= inside - LEAST_CONTRAST_HU]
    if not darker:
        return None
    # the highest peak stands first
    plenty = [hu for hu, height in darker if height >= LEAST_DARK_SHARE * darker[0][1]]
    return _Levels(inside, max(plenty))


def _region(place: Neighbourhood, levels: _Levels, level_share: float) -> Booleans:
    """Grow the region (z, y, x) at a level."""
    band = levels.band(place, level_share) & (place.away_mm <= place.reach_mm)
    return open_from_click(place, band, NECK_MM, SEARCH_MM)


def _complaint(place: Neighbourhood, levels: _Levels, region: Booleans) -> Reason:
    """Say what speaks against a region (z, y, x); an empty reason where nothing does."""
    size_ml = float(region.sum()) * place.grid.voxel_volume_mm3 / 1000.0
    if not size_ml >= SMALLEST_ML:
        text = "nothing solid of the click's grey value lies there"
        return Reason("nothing-grown", f"{text}; click nearer to the vessel's middle")
    longest_mm, middle_mm = extents_mm(place, region)
    if longest_mm < LEAST_ELONGATION * middle_mm and not place.reaches_end(region):
        text = f"{longest_mm:.0f} mm long and {middle_mm:.0f} mm wide is a lump, not a vessel"
        return Reason(LUMP, f"{text}; click in a vessel, or use --lesion")
    size, wide = region.sum(), _region(place, levels, 0.5 + LEVEL_STEP).sum()
    share = float(np.mean(levels.band(place, 0.5)[place.around_mm(AROUND_MM)]))
    text = _misshapen(place, region, size_ml)
    if share > LARGEST_SHARE:
        text = f"{share:.0%} of all within {AROUND_MM:.0f} mm is as bright as the click"
    elif not text and wide - size > LARGEST_GROWTH_SHARE * size:
        text = f"moving the level by {LEVEL_STEP:.0%} makes it grow by {wide / size - 1:.0%}"
    if not text:
        return Reason("", "")
    advice = "it is, or runs into, an organ; outline it by hand, or click farther away"
    return Reason("vessel-leaks", f"{text}: {advice}")


def _misshapen(place: Neighbourhood, region: Booleans, size_ml: float) -> str:
    """Tell why a region (z, y, x) does not have the shape of a vessel; empty where it has."""
    here_mm, widest_mm = _radii_mm(place, region)
    if widest_mm > min(max(WIDER_FACTOR * here_mm, here_mm + WIDER_MM), LARGEST_RADIUS_MM):
        return f"its radius grows from {here_mm:.0f} to {widest_mm:.0f} mm"
    tube_ml = np.pi * here_mm**2 * 2.0 * place.reach_mm / 1000.0
    if size_ml > LARGEST_FILL_FACTOR * tube_ml:
        return f"{size_ml:.0f} ml is more than a vessel of {here_mm:.0f} mm radius holds"
    return ""


def _radii_mm(place: Neighbourhood, region: Booleans) -> tuple[float, float]:
    """Measure the vessel's radius near the click, and the largest one, millimetres."""
    depth = depths_mm(region, place.spacing_mm)
    here = place.away_mm <= max(10.0, float(place.away_mm[region].min()) + 5.0)
    return float(depth[here].max()), float(depth.max())


def _found(place: Neighbourhood, levels: _Levels, region: Booleans, name: str) -> FoundStructure:
    """Put the vessel together with what is uncertain about it."""
    voxel_ml = place.grid.voxel_volume_mm3 / 1000.0
    tight, wide = (_region(place, levels, 0.5 + step) for step in (-LEVEL_STEP, LEVEL_STEP))
    sizes = [float(each.sum()) * voxel_ml for each in (tight, region, wide)]
    rim_mm2 = _rim_mm2(place, region)
    shift_mm = 0.5 * 1000.0 * (sizes[2] - sizes[0]) / max(rim_mm2, 1e-9)
    uncertainty = float(np.hypot(max(shift_mm, 0.0), 0.25 * place.spacing_mm.max()))
    text = "only the vessel that was clicked is known, and of it what is wider than 3 mm"
    remarks = [Reason("vessels-unknown", f"{text}; all other vessels are unknown, not free")]
    if place.reaches_end(region):
        text = f"the vessel was followed for {place.reach_mm:.0f} mm from the click"
        remarks.append(
            Reason("vessel-cut", f"{text} or to the end of the scan; click again beyond")
        )
    return FoundStructure(
        name=name,
        mask=place.mask(region),
        remarks=tuple(remarks),
        volume_ml=Interval(value=sizes[1], low=min(sizes), high=max(sizes)),
        surface_uncertainty_mm=uncertainty,
    )


def _rim_mm2(place: Neighbourhood, region: Booleans) -> float:
    """Measure the surface of a region (z, y, x), mm², by the faces crossed (Cauchy-Crofton)."""
    total = 0.0
    for axis in range(3):
        faces = np.count_nonzero(np.diff(np.pad(region, 1).astype(np.int8), axis=axis))
        total += faces * float(np.prod(np.delete(place.spacing_mm, axis)))
    # three perpendicular directions count a ball one and a half times
    return total / 1.5
