"""Radio-opaque spheres in a CT scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import Floats, frozen_floats, lengths
from navigator.imaging.resample import crop_grid, crop_slices

if TYPE_CHECKING:
    from navigator.model.volume import Volume

MARKER_HU = 900.0
"""Above soft tissue, contrast and most trabecular bone, below half of glass, ceramic and steel."""

VOLUME_SHARE = (0.25, 3.0)
"""Volume above the threshold over the sphere's own: partial volume shrinks, blooming swells."""

LONGEST_EXTENT = 1.6
"""Largest extent over diameter plus one voxel: a sphere is not a rod or a rib."""

SHELL_MM = 2.0
"""Thickness of the shell around a sphere from which its background is read."""


@dataclass(frozen=True, slots=True)
class MarkerCandidate:
    """A bright spot that may be a marker sphere.

    Parameters
    ----------
    centre_mm : (3,) array
        Weighted centre, millimetres in the scan's frame.
    peak_hu : float
        Its brightest voxel, HU.
    """

    centre_mm: Floats
    peak_hu: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen_floats(self.centre_mm, (3,), "centre_mm"))


def find_marker_candidates(volume: Volume, diameter_mm: float) -> tuple[MarkerCandidate, ...]:
    """Find bright spots of a sphere's size.

    Parameters
    ----------
    volume : Volume
        A CT scan; a sheared stack is read with its true geometry.
    diameter_mm : float
        Diameter of the spheres, millimetres.

    Returns
    -------
    tuple of MarkerCandidate
        In the order of the scan; ribs, calcifications and metal of that size are among them.
    """
    spots, count = ndimage.label(volume.values_hu > MARKER_HU)
    return tuple(
        _measure_candidate(volume, part, diameter_mm)
        for part in ndimage.find_objects(spots, max_label=count)
        if _has_sphere_size(volume, spots[part] > 0, part, diameter_mm)
    )


def _has_sphere_size(
    volume: Volume, members: np.ndarray, part: tuple[slice, ...], diameter_mm: float
) -> bool:
    extents = np.array([piece.stop - piece.start for piece in part]) * volume.grid.spacing_mm
    limit = LONGEST_EXTENT * diameter_mm + volume.grid.spacing_mm
    share = members.sum() * volume.grid.voxel_volume_mm3 / (np.pi / 6.0 * diameter_mm**3)
    return bool((extents <= limit).all() and VOLUME_SHARE[0] <= share <= VOLUME_SHARE[1])


def _measure_candidate(
    volume: Volume, part: tuple[slice, ...], diameter_mm: float
) -> MarkerCandidate:
    """Weigh the voxels around a spot by their excess over the background.

    Partial volume is linear in HU, so that the excess-weighted mean is the centre of the
    sphere; the excess is cut at zero, since a bore or a pocket of air beside the sphere would
    otherwise push the centre away.

    Parameters
    ----------
    volume : Volume
        The scan.
    part : tuple of three slices
        Bounding box of the spot.
    diameter_mm : float
        Diameter of the sphere, millimetres.

    Returns
    -------
    MarkerCandidate
        Its centre and brightest voxel.
    """
    middle = np.array([(piece.start + piece.stop - 1) / 2.0 for piece in part])
    centre = volume.grid.points_from_indices(middle)
    reach = 0.5 * diameter_mm + float(volume.grid.spacing_mm.max())
    for _ in range(3):
        slices = crop_slices(volume.grid, centre[None, :], padding_mm=reach + SHELL_MM)
        block = volume.values_hu[slices].astype(np.float64)
        indices = np.indices(block.shape).reshape(3, -1).T
        points = crop_grid(volume.grid, slices).points_from_indices(indices)
        distance = lengths(points - centre)
        values = block.ravel()
        shell = values[(distance > reach) & (distance <= reach + SHELL_MM)]
        background = float(np.median(shell)) if shell.size else 0.0
        excess = np.where(distance <= reach, np.maximum(values - background, 0.0), 0.0)
        centre = (points * excess[:, None]).sum(axis=0) / excess.sum()
    return MarkerCandidate(centre, float(values[distance <= reach].max()))
