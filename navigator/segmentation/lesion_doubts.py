"""What speaks against a lesion that was grown, and what touches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.model.outcome import Reason
from navigator.segmentation.lesion_region import SHELL_MM, ball_radius_mm, core_of, region_ml
from navigator.segmentation.neighbourhood import distances_near_mm, extents_mm

if TYPE_CHECKING:
    from navigator.arrays import Booleans
    from navigator.segmentation.lesion_region import GrownRegion
    from navigator.segmentation.neighbourhood import Neighbourhood

LEVEL_STEP = 0.15
"""The border is moved by this share of the contrast either way to see how firmly it stands."""

LARGEST_SHIFT_MM = 2.0

LARGEST_TONGUE_MM = 6.0
"""How far the border may move, on the mean and at its worst, before it is called a leak."""

LARGEST_OPEN_SHARE = 0.2
"""Share of the border that is no edge but a cut through a neck."""

LARGEST_ELONGATION = 3.0
"""Longest over middle axis: a lump has 1 to 2, a vessel far more."""

LEAST_SIGNAL = 3.0
"""Contrast over the noise that is left after smoothing."""

SMALLEST_ML = 0.06
"""A ball of 5 mm."""


def leak_reason(place: Neighbourhood, region: Booleans) -> Reason:
    """Refuse a region (z, y, x) that has no end."""
    size_ml = region_ml(place, region)
    text = f"the region runs on to the end of what is looked at or was scanned ({size_ml:.0f} ml)"
    return Reason(
        "lesion-leaks", f"{text}: no closed border was found; click in the lesion, or outline it"
    )


def complaints(place: Neighbourhood, grown: GrownRegion) -> list[Reason]:
    """Say what speaks against a region by itself.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings of the click.
    grown : GrownRegion
        The region.

    Returns
    -------
    list of Reason
        Empty where nothing does.
    """
    size_ml, reasons = region_ml(place, grown.region), []
    if size_ml < SMALLEST_ML:
        text = f"{size_ml:.2f} ml is too small to be told from noise"
        reasons.append(Reason("lesion-too-small", f"{text}; outline it by hand"))
    noise = _noise_hu(place, grown)
    if not abs(grown.levels.contrast_hu) >= LEAST_SIGNAL * noise:
        text = f"the contrast of {abs(grown.levels.contrast_hu):.0f} HU is lost in noise"
        reasons.append(Reason("lesion-faint", f"{text} ({noise:.0f} HU after smoothing)"))
    longest, middle = extents_mm(place, grown.region)
    if longest > LARGEST_ELONGATION * middle:
        text = f"{longest:.0f} mm long and {middle:.0f} mm wide: this looks like a vessel"
        reasons.append(Reason("not-a-lump", f"{text}, or it leaked along one; outline it by hand"))
    share = _open_share(place, grown)
    if share > LARGEST_OPEN_SHARE:
        text = f"{share:.0%} of the border is no edge: the same grey value goes on there"
        reasons.append(Reason("lesion-leaks", f"{text}; outline it by hand"))
    return reasons


def _noise_hu(place: Neighbourhood, grown: GrownRegion) -> float:
    """Measure the spread inside a region, Hounsfield units."""
    values = place.values_hu[core_of(place, grown.region)]
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _open_share(place: Neighbourhood, grown: GrownRegion) -> float:
    """Measure which share of a region's border was cut by the neck and not by an edge."""
    rim = ndimage.binary_dilation(grown.region) & ~grown.region
    same = grown.levels.band(place, grown.level_share)
    return float(np.mean(same[rim])) if rim.any() else 1.0


def loose_ends(place: Neighbourhood, region: Booleans, moved: list[Booleans]) -> list[Reason]:
    """Say where the border does not stand when its level is moved.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings of the click.
    region : (z, y, x) array of bool
        The region.
    moved : two (z, y, x) arrays of bool
        The same at a lower and at a higher level.

    Returns
    -------
    list of Reason
        Empty where it stands.
    """
    tight, wide = moved
    if not tight.any() or place.reaches_end(wide):
        return [leak_reason(place, wide)]
    size = region_ml(place, region)
    spacing_mm, reach_mm = place.spacing_mm, 2.0 * LARGEST_TONGUE_MM
    shift_mm = max(
        abs(ball_radius_mm(region_ml(place, each)) - ball_radius_mm(size)) for each in moved
    )
    tongue_mm = float(distances_near_mm(region, spacing_mm, reach_mm)[wide].max())
    lost_mm = float(distances_near_mm(tight, spacing_mm, reach_mm)[region].max())
    if shift_mm <= LARGEST_SHIFT_MM and max(tongue_mm, lost_mm) <= LARGEST_TONGUE_MM:
        return []
    text = (
        f"moving the level by {LEVEL_STEP:.0%} of the contrast moves the border by "
        f"{shift_mm:.1f} mm, at its worst by {max(tongue_mm, lost_mm):.1f} mm"
    )
    return [Reason("border-unsure", f"{text}: it may leak; outline it by hand")]


def touching_remarks(place: Neighbourhood, grown: GrownRegion) -> list[Reason]:
    """Name what else than liver lies at the border.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings of the click.
    grown : GrownRegion
        The region.

    Returns
    -------
    list of Reason
        At most two.
    """
    beyond = distances_near_mm(grown.region, place.spacing_mm, SHELL_MM[1])
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
