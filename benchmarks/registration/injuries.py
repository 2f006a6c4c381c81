"""Ways in which the second scan is not what it should be, and ways in which it still is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.model.volume import Grid, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.arrays import Floats

GOOD = ("as-is", "moved", "cropped")
"""To refuse one of these is a fault: another scanner offset, and a field that shows less."""
BAD = ("wrong-patient", "flipped", "liver-missing")
"""To accept one of these is a fault."""
EITHER = ("half", "tilted")
"""Half of the overlap, and a tilt that was not read: may be accepted where the answer is right."""
OFFSET_MM = 600.0
KEPT_SHARE = (0.6, 0.95)
HALF_SHARE = (0.3, 0.5)
TARGET_ROOM_MM = 15.0
TILT_DEG = (8.0, 25.0)
PADDING_HU = -1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the second scan shows.

    Parameters
    ----------
    intraop : Volume
        The scan.
    after_mm : mapping of str to (n, 3) array or None
        Where the places lie in it, NaN where it does not show them; None where nothing is true.
    """

    intraop: Volume
    after_mm: Mapping[str, Floats] | None


def shown_as_is(intraop: Volume, after_mm: Mapping[str, Floats]) -> Shown:
    """Show the scan as it is: liver in another breath, patient shifted and turned."""
    return Shown(intraop=intraop, after_mm=after_mm)


def moved(intraop: Volume, after_mm: Mapping[str, Floats], rng: np.random.Generator) -> Shown:
    """Count from another place: the same scan up to 600 mm off along each axis."""
    offset = rng.uniform(-OFFSET_MM, OFFSET_MM, 3)
    affine = np.array(intraop.grid.lps_from_index)
    affine[:3, 3] += offset
    return Shown(
        intraop=Volume(intraop.values_hu, _grid(intraop, affine)),
        after_mm={group: points + offset for group, points in after_mm.items()},
    )


def cropped(intraop: Volume, after_mm: Mapping[str, Floats], rng: np.random.Generator) -> Shown:
    """Leave slices away at both ends, but keep the lesions and some millimetres about them."""
    heights = after_mm["tumour"][:, 2] - intraop.grid.lps_from_index[2, 3]
    step = float(intraop.grid.spacing_mm[0])
    low = int(max(0.0, np.floor((heights.min() - TARGET_ROOM_MM) / step)))
    count = intraop.values_hu.shape[0]
    high = int(min(count, np.ceil((heights.max() + TARGET_ROOM_MM) / step) + 1))
    kept = max(high - low, int(rng.uniform(*KEPT_SHARE) * count))
    first = int(rng.integers(max(0, high - kept), min(low, count - kept) + 1))
    return _slices(intraop, after_mm, first, first + kept)


def halved(intraop: Volume, after_mm: Mapping[str, Floats], rng: np.random.Generator) -> Shown:
    """Keep less than half of the slices, anywhere."""
    count = intraop.values_hu.shape[0]
    kept = int(rng.uniform(*HALF_SHARE) * count)
    first = int(rng.integers(0, count - kept + 1))
    return _slices(intraop, after_mm, first, first + kept)


def without_liver(
    intraop: Volume, after_mm: Mapping[str, Floats], rng: np.random.Generator
) -> Shown:
    """Keep the longer end beside the liver, with a tenth of its height at most."""
    step = float(intraop.grid.spacing_mm[0])
    heights = (after_mm["liver"][:, 2] - intraop.grid.lps_from_index[2, 3]) / step
    low, high = np.percentile(heights, [0.0, 100.0])
    tenth = rng.uniform(0.0, 0.1) * (high - low)
    count = intraop.values_hu.shape[0]
    # at the shorter end the liver may go on beyond the last place that is known
    ends = [(0, max(4, int(low + tenth))), (min(count - 4, int(high - tenth)), count)]
    first, last = max(ends, key=lambda end: end[1] - end[0])
    return replace(_slices(intraop, after_mm, first, last), after_mm=None)


def flipped(intraop: Volume, rng: np.random.Generator) -> Shown:
    """Read one of the axes backward."""
    values = np.ascontiguousarray(np.flip(intraop.values_hu, axis=int(rng.integers(3))))
    return Shown(intraop=Volume(values, intraop.grid), after_mm=None)


def tilted(intraop: Volume, after_mm: Mapping[str, Floats], rng: np.random.Generator) -> Shown:
    """Read a tilted gantry's slices as if they stood upright."""
    slope = np.tan(np.deg2rad(rng.uniform(*TILT_DEG))) * rng.choice([-1.0, 1.0])
    step_k, step_j, _ = (float(step) for step in intraop.grid.spacing_mm)
    count = intraop.values_hu.shape[0]
    shifts = slope * step_k * (np.arange(count) - 0.5 * (count - 1))
    values = np.stack(
        [
            ndimage.shift(part, (shift / step_j, 0.0), order=1, cval=PADDING_HU)
            for part, shift in zip(intraop.values_hu, shifts, strict=True)
        ]
    )
    middle = intraop.grid.lps_from_index[2, 3] + 0.5 * (count - 1) * step_k
    sheared = {group: np.array(points) for group, points in after_mm.items()}
    for points in sheared.values():
        points[:, 1] += slope * (points[:, 2] - middle)
    return Shown(intraop=Volume(values.astype(np.float32), intraop.grid), after_mm=sheared)


def _slices(intraop: Volume, after_mm: Mapping[str, Floats], first: int, last: int) -> Shown:
    """Keep some slices; places in the others are not known any more."""
    affine = np.array(intraop.grid.lps_from_index)
    affine[:3, 3] += first * affine[:3, 0]
    values = np.ascontiguousarray(intraop.values_hu[first:last])
    low, high = affine[2, 3], affine[2, 3] + (last - first - 1) * affine[2, 0]
    after = {}
    for group, points in after_mm.items():
        inside = (points[:, 2] >= low) & (points[:, 2] <= high)
        after[group] = np.where(inside[:, None], points, np.nan)
    return Shown(intraop=Volume(values, _grid(intraop, affine, len(values))), after_mm=after)


def _grid(intraop: Volume, affine: Floats, count: int | None = None) -> Grid:
    """Lay a grid of the same frame and slices."""
    shape = intraop.grid.shape_kji if count is None else (count, *intraop.grid.shape_kji[1:])
    return Grid(shape_kji=shape, lps_from_index=affine, frame=intraop.grid.frame)
