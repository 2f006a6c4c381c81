"""Things painted into a scan that is already there, its noise left as it is.

A scan is P f + n: what lies there, blurred by the point spread, plus noise. With new things in it,
it would be P (T f + A) + n, where T is the share of each voxel that nothing new covers and A what
the new things add. So the *change* P (A - (1 - T) f) is all that is added to the picture. For f
under the new things the picture itself stands in, its noise taken down: air is set to its value,
and elsewhere a median of 5 x 5 pixels is taken. What noise that leaves in f, about a quarter, is
missing where something soft replaces tissue.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import ndimage

from phantoms import _resample_kernels, tissues
from phantoms.arrays import frozen_floats
from phantoms.bounds import bounds_mm, box_around
from phantoms.detector import sharpen_as
from phantoms.developing import LEAST_HU, MOST_HU
from phantoms.motion import moved_points
from phantoms.noise import pixel_size_mm
from phantoms.painting import ScanGrid, in_slabs, paint_parts
from phantoms.resolution import gaussian_kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from phantoms.arrays import Floats, Hounsfields
    from phantoms.metal import Metal
    from phantoms.tissues import Part

SPREADS = 5.0
"""The change is reckoned this many standard deviations of the point spread around new things."""

MEDIAN_PIXELS = 5
STILL_AIR_HU = -930.0
"""Below this lies air and no lung."""

Box: TypeAlias = tuple[slice, slice, slice]
Streaks: TypeAlias = "Callable[[NDArray[np.float32], ScanGrid, Sequence[Metal]], None]"
"""Adds the streaks of metals to Hounsfield units in place."""


def box_of(placed: Sequence[tuple[Part, Floats]], grid: ScanGrid, margin_mm: float) -> Box:
    """Find the voxels that parts may touch.

    Parameters
    ----------
    placed : sequence of (Part, (4, 4) array)
        Each part with its ``lps_from_part``, millimetres.
    grid : ScanGrid
        The voxels.
    margin_mm : float
        How far around the parts, millimetres.

    Returns
    -------
    tuple of slice
        Along k, j, i; empty where the parts lie outside the grid.
    """
    boxes = np.array([box_around(matrix, bounds_mm(part.shape)) for part, matrix in placed])
    around = np.array([boxes[:, 0].min(axis=0) - margin_mm, boxes[:, 1].max(axis=0) + margin_mm])
    # finite even for half-spaces: beyond the grid nothing is painted
    around = np.clip(around, -1e6, 1e6)
    index = box_around(np.linalg.inv(grid.lps_from_index), around)
    reach = 0.5 * grid.thickness_mm / np.linalg.norm(grid.lps_from_index[:3, 0])
    pad = np.array([np.ceil(reach), 1.0, 1.0])
    low = np.clip(np.floor(index[0] - pad), 0, grid.shape_kji).astype(int)
    high = np.clip(np.ceil(index[1] + pad) + 1, low, grid.shape_kji).astype(int)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i


def _part_of_grid(grid: ScanGrid, box: Box) -> ScanGrid:
    """Cut a box of voxels out of a grid."""
    matrix = grid.lps_from_index.copy()
    matrix[:3, 3] += matrix[:3, :3] @ [each.start for each in box]
    k, j, i = (each.stop - each.start for each in box)
    return ScanGrid(
        shape_kji=(k, j, i),
        lps_from_index=frozen_floats(matrix, (4, 4), "lps_from_index"),
        thickness_mm=grid.thickness_mm,
    )


def _as_one_tissue(part: Part) -> Part:
    """Paint a part in the marker's tissue throughout."""
    shells = tuple((depth, tissues.MARKER) for depth, _ in part.shells)
    return replace(part, tissue=tissues.MARKER, shells=shells)


def change_of(
    values_hu: NDArray[np.number],
    placed: Sequence[tuple[Part, Floats]],
    grid: ScanGrid,
    *,
    margin_mm: float,
) -> tuple[Box, NDArray[np.float32]]:
    """Reckon what parts change in a picture before any blur, without changing it.

    Parameters
    ----------
    values_hu : (k, j, i) array
        The picture, Hounsfield units.
    placed : sequence of (Part, (4, 4) array)
        Each part with its ``lps_from_part``, in painting order, millimetres.
    grid : ScanGrid
        Where the voxels lie.
    margin_mm : float
        How far around the parts the answer reaches, millimetres: room for a blur.

    Returns
    -------
    box : tuple of slice
        The voxels that change.
    change_hu : (k, j, i) float32 array
        To be added to them, Hounsfield units.
    """
    box = box_of(placed, grid, margin_mm)
    cut = _part_of_grid(grid, box)
    if min(cut.shape_kji) == 0:
        return box, np.zeros(cut.shape_kji, dtype=np.float32)
    painted, _ = paint_parts(list(placed), cut)
    # painting is linear in the ground: one tissue all over tells how much of the ground is left
    cover, _ = paint_parts([(_as_one_tissue(part), matrix) for part, matrix in placed], cut)
    left = (tissues.MARKER.hu - cover) / (tissues.MARKER.hu - tissues.AIR.hu)
    ground = _quiet_ground(values_hu[box])
    change = painted - tissues.AIR.hu * left - (1.0 - left) * ground
    return box, np.asarray(change, dtype=np.float32)


