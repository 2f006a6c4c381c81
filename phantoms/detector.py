"""What the detector and the reconstruction do to the picture: blur and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from phantoms.painting import in_slabs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

POINT_SPREAD_MM = 0.55
"""Standard deviation of the in-plane point spread of a soft kernel, millimetres."""

NOISE_GRAIN_MM = 0.75
"""Standard deviation of the blur that correlates the noise in the plane, millimetres."""


def _blur_in_plane(values: NDArray[np.float32], sigma_pixels: Floats) -> None:
    for axis, sigma in ((1, sigma_pixels[0]), (2, sigma_pixels[1])):
        gaussian_filter1d(values, sigma, axis=axis, output=values, mode="nearest")


def noise_gain(sigma_pixels: ArrayLike) -> float:
    """Find by how much a Gaussian blur lowers the standard deviation of white noise.

    Parameters
    ----------
    sigma_pixels : (n,) array
        Standard deviation of the blur along each axis, pixels.

    Returns
    -------
    float
        Standard deviation after the blur, for one before it.

    Examples
    --------
    >>> noise_gain([1e-3])
    1.0
    """
    impulse = np.zeros(129)
    impulse[64] = 1.0
    gains = [
        np.sqrt(np.square(gaussian_filter1d(impulse, sigma)).sum())
        for sigma in np.atleast_1d(np.asarray(sigma_pixels, dtype=np.float64))
    ]
    return float(np.prod(gains))


def blur_and_add_noise(
    hu: NDArray[np.float32], grid: ScanGrid, noise_hu: float, rng: np.random.Generator
) -> None:
    """Blur in the plane by the point spread and add correlated noise, in place.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Hounsfield units, changed.
    grid : ScanGrid
        Where the voxels lie.
    noise_hu : float
        Standard deviation of the noise, Hounsfield units; 0 for none.
    rng : numpy.random.Generator
        Source of the noise.
    """
    pixel_mm = np.linalg.norm(grid.lps_from_index[:3, 1:3], axis=0)
    spread, grain = POINT_SPREAD_MM / pixel_mm, NOISE_GRAIN_MM / pixel_mm
    in_slabs(lambda rows: _blur_in_plane(hu[rows[0] : rows[1]], spread), grid.shape_kji[0])
    if noise_hu == 0.0:
        return
    # the noise is drawn in one piece, so that it does not depend on how slabs are shared out
    noise = rng.standard_normal(grid.shape_kji, dtype=np.float32)
    noise *= noise_hu / noise_gain(grain)

    def add(rows: tuple[int, int]) -> None:
        _blur_in_plane(noise[rows[0] : rows[1]], grain)
        hu[rows[0] : rows[1]] += noise[rows[0] : rows[1]]

    in_slabs(add, grid.shape_kji[0])
