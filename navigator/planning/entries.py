"""Where a straight line from the tumour leaves the body: the skin entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.resample import sample_hu, sample_membership
from navigator.imaging.tissue import SKIN_HU

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.planning.scene import ScannedBody

STEP_MM = 1.0
"""Sampling along a ray: below every voxel size in use; the crossing is interpolated."""

REACH_MM = 300.0
"""Farther than any skin from any liver tumour."""

CLEAR_FROM_MM, THICKEST_COVER_MM = 3.0, 3.0
"""Beyond the blur of the skin's own edge, this much of anything denser than half air is more than
noise: a line, a dressing, or an abdominal wall that was taken for air outside."""


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
    covered : (n,) array of bool
        Beyond the skin the scan shows something that is not air and was not taken for body.
    """

    depths_mm: Floats
    leaves_scan: Booleans
    re_enters: Booleans
    covered: Booleans

    @property
    def usable(self) -> Booleans:
        """(n,) array of bool: rays with one clean entry."""
        return np.isfinite(self.depths_mm) & ~self.re_enters & ~self.covered


def find_skin_entries(patient: ScannedBody, points_mm: Floats, directions: Floats) -> SkinEntries:
    """Follow rays outward from points inside the body to the skin.

    Parameters
    ----------
    patient : ScannedBody
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
    membership = sample_membership(patient.body, samples)
    inside = membership >= 0.5
    imaged = are_imaged(patient, samples)
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
        covered=found
        & _is_covered(patient, samples, distances[None, :] - distances[ends][:, None]),
    )


def _is_covered(patient: ScannedBody, samples: Floats, beyond_mm: Floats) -> Booleans:
    """Tell which rays meet something denser than half air beyond the skin.

    Parameters
    ----------
    patient : ScannedBody
        The patient.
    samples : (n, m, 3) array
        Points along the rays, millimetres.
    beyond_mm : (n, m) array
        How far each lies outside the skin, millimetres.

    Returns
    -------
    (n,) array of bool
        True where there is more than a blur.
    """
    dense = np.zeros(beyond_mm.shape, dtype=bool)
    outside = beyond_mm > CLEAR_FROM_MM
    dense[outside] = sample_hu(patient.scan, samples[outside]) > SKIN_HU
    covered: Booleans = dense.sum(axis=1) * STEP_MM > THICKEST_COVER_MM
    return covered


def are_imaged(patient: ScannedBody, points_mm: Floats) -> Booleans:
    """Tell which points the scan shows.

    Parameters
    ----------
    patient : ScannedBody
        The patient.
    points_mm : (..., 3) array
        Points, millimetres.

    Returns
    -------
    (...) array of bool
        True between voxels that were all scanned.
    """
    grid = patient.body.grid
    indices = grid.indices_from_points(points_mm.reshape(-1, 3))
    last = np.asarray(grid.shape_kji) - 1
    inside: Booleans = np.asarray(((indices >= 0) & (indices <= last)).all(axis=1))
    if not patient.imaged.members.all():
        inside[inside] = (
            sample_membership(patient.imaged, points_mm.reshape(-1, 3)[inside]) > 1.0 - 1e-6
        )
    return inside.reshape(points_mm.shape[:-1])