def _quiet_ground(values_hu: NDArray[np.number]) -> NDArray[np.float32]:
    """Estimate what a picture shows without its noise: air is known, the rest is a median."""
    ground: NDArray[np.float32] = ndimage.median_filter(
        values_hu, size=(1, MEDIAN_PIXELS, MEDIAN_PIXELS), output=np.float32
    )
    ground[ground < STILL_AIR_HU] = tissues.AIR.hu
    return ground


def insert_parts(  # noqa: PLR0913 - one picture and what is put into it, each by name
    values_hu: NDArray[np.number],
    placed: Sequence[tuple[Part, Floats]],
    grid: ScanGrid,
    *,
    point_spread_mm: float,
    metals: Sequence[Metal] = (),
    streaks: Streaks | None = None,
) -> Hounsfields:
    """Put parts into a picture as the scanner would have seen them there.

    Parameters
    ----------
    values_hu : (k, j, i) array
        The picture, Hounsfield units; stays as it is.
    placed : sequence of (Part, (4, 4) array)
        Each part with its ``lps_from_part``, in painting order, millimetres.
    grid : ScanGrid
        Where the voxels lie.
    point_spread_mm : float
        Standard deviation of the scanner's in-plane point spread, millimetres.
    metals : sequence of Metal
        What casts streaks, LPS millimetres.
    streaks : callable, optional
        Adds streaks of the metals in place, to a picture that shows them before any blur; none are
        cast if left out.

    Returns
    -------
    (k, j, i) int16 array
        Hounsfield units within twelve bits, read-only.
    """
    hu = values_hu.astype(np.float32)
    box: Box = (slice(0, 0), slice(0, 0), slice(0, 0))
    change = np.zeros((0, 0, 0), dtype=np.float32)
    if placed:
        box, change = change_of(values_hu, placed, grid, margin_mm=SPREADS * point_spread_mm)
    if streaks is not None and metals:
        # streaks arise before the blur, from metal in its place
        sharp = hu.copy()
        sharp[box] += change
        streaks(sharp, grid, metals)
        box, change = (slice(None), slice(None), slice(None)), sharp - hu
    if change.size:
        sharpen_as(gaussian_kernel(point_spread_mm), change, pixel_size_mm(grid))
        hu[box] += change
    return within_twelve_bits(hu)


def within_twelve_bits(values_hu: NDArray[np.number]) -> Hounsfields:
    """Round and cut Hounsfield units to what a scanner stores.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Hounsfield units.

    Returns
    -------
    (k, j, i) int16 array
        From -1024 to 3071, read-only.
    """
    values: Hounsfields = np.clip(np.rint(values_hu), LEAST_HU, MOST_HU).astype(np.int16)
    values.setflags(write=False)
    return values


def with_rows_in_front(grid: ScanGrid, rows: int) -> ScanGrid:
    """Let a grid begin further to the front.

    Parameters
    ----------
    grid : ScanGrid
        The voxels, rows running to the back, millimetres.
    rows : int
        How many rows are added.

    Returns
    -------
    ScanGrid
        The old voxels keep their places.
    """
    matrix = grid.lps_from_index.copy()
    matrix[:3, 3] -= rows * matrix[:3, 1]
    slices, height, width = grid.shape_kji
    return ScanGrid(
        shape_kji=(slices, height + rows, width),
        lps_from_index=frozen_floats(matrix, (4, 4), "lps_from_index"),
        thickness_mm=grid.thickness_mm,
    )


def resampled(
    values_hu: NDArray[np.number],
    grid: ScanGrid,
    onto: ScanGrid,
    pulled_back: Callable[[Floats], Floats] | Floats,
) -> NDArray[np.float32]:
    """Move what a picture shows, by cubic interpolation.

    Parameters
    ----------
    values_hu : (k, j, i) array
        The picture, Hounsfield units.
    grid : ScanGrid
        Where its voxels lie.
    onto : ScanGrid
        The voxels after the motion.
    pulled_back : callable or (4, 4) array
        Takes (n, 3) points after the motion and returns (n, 3) points before it, LPS millimetres;
        or the matrix that does so.

    Returns
    -------
    (k, j, i) float32 array
        Hounsfield units; air where the picture does not reach.
    """
    coefficients = ndimage.spline_filter(values_hu.astype(np.float32), 3, np.float32, mode="mirror")
    moved = np.empty(onto.shape_kji, dtype=np.float32)
    index_from_lps = np.linalg.inv(grid.lps_from_index)
    # a rigid motion is folded into one affine map from voxels to voxels
    reached = onto.lps_from_index
    if not callable(pulled_back):
        reached = index_from_lps @ np.asarray(pulled_back) @ reached
    row, column = (np.arange(count, dtype=np.float64) for count in onto.shape_kji[1:])
    in_slice = row[:, None, None] * reached[:3, 1] + column[:, None] * reached[:3, 2]

    def move(rows: tuple[int, int]) -> None:
        for k in range(*rows):
            places = (in_slice + (reached[:3, 3] + k * reached[:3, 0])).reshape(-1, 3)
            if callable(pulled_back):
                places = moved_points(index_from_lps, pulled_back(places))
            _resample_kernels.read_between(
                coefficients, places, tissues.AIR.hu, moved[k].reshape(-1)
            )

    in_slabs(move, onto.shape_kji[0])
    return moved
