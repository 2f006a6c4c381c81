"""The surroundings of a click: smoothed grey values, distances, and what tissue lies there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import Booleans, Floats, Voxels, lengths
from navigator.errors import StructureRefusedError
from navigator.imaging.distance import measure_distances_mm
from navigator.imaging.resample import crop_grid, crop_slices
from navigator.imaging.tissue import LEAST_IMAGED_HU, upright_axes
from navigator.model.volume import Mask
from navigator.segmentation.upright import number_pieces

if TYPE_CHECKING:
    from navigator.model.volume import Grid, Volume

CLIPPED_HU = (-150.0, 450.0)
"""Air, metal and bone must not shine into their neighbours when these are smoothed."""

BIN_HU = 2.0
PEAK_BLUR_BINS = 3.0
"""Grey values are counted in bins of this width, and the counts smoothed over so many."""

NEAREST_MM = 2.0
"""Shells around the click weigh alike; nearer than this they hold too few voxels."""

TIE_MM = 1e-3
"""Distances that differ by less are equal, whatever way a file stores its axes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """A block of a scan around a click, in upright order.

    Parameters
    ----------
    values_hu : (z, y, x) array
        Smoothed and clipped Hounsfield units.
    imaged : (z, y, x) array of bool
        Where a value was measured.
    away_mm : (z, y, x) array
        Distance from the click, millimetres.
    spacing_mm : (3,) array
        Along (z, y, x), millimetres.
    reach_mm : float
        No voxel farther from the click counts.
    slices : tuple of three slices
        The block in the scan's own order.
    axes : tuple of three int
        Upright order of the scan's axes.
    grid : Grid
        Of the scan.
    """

    values_hu: Voxels
    imaged: Booleans
    away_mm: Voxels
    spacing_mm: Floats
    reach_mm: float
    slices: tuple[slice, slice, slice]
    axes: tuple[int, int, int]
    grid: Grid

    def mask(self, members: Booleans) -> Mask:
        """Carry members of the block (z, y, x) back to the whole scan."""
        whole = np.zeros(self.grid.shape_kji, dtype=bool)
        whole[self.slices] = members.transpose(np.argsort(self.axes))
        return Mask(whole, self.grid)

    def around_mm(self, radius_mm: float) -> Booleans:
        """Mark the voxels (z, y, x) within a radius of the click; the nearest one always."""
        near = self.away_mm <= max(radius_mm, float(self.away_mm.min()))
        return near & self.imaged

    def reaches_end(self, members: Booleans) -> bool:
        """Tell whether members (z, y, x) touch what was not scanned, or the end of the reach."""
        beyond = ~self.imaged | (self.away_mm > self.reach_mm)
        grown = ndimage.binary_dilation(np.pad(members, 1))
        return bool((grown & np.pad(beyond, 1, constant_values=True)).any())


def cut_neighbourhood(
    volume: Volume, click_mm: Floats, *, reach_mm: float, blur_mm: float
) -> Neighbourhood:
    """Cut the surroundings of a click out of a scan and smooth them.

    Parameters
    ----------
    volume : Volume
        The scan.
    click_mm : (3,) array
        Where somebody clicked, LPS millimetres.
    reach_mm : float
        How far from the click anything matters, millimetres.
    blur_mm : float
        Standard deviation of the smoothing, millimetres.

    Returns
    -------
    Neighbourhood
        In upright order.

    Raises
    ------
    StructureRefusedError
        If the click lies outside what was scanned.
    """
    grid = volume.grid
    index = np.rint(grid.indices_from_points(click_mm)).astype(int)
    inside = bool(((index >= 0) & (index < grid.shape_kji)).all())
    if not inside or volume.values_hu[tuple(index)] < LEAST_IMAGED_HU:
        raise StructureRefusedError(
            code="click-outside-scan",
            what="The click lies outside what was scanned",
            where=f"{np.round(click_mm, 1).tolist()} mm LPS",
            expected="a point inside the scan, LPS millimetres",
            got=f"voxel {index.tolist()} of {list(grid.shape_kji)}" if not inside else "padding",
            next_step="read the point in LPS (not RAS, not voxels) off the same scan",
        )
    axes = upright_axes(grid)
    # a rim, so that smoothing sees what lies beyond the reach
    slices = crop_slices(grid, click_mm[None], reach_mm + 4.0 * blur_mm)
    block = crop_grid(grid, slices)
    values = volume.values_hu[slices].transpose(axes).astype(np.float64)
    away = lengths(_centres_mm(block) - click_mm).transpose(axes)
    spacing_mm = grid.spacing_mm[list(axes)]
    clipped = np.clip(values, *CLIPPED_HU)
    smooth: Floats = ndimage.gaussian_filter(clipped, blur_mm / spacing_mm, mode="nearest")
    return Neighbourhood(
        values_hu=smooth.astype(np.float32),
        imaged=values >= LEAST_IMAGED_HU,
        away_mm=away.astype(np.float32),
        spacing_mm=spacing_mm,
        reach_mm=reach_mm,
        slices=slices,
        axes=axes,
        grid=grid,
    )


def _centres_mm(block: Grid) -> Floats:
    """List the voxel centres of a block, (k, j, i, 3), millimetres."""
    axes = [np.arange(count) for count in block.shape_kji]
    indices = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    centres: Floats = block.points_from_indices(indices)
    return centres


