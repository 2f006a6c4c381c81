"""Livers and trunks painted from balls and tubes, with the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import lengths
from navigator.model.volume import Volume
from tests.navigator.imaging.digitised import upright_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Grid

LIVER_HU, LESION_HU, VESSEL_HU, FAT_HU, BONE_HU = 110.0, 80.0, 180.0, -100.0, 600.0
NOISE_HU = 15.0
FINE, THICK = (1.0, 0.8, 0.8), (2.5, 0.8, 0.8)


@dataclass(frozen=True, slots=True)
class Paint:
    """A signed distance function, positive inside, and what it is filled with."""

    distance_mm: Floats
    hu: float


def room(spacing: tuple[float, float, float], half_mm: float = 42.0) -> Grid:
    """Build a cube around the origin, off the voxel raster by an odd amount."""
    counts = [2 * round(half_mm / step) + 1 for step in spacing]
    first = [-0.5 * (n - 1) * step + 0.13 for n, step in zip(counts, spacing, strict=True)]
    return upright_grid((counts[0], counts[1], counts[2]), spacing, (first[2], first[1], first[0]))


def points_of(grid: Grid) -> Floats:
    """List voxel centres, (k, j, i, 3)."""
    axes = [np.arange(count) for count in grid.shape_kji]
    return grid.points_from_indices(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))


def ball(points: Floats, centre: Sequence[float], radius: float) -> Floats:
    return radius - lengths(points - np.asarray(centre))


def tube(points: Floats, centre: Sequence[float], axis: int, radius: float) -> Floats:
    across = np.delete(points - np.asarray(centre), axis, axis=-1)
    return radius - lengths(np.concatenate([across, np.zeros((*across.shape[:-1], 1))], axis=-1))


def scan(
    grid: Grid, *paints: Paint, noise_hu: float = NOISE_HU, seed: int = 0, base_hu: float = LIVER_HU
) -> Volume:
    """Paint one over the other with partial volume, blur by a scanner, and add noise."""
    values = np.full(grid.shape_kji, base_hu)
    edge = float(np.cbrt(grid.voxel_volume_mm3))
    for paint in paints:
        share = np.clip(paint.distance_mm / edge + 0.5, 0.0, 1.0)
        values += share * (paint.hu - values)
    blurred = ndimage.gaussian_filter(values, [0.0, *(0.6 / grid.spacing_mm[1:])], mode="nearest")
    noise = np.random.default_rng(seed).normal(0.0, noise_hu, size=grid.shape_kji)
    return Volume((blurred + noise).astype(np.float32), grid)


def ball_ml(radius: float) -> float:
    return 4.0 / 3.0 * np.pi * radius**3 / 1000.0


def dice(first: Booleans, second: Booleans) -> float:
    return 2.0 * float((first & second).sum()) / float(first.sum() + second.sum())


def surface_distances_mm(found: Booleans, true: Booleans, spacing_mm: Floats) -> Floats:
    """Measure from each border voxel of either to the nearest border voxel of the other."""
    borders = [each & ~ndimage.binary_erosion(each) for each in (found, true)]
    away = [ndimage.distance_transform_edt(~each, sampling=spacing_mm) for each in borders]
    return np.concatenate([away[1][borders[0]], away[0][borders[1]]])
