"""Reading images between voxels and on other grids.

SimpleITK orders axes (x, y, z); that order stays in this file and in `navigator.io`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from navigator.arrays import Bytes, Floats, Voxels, frozen_floats, lengths
from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import check_same_frame
from navigator.model.volume import Grid, Mask, Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

AIR_HU = -1024.0
"""What lies outside every scan, where a point is read."""
PADDED_HU = -1026.0
"""What a voxel holds that no scanner saw: just below all that a scanner measures, which ends at
-1024 with one more for rounding, so that one rule tells padding apart in any scan; and so near to
air that no edge between skin and padding moves."""


def sample_hu(volume: Volume, points_mm: ArrayLike) -> Floats:
    """Read a scan between its voxels, trilinearly.

    Parameters
    ----------
    volume : Volume
        The scan.
    points_mm : (..., 3) array
        Points in the scan's frame, millimetres.

    Returns
    -------
    (...) array
        Hounsfield units; outside the scan they fall to air within a voxel, so that a point on
        the border, which rounding puts on either side, reads as the border.
    """
    return _sample(volume.values_hu, volume.grid, points_mm, outside=AIR_HU)


def sample_membership(mask: Mask, points_mm: ArrayLike) -> Floats:
    """Read a mask between its voxels, trilinearly.

    Parameters
    ----------
    mask : Mask
        The structure.
    points_mm : (..., 3) array
        Points in the mask's frame, millimetres.

    Returns
    -------
    (...) array
        1 inside, 0 outside, between them within a voxel of the border.
    """
    # a view costs nothing where a float copy of a whole scan would be made for a few points
    return _sample(mask.members.view(np.uint8), mask.grid, points_mm, outside=0.0)


def _sample(values: Voxels | Bytes, grid: Grid, points_mm: ArrayLike, *, outside: float) -> Floats:
    points = np.asarray(points_mm, dtype=np.float64)
    indices = grid.indices_from_points(points.reshape(-1, 3)).T
    read: Floats = ndimage.map_coordinates(
        values, indices, order=1, mode="grid-constant", cval=outside, output=np.float64
    )
    return read.reshape(points.shape[:-1])


def crop_slices(grid: Grid, points_mm: ArrayLike, padding_mm: float) -> tuple[slice, slice, slice]:
    """Find the part of a grid that holds some points and a rim around them.

    Parameters
    ----------
    grid : Grid
        The grid to be cropped.
    points_mm : (n, 3) array
        Points to be kept, in the grid's frame, millimetres.
    padding_mm : float
        Width of the rim, millimetres.

    Returns
    -------
    tuple of three slices
        Array slices (k, j, i), at least one voxel each, inside the grid.
    """
    indices = grid.indices_from_points(frozen_floats(points_mm, (None, 3), "points_mm"))
    # in a sheared stack the way between two planes is shorter than the step along the index
    rim = padding_mm * lengths(np.linalg.inv(grid.lps_from_index)[:3, :3])
    low = np.floor(indices.min(axis=0) - rim).astype(int)
    high = np.ceil(indices.max(axis=0) + rim).astype(int) + 1
    slices = []
    for axis, count in enumerate(grid.shape_kji):
        start = int(np.clip(low[axis], 0, count - 1))
        slices.append(slice(start, int(np.clip(high[axis], start + 1, count))))
    return slices[0], slices[1], slices[2]


def whole_slices(grid: Grid) -> tuple[slice, slice, slice]:
    """Take the whole of a grid as a block.

    Parameters
    ----------
    grid : Grid
        The grid.

    Returns
    -------
    tuple of three slices
        Array slices (k, j, i).
    """
    slices, rows, columns = grid.shape_kji
    return slice(0, slices), slice(0, rows), slice(0, columns)


def crop_grid(grid: Grid, slices: tuple[slice, slice, slice]) -> Grid:
    """Cut a grid down to a block of its voxels.

    Parameters
    ----------
    grid : Grid
        The whole.
    slices : tuple of three slices
        The block, axes (k, j, i).

    Returns
    -------
    Grid
        The block, at the same place in space.
    """
    starts = [part.start for part in slices]
    affine = np.array(grid.lps_from_index)
    affine[:3, 3] = grid.points_from_indices(np.array(starts, dtype=np.float64))
    counts = [part.stop - part.start for part in slices]
    return Grid(
        shape_kji=(counts[0], counts[1], counts[2]), lps_from_index=affine, frame=grid.frame
    )


def resample_to_grid(volume: Volume, grid: Grid) -> Volume:
    """Read a scan at the voxel centres of another grid of the same frame.

    Parameters
    ----------
    volume : Volume
        The scan.
    grid : Grid
        The grid wanted, in the same frame.

    Returns
    -------
    Volume
        Trilinear values on the grid; padding outside the scan, for nothing was seen there.

    Raises
    ------
    FrameMismatchError
        If the grid lies in another frame.
    """
    check_same_frame("resampling a scan", expected=volume.grid.frame, got=grid.frame)
    index_from_index = np.linalg.inv(volume.grid.lps_from_index) @ grid.lps_from_index
    values = ndimage.affine_transform(
        volume.values_hu,
        index_from_index[:3, :3],
        offset=index_from_index[:3, 3],
        output_shape=grid.shape_kji,
        order=1,
        mode="grid-constant",
        cval=PADDED_HU,
        output=np.float32,
    )
    return Volume(values, grid)


def check_rectilinear(grid: Grid, purpose: str) -> None:
    """Refuse a sheared grid where right angles are needed.

    Parameters
    ----------
    grid : Grid
        The grid.
    purpose : str
        What needs the right angles.

    Raises
    ------
    GeometryRefusedError
        If the axes are not at right angles.
    """
    if not grid.is_rectilinear:
        raise GeometryRefusedError(
            code="sheared-stack",
            what=f"{purpose} needs a rectilinear scan",
            where=str(grid.frame),
            expected="grid axes at right angles",
            got="a sheared (gantry-tilted) stack",
            next_step="resample it first: navigator convert SCAN OUT.nrrd",
        )


def image_from_volume(volume: Volume) -> sitk.Image:
    """Hand a scan to SimpleITK, geometry included.

    Parameters
    ----------
    volume : Volume
        A rectilinear scan.

    Returns
    -------
    SimpleITK.Image
        float32, LPS, axes (x, y, z) = (i, j, k).

    Raises
    ------
    GeometryRefusedError
        If the scan is sheared.
    """
    return _image(volume.values_hu, volume.grid)


def image_from_mask(mask: Mask) -> sitk.Image:
    """Hand a mask to SimpleITK, geometry included.

    Parameters
    ----------
    mask : Mask
        A rectilinear mask.

    Returns
    -------
    SimpleITK.Image
        uint8, LPS, axes (x, y, z) = (i, j, k).

    Raises
    ------
    GeometryRefusedError
        If the mask is sheared.
    """
    return _image(mask.members.astype(np.uint8), mask.grid)


def _image(values: np.ndarray, grid: Grid) -> sitk.Image:
    check_rectilinear(grid, "This step")
    image = sitk.GetImageFromArray(values)
    order = [2, 1, 0]
    image.SetSpacing([float(x) for x in grid.spacing_mm[order]])
    image.SetDirection([float(x) for x in grid.directions[:, order].ravel()])
    image.SetOrigin([float(x) for x in grid.lps_from_index[:3, 3]])
    return image
