"""A scan as axial slices, whatever order its file has: every rule then sees one and the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.tissue import find_body, find_imaged, upright_axes
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from navigator.arrays import Booleans, Floats, Labels, Voxels
    from navigator.model.volume import Grid, Volume


RIM_MM = 12.0
"""So much air around the body is kept: skin is told by it, and padding from air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UprightScan:
    """A scan cut down to the patient, its slices as nearly axial as its axes allow.

    Parameters
    ----------
    values_hu : (z, y, x) array
        Hounsfield units around the body.
    body : (z, y, x) array of bool
        The patient.
    imaged : (z, y, x) array of bool
        Where a value was measured.
    spacing_mm : (3,) array
        Distance between voxel centres along (z, y, x), millimetres.
    head_first : bool
        Whether the first slice is the one nearest to the head.
    grid : Grid
        Of the whole scan.
    axes : tuple of three int
        Which axes of the whole scan the three are.
    box : tuple of three slices
        Which part of it, in upright order.
    """

    values_hu: Voxels
    body: Booleans
    imaged: Booleans
    spacing_mm: Floats
    head_first: bool
    grid: Grid
    axes: tuple[int, int, int]
    box: tuple[slice, slice, slice]

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel, millilitres."""
        return self.grid.voxel_volume_mm3 / 1000.0

    def mask(self, members: Booleans) -> Mask:
        """Carry (z, y, x) members back to the scan's own grid and axis order."""
        shape = [self.grid.shape_kji[axis] for axis in self.axes]
        whole = np.zeros(shape, dtype=bool)
        whole[self.box] = members
        return Mask(whole.transpose(np.argsort(self.axes)), self.grid)


def stand_upright(volume: Volume) -> UprightScan:
    """Find the body and lay the scan around it in axial slices.

    Parameters
    ----------
    volume : Volume
        A CT scan of the trunk.

    Returns
    -------
    UprightScan
        The part of the scan that holds the body.

    Raises
    ------
    StructureRefusedError
        If there is no body in it.
    """
    grid = volume.grid
    axes = upright_axes(grid)
    body = find_body(volume).members.transpose(axes)
    box = (slice(0, body.shape[0]), _wide(body, grid, axes, 1), _wide(body, grid, axes, 2))
    return UprightScan(
        values_hu=np.ascontiguousarray(volume.values_hu.transpose(axes)[box]),
        body=np.ascontiguousarray(body[box]),
        imaged=np.ascontiguousarray(find_imaged(volume).members.transpose(axes)[box]),
        spacing_mm=grid.spacing_mm[list(axes)],
        head_first=bool(grid.directions[2, axes[0]] < 0),
        grid=grid,
        axes=axes,
        box=box,
    )


def _wide(body: Booleans, grid: Grid, axes: tuple[int, int, int], axis: int) -> slice:
    """Take an axis of a body (z, y, x) with a rim of air, as far as the scan goes."""
    places = np.flatnonzero(body.any(axis=(0, 3 - axis)))
    rim = int(np.ceil(RIM_MM / grid.spacing_mm[axes[axis]]))
    return slice(max(int(places[0]) - rim, 0), min(int(places[-1]) + 1 + rim, body.shape[axis]))


def in_slices(work: Callable[..., Booleans], *stacks: Booleans, **options: object) -> Booleans:
    """Work on a stack slice by slice.

    Parameters
    ----------
    work : callable
        Takes one (y, x) slice of each stack, and the options.
    *stacks : (z, y, x) array of bool
        What is worked on.
    **options : object
        The same for every slice.

    Returns
    -------
    (z, y, x) array of bool
        The slices together.
    """
    done = np.empty_like(stacks[0])
    for index, parts in enumerate(zip(*stacks, strict=True)):
        # an empty slice stays one under all that is done here
        done[index] = work(*parts, **options) if parts[0].any() else False
    return done


def number_pieces(
    members: Booleans, neighbours: NDArray[np.float64] | None = None
) -> tuple[Labels, int]:
    """Give a number to each piece of a set that hangs together.

    Parameters
    ----------
    members : (z, y, x) array of bool
        The set.
    neighbours : (3, 3, 3) array, optional
        Which neighbours hang together; those that share a face if left out.

    Returns
    -------
    pieces : (z, y, x) array of int
        From 1; 0 outside the set.
    count : int
        How many there are.
    """
    pieces, count = ndimage.label(members, neighbours)
    return pieces.astype(np.int32, copy=False), int(count)


def count_in_pieces(members: Booleans, pieces: Labels, count: int) -> Floats:
    """Count the members that each of some numbered pieces holds.

    Parameters
    ----------
    members : (z, y, x) array of bool
        What is counted.
    pieces : (z, y, x) array of int
        Numbers from 0 to `count`; 0 is outside all.
    count : int
        The highest number.

    Returns
    -------
    (count + 1,) array
        Voxels.
    """
    return np.bincount(pieces[members], minlength=count + 1).astype(np.float64)
