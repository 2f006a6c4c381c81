"""Distances to structures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from navigator.arrays import Booleans, Floats, Voxels, frozen_grid_array
from navigator.imaging.resample import check_rectilinear, crop_grid

if TYPE_CHECKING:
    from navigator.model.volume import Grid, Mask


@dataclass(frozen=True, slots=True)
class DistanceMap:
    """How far each voxel centre lies from the nearest voxel centre of a structure.

    Parameters
    ----------
    values_mm : (k, j, i) array
        Millimetres, float32; 0 inside.
    grid : Grid
        The (cropped) grid.
    """

    values_mm: Voxels
    grid: Grid


def measure_distance_map(mask: Mask, slices: tuple[slice, slice, slice]) -> DistanceMap:
    """Measure distances to a structure on a block of its grid.

    Members outside the block do not count: crop no closer than the largest distance that
    matters.

    Parameters
    ----------
    mask : Mask
        The structure, on a rectilinear grid.
    slices : tuple of three slices
        The block, axes (k, j, i).

    Returns
    -------
    DistanceMap
        Exact Euclidean distances between voxel centres, millimetres; infinite where the
        block holds no member.

    Raises
    ------
    GeometryRefusedError
        If the grid is sheared.
    """
    check_rectilinear(mask.grid, "A distance map")
    members = np.ascontiguousarray(mask.members[slices])
    grid = crop_grid(mask.grid, slices)
    # Maurer CR et al., 2003, doi:10.1109/TPAMI.2003.1177156: exact, linear in the voxels
    outside = measure_distances_mm(members, grid.spacing_mm)
    return DistanceMap(frozen_grid_array(outside, np.float32), grid)


def measure_distances_mm(members: Booleans, spacing_mm: Floats) -> Voxels:
    """Measure how far the voxels of a block lie from its members.

    Parameters
    ----------
    members : (k, j, i) array of bool
        The structure; nothing lies beyond the block.
    spacing_mm : (3,) array
        Distance between voxel centres along (k, j, i), millimetres; right angles are taken for
        granted.

    Returns
    -------
    (k, j, i) array
        Exact Euclidean distances between voxel centres, millimetres; 0 inside, infinite where
        there is no member.
    """
    if not members.any():
        return np.full(members.shape, np.inf, dtype=np.float32)
    outside: Voxels = np.maximum(measure_signed_distances_mm(members, spacing_mm), 0.0)
    return outside


def measure_signed_distances_mm(members: Booleans, spacing_mm: Floats) -> Voxels:
    """Measure how far the voxels of a block lie from the outer voxels of its members.

    Parameters
    ----------
    members : (k, j, i) array of bool
        The structure, which has a member; nothing lies beyond the block.
    spacing_mm : (3,) array
        Distance between voxel centres along (k, j, i), millimetres; right angles are taken for
        granted.

    Returns
    -------
    (k, j, i) array
        Exact Euclidean distances between voxel centres, millimetres, float32: negative inside,
        0 at members with a neighbour outside.
    """
    image = sitk.GetImageFromArray(members.view(np.uint8))
    image.SetSpacing([float(step) for step in spacing_mm[::-1]])
    distances: Voxels = sitk.GetArrayFromImage(
        sitk.SignedMaurerDistanceMap(
            image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
    )
    return distances


def border_boxes(mask: Mask, slices: tuple[slice, slice, slice]) -> Floats:
    """List the outer voxels of a structure in a block: those with a face to the outside.

    Parameters
    ----------
    mask : Mask
        The structure.
    slices : tuple of three slices
        The block, axes (k, j, i).

    Returns
    -------
    (n, 3) array
        Centres of the border voxels, millimetres in the mask's frame.
    """
    members = mask.members[slices]
    inner = ndimage.binary_erosion(members, border_value=0)
    return crop_grid(mask.grid, slices).points_from_indices(np.argwhere(members & ~inner))
