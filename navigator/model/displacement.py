"""How tissue is displaced: a vector at every point of a grid."""

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
