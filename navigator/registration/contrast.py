"""What the new scan should show where the planning scan shows a value.

The contrast medium has washed out between the scans. What became of each value is read where the
planning scan is flat: there a few millimetres of motion change nothing. At edges it must not be
read: a map that is free there explains a shifted edge by contrast, and the edge pulls no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration.lattice import WINDOW_HU

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Voxels

BIN_HU = 8.0
BINS = round((WINDOW_HU[1] - WINDOW_HU[0]) / BIN_HU)
SMOOTH_BINS = 1.5
LEAST_IN_BIN = 30.0
"""Fewer values say nothing of a bin: it lies on the line between its neighbours."""
FLAT_HU = 12.0
"""Per lattice step: a steeper place is an edge."""
UNCHANGED_HU = (WINDOW_HU[0], -60.0, WINDOW_HU[1])
"""Air, fat and dense bone look the same with and without contrast medium."""
CENTRES_HU = WINDOW_HU[0] + (np.arange(BINS) + 0.5) * BIN_HU


def find_flat(planning: Voxels) -> Booleans:
    """Find where a scan is flat.

    Parameters
    ----------
    planning : (z, y, x) array
        HU on a lattice.

    Returns
    -------
    (z, y, x) array of bool
        Where it changes by less than 12 HU per lattice step.
    """
    total = np.zeros(planning.shape, np.float32)
    for axis in range(3):
        slope = np.gradient(planning, axis=axis)
        total += slope * slope
    flat: Booleans = total < FLAT_HU**2
    return flat


def fit_contrast(planning: Voxels, new: Voxels, chosen: Booleans) -> Floats:
    """Find what became of each planning value.

    Parameters
    ----------
    planning, new : (z, y, x) array
        Values at corresponding points, HU.
    chosen : (z, y, x) array of bool
        Flat places that count.

    Returns
    -------
    (n,) array
        Change in HU by bin of 8 HU of the planning value, from the window's lower end.
    """
    values = np.clip(planning[chosen].astype(np.float64), *WINDOW_HU)
    change = new[chosen].astype(np.float64) - values
    bins = np.minimum((values - WINDOW_HU[0]) / BIN_HU, BINS - 1).astype(np.int64)
    counts: Floats = ndimage.gaussian_filter1d(
        np.bincount(bins, minlength=BINS).astype(float), SMOOTH_BINS, mode="constant"
    )
    sums: Floats = ndimage.gaussian_filter1d(
        np.bincount(bins, change, BINS).astype(float), SMOOTH_BINS, mode="constant"
    )
    known = (counts >= LEAST_IN_BIN) & (UNCHANGED_HU[1] < CENTRES_HU)
    at = np.concatenate([UNCHANGED_HU, CENTRES_HU[known]])
    by = np.concatenate([np.zeros(3), sums[known] / counts[known]])
    order = np.argsort(at, kind="stable")
    by_bin: Floats = np.interp(CENTRES_HU, at[order], by[order])
    return by_bin
