"""The compiled inner loop that finds how noisy each place of a slice is, and in which direction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phantoms._compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


THERE, BACK = 0, 1


@compiled
def _spread(
    lost: NDArray[np.float32],
    variance: NDArray[np.float64],
    line: NDArray[np.float64],
    view: tuple[float, float, float, float],
    way: int,
) -> None:
    """Add a picture into a line of bins (there), or a line of bins into a picture (back).

    `view` is row distance and column distance in bins, each times the view's sine or cosine, then
    the place of the picture's middle, then what a whole pixel weighs.
    """
    down, across, middle, weight = view
    rows, columns = lost.shape
    for j in range(rows):
        for i in range(columns):
            place = (j - 0.5 * (rows - 1)) * down + (i - 0.5 * (columns - 1)) * across + middle
            below = int(place)
            share = place - below
            if way == THERE:
                line[below] += (1.0 - share) * lost[j, i] * weight
                line[below + 1] += share * lost[j, i] * weight
            else:
                variance[j, i] += (1.0 - share) * line[below] + share * line[below + 1]


@compiled
def ray_variance(
    lost: NDArray[np.float32],
    pitch_mm: NDArray[np.float64],
    by_view: NDArray[np.float64],
    bowtie: tuple[float, float],
) -> NDArray[np.float64]:
    """Average over parallel views the inverse of the photons that came through to each place.

    `lost` (j, i) is the linear attenuation per millimetre, `pitch_mm` (2,) the row and column
    distance, `bowtie` the radius of the cylinder that the tube's filter makes up for, and the
    attenuation per millimetre that it does. The tube's current grows with the root of what the
    views lose. Returns (j, i); `by_view` (views,) is filled with the mean of each view.
    """
    rows, columns = lost.shape
    width = max(pitch_mm[0], pitch_mm[1])
    half = 0.5 * math.sqrt((rows * pitch_mm[0]) ** 2 + (columns * pitch_mm[1]) ** 2)
    bins = int(2.0 * half / width) + 4
    variance = np.zeros((rows, columns))
    line = np.empty(bins)
    for each in range(len(by_view)):
        angle = math.pi * (each + 0.5) / len(by_view)
        view = (
            pitch_mm[0] * math.sin(angle) / width,
            pitch_mm[1] * math.cos(angle) / width,
            0.5 * (bins - 1),
            pitch_mm[0] * pitch_mm[1] / width,
        )
        line[:] = 0.0
        _spread(lost, variance, line, view, THERE)
        path, weighted = 0.0, 0.0
        for place in range(bins):
            offset = (place - 0.5 * (bins - 1)) * width
            chord = 2.0 * math.sqrt(max(bowtie[0] ** 2 - offset**2, 0.0))
            inverse = math.exp(line[place] - bowtie[1] * chord)
            path += line[place]
            weighted += inverse * line[place]
            line[place] = inverse
        by_view[each] = math.sqrt(weighted / path) if path > 0.0 else 1.0
        line /= by_view[each]
        _spread(lost, variance, line, view, BACK)
    return variance / len(by_view)
