"""Structures from one grid to another: by the share of each voxel, cut at one half."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, sparse

from navigator.geometry.frames import check_same_frame
from navigator.imaging.resample import crop_slices
from navigator.model.volume import Grid, Mask

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.arrays import Floats, Voxels

HALF = 0.5 - 1e-6
"""At least half of a voxel, whatever rounding does to an exact half."""
MOST_SAMPLES_AN_AXIS = 8
SAME_STEP = 1e-3
"""Steps that differ by less are one: grids of one scan differ by rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResampledMask:
    """A structure on another grid, and what became of its volume.

    Parameters
    ----------
    mask : Mask
        On the grid wanted.
    source_ml, kept_ml : float
        Volume before, and how much of that lies on the grid wanted, millilitres.
    moved_mm : float
        How far the cut at one half moved the centre, millimetres.
    """

    mask: Mask
    source_ml: float
    kept_ml: float
    moved_mm: float


def resample_mask(mask: Mask, grid: Grid) -> ResampledMask:
    """Carry a structure to another grid of its frame.

    Between its voxels the structure is read linearly. Where the grid wanted is coarser, each of
    its voxels is read at several places, so that no part is stepped over. A voxel belongs to the
    structure where at least half of it does. Voxel centres stay where they are in space.

    Parameters
    ----------
    mask : Mask
        The structure, on a sheared grid too.
    grid : Grid
        The grid wanted, sheared or not.

    Returns
    -------
    ResampledMask
        Without any voxel where nothing of it fills half of one.

    Raises
    ------
    FrameMismatchError
        If the grid lies in another frame.
    """
    check_same_frame("resampling a structure", expected=mask.grid.frame, got=grid.frame)
    return resample_shares(mask.members.astype(np.float32), mask.grid, grid)


def resample_shares(shares: Voxels, source: Grid, grid: Grid) -> ResampledMask:
    """Carry the shares of voxels that a structure fills to another grid.

    Parameters
    ----------
    shares : (k, j, i) array
        Share of each voxel, 0 to 1.
    source : Grid
        Where they lie.
    grid : Grid
        The grid wanted, in the same frame.

    Returns
    -------
    ResampledMask
        As :func:`resample_mask`.
    """
    members = np.zeros(grid.shape_kji, dtype=np.bool_)
    source_ml = float(shares.sum(dtype=np.float64)) * source.voxel_volume_mm3 / 1000.0
    places = np.argwhere(shares > 0)
    if not len(places):
        return ResampledMask(mask=Mask(members, grid), source_ml=0.0, kept_ml=0.0, moved_mm=0.0)
    box = tuple(
        slice(int(low), int(high) + 1)
        for low, high in zip(places.min(axis=0), places.max(axis=0), strict=True)
    )
    start = np.array([part.start for part in box], dtype=np.float64)
    block = shares[box]
    reach = start + np.stack(
        np.meshgrid(*[(-1, count) for count in block.shape], indexing="ij"), axis=-1
    ).reshape(-1, 3)
    target = crop_slices(grid, source.points_from_indices(reach), 0.0)
    source_from_grid = np.linalg.inv(source.lps_from_index) @ grid.lps_from_index
    offset = np.array([part.start for part in target], dtype=np.float64)
    read = _averaged(block, source_from_grid, start, offset, target)
    members[target] = read >= HALF
    kept_ml = float(read.sum(dtype=np.float64)) * grid.voxel_volume_mm3 / 1000.0
    return ResampledMask(
        mask=Mask(members, grid),
        source_ml=source_ml,
        kept_ml=min(kept_ml, source_ml),
        moved_mm=moved_by_cutting_mm(read, grid),
    )


def moved_by_cutting_mm(shares: Voxels, grid: Grid) -> float:
    """Measure how far a structure's centre moves when the shares of its voxels are cut at one half.

    A voxel is in or out, so that a flat end may move by up to half a voxel.

    Parameters
    ----------
    shares : (k, j, i) array
        Share of each voxel, 0 to 1.
    grid : Grid
        Whose axes are those of `shares`; only its steps count.

    Returns
    -------
    float
        Millimetres; 0 where nothing is left.
    """
    before, after = _centre(shares), _centre((shares >= HALF).astype(np.float32))
    if before is None or after is None:
        return 0.0
    return float(np.linalg.norm(grid.lps_from_index[:3, :3] @ (after - before)))


