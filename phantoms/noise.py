"""Noise of filtered back-projection: its grain, its course from slice to slice, its strength.

References
----------
Brooks RA, Di Chiro G (1976), Statistical limitations in x-ray reconstructive tomography, Med Phys,
doi:10.1118/1.594240 (noise from dose and slice thickness; the DOI and the law are not checked
against the source);
Kijewski MF, Judy PF (1987), doi:10.1088/0031-9155/32/5/003 (noise power of CT).
"""

from __future__ import annotations

from dataclasses import dataclass
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

COARSE_PIXELS = 48
"""The strength of the noise is reckoned on so many pixels across a slice."""
VIEWS = 24
BOWTIE_MM = 160.0
BOWTIE_SHARE = 0.65
"""The tube's filter makes up for so much of a water cylinder of this radius, millimetres."""
BODY_HU = -300.0
"""Above this a coarse pixel is body: lungs and the air around are not."""
DENSEST_HU = 1000.0
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


@dataclass(frozen=True, slots=True)
class _Coarse:
    """How slices shrink to coarse pixels and strengths grow back; pitch (2,), millimetres."""

    down: NDArray[np.float32]
    across: NDArray[np.float32]
    back_down: NDArray[np.float32]
    back_across: NDArray[np.float32]
    pitch_mm: Floats


def _coarse_pixels(shape: tuple[int, int], pixel_mm: Floats) -> _Coarse:
    rows, columns = min(shape[0], COARSE_PIXELS), min(shape[1], COARSE_PIXELS)
    return _Coarse(
        _averaging(shape[0], rows),
        _averaging(shape[1], columns),
        _interpolation(shape[0], rows),
        _interpolation(shape[1], columns),
        pixel_mm * np.array(shape) / np.array([rows, columns]),
    )


def _strength(picture: NDArray[np.float32], coarse: _Coarse) -> tuple[NDArray[np.float32], Floats]:
    """Find how strong the noise is at each pixel (j, i), and its power by view (n,), mean 1.

    The variance at a place is the mean over all directions of what the rays through it lost. The
    tube current follows the patient: over the body's inner half the mean square is 1.
    """
    shrunk = coarse.down @ picture @ coarse.across.T
    water_per_mm = float(np.array(WEIGHTS) @ WATER.per_mm)
    density = np.maximum(1.0 + np.minimum(shrunk, DENSEST_HU) / 1000.0, 0.0)
    lost = (density * water_per_mm).astype(np.float32)
    by_view = np.empty(VIEWS)
    variance = _noise_kernels.ray_variance(
        lost, coarse.pitch_mm, by_view, (BOWTIE_MM, BOWTIE_SHARE * water_per_mm)
    )
    body = shrunk > BODY_HU
    usual = _inner_mean(variance[body] if body.any() else variance)
    strength = np.sqrt(variance / usual).astype(np.float32)
    grown = coarse.back_down @ strength @ coarse.back_across.T
    return np.asarray(grown, dtype=np.float32), by_view / by_view.mean()


def _inner_mean(variance: Floats) -> float:
    """Average the variance over the noisier half of the pixels: the inner half of the body."""
    return float(variance[variance >= np.median(variance)].mean())


def _view_of_frequency(shape: tuple[int, int], pixel_mm: Floats) -> NDArray[np.float32]:
    """Find which view (a real number from -0.5) gives the noise of each frequency its power."""
    rows = np.fft.fftfreq(shape[0], pixel_mm[0])[:, None]
    columns = np.fft.rfftfreq(shape[1], pixel_mm[1])[None, :]
    angle = np.mod(np.arctan2(rows, columns), np.pi)
    return np.asarray(angle * VIEWS / np.pi - 0.5, dtype=np.float32)


def draw_noise(
    hu: NDArray[np.float32], grid: ScanGrid, kernel: str, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw noise with the grain of a kernel, as strong and as streaky as a scan makes it.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        The scan without noise, Hounsfield units.
    grid : ScanGrid
        Where its voxels lie.
    kernel : str
        Name in :data:`phantoms.resolution.KERNELS`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    (k, j, i) float32 array
        Without unit: mean square 1 over the inner half of the body in each slice, less at its rim.
    """
    slices, rows, columns = grid.shape_kji
    lengths = [fft.next_fast_len(rows, real=True), fft.next_fast_len(columns, real=True)]
    shape, pixel_mm = (lengths[0], lengths[1]), pixel_size_mm(grid)
    # drawn in one piece, so that it does not depend on how slabs are shared out
    noise = rng.standard_normal((slices, *shape), dtype=np.float32)
    _mix_slices(noise, slice_mixture(slices, slice_distance_mm(grid), grid.thickness_mm))
    gain = noise_gain(kernel, shape, pixel_mm).astype(np.float32)
    views, coarse = _view_of_frequency(shape, pixel_mm), _coarse_pixels((rows, columns), pixel_mm)

    def colour(slab: tuple[int, int]) -> None:
        for k in range(*slab):
            strength, by_view = _strength(hu[k], coarse)
            root = np.sqrt(by_view).astype(np.float32)
            places = np.arange(-1, VIEWS + 1)
            lean = np.interp(views, places, root[places % VIEWS]).astype(np.float32)
            noise[k] = fft.irfft2(fft.rfft2(noise[k]) * gain * lean, shape, overwrite_x=True)
            noise[k, :rows, :columns] *= strength

    in_slabs(colour, slices)
    return noise[:, :rows, :columns]


def _mix_slices(noise: NDArray[np.float32], mixture: Floats) -> None:
    """Give overlapping slices their share of each other's noise, in place."""
    if len(mixture) == 1:
        return
    weights = mixture.astype(np.float32)
    for k in range(len(noise) - 1, 0, -1):
        noise[k] *= weights[0, k]
        for n in range(1, min(len(weights), k + 1)):
            noise[k] += weights[n, k] * noise[k - n]
