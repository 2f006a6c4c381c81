"""A lesion of the liver, grown from a click, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import Booleans, Floats
from navigator.imaging.distance import measure_distances_mm
from navigator.model.ablation import Interval
from navigator.model.outcome import Reason
from navigator.model.volume import Mask
from navigator.segmentation.found import FoundStructure
from navigator.segmentation.neighbourhood import (
    Neighbourhood,
    cut_neighbourhood,
    find_peaks_hu,
    open_from_click,
)

if TYPE_CHECKING:
    from navigator.model.volume import Volume

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

FAT_HU = -100.0
"""Half way to fat the lesion ends on the capsule's side."""

LEAST_CONTRAST_HU, MOST_CONTRAST_HU = 10.0, 160.0
"""Between lesion and liver. Less is no border that thresholds find."""

LEAST_PEAK_SHARE = 0.08
NECK_MM = 1.8
"""Blurred edges between bright and dark tissue have the lesion's grey value too, and are thinner."""

SEARCH_MM = 4.0
"""So far a click may lie from the lesion's inside."""

SHELL_MM = (2.5, 8.0)
"""Where around the lesion the liver is measured: beyond the blur, nearer than other organs."""

LEVEL_STEP = 0.15
"""The border is moved by this share of the contrast either way to see how firmly it stands."""

ROUNDS = 6
SETTLED_SHARE = 0.005
"""Volume from round to round; grey values and border are then those of one another."""

LARGEST_SHIFT_MM = 2.0
LARGEST_TONGUE_MM = 6.0
"""How far the border may move, on the mean and at its worst, before it is called a leak."""

LARGEST_OPEN_SHARE = 0.12
"""Share of the border that is no edge but a cut through a neck."""

LARGEST_ELONGATION = 3.0
"""Longest over middle axis: a lump has 1 to 2, a vessel far more."""

LEAST_SIGNAL = 3.0
"""Contrast over the noise that is left after smoothing."""

SMALLEST_ML = 0.06
"""A ball of 5 mm."""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Grey values of the lesion and of what lies around it, Hounsfield units."""

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
class _Grown:
    """A region, the levels that bound it, and the level's share of the contrast."""

    region: Booleans
    levels: _Levels
    level_share: float


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
    reasons = _complaints(place, grown)
    if reasons:
        return _refused(volume, name, *reasons)
    moved = [_region(place, grown.levels, grown.level_share + step) for step in _STEPS]
    reasons = _loose_ends(place, grown.region, moved)
    if reasons:
        return _refused(volume, name, *reasons)
    return _found(place, grown, moved, name)


_STEPS = (-LEVEL_STEP, LEVEL_STEP)


def _refused(volume: Volume, name: str, *reasons: Reason) -> FoundStructure:
    nothing = np.zeros(volume.grid.shape_kji, dtype=bool)
    return FoundStructure(name=name, mask=Mask(nothing, volume.grid), refusals=reasons)


def _settle(place: Neighbourhood) -> tuple[_Grown | None, Reason]:
    """Grow and measure in turn until the region stays; or tell why there is none."""
    levels = _first_levels(place)
    if levels is None:
        text = "around the click there is one tissue only"
        return None, Reason(
            "no-contrast", f"{text}; click inside the lesion, or outline it by hand"
        )
    volume_ml, level_share = 0.0, 0.5
    region = np.zeros(place.imaged.shape, dtype=bool)
    for _ in range(ROUNDS):
        region = _region(place, levels, level_share)
        if not region.any():
            text = "nothing solid of the click's grey value lies there"
            return None, Reason("nothing-grown", f"{text}; click nearer to the lesion's middle")
        if place.reaches_end(region):
            return None, _leak(place, region)
        size_ml = _volume_ml(place, region)
        if abs(size_ml - volume_ml) <= SETTLED_SHARE * size_ml:
            break
        volume_ml, levels = size_ml, _measured(place, region, levels)
        level_share = 0.5 + _curvature_share(place, size_ml)
    return _Grown(region=region, levels=levels, level_share=level_share), Reason("", "")


