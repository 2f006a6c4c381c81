"""The compiled inner loop that finds how noisy each place of a slice is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phantoms._kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def ray_variance(
    lost: NDArray[np.float32],
    pitch_mm: NDArray[np.float64],
    views: int,
    bowtie: tuple[float, float],
) -> NDArray[np.float64]:
    """Average over parallel views the inverse of the share of photons that came through.

    `lost` (j, i) is the linear attenuation per millimetre, `pitch_mm` (2,) the row and column
    distance, `bowtie` the radius of the cylinder that the tube's filter makes up for, and the
    attenuation per millimetre that it does. Returns (j, i).
    """
    rows, columns = lost.shape
    width = max(pitch_mm[0], pitch_mm[1])
    half = 0.5 * math.sqrt((rows * pitch_mm[0]) ** 2 + (columns * pitch_mm[1]) ** 2)
    bins = int(2.0 * half / width) + 4
    variance = np.zeros((rows, columns))
    line = np.empty(bins)
    for view in range(views):
        angle = math.pi * (view + 0.5) / views
        cosine, sine = math.cos(angle), math.sin(angle)
        line[:] = 0.0
        for write in range(2):
            for j in range(rows):
                v = (j - 0.5 * (rows - 1)) * pitch_mm[0]
                for i in range(columns):
                    u = (i - 0.5 * (columns - 1)) * pitch_mm[1]
                    place = (u * cosine + v * sine) / width + 0.5 * (bins - 1)
                    below = int(place)
                    share = place - below
                    if write == 0:
                        line[below] += (1.0 - share) * lost[j, i]
                        line[below + 1] += share * lost[j, i]
                    else:
                        variance[j, i] += (1.0 - share) * line[below] + share * line[below + 1]
            if write == 0:
                for each in range(bins):
                    offset = (each - 0.5 * (bins - 1)) * width
                    chord = 2.0 * math.sqrt(max(bowtie[0] ** 2 - offset**2, 0.0))
                    path = line[each] * pitch_mm[0] * pitch_mm[1] / width
                    line[each] = math.exp(path - bowtie[1] * chord)
    return variance / views
