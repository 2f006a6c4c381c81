"""Rings: detector elements that read a little too much or too little, in every view.

A false reading that stays the same while the gantry turns is projected back to a ring around the
scanner's axis. Each detector row has its own false elements; a slice averages over its rows.

References
----------
Barrett JF, Keat N (2004), doi:10.1148/rg.246045065.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.noise import slice_distance_mm
from phantoms.painting import in_slabs
from phantoms.projection import filtered_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

ELEMENT_MM = 0.65
"""Width of a detector element at the axis, millimetres."""
ROW_MM = 1.25
ROWS = 16
FALSE_SHARE = 0.03
"""Share of the elements that read falsely."""
CORE_MM = 15.0
"""Rings are measured beyond this radius; nearer to the axis they are still higher."""
LEAST_HEIGHT = 1e-12
ANGLES = 721


def ring_profiles(reach_mm: float, pixel_mm: float, rng: np.random.Generator) -> Floats:
    """Draw the rings of each detector row.

    Parameters
    ----------
    reach_mm : float
        Largest radius wanted, millimetres.
    pixel_mm : float
        Pixel size, millimetres.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    (ROWS, n) array
        Height at the radius ``n * ELEMENT_MM / 4``, of no unit.
    """
    bins = 2 * (int(np.ceil(reach_mm / ELEMENT_MM)) + 8)
    false = rng.random((ROWS, bins)) < FALSE_SHARE
    readings = np.where(false, rng.standard_normal((ROWS, bins)), 0.0).astype(np.float32)
    lines = filtered_lines(readings, ELEMENT_MM, pixel_mm)
    fine_mm = ELEMENT_MM * bins / lines.shape[1]
    offsets = (np.arange(lines.shape[1])) * fine_mm - 0.5 * (bins - 1) * ELEMENT_MM
    radii = np.arange(int(reach_mm / ELEMENT_MM) * 4) * ELEMENT_MM / 4.0
    across = np.cos(np.linspace(0.0, np.pi, ANGLES))
    profiles: Floats = np.array(
        [np.interp(radii[:, None] * across, offsets, line).mean(axis=1) for line in lines]
    )
    return profiles


def add_rings(
    hu: NDArray[np.float32],
    grid: ScanGrid,
    rings_hu: float,
    rng: np.random.Generator,
    axis_mm: Floats,
) -> None:
    """Add rings to a scan in place.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Hounsfield units, changed.
    grid : ScanGrid
        Where the voxels lie.
    rings_hu : float
        Height of each slice's strongest ring beyond `CORE_MM`, Hounsfield units.
    rng : numpy.random.Generator
        Source of chance.
    axis_mm : (3,) array
        A point of the scanner's axis, LPS millimetres.
    """
    pixel_mm = np.linalg.norm(grid.lps_from_index[:3, 1:3], axis=0)
    slices, rows, columns = grid.shape_kji
    middle = grid.lps_from_index[:3] @ [0.0, 0.5 * (rows - 1), 0.5 * (columns - 1), 1.0]
    axes = grid.lps_from_index[:3, 1:3] / pixel_mm
    v, u = (middle - axis_mm) @ axes
    v = v + (np.arange(rows) - 0.5 * (rows - 1)) * pixel_mm[0]
    u = u + (np.arange(columns) - 0.5 * (columns - 1)) * pixel_mm[1]
    radius = np.hypot(v[:, None], u[None, :])
    profiles = ring_profiles(float(radius.max()) + 1.0, float(pixel_mm.mean()), rng)
    radii = np.arange(profiles.shape[1]) * ELEMENT_MM / 4.0
    distance_mm = slice_distance_mm(grid)

    def add(slab: tuple[int, int]) -> None:
        for k in range(*slab):
            low = int(k * distance_mm / ROW_MM)
            high = max(low + 1, int((k * distance_mm + grid.thickness_mm) / ROW_MM))
            mean = profiles[np.arange(low, high) % ROWS].mean(axis=0)
            scale = rings_hu / max(float(np.abs(mean[radii >= CORE_MM]).max()), LEAST_HEIGHT)
            hu[k] += (scale * np.interp(radius, radii, mean)).astype(np.float32)

    in_slabs(add, slices)
