"""The compiled inner loop that projects filtered parallel views back onto a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phantoms._compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRACTION = 20
"""Places are counted in so many binary digits after the point."""
LEAST_PHOTONS = 1.0
"""A scanner's own filter keeps the logarithm from fewer."""


@compiled
def back_project(
    filtered: NDArray[np.float32],
    picture: NDArray[np.float32],
    pixel_mm: NDArray[np.float64],
    lowest_and_width: tuple[float, float],
) -> None:
    """Add the sum over views of filtered projections (views, fine bins) to a picture (j, i).

    The picture's middle is the axis of rotation; `pixel_mm` is the row and column distance. The
    fine bin that holds a pixel's middle is taken; every pixel must lie in one of at most 4096.
    Whole numbers with a fixed point make the inner loop quick: they wrap around as they should.
    """
    views = filtered.shape[0]
    rows, columns = picture.shape
    lowest, width = lowest_and_width
    unit = 2.0**FRACTION / width
    for block in range(0, rows, 16):
        for view in range(views):
            angle = math.pi * (view + 0.5) / views
            across_mm, down_mm = pixel_mm[1] * math.cos(angle), pixel_mm[0] * math.sin(angle)
            step = np.uint32(np.int64(round(across_mm * unit)) & 0xFFFFFFFF)
            line = filtered[view]
            for j in range(block, min(block + 16, rows)):
                start_mm = down_mm * (j - 0.5 * (rows - 1)) - across_mm * 0.5 * (columns - 1)
                first = np.uint32((start_mm - lowest) * unit)
                row = picture[j]
                for i in range(columns):
                    place = np.uint32(first + np.uint32(step * np.uint32(i)))
                    row[i] += line[np.uint32(place >> np.uint32(FRACTION))]
