"""What the detector and the reconstruction do to the picture: blur and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from phantoms.noise import draw_noise, pixel_size_mm
from phantoms.painting import in_slabs
from phantoms.resolution import sharpening_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid
    from phantoms.resolution import Kernel

RIM_PIXELS = 16
"""A slice goes on so far beyond its border, or its edges would leak into one another."""


def sharpen_as(kernel: str | Kernel, hu: NDArray[np.float32], pixel_mm: Floats) -> None:
    """Show a painted scan as a reconstruction kernel does, in place.

    Parameters
    ----------
    kernel : str or Kernel
        A name in :data:`phantoms.resolution.KERNELS`, or one of one's own.
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
