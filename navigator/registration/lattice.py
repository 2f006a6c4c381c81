"""Scans made small: clipped, shrunk, and read on upright lattices of one spacing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.blurring import blur
from navigator.imaging.tissue import LEAST_IMAGED_HU
from navigator.registration._lattice_kernels import average_blocks, read_on_lattice, shrink_clipped

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels
    from navigator.model.volume import Grid, Mask, Volume

WINDOW_HU = (-1000.0, 400.0)
"""Air to bone; metal weighs no more than bone. Cut off at fat, the lung's edge would seem to lie
deeper in the liver the thicker the slices are."""
TISSUE_HU = -190.0
"""Denser than this is soft tissue or bone, not lung or air."""
METAL_HU = 1500.0
FINEST_MM = 2.2
"""Blocks of a slice are averaged to about this: near the slice spacing of the new scan."""
LEAST_IMAGED_SHARE = 0.5
METAL_SHARE = 0.02
BLUR_OF_SPACING = 0.42
"""Standard deviation of the blur before a lattice is read, by its spacing: what the lattice cannot
hold must not fold back."""
LEAST_SURE = 0.9
"""Blurred weight above which a lattice point counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Upright points of one spacing, axes (z, y, x), LPS.

    Parameters
    ----------
    origin_mm : (3,) array
        The first point, (z, y, x), millimetres.
    spacing_mm : float
        Along all three axes.
    shape : tuple of three int
        Points along (z, y, x).
    """

    origin_mm: Floats
    spacing_mm: float
    shape: tuple[int, int, int]

    @property
    def end_mm(self) -> Floats:
        """(3,) array: the last point, (z, y, x)."""
        end: Floats = self.origin_mm + self.spacing_mm * (np.array(self.shape) - 1)
        return end

    def lps_from_index(self) -> Floats:
        """Give the (4, 4) affine that carries (k, j, i, 1) to LPS millimetres (x, y, z)."""
        affine = np.eye(4)
        affine[:3, :3] = self.spacing_mm * np.eye(3)[::-1]
        affine[:3, 3] = self.origin_mm[::-1]
        return affine


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkScan:
    """A scan shrunk to about the finest spacing, on its own axes.

    Parameters
    ----------
    means : (k, j, i) array
        Clipped HU, float32.
    weights : (k, j, i) array
        1 where tissue was imaged, 0 on padding and about metal, float32.
    lps_from_index : (4, 4) array
        Of the blocks' centres; sheared where the scan is.
    """

    means: Voxels
    weights: Voxels
    lps_from_index: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeImage:
    """A scan on a lattice.

    Parameters
    ----------
    values, weights : (z, y, x) array
        Clipped HU, and 1 where they count, else 0; float32.
    lattice : Lattice
        Where they lie.
    """

    values: Voxels
    weights: Voxels
    lattice: Lattice


def shrink_scan(scan: Volume) -> ShrunkScan:
    """Clip a scan and average it over blocks of about the finest spacing.

    Parameters
    ----------
    scan : Volume
        Any scan, a sheared one too.

    Returns
    -------
    ShrunkScan
        About a tenth of its voxels.
    """
    factors = _factors(scan.grid)
    means, imaged, metal = shrink_clipped(
        scan.values_hu, factors, WINDOW_HU, LEAST_IMAGED_HU, METAL_HU
    )
    weights = (imaged >= LEAST_IMAGED_SHARE).astype(np.float32)
    if metal.max() > METAL_SHARE:
        weights[ndimage.maximum_filter(metal, 3) > METAL_SHARE] = 0.0
    return ShrunkScan(
        means=means, weights=weights, lps_from_index=_affine_of_blocks(scan.grid, factors)
    )


def shrink_mask(mask: Mask) -> tuple[Voxels, Floats]:
    """Average a mask over blocks, as its scan is.

    Parameters
    ----------
    mask : Mask
        A structure.

    Returns
    -------
    shares : (k, j, i) array
        Share of each block inside, float32.
    lps_from_index : (4, 4) array
        Of the blocks' centres.
    """
    factors = _factors(mask.grid)
    m, n, o = (count // f for count, f in zip(mask.grid.shape_kji, factors, strict=True))
    shares = average_blocks(mask.members.view(np.uint8), factors, (m, n, o))
    return shares, _affine_of_blocks(mask.grid, factors)


def _factors(grid: Grid) -> tuple[int, int, int]:
    """Tell how many voxels of each axis go into a block; at least two blocks remain."""
    k, j, i = (
        min(max(1, int(FINEST_MM / spacing + 0.01)), max(1, count // 2))
        for spacing, count in zip(grid.spacing_mm, grid.shape_kji, strict=True)
    )
    return k, j, i


def _affine_of_blocks(grid: Grid, factors: tuple[int, int, int]) -> Floats:
    """Give the (4, 4) affine of block centres."""
    affine = np.array(grid.lps_from_index)
    middle = 0.5 * (np.array(factors) - 1.0)
    affine[:3, 3] += affine[:3, :3] @ middle
    affine[:3, :3] = affine[:3, :3] * np.array(factors)
    return affine


def lattice_over(scan: ShrunkScan, spacing_mm: float) -> Lattice:
    """Lay an upright lattice over the whole of a scan.

    Parameters
    ----------
    scan : ShrunkScan
        The scan.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    Lattice
        From its lowest to its highest block centre.
    """
    last = np.array(scan.means.shape) - 1.0
    corners = np.stack(np.meshgrid(*[(0.0, end) for end in last], indexing="ij"), axis=-1)
    affine = scan.lps_from_index
    points = (corners.reshape(-1, 3) @ affine[:3, :3].T + affine[:3, 3])[:, ::-1]
    return lattice_between(points.min(axis=0), points.max(axis=0), spacing_mm)


def lattice_between(low_mm: Floats, high_mm: Floats, spacing_mm: float) -> Lattice:
    """Lay a lattice into a box.

    Parameters
    ----------
    low_mm, high_mm : (3,) array
        Corners, (z, y, x), millimetres.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    Lattice
        At least four points along each axis, in the middle of the box.
    """
    counts = np.maximum(np.floor((high_mm - low_mm) / spacing_mm + 1e-6).astype(int) + 1, 4)
    origin = 0.5 * (low_mm + high_mm) - 0.5 * spacing_mm * (counts - 1)
    return Lattice(
        origin_mm=origin,
        spacing_mm=spacing_mm,
        shape=(int(counts[0]), int(counts[1]), int(counts[2])),
    )


def read_scan(scan: ShrunkScan, lattice: Lattice) -> LatticeImage:
    """Blur a scan as its lattice asks, and read it there.

    Parameters
    ----------
    scan : ShrunkScan
        The scan.
    lattice : Lattice
        Upright, in the scan's frame.

    Returns
    -------
    LatticeImage
        Without weight outside the scan.
    """
    values = read_array(scan.means, scan.lps_from_index, lattice, outside_value=WINDOW_HU[0])
    weights = read_array(scan.weights, scan.lps_from_index, lattice, outside_value=0.0)
    return LatticeImage(
        values=values, weights=(weights >= LEAST_SURE).astype(np.float32), lattice=lattice
    )


def soft_image(image: LatticeImage) -> LatticeImage:
    """Make air and lung one: what a rigid motion is found by is tissue.

    Parameters
    ----------
    image : LatticeImage
        A scan on a lattice.

    Returns
    -------
    LatticeImage
        Clipped from below.
    """
    return replace(image, values=np.maximum(image.values, np.float32(TISSUE_HU)))


def read_array(
    array: Voxels, lps_from_index: Floats, lattice: Lattice, *, outside_value: float
) -> Voxels:
    """Blur an array as a lattice asks, and read it there, trilinearly.

    Parameters
    ----------
    array : (k, j, i) array
        float32.
    lps_from_index : (4, 4) array
        Its affine.
    lattice : Lattice
        Where to read.
    outside_value : float
        What lies outside the array.

    Returns
    -------
    (z, y, x) array
        float32, on the lattice.
    """
    steps = np.linalg.norm(lps_from_index[:3, :3], axis=0)
    # blocks and trilinear reading blur by about 0.3 of the array's own spacing already
    widths = np.sqrt(
        np.maximum((BLUR_OF_SPACING * lattice.spacing_mm) ** 2 - (0.3 * steps) ** 2, 0)
    )
    widths = np.where(steps < lattice.spacing_mm, widths / steps, 0.0)
    soft = array
    if widths.max() > 0.1:
        soft = blur(array, widths, reach_ratio=2.5)
    affine = np.linalg.inv(lps_from_index) @ lattice.lps_from_index()
    return read_on_lattice(soft, affine[:3], lattice.shape, outside_value)
