"""What the detector and the reconstruction do to the picture: unevenness, blur, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from phantoms import _texture_kernels
from phantoms.painting import in_slabs
from phantoms.tissues import TISSUES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from phantoms.arrays import Floats, Labels
    from phantoms.painting import ScanGrid

POINT_SPREAD_MM = 0.55
"""Standard deviation of the in-plane point spread of a soft kernel, millimetres."""

NOISE_GRAIN_MM = 0.75
"""Standard deviation of the blur that correlates the noise in the plane, millimetres."""

TEXTURE_PITCH_MM = 2.6
LATTICE_SIZE = 48
TEXTURE_SEED = 20_240
LATTICE_DEVIATION = (2.0 / 3.0) ** 1.5
"""Root mean square of evenly interpolated unit noise: (2/3) per axis in variance."""


def add_texture(
    hu: NDArray[np.float32], tissue: Labels, grid: ScanGrid, body_from_lps: Floats
) -> None:
    """Add the unevenness of tissue in place: a field of the body, the same in each of its scans.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Hounsfield units, changed.
    tissue : (k, j, i) uint8 array
        Place of each voxel's tissue in :data:`phantoms.tissues.TISSUES`.
    grid : ScanGrid
        Where the voxels lie.
    body_from_lps : (4, 4) array
        Rigid motion, millimetres.
    """
    draw = np.random.default_rng(TEXTURE_SEED).standard_normal(
        (LATTICE_SIZE,) * 3, dtype=np.float32
    )
    heights = np.array([each.texture_hu for each in TISSUES]) / LATTICE_DEVIATION
    lattice_from_index = (body_from_lps @ grid.lps_from_index)[:3] / TEXTURE_PITCH_MM
    in_slabs(
        lambda rows: _texture_kernels.add_texture(
            hu[rows[0] : rows[1]],
            tissue[rows[0] : rows[1]],
            heights,
            draw,
            lattice_from_index @ _slices_on(rows[0]),
        ),
        grid.shape_kji[0],
    )


def _slices_on(slices: int) -> Floats:
    """Build the index shift (4, 4) to a slab that starts some slices further on."""
    shift = np.eye(4)
    shift[0, 3] = slices
    return shift


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
