"""From a painted scan to the values in a file: streaks, sharpness, noise, rings, padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.detector import blur_and_add_noise
from phantoms.noise import pixel_size_mm
from phantoms.rings import add_rings
from phantoms.streaks import add_streaks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from phantoms.arrays import Floats, Hounsfields
    from phantoms.metal import Metal
    from phantoms.painting import ScanGrid
    from phantoms.protocol import ScanProtocol

LEAST_HU, MOST_HU = -1024, 3071
"""What twelve bits hold with the usual intercept of -1024."""

PADDING_HU = -3024
"""What stands outside the reconstructed circle: a stored -2000, as some scanners write it."""


def develop_scan(  # noqa: PLR0913 - all that the reconstruction needs
    hu: NDArray[np.float32],
    grid: ScanGrid,
    protocol: ScanProtocol,
    rng: np.random.Generator,
    *,
    metals: Iterable[Metal],
    axis_mm: Floats,
) -> None:
    """Do to a painted scan, in place, what detector and reconstruction do.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Painted Hounsfield units, metal included, changed.
    grid : ScanGrid
        Where the voxels lie.
    protocol : ScanProtocol
        How the scan is taken.
    rng : numpy.random.Generator
        Source of chance.
    metals : iterable of Metal
        What throws streaks, LPS of the scan.
    axis_mm : (3,) array
        A point of the scanner's axis, LPS millimetres.

    Raises
    ------
    ScanRefusedError
        If something among the metals is not metal.
    """
    if protocol.with_streaks:
        add_streaks(hu, grid, metals, rng, dose=protocol.dose)
    blur_and_add_noise(hu, grid, protocol.noise_hu, rng, kernel=protocol.kernel)
    if protocol.rings_hu > 0.0:
        add_rings(hu, grid, protocol.rings_hu, rng, axis_mm)


def stored_values(hu: NDArray[np.float32], grid: ScanGrid, protocol: ScanProtocol) -> Hounsfields:
    """Round and clip to what a file holds, and pad outside the reconstructed circle.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Hounsfield units, rounded and clipped in place.
    grid : ScanGrid
        Where the voxels lie.
    protocol : ScanProtocol
        Says whether a circle was reconstructed.

    Returns
    -------
    (k, j, i) int16 array
        Read-only.
    """
    np.clip(np.rint(hu, out=hu), LEAST_HU, MOST_HU, out=hu)
    values = hu.astype(np.int16)
    if protocol.field_of_view_mm is not None:
        _, rows, columns = grid.shape_kji
        row_mm, column_mm = pixel_size_mm(grid)
        v = (np.arange(rows) - 0.5 * (rows - 1)) * row_mm
        u = (np.arange(columns) - 0.5 * (columns - 1)) * column_mm
        outside = np.hypot(v[:, None], u[None, :]) > 0.5 * protocol.field_of_view_mm
        values[:, outside] = PADDING_HU
    values.setflags(write=False)
    return values
