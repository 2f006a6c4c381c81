"""A picture as two layers that slide past each other, read anew after a motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from phantoms import _resample_kernels, tissues
from phantoms.motion import moved_points
from phantoms.motion.chain import pulled_back
from phantoms.painting import in_slabs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.motion import Motion
    from phantoms.painting import ScanGrid

INNER_RIM_MM, OUTER_RIM_MM = 1.5, 4.5
"""So near to the surface a voxel shows both layers, or the capsule and the diaphragm, which go with
the inner one: it stands for neither layer."""
EXTENSION_SMOOTH_VOXELS = 1.2
FAR_MM = 40.0
SUB_SLICE_MM = 1.0
"""Through a slice's thickness it is read at least so often and averaged: its box profile."""
BOX_STEP_MM, BOX_SPARE_MM = 12.0, 10.0
COVER_HALF_MM = 0.5
"""From one layer to the other the picture goes over twice this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """A picture taken apart along a surface.

    Parameters
    ----------
    grid : ScanGrid
        Where the voxels lie.
    inner, outer : (k, j, i) float32 array
        Cubic spline coefficients of both layers, each carried on beyond the surface.
    depth_mm : (k, j, i) float32 array
        Signed distance to the surface, negative in the inner layer; spline coefficients too.
    """

    grid: ScanGrid
    inner: NDArray[np.float32]
    outer: NDArray[np.float32]
    depth_mm: NDArray[np.float32]


def cut_layers(
    values_hu: NDArray[np.float32], depth_mm: NDArray[np.float32], grid: ScanGrid
) -> Layers:
    """Take a picture apart along the surface where a signed distance is zero.

    Parameters
    ----------
    values_hu : (k, j, i) float32 array
        The picture.
    depth_mm : (k, j, i) float32 array
        Negative in the inner layer, millimetres.
    grid : ScanGrid
        Of both.

    Returns
    -------
    Layers
        Both carried on over the surface by what lies nearest on their own side.
    """
    spacing = np.linalg.norm(grid.lps_from_index[:3, :3], axis=0)

    def carried_on(own: NDArray[np.bool_]) -> NDArray[np.float32]:
        nearest = ndimage.distance_transform_edt(
            ~own, sampling=spacing, return_distances=False, return_indices=True
        )
        beyond = values_hu[tuple(nearest)]
        smooth: NDArray[np.float32] = ndimage.gaussian_filter(beyond, EXTENSION_SMOOTH_VOXELS)
        filled = np.where(own, values_hu, smooth)
        return np.asarray(
            ndimage.spline_filter(filled, 3, np.float32, mode="mirror"), dtype=np.float32
        )

    return Layers(
        grid=grid,
        inner=carried_on(depth_mm < -INNER_RIM_MM),
        outer=carried_on(depth_mm > OUTER_RIM_MM),
        depth_mm=ndimage.spline_filter(depth_mm, 3, np.float32, mode="mirror"),
    )


def read_layers(
    layers: Layers,
    motions: tuple[Motion, Motion],
    onto: ScanGrid,
    inner_added_hu: Callable[[Floats], Floats],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read layers after their motions, the inner one on top.

    Parameters
    ----------
    layers : Layers
        The picture.
    motions : tuple of Motion
        Of the inner and the outer layer, from the picture to `onto`, LPS millimetres.
    onto : ScanGrid
        What is read.
    inner_added_hu : callable
        Takes (n, 3) places of the picture before the motion and gives (n,) Hounsfield units that
        are added to the inner layer there.

    Returns
    -------
    values_hu, depth_mm : (k, j, i) float32 array
        The moved picture, air where the source does not reach, and the signed distance to the
        inner layer's surface, 40 mm where it is far.
    """
    values = np.zeros(onto.shape_kji, dtype=np.float32)
    depth = np.full(onto.shape_kji, FAR_MM, dtype=np.float32)
    matrix = onto.lps_from_index
    normal = matrix[:3, 0] / np.linalg.norm(matrix[:3, 0])
    count = int(np.ceil(onto.thickness_mm / SUB_SLICE_MM))
    offsets = ((np.arange(count) + 0.5) / count - 0.5) * onto.thickness_mm
    low, high = _inner_box(layers, motions[0])
    row, column = (np.arange(n, dtype=np.float64) for n in onto.shape_kji[1:])
    flat = (row[:, None, None] * matrix[:3, 1] + column[:, None] * matrix[:3, 2]).reshape(-1, 3)
    index_from_lps = np.linalg.inv(layers.grid.lps_from_index)

    def read(
        coefficients: NDArray[np.float32], places: Floats, outside: float
    ) -> NDArray[np.float32]:
        found = np.empty(len(places), dtype=np.float32)
        index = moved_points(index_from_lps, places)
        _resample_kernels.read_between(coefficients, np.ascontiguousarray(index), outside, found)
        return found

    def read_slab(rows: tuple[int, int]) -> None:
        for k in range(*rows):
            for offset in offsets:
                places = flat + (matrix[:3, 3] + k * matrix[:3, 0] + offset * normal)
                hu = read(layers.outer, pulled_back(motions[1], places), tissues.AIR.hu)
                near = np.flatnonzero(((places > low) & (places < high)).all(axis=1))
                before = pulled_back(motions[0], places[near])
                deep = read(layers.depth_mm, before, FAR_MM)
                on = deep < COVER_HALF_MM
                share = np.clip(0.5 - 0.5 * deep[on] / COVER_HALF_MM, 0.0, 1.0)
                inner = read(layers.inner, before[on], tissues.AIR.hu) + inner_added_hu(before[on])
                hu[near[on]] += share * (inner - hu[near[on]])
                values[k] += hu.reshape(values[k].shape) / count
                deepest = depth[k].reshape(-1)
                deepest[near] += (deep - FAR_MM) / count

    in_slabs(read_slab, onto.shape_kji[0])
    return values, depth


def _inner_box(layers: Layers, motion: Motion) -> tuple[Floats, Floats]:
    """Find the box (3,), (3,) that the inner layer lies in after its motion, LPS millimetres."""
    steps = np.linalg.norm(layers.grid.lps_from_index[:3, :3], axis=0)
    thin = np.maximum(BOX_STEP_MM / steps, 1.0).astype(int)
    # spline coefficients stand in for the distances: they lie close to them
    index = np.argwhere(layers.depth_mm[:: thin[0], :: thin[1], :: thin[2]] < BOX_STEP_MM) * thin
    matrix = layers.grid.lps_from_index
    moved = moved_points(motion, index @ matrix[:3, :3].T + matrix[:3, 3])
    return moved.min(axis=0) - BOX_SPARE_MM, moved.max(axis=0) + BOX_SPARE_MM
