"""Where the two peaks of a body in a CT scan lie: air, and soft tissue or fat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Histogram: TypeAlias = tuple[NDArray[Any], NDArray[np.intp], NDArray[np.float64]]

SAMPLED_VOXELS = 250_000
"""Enough for a peak to stand out: the least that counts has 500 of them."""
BIN_HU = 10.0
MOST_OF_ONE_VALUE = 0.5
"""A bin of which one value makes up more than this is padding, or was clipped: noise spreads."""
LEAST_SHARE = 2e-3
"""A peak below this share of the voxels says nothing."""

AIR_RANGE_HU, AIR_PEAK_HU = (-2500.0, -800.0), (-1050.0, -940.0)
"""Where air is looked for, and where it has to be; in the real scans at hand from -995 to -965."""
PEAK_BINS = 5
"""A peak is the fullest of so many bins to either side: noise makes none of its own."""
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
    air_hu = _darkest_peak_hu(sample, *AIR_RANGE_HU)
    tissue_hu = _peak_hu(sample, *TISSUE_RANGE_HU)
    odd = []
    if air_hu is not None and not _is_within(air_hu, (AIR_PEAK_HU,)):
        odd.append(f"the darkest peak at {air_hu:g} HU, where air should be")
    if tissue_hu is not None and not _is_within(tissue_hu, TISSUE_PEAKS_HU):
        odd.append(f"tissue most often at {tissue_hu:g} HU")
    return odd


def _is_within(value: float, ranges: tuple[tuple[float, float], ...]) -> bool:
    return any(low <= value <= high for low, high in ranges)


def _darkest_peak_hu(sample: NDArray[Any], low: float, high: float) -> float | None:
    """Find the darkest peak that noise fills; None where there is none.

    Nothing is darker than air. In a small field there is more of mattress and lung than of air, so
    that the highest peak is theirs.
    """
    part, counts, middles = _counted(sample, low, high)
    spread = np.where(_are_spread(part, counts, middles, sample.size), counts, 0)
    padded = np.pad(spread, PEAK_BINS)
    fullest = np.lib.stride_tricks.sliding_window_view(padded, 2 * PEAK_BINS + 1).max(axis=1)
    peaks = np.flatnonzero((spread == fullest) & (spread > 0))
    return float(middles[peaks[0]]) if peaks.size else None


def _peak_hu(sample: NDArray[Any], low: float, high: float) -> float | None:
    """Find the fullest bin that noise fills; None where there is none."""
    part, counts, middles = _counted(sample, low, high)
    spread = np.where(_are_spread(part, counts, middles, sample.size), counts, 0)
    fullest = int(np.argmax(spread))
    return float(middles[fullest]) if spread[fullest] > 0 else None


def _counted(sample: NDArray[Any], low: float, high: float) -> Histogram:
    """Count values in bins: the values in the range, their number in each bin, its middle."""
    part = sample[(sample >= low) & (sample < high)]
    counts, edges = np.histogram(part, round((high - low) / BIN_HU), (low, high))
    return part, counts, 0.5 * (edges[:-1] + edges[1:])


def _are_spread(
    part: NDArray[Any], counts: NDArray[np.intp], middles: NDArray[np.float64], size: int
) -> NDArray[np.bool_]:
    """Tell which bins say something: full enough, and not of one value alone."""
    spread = counts >= max(LEAST_SHARE * size, 1.0)
    for place in np.flatnonzero(spread):
        low, high = middles[place] - 0.5 * BIN_HU, middles[place] + 0.5 * BIN_HU
        _, repeats = np.unique(part[(part >= low) & (part < high)], return_counts=True)
        spread[place] = repeats.max() <= MOST_OF_ONE_VALUE * counts[place]
    return spread
