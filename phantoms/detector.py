"""What the detector and the reconstruction do to the picture: unevenness, blur, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from phantoms import _texture_kernels
from phantoms.noise import draw_noise, pixel_size_mm
from phantoms.painting import in_slabs
from phantoms.resolution import sharpening_gain
from phantoms.tissues import TISSUES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.arrays import Floats, Labels
    from phantoms.painting import ScanGrid

RIM_PIXELS = 16
"""A slice goes on so far beyond its border, or its edges would leak into one another."""

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


def sharpen_as(kernel: str, hu: NDArray[np.float32], pixel_mm: Floats) -> None:
    """Show a painted scan as a reconstruction kernel does, in place.

    Parameters
    ----------
    kernel : str
        Name in :data:`phantoms.resolution.KERNELS`.
    hu : (k, j, i) float32 array
        Means over pixels, Hounsfield units, changed.
    pixel_mm : (2,) array
        Row and column distance, millimetres.
    """
    slices, rows, columns = hu.shape
    size = [fft.next_fast_len(edge + 2 * RIM_PIXELS, real=True) for edge in (rows, columns)]
    shape = (size[0], size[1])
    gain = sharpening_gain(kernel, shape, pixel_mm).astype(np.float32)
    spare = [
        (RIM_PIXELS, size[0] - rows - RIM_PIXELS),
        (RIM_PIXELS, size[1] - columns - RIM_PIXELS),
    ]

    def sharpen(slab: tuple[int, int]) -> None:
        for k in range(*slab):
            framed = np.pad(hu[k], spare, mode="edge")
            shown = fft.irfft2(fft.rfft2(framed) * gain, shape, overwrite_x=True)
            hu[k] = shown[RIM_PIXELS : RIM_PIXELS + rows, RIM_PIXELS : RIM_PIXELS + columns]

    in_slabs(sharpen, slices)


def blur_and_add_noise(
    hu: NDArray[np.float32],
    grid: ScanGrid,
    noise_hu: float,
    rng: np.random.Generator,
    *,
    kernel: str = "soft",
) -> None:
    """Apply a kernel's sharpness and add its noise, in place.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Painted Hounsfield units, changed.
    grid : ScanGrid
        Where the voxels lie.
    noise_hu : float
        Standard deviation of the noise over the body's inner half, Hounsfield units; 0 for none.
    rng : numpy.random.Generator
        Source of the noise.
    kernel : str
        Name in :data:`phantoms.resolution.KERNELS`.
    """
    sharpen_as(kernel, hu, pixel_size_mm(grid))
    if noise_hu == 0.0:
        return
    noise = draw_noise(hu, grid, kernel, rng)

    def add(slab: tuple[int, int]) -> None:
        hu[slab[0] : slab[1]] += np.float32(noise_hu) * noise[slab[0] : slab[1]]

    in_slabs(add, grid.shape_kji[0])