def _first_levels(place: Neighbourhood) -> _Levels | None:
    """Guess the lesion's grey value at the click and the liver's from the peaks around it."""
    inside = float(np.median(place.values_hu[place.around_mm(CLICK_RADIUS_MM)]))
    for peak_hu, _ in find_peaks_hu(place, LOOK_MM, TISSUE_HU, LEAST_PEAK_SHARE):
        if LEAST_CONTRAST_HU <= abs(peak_hu - inside) <= MOST_CONTRAST_HU:
            return _Levels(inside, peak_hu)
    return None


def _region(place: Neighbourhood, levels: _Levels, level_share: float) -> Booleans:
    """Grow the region (z, y, x) at a level, its holes filled."""
    band = levels.band(place, level_share) & (place.away_mm <= place.reach_mm)
    region = open_from_click(place, band, NECK_MM, SEARCH_MM)
    filled: Booleans = ndimage.binary_fill_holes(region)
    return filled


def _measured(place: Neighbourhood, region: Booleans, levels: _Levels) -> _Levels:
    """Measure lesion and liver anew, inside and around a region (z, y, x)."""
    depth = measure_distances_mm(~region, place.spacing_mm)
    core = region & (depth >= np.percentile(depth[region], 60.0))
    beyond = measure_distances_mm(region, place.spacing_mm)
    shell = (beyond > SHELL_MM[0]) & (beyond <= SHELL_MM[1]) & place.imaged
    # vessels, fat and ribs lie around a lesion too: they are not the liver
    shell &= np.abs(place.values_hu - levels.outside_hu) < 0.6 * abs(levels.contrast_hu)
    inside = float(np.median(place.values_hu[core]))
    outside = float(np.median(place.values_hu[shell])) if shell.any() else levels.outside_hu
    if abs(outside - inside) < LEAST_CONTRAST_HU:
        return levels
    return _Levels(inside, outside)


def _curvature_share(place: Neighbourhood, volume_ml: float) -> float:
    """How far blur pulls the half level of a ball inward, as a share of the contrast.

    A ball of radius r blurred by s has 1/2 - s / (r sqrt(2 pi)) of its contrast at its surface,
    up to terms that fall with exp(-r²/s²).
    """
    voxel_mm = float(np.sqrt(np.mean(place.spacing_mm**2) / 12.0))
    blur_mm = float(np.sqrt(BLUR_MM**2 + SCANNER_BLUR_MM**2 + voxel_mm**2))
    return float(min(blur_mm / (_radius_mm(volume_ml) * np.sqrt(2.0 * np.pi)), 0.2))


def _radius_mm(volume_ml: float) -> float:
    return float(np.cbrt(volume_ml * 1000.0 * 0.75 / np.pi))


def _volume_ml(place: Neighbourhood, region: Booleans) -> float:
    return float(region.sum()) * place.grid.voxel_volume_mm3 / 1000.0


def _leak(place: Neighbourhood, region: Booleans) -> Reason:
    size_ml = _volume_ml(place, region)
    text = f"the region runs on to the end of what is looked at or was scanned ({size_ml:.0f} ml)"
    return Reason(
        "lesion-leaks", f"{text}: no closed border was found; click in the lesion, or outline it"
    )


def _complaints(place: Neighbourhood, grown: _Grown) -> list[Reason]:
    """Say what speaks against a region by itself."""
    size_ml, reasons = _volume_ml(place, grown.region), []
    if size_ml < SMALLEST_ML:
        text = f"{size_ml:.2f} ml is too small to be told from noise"
        reasons.append(Reason("lesion-too-small", f"{text}; outline it by hand"))
    noise = _noise_hu(place, grown)
    if not abs(grown.levels.contrast_hu) >= LEAST_SIGNAL * noise:
        text = f"the contrast of {abs(grown.levels.contrast_hu):.0f} HU is lost in noise"
        reasons.append(Reason("lesion-faint", f"{text} ({noise:.0f} HU after smoothing)"))
    longest, middle = _extents_mm(place, grown.region)
    if longest > LARGEST_ELONGATION * middle:
        text = f"{longest:.0f} mm long and {middle:.0f} mm wide: this looks like a vessel"
        reasons.append(Reason("not-a-lump", f"{text}, or it leaked along one; outline it by hand"))
    share = _open_share(place, grown)
    if share > LARGEST_OPEN_SHARE:
        text = f"{share:.0%} of the border is no edge: the same grey value goes on there"
        reasons.append(Reason("lesion-leaks", f"{text}; outline it by hand"))
    return reasons


