"""The shift between two scans by masked normalised correlation, from any offset and any crop.

References
----------
D. Padfield, Masked object registration in the Fourier domain, IEEE Trans. Image Process. 21 (2012),
doi:10.1109/TIP.2011.2181402.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, ndimage

from navigator.registration.lattice import soft_image

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels
    from navigator.registration.lattice import LatticeImage

LEAST_SHARED = 0.3
"""Share of the largest overlap that a shift must have: a corner of two bodies always correlates."""
PEAKS_APART = 3
"""Lattice points between two peaks that are two answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPeak:
    """One shift that lays a scan well on another.

    Parameters
    ----------
    shift_mm : (3,) array
        moving_from_fixed, (z, y, x), millimetres.
    correlation : float
        Pearson's r over what both show.
    """

    shift_mm: Floats
    correlation: float


def correlate_masked(
    fixed: Voxels, fixed_weights: Voxels, moving: Voxels, moving_weights: Voxels
) -> tuple[Floats, Floats]:
    """Correlate two images at every shift over the points that count in both.

    Parameters
    ----------
    fixed, moving : (z, y, x) array
        Images of one spacing; the shapes may differ.
    fixed_weights, moving_weights : (z, y, x) array
        1 where a value counts, else 0.

    Returns
    -------
    correlation, overlap : (z + z' - 1, y + y' - 1, x + x' - 1) array
        Pearson's r and the number of points in common; entry s + (z, y, x) - 1 belongs to
        ``moving[p + s]`` laid on ``fixed[p]``. Zero where nothing varies.
    """
    counts = [a + b - 1 for a, b in zip(fixed.shape, moving.shape, strict=True)]
    padded = [fft.next_fast_len(count, real=True) for count in counts]

    def forward(image: Floats) -> np.ndarray:
        return np.asarray(fft.rfftn(image, padded, workers=1))

    first = np.asarray(fixed_weights, np.float64)
    second = np.asarray(moving_weights, np.float64)
    # differences of large sums lose digits: both images are centred first
    f = np.where(first > 0, fixed - np.average(fixed, weights=first + 1e-12), 0.0)
    m = np.where(second > 0, moving - np.average(moving, weights=second + 1e-12), 0.0)
    a0, a1, a2 = (np.conj(forward(x)) for x in (first, f, f * f))
    b0, b1, b2 = (forward(x) for x in (second, m, m * m))

    def back(product: np.ndarray) -> Floats:
        whole = fft.irfftn(product, padded, workers=1)
        shift = [n - 1 for n in fixed.shape]
        rolled = np.roll(whole, shift, axis=(0, 1, 2))
        return np.asarray(rolled[tuple(slice(0, n) for n in counts)], np.float64)

    overlap = np.maximum(np.rint(back(a0 * b0)), 0.0)
    n = np.maximum(overlap, 1.0)
    sum_f, sum_m = back(a1 * b0), back(a0 * b1)
    shared = back(a1 * b1) - sum_f * sum_m / n
    spread_f = back(a2 * b0) - sum_f**2 / n
    spread_m = back(a0 * b2) - sum_m**2 / n
    size = np.sqrt(np.maximum(spread_f, 0.0) * np.maximum(spread_m, 0.0))
    # rounding of the transforms: below it nothing varies
    least = 1e-9 * np.sqrt(float((f * f).sum()) * float((m * m).sum())) + 1e-12
    correlation = np.where(size > least, shared / np.maximum(size, least), 0.0)
    return np.clip(correlation, -1.0, 1.0), overlap


def find_shifts(
    fixed: LatticeImage, moving: LatticeImage, *, most: int = 4, lead_score: float = 0.1
) -> list[ShiftPeak]:
    """Find the shifts at which two scans correlate best.

    Parameters
    ----------
    fixed, moving : LatticeImage
        Two scans on lattices of one spacing.
    most : int
        At most so many.
    lead_score : float
        A peak that lies further below the best one is no answer.

    Returns
    -------
    list of ShiftPeak
        Best first; empty where nothing is in common.
    """
    fixed, moving = soft_image(fixed), soft_image(moving)
    correlation, overlap = correlate_masked(
        fixed.values, fixed.weights, moving.values, moving.weights
    )
    largest = float(overlap.max())
    if largest < 1.0:
        return []
    correlation[overlap < LEAST_SHARED * largest] = -1.0
    tops = correlation == ndimage.maximum_filter(correlation, 2 * PEAKS_APART + 1)
    places = np.flatnonzero(tops & (correlation > 0.0))
    order = places[np.argsort(-correlation.ravel()[places], kind="stable")][:most]
    best = correlation.ravel()[order[0]] if len(order) else 0.0
    peaks = []
    for place in order:
        value = float(correlation.ravel()[place])
        if value < best - lead_score:
            break
        steps = np.array(np.unravel_index(place, correlation.shape)) - np.array(fixed.values.shape)
        peaks.append(
            ShiftPeak(
                shift_mm=(steps + 1) * fixed.lattice.spacing_mm
                + moving.lattice.origin_mm
                - fixed.lattice.origin_mm,
                correlation=value,
            )
        )
    return peaks