def grow_grid(grid: Grid, points_mm: ArrayLike) -> Grid:
    """Carry a grid on in whole steps until it holds some points.

    Parameters
    ----------
    grid : Grid
        The grid; its voxels stay where they are.
    points_mm : (n, 3) array
        Points in its frame, millimetres; there may be none.

    Returns
    -------
    Grid
        With a voxel to spare on all sides.
    """
    shape = np.array(grid.shape_kji)
    indices = grid.indices_from_points(np.asarray(points_mm, dtype=np.float64).reshape(-1, 3))
    low = np.floor(np.vstack([np.zeros(3), indices]).min(axis=0)).astype(int) - 1
    high = np.ceil(np.vstack([shape - 1.0, indices]).max(axis=0)).astype(int) + 1
    affine = np.array(grid.lps_from_index)
    affine[:3, 3] = grid.points_from_indices(low.astype(np.float64))
    counts = high - low + 1
    return Grid(
        shape_kji=(int(counts[0]), int(counts[1]), int(counts[2])),
        lps_from_index=affine,
        frame=grid.frame,
    )


def _centre(shares: Voxels) -> Floats | None:
    """Give the mean index (3,) of weights (k, j, i); None where all are 0."""
    planes = shares.sum(axis=(1, 2), dtype=np.float64)
    if not planes.sum() > 0:
        return None
    lines = [
        planes,
        shares.sum(axis=(0, 2), dtype=np.float64),
        shares.sum(axis=(0, 1), dtype=np.float64),
    ]
    return np.array([np.average(np.arange(len(line)), weights=line) for line in lines])


def _averaged(
    block: Voxels,
    source_from_grid: Floats,
    start: Floats,
    offset: Floats,
    target: tuple[slice, slice, slice],
) -> Voxels:
    """Average linear reads of a block (k, j, i) at (3,) places within each voxel of a target.

    `source_from_grid` (4, 4) carries indices; `start` and `offset` (3,) are the first voxels of
    the block and of the target.
    """
    shape = tuple(part.stop - part.start for part in target)
    axes = source_from_grid[:3, :3]
    first = axes @ offset + source_from_grid[:3, 3] - start
    places = [_places_within(float(np.abs(axes[:, axis]).max())) for axis in range(3)]
    straight = np.diag(np.diag(axes))
    if np.abs(axes - straight).max() * max(shape) <= SAME_STEP:
        return _averaged_straight(block, np.diag(axes), first, places, shape)
    total = np.zeros(shape, dtype=np.float32)
    for within in product(*places):
        total += ndimage.affine_transform(
            block,
            axes,
            offset=first + axes @ np.array(within),
            output_shape=shape,
            order=1,
            mode="grid-constant",
            cval=0.0,
            output=np.float32,
        )
    total /= np.float32(np.prod([len(each) for each in places]))
    return total


def _places_within(step: float) -> Floats:
    """Spread places (n,) over a voxel that is so many source voxels long, in its own length."""
    count = int(np.clip(np.ceil(step - SAME_STEP), 1, MOST_SAMPLES_AN_AXIS))
    places: Floats = (np.arange(count) + 0.5) / count - 0.5
    return places


def _averaged_straight(
    block: Voxels, steps: Floats, first: Floats, places: list[Floats], shape: tuple[int, ...]
) -> Voxels:
    """Do the same axis by axis where the axes of a block (k, j, i) and the target are parallel.

    `steps` and `first` (3,) carry indices of the target to those of the block.
    """
    read = block
    for axis in range(3):
        at = first[axis] + steps[axis] * (np.arange(shape[axis])[:, None] + places[axis])
        low = np.floor(at).astype(int)
        weights = np.zeros((shape[axis], block.shape[axis] + 2), dtype=np.float32)
        rows = np.broadcast_to(np.arange(shape[axis])[:, None], at.shape)
        for place, weight in ((low, 1.0 - (at - low)), (low + 1, at - low)):
            # the two columns at the ends stand for all that lies outside, where nothing is
            column = np.clip(place, -1, block.shape[axis]) + 1
            np.add.at(weights, (rows, column), weight / len(places[axis]))
        inner = sparse.csr_array(weights[:, 1:-1])
        front = np.moveaxis(read, axis, 0)
        flat = inner @ front.reshape(front.shape[0], -1)
        read = np.moveaxis(flat.reshape(shape[axis], *front.shape[1:]), 0, axis)
    averaged: Voxels = np.ascontiguousarray(read, dtype=np.float32)
    return averaged
