"""What a reconstruction kernel does to sharpness and noise, as functions of spatial frequency.

A kernel's modulation transfer is ``(1 + lift u^2) exp(-u^2)`` with ``u = f / reach``: a Gaussian
where the lift is 0, with enhanced edges where it is more than 1. Filtered back-projection gives
white detector noise the power ``f MTF(f)^2``.

References
----------
Kijewski MF, Judy PF (1987), doi:10.1088/0031-9155/32/5/003 (noise power of CT);
Solomon JB, Christianson O, Samei E (2012), doi:10.1118/1.4752209 (noise of clinical kernels);
Richard S et al. (2012), doi:10.1118/1.4725171 (transfer functions of clinical kernels).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.arrays import Floats

ALIASES = range(-2, 3)
"""Noise beyond the pixels' limit folds back: so many repeats of the spectrum are summed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A reconstruction kernel.

    Parameters
    ----------
    reach_per_mm : float
        Scale of the frequency axis, per millimetre.
    lift : float
        Enhancement of edges; 0 for none.
    """

    reach_per_mm: float
    lift: float


def gaussian_kernel(spread_mm: float) -> Kernel:
    """Build the kernel that blurs like a Gaussian.

    Parameters
    ----------
    spread_mm : float
        Its standard deviation, millimetres.

    Returns
    -------
    Kernel
        Without enhancement.

    Examples
    --------
    >>> gaussian_kernel(0.55).lift
    0.0
    """
    return Kernel(reach_per_mm=1.0 / (math.sqrt(2.0) * math.pi * spread_mm), lift=0.0)


KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        # 50 % at 3.4, 10 % at 6.2 line pairs per cm
        "soft": gaussian_kernel(0.55),
        # 1.27 at 3.7, 50 % at 8.1, 10 % at 11 line pairs per cm
        "sharp": Kernel(reach_per_mm=0.505, lift=2.2),
    }
)
"""Kernels by name: one for soft tissue, one that enhances edges as for bone and lung."""


def mtf(kernel: str | Kernel, frequency_per_mm: Floats) -> Floats:
    """Give a kernel's modulation transfer.

    Parameters
    ----------
    kernel : str or Kernel
        A name in :data:`KERNELS`, or one of one's own.
    frequency_per_mm : (...) array
        Radial spatial frequency in the plane of the slice, per millimetre.

    Returns
    -------
    (...) array
        1 at frequency 0.

    Examples
    --------
    >>> float(mtf("soft", np.array([0.3408])).round(2)[0])
    0.5
    """
    shape = kernel if isinstance(kernel, Kernel) else KERNELS[kernel]
    square = np.square(np.asarray(frequency_per_mm, dtype=np.float64) / shape.reach_per_mm)
    transfer: Floats = (1.0 + shape.lift * square) * np.exp(-square)
    return transfer


def noise_power(kernel: str, frequency_per_mm: Floats) -> Floats:
    """Give the shape of a kernel's noise power spectrum, without scale.

    Parameters
    ----------
    kernel : str
        Name in :data:`KERNELS`.
    frequency_per_mm : (...) array
        Radial spatial frequency, per millimetre.

    Returns
    -------
    (...) array
        Rises with the frequency, then falls with the square of the modulation transfer.
    """
    power: Floats = np.abs(frequency_per_mm) * np.square(mtf(kernel, frequency_per_mm))
    return power


def noise_factor(kernel: str) -> float:
    """Find by how much a kernel's noise exceeds that of the soft one, at the same dose.

    Parameters
    ----------
    kernel : str
        Name in :data:`KERNELS`.

    Returns
    -------
    float
        Ratio of standard deviations: the root of the ratio of ``integral f^2 MTF^2 df``.

    Examples
    --------
    >>> noise_factor("soft")
    1.0
    >>> 3.0 < noise_factor("sharp") < 5.0
    True
    """

    def total(shape: Kernel) -> float:
        # even moments of a Gaussian: <u^4>/<u^2> = 3/4 and <u^6>/<u^2> = 15/16 under exp(-2 u^2)
        grown = 1.0 + 2.0 * shape.lift * 0.75 + shape.lift**2 * 0.9375
        return shape.reach_per_mm**3 * grown

    return math.sqrt(total(KERNELS[kernel]) / total(KERNELS["soft"]))


def _frequencies(shape: tuple[int, int], pixel_mm: Floats) -> tuple[Floats, Floats]:
    """List the frequencies of a discrete spectrum's rows (j, 1) and half columns (1, i)."""
    rows = np.fft.fftfreq(shape[0], pixel_mm[0])[:, None]
    return rows, np.fft.rfftfreq(shape[1], pixel_mm[1])[None, :]


def sharpening_gain(kernel: str | Kernel, shape: tuple[int, int], pixel_mm: Floats) -> Floats:
    """Build the filter that turns means over pixels into what a kernel shows.

    The pixel's own averaging is taken out, so that the transfer is the kernel's at any pixel
    size. Where pixels are so coarse that they, not the kernel, limit the sharpness, the gain is
    held, or edges would ring.

    Parameters
    ----------
    kernel : str or Kernel
        A name in :data:`KERNELS`, or one of one's own.
    shape : (2,) tuple of int
        Rows and columns.
    pixel_mm : (2,) array
        Row and column distance, millimetres.

    Returns
    -------
    (rows, columns // 2 + 1) array
        For the real transform in two dimensions.
    """
    rows, columns = _frequencies(shape, pixel_mm)
    transfer = mtf(kernel, np.hypot(rows, columns))
    most = mtf(kernel, np.linspace(0.0, 2.0, 2001)).max() ** 3
    gain = transfer / (np.sinc(rows * pixel_mm[0]) * np.sinc(columns * pixel_mm[1]))
    held: Floats = np.minimum(gain, most)
    return held


def noise_gain(kernel: str, shape: tuple[int, int], pixel_mm: Floats) -> Floats:
    """Build the filter that turns white noise of deviation 1 into the kernel's, of deviation 1.

    Parameters
    ----------
    kernel : str
        Name in :data:`KERNELS`.
    shape : (2,) tuple of int
        Rows and columns.
    pixel_mm : (2,) array
        Row and column distance, millimetres.

    Returns
    -------
    (rows, columns // 2 + 1) array
        For the real transform in two dimensions.
    """
    rows, _ = _frequencies(shape, pixel_mm)
    columns = np.fft.fftfreq(shape[1], pixel_mm[1])[None, :]
    power = np.zeros(shape)
    for p in ALIASES:
        for q in ALIASES:
            away = np.hypot(rows + p / pixel_mm[0], columns + q / pixel_mm[1])
            power += noise_power(kernel, away)
    gain: Floats = np.sqrt(power / power.mean())
    return gain[:, : shape[1] // 2 + 1]
