"""Images on a grid: the grid, Hounsfield units on it, and membership on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Booleans, Floats, Voxels, frozen_floats, frozen_grid_array, lengths
from navigator.errors import GeometryRefusedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.geometry.frames import Frame

SHEAR_LIMIT = 1e-4
"""Largest cosine between two grid axes that still counts as a right angle: 0.03 mm over 300 mm."""

SAME_GRID_LIMIT_MM = 0.01
"""Two grids are one where no corner differs by more: float32 headers round below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where the voxels of an array lie.

    Parameters
    ----------
    shape_kji : tuple of int
        Number of voxels along the array axes (k, j, i).
    lps_from_index : (4, 4) array
        Affine that carries (k, j, i, 1) of a voxel centre to millimetres in `frame`; full, so
        that a sheared (tilted) stack keeps its truth.
    frame : Frame
        The frame of the scan.

    Raises
    ------
    ValueError
        If the affine has no inverse or an axis has no voxel.
    """

    shape_kji: tuple[int, int, int]
    lps_from_index: Floats
    frame: Frame

    def __post_init__(self) -> None:
        affine = frozen_floats(self.lps_from_index, (4, 4), "Grid.lps_from_index")
        if not abs(np.linalg.det(affine[:3, :3])) > 1e-9:
            raise ValueError("Grid.lps_from_index: expected axes that span space, got a flat grid")
        if not (np.shape(self.shape_kji) == (3,) and min(self.shape_kji) >= 1):
            raise ValueError(f"Grid.shape_kji: expected three counts ≥ 1, got {self.shape_kji}")
        object.__setattr__(self, "lps_from_index", affine)

    @property
    def spacing_mm(self) -> Floats:
        """(3,) array: distance between voxel centres along (k, j, i), millimetres."""
        return lengths(self.lps_from_index[:3, :3].T)

    @property
    def directions(self) -> Floats:
        """(3, 3) array: unit directions of the axes (k, j, i) as columns."""
        axes: Floats = self.lps_from_index[:3, :3] / self.spacing_mm
        return axes

    @property
    def is_rectilinear(self) -> bool:
        """Whether the axes stand at right angles."""
        cosines = self.directions.T @ self.directions - np.eye(3)
        return bool(np.abs(cosines).max() <= SHEAR_LIMIT)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, mm³."""
        return float(abs(np.linalg.det(self.lps_from_index[:3, :3])))

    def points_from_indices(self, indices_kji: ArrayLike) -> Floats:
        """Carry (fractional) indices to points.

        Parameters
        ----------
        indices_kji : (n, 3) or (3,) array
            Indices (k, j, i); integers are voxel centres.

        Returns
        -------
        array of the same shape
            Points in `frame`, millimetres.
        """
        affine = self.lps_from_index
        points: Floats = np.asarray(indices_kji, dtype=np.float64) @ affine[:3, :3].T
        return points + affine[:3, 3]

    def indices_from_points(self, points_mm: ArrayLike) -> Floats:
        """Carry points to fractional indices.

        Parameters
        ----------
        points_mm : (n, 3) or (3,) array
            Points in `frame`, millimetres.

        Returns
        -------
        array of the same shape
            Indices (k, j, i).
        """
        inverse = np.linalg.inv(self.lps_from_index)
        indices: Floats = np.asarray(points_mm, dtype=np.float64) @ inverse[:3, :3].T
        return indices + inverse[:3, 3]

    def corners_mm(self) -> Floats:
        """List the outer corners of the grid.

        Returns
        -------
        (8, 3) array
            Corners at half a voxel beyond the outer centres, millimetres.
        """
        last = np.asarray(self.shape_kji) - 0.5
        steps = np.stack(np.meshgrid(*[(-0.5, end) for end in last], indexing="ij"), axis=-1)
        return self.points_from_indices(steps.reshape(-1, 3))

    def matches(self, other: Grid) -> bool:
        """Tell whether another grid has the same voxels at the same places."""
        if self.shape_kji != other.shape_kji:
            return False
        return bool(np.abs(self.corners_mm() - other.corners_mm()).max() <= SAME_GRID_LIMIT_MM)


@dataclass(frozen=True, slots=True)
class Volume:
    """A CT scan: Hounsfield units on a grid.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Hounsfield units, float32.
    grid : Grid
        Where they lie.
    """

    values_hu: Voxels
    grid: Grid

    def __post_init__(self) -> None:
        values = frozen_grid_array(self.values_hu, np.float32)
        check_shape(values.shape, self.grid, "Volume")
        with np.errstate(all="ignore"):
            total = float(values.sum())
        # a finite sum has finite parts; one pass over a scan without a copy of its size
        if not (math.isfinite(total) or np.isfinite(values).all()):
            raise GeometryRefusedError(
                code="non-finite-values",
                what="The scan holds values that are not numbers",
                where=str(self.grid.frame),
                expected="finite Hounsfield units in every voxel",
                got=f"{int((~np.isfinite(values)).sum())} voxels with NaN or infinity",
                next_step="export the series again from the scanner or archive",
            )
        object.__setattr__(self, "values_hu", values)


@dataclass(frozen=True, slots=True)
class Mask:
    """A structure on a grid: which voxels belong to it.

    Parameters
    ----------
    members : (k, j, i) array of bool
        True inside.
    grid : Grid
        Where they lie.
    """

    members: Booleans
    grid: Grid

    def __post_init__(self) -> None:
        members = frozen_grid_array(self.members, np.bool_)
        check_shape(members.shape, self.grid, "Mask")
        object.__setattr__(self, "members", members)

    @property
    def volume_ml(self) -> float:
        """Volume of the members, millilitres."""
        return float(self.members.sum()) * self.grid.voxel_volume_mm3 / 1000.0


def check_shape(shape: tuple[int, ...], grid: Grid, name: str) -> None:
    """Refuse values that do not fit their grid.

    Raises
    ------
    ValueError
        If the shape of the values is not that of the grid.
    """
    if tuple(shape) != tuple(grid.shape_kji):
        raise ValueError(f"{name}: expected shape {grid.shape_kji} of its grid, got {shape}")
