"""Where the two peaks of a body in a CT scan lie: air, and soft tissue or fat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLED_VOXELS = 250_000
"""Enough for a peak to stand out: the least that counts has 500 of them."""
BIN_HU = 10.0
MOST_OF_ONE_VALUE = 0.5
"""A bin of which one value makes up more than this is padding, or was clipped: noise spreads."""
LEAST_SHARE = 2e-3
"""A peak below this share of the voxels says nothing."""

AIR_RANGE_HU, AIR_PEAK_HU = (-2500.0, -800.0), (-1050.0, -940.0)
"""Where air is looked for, and where it has to be; in the real scans at hand from -995 to -965."""
TISSUE_RANGE_HU = (-300.0, 400.0)
TISSUE_PEAKS_HU = ((-140.0, -60.0), (-5.0, 145.0))
"""Where the highest peak of tissue has to be: fat (in the real scans from -105 to -95), or water,
muscle, brain and enhanced organs (from 25 to 95). Between them lies nothing that a body has most
of."""


def peak_oddities(values_hu: NDArray[Any]) -> list[str]:
    """Name the peaks that do not lie where those of a body do.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Values that are said to be Hounsfield units.

    Returns
    -------
    list of str
        One text for each peak that is elsewhere: an offset or a scale may be wrong. Empty where
        they are right, or where no noise spreads a peak.
    """
    step = max(1, round((values_hu.size / SAMPLED_VOXELS) ** (1 / 3)))
    sample = values_hu[::step, ::step, ::step].ravel()
    air_hu = _peak_hu(sample, *AIR_RANGE_HU)
    tissue_hu = _peak_hu(sample, *TISSUE_RANGE_HU)
    odd = []
    if air_hu is not None and not _is_within(air_hu, (AIR_PEAK_HU,)):
        odd.append(f"air most often at {air_hu:g} HU")
    if tissue_hu is not None and not _is_within(tissue_hu, TISSUE_PEAKS_HU):
        odd.append(f"tissue most often at {tissue_hu:g} HU")
    return odd


def _is_within(value: float, ranges: tuple[tuple[float, float], ...]) -> bool:
    return any(low <= value <= high for low, high in ranges)


def _peak_hu(sample: NDArray[Any], low: float, high: float) -> float | None:
    """Find the fullest bin that noise fills; None where there is none."""
    part = sample[(sample >= low) & (sample < high)]
    counts, edges = np.histogram(part, round((high - low) / BIN_HU), (low, high))
    for place in np.argsort(counts)[::-1][:5]:
        if counts[place] < max(LEAST_SHARE * sample.size, 1.0):
            return None
        inside = part[(part >= edges[place]) & (part < edges[place + 1])]
        _, repeats = np.unique(inside, return_counts=True)
        if repeats.max() <= MOST_OF_ONE_VALUE * inside.size:
            return float(0.5 * (edges[place] + edges[place + 1]))
    return None
