"""Lung, and gas that is no lung: trachea and bronchi, stomach and bowel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.slices import close_slice, dilate_slice, open_slice
from navigator.segmentation.upright import count_in_pieces, in_slices, number_pieces

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Labels, Voxels
    from navigator.segmentation.upright import UprightScan

EDGE_HU = -400.0
"""Half way between lung (-850) and soft tissue (50): where a blurred edge has its true place. For
gas (-1000) the half is -475; the edge then lies 0.1 mm too far outward at a blur of 0.7 mm."""

CORE_HU = -600.0
"""A piece without a voxel below it is the blurred edge of the skin, not a cavity."""

GAS_HU = -930.0
"""The mean of lung lies above it (-700 to -900 HU at any breath: Rosenblum LJ et al., 1980,
doi:10.1148/radiology.137.2.7433674), that of gas below; emphysema may lie below too."""

DEEP_HU = -750.0
"""What has a mean below it is no blurred rim: half of it below -930 makes a piece gas."""

MEAN_OVER_MM = 3.0
"""Side of the square over which noise is averaged before lung is told from gas."""

AIRWAY_RADIUS_MM = 3.0
"""Airways thinner than that stay lung, as vessels do."""

RIM_MM = 2.5
"""The blurred wall of an airway has the values of lung; it is two voxels wide at least."""

VESSEL_RADIUS_MM = 4.0
"""Vessels in the lung up to this radius count to it; the liver's dome is wider."""

LEAST_GAS_ML = 0.05
LEAST_LUNG_ML, LUNG_ML = 1.0, 200.0
"""A lung reaches the end of the scan toward the head, or is seen whole and then is large. What is
neither is gas in stool, whose mixed values are those of lung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGas:
    """Everything in the body that holds gas.

    Parameters
    ----------
    lung, airway, bowel : (z, y, x) array of bool
        Lung with its vessels; gas that is joined to it; all other gas.
    """

    lung: Booleans
    airway: Booleans
    bowel: Booleans


def find_gas(scan: UprightScan) -> FoundGas:
    """Find lung, airways, and gas elsewhere.

    Parameters
    ----------
    scan : UprightScan
        The scan.

    Returns
    -------
    FoundGas
        Disjoint.
    """
    low = scan.body & scan.imaged & (scan.values_hu < EDGE_HU)
    pieces, count = number_pieces(low)
    held = _cavities(pieces, count, scan)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * scan.voxel_ml
    mean_hu = _local_mean(scan)
    is_gas_like = low & (mean_hu < GAS_HU)
    filled = count_in_pieces(is_gas_like, pieces, count)
    deep = count_in_pieces(low & (mean_hu < DEEP_HU), pieces, count)
    reaches_head = np.zeros(count + 1, dtype=bool)
    reaches_head[np.unique(pieces[0 if scan.head_first else -1])] = True
    is_lung = held & (filled < 0.5 * deep)
    is_lung &= ((sizes >= LEAST_LUNG_ML) & reaches_head) | (sizes >= LUNG_ML)
    chest, bowel = is_lung[pieces], (held & ~is_lung)[pieces]
    airway = _airways(chest, is_gas_like, scan)
    lung = chest & ~airway
    soft = scan.body & (scan.values_hu > EDGE_HU) & (scan.values_hu < 300.0)
    closed = in_slices(
        close_slice, lung, spacing_mm=scan.spacing_mm[1:], radius_mm=VESSEL_RADIUS_MM
    )
    return FoundGas(lung=lung | (closed & soft), airway=airway, bowel=bowel)


def _cavities(pieces: Labels, count: int, scan: UprightScan) -> Booleans:
    """Tell which pieces (z, y, x) are deep and large enough to be no edge; one flag each."""
    deep = count_in_pieces(scan.values_hu < CORE_HU, pieces, count)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * scan.voxel_ml
    held: Booleans = (deep > 0) & (sizes >= LEAST_GAS_ML)
    held[0] = False
    return held


def _local_mean(scan: UprightScan) -> Voxels:
    """Average over a small square of each slice, (z, y, x), HU."""
    side = [1, *(2 * round(0.5 * MEAN_OVER_MM / step) + 1 for step in scan.spacing_mm[1:])]
    mean: Voxels = ndimage.uniform_filter(scan.values_hu, side, mode="nearest")
    return mean


def _airways(chest: Booleans, is_gas_like: Booleans, scan: UprightScan) -> Booleans:
    """Take out of lungs (z, y, x) what is gas and not thin, with its blurred rim."""
    spacing_mm = scan.spacing_mm[1:]
    wide = in_slices(
        open_slice, chest & is_gas_like, spacing_mm=spacing_mm, radius_mm=AIRWAY_RADIUS_MM
    )
    rim_mm = max(RIM_MM, 2.0 * float(spacing_mm.max()))
    return chest & in_slices(dilate_slice, wide, spacing_mm=spacing_mm, radius_mm=rim_mm)
