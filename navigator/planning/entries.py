"""Where a straight line from the tumour leaves the body: the skin entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.resample import sample_membership

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Mask

STEP_MM = 1.0
"""Sampling along a ray: below every voxel size in use; the crossing is interpolated."""

REACH_MM = 300.0
"""Farther than any skin from any liver tumour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinEntries:
    """Skin entries of many rays.

    Parameters
    ----------
    depths_mm : (n,) array
        From the skin to the point inside, millimetres; NaN where there is no entry.
    leaves_scan : (n,) array of bool
        The ray leaves the scan inside the body: its skin was not imaged.
    re_enters : (n,) array of bool
        Beyond the skin the ray meets the body once more (an arm, a breast).
    """

    depths_mm: Floats
    leaves_scan: Booleans
    re_enters: Booleans

    @property
    def usable(self) -> Booleans:
        """(n,) array of bool: rays with one clean entry."""
        return np.isfinite(self.depths_mm) & ~self.re_enters


def find_skin_entries(body: Mask, points_mm: Floats, directions: Floats) -> SkinEntries:
    """Follow rays outward from points inside the body to the skin.

    Parameters
    ----------
    body : Mask
        The patient.
    points_mm : (n, 3) array
        Points inside, millimetres.
    directions : (n, 3) array
        Unit directions into the patient: the rays run against them.

    Returns
    -------
    SkinEntries
        Depth of each point below the skin along its ray.
    """
    distances = np.arange(0.0, REACH_MM, STEP_MM)
    samples = points_mm[:, None, :] - distances[None, :, None] * directions[:, None, :]
    membership = sample_membership(body, samples)
    inside = membership >= 0.5
    imaged = _imaged(body, samples)
    ends = np.argmin(inside, axis=1)
    rows = np.arange(len(ends))
    found = inside[:, 0] & ~inside[rows, ends]
    before = np.maximum(ends - 1, 0)
    rise = membership[rows, before] - membership[rows, ends]
    share = np.where(rise > 0, (membership[rows, before] - 0.5) / np.where(rise > 0, rise, 1), 0)
    leaves = found & ~imaged[rows, ends]
    beyond = np.arange(len(distances))[None, :] > ends[:, None]
    return SkinEntries(
        depths_mm=np.where(found & ~leaves, distances[before] + share * STEP_MM, np.nan),
        leaves_scan=leaves,
        re_enters=(inside & beyond).any(axis=1),
    )


def _imaged(body: Mask, samples: Floats) -> Booleans:
    """Tell which samples lie inside the scan.

    Parameters
    ----------
    body : Mask
        The patient, on the scan's grid.
    samples : (n, m, 3) array
        Points, millimetres.

    Returns
    -------
    (n, m) array of bool
        True where the scan has a voxel.
    """
    indices = body.grid.indices_from_points(samples.reshape(-1, 3))
    last = np.asarray(body.grid.shape_kji) - 1
    inside: Booleans = np.asarray(((indices >= 0) & (indices <= last)).all(axis=1))
    return inside.reshape(samples.shape[:2])
