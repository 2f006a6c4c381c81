"""How tissue is displaced: a vector at every point of a grid, and how sure each one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Voxels, frozen_grid_array
from navigator.errors import GeometryRefusedError
from navigator.model.volume import check_shape

if TYPE_CHECKING:
    from navigator.model.volume import Grid


@dataclass(frozen=True, slots=True)
class DisplacementField:
    """Where each point of a frame is displaced to, within that frame.

    Parameters
    ----------
    vectors_mm : (k, j, i, 3) array
        Added to the place of each grid point: x, y, z in millimetres, float32.
    grid : Grid
        Where the vectors stand.

    Raises
    ------
    ValueError
        If the vectors do not fit the grid.
    GeometryRefusedError
        ``non-finite-values``.
    """

    vectors_mm: Voxels
    grid: Grid

    def __post_init__(self) -> None:
        vectors = frozen_grid_array(self.vectors_mm, np.float32)
        if vectors.ndim != 4 or vectors.shape[3] != 3:
            raise ValueError(f"DisplacementField: expected (k, j, i, 3), got {vectors.shape}")
        check_shape(vectors.shape[:3], self.grid, "DisplacementField")
        if not np.isfinite(vectors).all():
            raise GeometryRefusedError(
                code="non-finite-values",
                what="The displacement field holds vectors that are not numbers",
                where=str(self.grid.frame),
                expected="finite millimetres at every grid point",
                got=f"{int((~np.isfinite(vectors)).sum())} values with NaN or infinity",
                next_step="register again",
            )
        object.__setattr__(self, "vectors_mm", vectors)


@dataclass(frozen=True, slots=True)
class ErrorMap:
    """How far from the truth a registration may carry each place.

    Parameters
    ----------
    radius95_mm : (k, j, i) array
        The true place is expected within this distance in 95 of 100 cases, float32; NaN where
        nothing is known of it.
    grid : Grid
        Where the values stand.

    Raises
    ------
    ValueError
        If the values do not fit the grid.
    GeometryRefusedError
        ``negative-error``.
    """

    radius95_mm: Voxels
    grid: Grid

    def __post_init__(self) -> None:
        values = frozen_grid_array(self.radius95_mm, np.float32)
        check_shape(values.shape, self.grid, "ErrorMap")
        if (values < 0.0).any():
            raise GeometryRefusedError(
                code="negative-error",
                what="The map of expected errors holds values below zero",
                where=str(self.grid.frame),
                expected="distances in millimetres, or NaN where nothing is known",
                got=f"{float(np.nanmin(values)):.2f} mm",
                next_step="register again",
            )
        object.__setattr__(self, "radius95_mm", values)
