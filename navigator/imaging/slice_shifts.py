"""Labels between the sheared and the upright voxels of one tilted stack: slices moved as a whole.

Both have the same slices; only the rows begin elsewhere. A slice is moved by whole pixels, to
the nearest: no voxel is lost, doubled or blended, labels that touch go on touching, and nothing
is more than half a pixel from its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.frames import check_same_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from navigator.arrays import Booleans, Floats, Labels
    from navigator.model.volume import Grid

SAME_INDEX = 1e-3
"""Slices and pixels of the two grids are the same where their indices differ by less."""


@dataclass(frozen=True, slots=True)
class ShiftedSlices:
    """Labels on the other voxels of a tilted stack.

    Parameters
    ----------
    values : (k, j, i) array of int
        On the grid wanted, 0 where there is none.
    rounding_mm : (k, 3) array
        How far each of its slices lies from its place, millimetres: whole pixels do not fit.
    """

    values: Labels
    rounding_mm: Floats

    def moved_mm(self, members: Booleans) -> float:
        """Measure how far rounding to whole pixels moved the centre of a structure.

        Parameters
        ----------
        members : (k, j, i) array of bool
            The structure among `values`.

        Returns
        -------
        float
            Millimetres; 0 where nothing is left.
        """
        counts = members.sum(axis=(1, 2), dtype=np.float64)
        if not counts.any():
            return 0.0
        return float(np.linalg.norm(counts @ self.rounding_mm / counts.sum()))


def shift_slices(values: Labels, source: Grid, grid: Grid) -> ShiftedSlices:
    """Carry labels from the sheared voxels of a tilted stack to the upright ones, or back.

    Parameters
    ----------
    values : (k, j, i) array of int
        Labels on `source`.
    source, grid : Grid
        A stack and :func:`navigator.imaging.upright.rectified_grid` of it, either way round.

    Returns
    -------
    ShiftedSlices
        What lies beyond `grid` is cut off.

    Raises
    ------
    FrameMismatchError
        If the grids lie in two frames.
    ValueError
        If their slices are not the same.
    """
    check_same_frame("shifting slices", expected=source.frame, got=grid.frame)
    grid_from_source = np.linalg.inv(grid.lps_from_index) @ source.lps_from_index
    first = np.column_stack([np.arange(source.shape_kji[0]), np.zeros((source.shape_kji[0], 2))])
    places = np.asarray(first @ grid_from_source[:3, :3].T, dtype=float) + grid_from_source[:3, 3]
    whole = _nearest(places)
    step_off = np.abs(grid_from_source[:3, 1:3] - np.eye(3)[:, 1:]) * source.shape_kji[1:]
    if not max(step_off.max(), np.abs(places - whole)[:, 0].max()) <= SAME_INDEX:
        raise ValueError("shift_slices: expected two grids of the same slices")
    shifted: Labels = np.zeros(grid.shape_kji, dtype=np.int32)
    rounding = np.zeros((grid.shape_kji[0], 3))
    for k, (slice_, *pixels) in enumerate(whole):
        if not 0 <= slice_ < grid.shape_kji[0]:
            continue
        rounding[slice_] = grid.lps_from_index[:3, :3] @ (whole[k] - places[k])
        windows = [
            _windows(int(pixel), source.shape_kji[axis], grid.shape_kji[axis])
            for axis, pixel in enumerate(pixels, start=1)
        ]
        into, out_of = zip(*windows, strict=True)
        shifted[slice_][into] = values[k][out_of]
    return ShiftedSlices(shifted, rounding)


def _nearest(places: Floats) -> NDArray[np.int64]:
    """Round places (k, 3) to whole indices; halves go outward, so that the way back undoes it."""
    known = np.round(places, 6)
    nearest: NDArray[np.int64] = (np.sign(known) * np.floor(np.abs(known) + 0.5)).astype(np.int64)
    return nearest


def _windows(shift: int, count: int, size: int) -> tuple[slice, slice]:
    """Find which part of a line of `size` a line of `count` covers that is shifted, and by what."""
    low = max(shift, 0)
    high = max(min(shift + count, size), low)
    return slice(low, high), slice(low - shift, high - shift)
