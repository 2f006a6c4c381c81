"""Noise of filtered back-projection: its grain, its course from slice to slice, its strength.

References
----------
Brooks RA, Di Chiro G (1976), doi:10.1118/1.594240 (noise from dose and slice thickness);
Kijewski MF, Judy PF (1987), doi:10.1088/0031-9155/32/5/003 (noise power of CT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.linalg import cholesky_banded

from phantoms import _noise_kernels
from phantoms.attenuation import WATER, WEIGHTS
from phantoms.painting import in_slabs
from phantoms.resolution import noise_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

COARSE_PIXELS = 64
"""The strength of the noise is reckoned on so many pixels across a slice."""
VIEWS = 36
BOWTIE_MM = 160.0
BOWTIE_SHARE = 0.6
"""The tube's filter makes up for so much of a water cylinder of this radius, millimetres."""
BODY_HU = -300.0
"""Above this a coarse pixel is body: lungs and the air around are not."""
LEAST_PIVOT = 1e-9


def pixel_size_mm(grid: ScanGrid) -> Floats:
    """Measure row and column distance (2,), millimetres."""
    size: Floats = np.linalg.norm(grid.lps_from_index[:3, 1:3], axis=0)
    return size


def slice_distance_mm(grid: ScanGrid) -> float:
    """Measure the distance of slices along their normal, millimetres."""
    steps = grid.lps_from_index[:3, :3]
    normal = np.cross(steps[:, 1], steps[:, 2])
    return float(abs(steps[:, 0] @ normal) / np.linalg.norm(normal))


def slice_mixture(slices: int, distance_mm: float, thickness_mm: float) -> Floats:
    """Find how slices mix independent noise so that overlapping ones share theirs.

    Two slices a distance d apart have the share ``1 - d / thickness`` of their photons in common,
    which is the correlation of their noise.

    Parameters
    ----------
    slices : int
        How many.
    distance_mm, thickness_mm : float
        Distance and thickness of slices, millimetres.

    Returns
    -------
    (reach + 1, slices) array
        Row n holds the weight of the independent noise of slice k - n in slice k.

    Examples
    --------
    Slices that only touch are independent:

    >>> slice_mixture(3, 2.0, 2.0)
    array([[1., 1., 1.]])
    """
    reach = min(int(np.ceil(thickness_mm / distance_mm - 1e-9)) - 1, slices - 1)
    shared = np.clip(1.0 - np.arange(reach + 1) * distance_mm / thickness_mm, 0.0, 1.0)
    banded = np.repeat(shared[:, None], slices, axis=1)
    banded[0] += LEAST_PIVOT
    factor = cholesky_banded(banded, lower=True)
    weights = np.zeros((reach + 1, slices))
    for n in range(reach + 1):
        weights[n, n:] = factor[n, : slices - n]
    weights[np.abs(weights) < 1e-6] = 0.0
    mixture: Floats = weights / np.sqrt(np.square(weights).sum(axis=0))
    return mixture


def draw_noise(grid: ScanGrid, kernel: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw noise of deviation 1 with the grain of a kernel.

    Parameters
    ----------
    grid : ScanGrid
        Where the voxels lie.
    kernel : str
        Name in :data:`phantoms.resolution.KERNELS`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    (k, j, i) float32 array
        Without unit; periodic in the plane.
    """
    slices, rows, columns = grid.shape_kji
    lengths = [fft.next_fast_len(rows, real=True), fft.next_fast_len(columns, real=True)]
    shape = (lengths[0], lengths[1])
    # drawn in one piece, so that it does not depend on how slabs are shared out
    noise = rng.standard_normal((slices, *shape), dtype=np.float32)
    mixture = slice_mixture(slices, slice_distance_mm(grid), grid.thickness_mm).astype(np.float32)
    if len(mixture) > 1:
        for k in range(slices - 1, -1, -1):
            noise[k] *= mixture[0, k]
            for n in range(1, min(len(mixture), k + 1)):
                noise[k] += mixture[n, k] * noise[k - n]
    gain = noise_gain(kernel, shape, pixel_size_mm(grid)).astype(np.float32)

    def colour(rows_of_slab: tuple[int, int]) -> None:
        for k in range(*rows_of_slab):
            noise[k] = fft.irfft2(fft.rfft2(noise[k]) * gain, shape, overwrite_x=True)

    in_slabs(colour, slices)
    return noise[:, :rows, :columns]


def _averaging(fine: int, coarse: int) -> NDArray[np.float32]:
    """Build the matrix (coarse, fine) that averages neighbours."""
    edges = np.linspace(0.0, fine, coarse + 1)
    place = np.arange(fine)
    low, high = np.maximum(edges[:-1, None], place), np.minimum(edges[1:, None], place + 1.0)
    shares = np.maximum(high - low, 0.0)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)


def _interpolation(fine: int, coarse: int) -> NDArray[np.float32]:
    """Build the matrix (fine, coarse) that interpolates evenly between coarse middles."""
    place = np.clip((np.arange(fine) + 0.5) * coarse / fine - 0.5, 0.0, coarse - 1.0)
    return np.asarray(
        np.maximum(1.0 - np.abs(place[:, None] - np.arange(coarse)), 0.0), dtype=np.float32
    )


def scale_noise(noise: NDArray[np.float32], hu: NDArray[np.float32], pixel_mm: Floats) -> None:
    """Make noise stronger where rays lost more photons, in place.

    The variance at a place is the mean over all directions of what the rays through it lost. The
    tube current follows the patient: over the body's cross-section the mean square stays 1.

    Parameters
    ----------
    noise : (k, j, i) float32 array
        Of deviation 1, changed.
    hu : (k, j, i) float32 array
        The scan without noise, Hounsfield units.
    pixel_mm : (2,) array
        Row and column distance, millimetres.
    """
    slices, rows, columns = hu.shape
    coarse = (min(rows, COARSE_PIXELS), min(columns, COARSE_PIXELS))
    down, across = _averaging(rows, coarse[0]), _averaging(columns, coarse[1])
    back_down, back_across = _interpolation(rows, coarse[0]), _interpolation(columns, coarse[1])
    pitch_mm = pixel_mm * np.array([rows, columns]) / coarse
    water_per_mm = float(np.array(WEIGHTS) @ WATER.per_mm)

    def scale(slab: tuple[int, int]) -> None:
        for k in range(*slab):
            shrunk = down @ hu[k] @ across.T
            lost = np.maximum(1.0 + np.minimum(shrunk, 1000.0) / 1000.0, 0.0) * water_per_mm
            variance = _noise_kernels.ray_variance(
                lost, pitch_mm, VIEWS, (BOWTIE_MM, BOWTIE_SHARE * water_per_mm)
            )
            body = shrunk > BODY_HU
            if body.any():
                strength = np.sqrt(variance / variance[body].mean())
                noise[k] *= back_down @ strength.astype(np.float32) @ back_across.T

    in_slabs(scale, slices)