def find_peaks_hu(
    place: Neighbourhood, radius_mm: float, range_hu: tuple[float, float], least_share: float
) -> list[tuple[float, float]]:
    """Find the tissues around a click as the peaks of its grey values.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings.
    radius_mm : float
        How far to look, millimetres; every shell weighs alike, so that near tissue counts more.
    range_hu : (low, high)
        What may be tissue, Hounsfield units.
    least_share : float
        A lower peak than this share of the highest is none.

    Returns
    -------
    list of (float, float)
        Hounsfield units and height of each peak, the highest first.
    """
    near = (place.away_mm <= radius_mm) & place.imaged
    near &= (place.values_hu > range_hu[0]) & (place.values_hu < range_hu[1])
    if not near.any():
        return []
    weights = 1.0 / np.maximum(place.away_mm[near], NEAREST_MM) ** 2
    edges = np.arange(range_hu[0], range_hu[1] + BIN_HU, BIN_HU)
    counts, _ = np.histogram(place.values_hu[near], edges, weights=weights)
    smooth: Floats = ndimage.gaussian_filter1d(np.pad(counts, 1), PEAK_BLUR_BINS, mode="constant")
    is_peak = (smooth[1:-1] >= smooth[:-2]) & (smooth[1:-1] > smooth[2:])
    heights = smooth[1:-1]
    is_peak &= heights >= least_share * heights.max()
    found = [
        (float(edges[at] + 0.5 * BIN_HU), float(heights[at])) for at in np.flatnonzero(is_peak)
    ]
    return sorted(found, key=lambda peak: -peak[1])


def open_from_click(
    place: Neighbourhood, band: Booleans, neck_mm: float, search_mm: float
) -> Booleans:
    """Take the part of a band that is joined to the click by nothing thinner than a neck.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings.
    band : (z, y, x) array of bool
        Voxels with the right grey values.
    neck_mm : float
        Radius of the narrowest neck, millimetres.
    search_mm : float
        How far from the click the part may begin, millimetres.

    Returns
    -------
    (z, y, x) array of bool
        Empty where the band has no such part there.
    """
    core = depths_mm(band, place.spacing_mm) > neck_mm + TIE_MM
    pieces, _ = number_pieces(core)
    near = core & (place.away_mm <= search_mm)
    if not near.any():
        return np.zeros_like(band)
    at = int(np.argmin(np.where(near, place.away_mm, np.inf)))
    chosen = core & (pieces == pieces.ravel()[at])
    back = distances_near_mm(chosen, place.spacing_mm, neck_mm)
    opened: Booleans = band & (back <= neck_mm + TIE_MM)
    return opened


def distances_near_mm(members: Booleans, spacing_mm: Floats, reach_mm: float) -> Voxels:
    """Measure distances to members, no farther than needed.

    Parameters
    ----------
    members : (z, y, x) array of bool
        A small part of a large block.
    spacing_mm : (3,) array
        Along (z, y, x), millimetres.
    reach_mm : float
        Farther distances do not matter, millimetres.

    Returns
    -------
    (z, y, x) array
        Millimetres; exact up to the reach, infinite where it is exceeded by more than a voxel.
    """
    far: Voxels = np.full(members.shape, np.inf, dtype=np.float32)
    boxes = ndimage.find_objects(members.view(np.int8))
    if boxes:
        steps = np.ceil(reach_mm / spacing_mm).astype(int) + 1
        wide = tuple(
            slice(max(part.start - step, 0), part.stop + step)
            for part, step in zip(boxes[0], steps, strict=True)
        )
        far[wide] = measure_distances_mm(np.ascontiguousarray(members[wide]), spacing_mm)
    return far


def depths_mm(members: Booleans, spacing_mm: Floats) -> Voxels:
    """Measure how deep the voxels of a structure lie below its border.

    Parameters
    ----------
    members : (z, y, x) array of bool
        A small part of a large block.
    spacing_mm : (3,) array
        Along (z, y, x), millimetres.

    Returns
    -------
    (z, y, x) array
        Distance to the nearest voxel outside, millimetres; 0 outside.
    """
    deep: Voxels = np.zeros(members.shape, dtype=np.float32)
    boxes = ndimage.find_objects(members.view(np.int8))
    if boxes:
        inside = np.pad(members[boxes[0]], 1)
        deep[boxes[0]] = measure_distances_mm(~inside, spacing_mm)[1:-1, 1:-1, 1:-1]
    return deep


def extents_mm(place: Neighbourhood, region: Booleans) -> tuple[float, float]:
    """Measure the longest and the middle axis of a region.

    Parameters
    ----------
    place : Neighbourhood
        The surroundings.
    region : (z, y, x) array of bool
        At least one voxel.

    Returns
    -------
    (float, float)
        Axes of the ellipsoid of the same second moments, millimetres.
    """
    indices = np.argwhere(region)[:, np.argsort(place.axes)]
    points = indices @ place.grid.lps_from_index[:3, :3].T
    spread = np.linalg.eigvalsh(np.cov(points.T))
    longest, middle = 2.0 * np.sqrt(5.0 * np.maximum(spread[::-1][:2], 1e-9))
    return float(longest), float(middle)