def _noise_hu(place: Neighbourhood, grown: _Grown) -> float:
    """Measure the spread inside a region, Hounsfield units."""
    depth = measure_distances_mm(~grown.region, place.spacing_mm)
    core = grown.region & (depth >= np.percentile(depth[grown.region], 60.0))
    values = place.values_hu[core]
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _extents_mm(place: Neighbourhood, region: Booleans) -> tuple[float, float]:
    """Measure the longest and the middle axis of a region (z, y, x), millimetres."""
    indices = np.argwhere(region)[:, np.argsort(place.axes)]
    points = indices @ place.grid.lps_from_index[:3, :3].T
    spread = np.linalg.eigvalsh(np.atleast_2d(np.cov(points.T)))
    longest, middle = 2.0 * np.sqrt(5.0 * np.maximum(spread[::-1][:2], 1e-9))
    return float(longest), float(middle)


def _open_share(place: Neighbourhood, grown: _Grown) -> float:
    """Measure which share of a region's border was cut by the neck and not by an edge."""
    rim = ndimage.binary_dilation(grown.region) & ~grown.region
    same = grown.levels.band(place, grown.level_share)
    return float(np.mean(same[rim])) if rim.any() else 1.0


def _loose_ends(place: Neighbourhood, region: Booleans, moved: list[Booleans]) -> list[Reason]:
    """Say where the border (z, y, x) does not stand when its level is moved."""
    tight, wide = moved
    if not tight.any() or place.reaches_end(wide):
        return [_leak(place, wide)]
    size = _volume_ml(place, region)
    shift_mm = max(abs(_radius_mm(_volume_ml(place, each)) - _radius_mm(size)) for each in moved)
    tongue_mm = float(measure_distances_mm(region, place.spacing_mm)[wide].max())
    lost_mm = float(measure_distances_mm(tight, place.spacing_mm)[region].max())
    if shift_mm <= LARGEST_SHIFT_MM and max(tongue_mm, lost_mm) <= LARGEST_TONGUE_MM:
        return []
    text = (
        f"moving the level by {LEVEL_STEP:.0%} of the contrast moves the border by "
        f"{shift_mm:.1f} mm, at its worst by {max(tongue_mm, lost_mm):.1f} mm"
    )
    return [Reason("border-unsure", f"{text}: it may leak; outline it by hand")]


def _found(place: Neighbourhood, grown: _Grown, moved: list[Booleans], name: str) -> FoundStructure:
    """Put the lesion together with what is uncertain and what touches it."""
    tight_ml, size_ml, wide_ml = (
        _volume_ml(place, each) for each in (moved[0], grown.region, moved[1])
    )
    shift_mm = 0.5 * (_radius_mm(wide_ml) - _radius_mm(tight_ml))
    uncertainty = float(np.hypot(shift_mm, 0.25 * place.spacing_mm.max()))
    return FoundStructure(
        name=name,
        mask=place.mask(grown.region),
        remarks=tuple(_touching(place, grown)),
        volume_ml=Interval(value=size_ml, low=min(tight_ml, size_ml), high=max(wide_ml, size_ml)),
        surface_uncertainty_mm=uncertainty,
    )


def _touching(place: Neighbourhood, grown: _Grown) -> list[Reason]:
    """Name what else than liver lies at the border."""
    beyond = measure_distances_mm(grown.region, place.spacing_mm)
    shell = (beyond > 0) & (beyond <= SHELL_MM[0] + place.spacing_mm.max())
    values, levels = place.values_hu[shell], grown.levels
    high = max(levels.outside_hu, levels.inside_hu) + 40.0
    reasons = []
    for code, what, share in (
        ("lesion-at-capsule", "fat, gas or the capsule", float(np.mean(values < -20.0))),
        ("lesion-at-bright", "a vessel or a rib", float(np.mean(values > high))),
    ):
        if share > 0.03:
            text = f"{share:.0%} of what surrounds the lesion is {what}; the border is less sure"
            reasons.append(Reason(code, f"{text} there; look at it"))
    return reasons
