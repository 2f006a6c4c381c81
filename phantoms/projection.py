"""Filtered back-projection of parallel rays.

References
----------
Kak AC, Slaney M (2001), Principles of computerized tomographic imaging,
doi:10.1137/1.9780898719277, chapter 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from phantoms import _projection_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.arrays import Floats

MOST_FINE_BINS = 4096
"""What the back-projection's fixed point can count."""
SPARE_BINS = 4


def count_bins(shape: tuple[int, int], pixel_mm: Floats, bin_mm: float) -> int:
    """Count the bins that see every pixel of a picture from any angle.

    Parameters
    ----------
    shape : (2,) tuple of int
        Rows and columns.
    pixel_mm : (2,) array
        Row and column distance, millimetres.
    bin_mm : float
        Width of a bin, millimetres.

    Returns
    -------
    int
        An even number.

    Examples
    --------
    >>> count_bins((6, 8), np.array([1.0, 1.0]), 1.0)
    18
    """
    across_mm = float(np.hypot(*(np.array(shape) * pixel_mm)))
    return 2 * (int(np.ceil(0.5 * across_mm / bin_mm)) + SPARE_BINS)


def filtered_lines(sinogram: NDArray[np.float32], bin_mm: float, pixel_mm: float) -> Floats:
    """Filter projections with a ramp and the averaging of a pixel.

    Parameters
    ----------
    sinogram : (views, bins) float32 array
        Line integrals, millimetres of water.
    bin_mm, pixel_mm : float
        Width of a bin and of a pixel, millimetres.

    Returns
    -------
    (views, n * bins) float32 array
        Between the bins' middles; the first is at the middle of the first bin.
    """
    bins = sinogram.shape[1]
    finer = MOST_FINE_BINS // bins
    length = fft.next_fast_len(2 * bins, real=True)
    place = np.arange(length)
    place = np.minimum(place, length - place)
    # the ramp cut off at the bins' limit, sampled in space: no offset at frequency 0
    kernel = np.zeros(length)
    kernel[0] = 0.25
    odd = place % 2 == 1
    kernel[odd] = -1.0 / (np.pi * place[odd]) ** 2
    ramp = fft.rfft(kernel).real / bin_mm
    ramp *= np.sinc(fft.rfftfreq(length, bin_mm) * pixel_mm)
    spectrum = fft.rfft(sinogram, length, axis=1) * ramp.astype(np.float32)
    fine = fft.irfft(spectrum, finer * length, axis=1)
    lines: Floats = finer * fine[:, : finer * bins]
    return lines


def reconstruct(
    sinogram: NDArray[np.float32],
    picture: NDArray[np.float32],
    pixel_mm: Floats,
    bin_mm: float,
) -> None:
    """Add the filtered back-projection of a sinogram to a picture.

    Parameters
    ----------
    sinogram : (views, bins) float32 array
        Line integrals over half a turn, millimetres of water times any factor.
    picture : (j, i) float32 array
        Changed; its middle is the axis of rotation.
    pixel_mm : (2,) array
        Row and column distance, millimetres.
    bin_mm : float
        Width of a bin, millimetres.
    """
    lines = filtered_lines(sinogram, bin_mm, float(np.sqrt(np.prod(pixel_mm))))
    lines *= np.pi / len(lines)
    fine_mm = bin_mm * sinogram.shape[1] / lines.shape[1]
    # half a fine bin: the nearest is found by cutting off decimals
    lowest = -0.5 * sinogram.shape[1] * bin_mm + 0.5 * bin_mm - 0.5 * fine_mm
    _projection_kernels.back_project(
        np.ascontiguousarray(lines, dtype=np.float32), picture, pixel_mm, (lowest, fine_mm)
    )
