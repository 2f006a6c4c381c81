"""Slices of a scan: opened, closed and grown by a disc, and filled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from navigator.arrays import Booleans, Floats


def open_slice(part: Booleans, spacing_mm: Floats, radius_mm: float) -> Booleans:
    """Take away what a disc does not fit into; the world beyond the slice is empty.

    A disc is a few columns of known length, and how far a column goes on unbroken is known after
    one pass, so that the cost grows with the radius and not with its square.

    Parameters
    ----------
    part : (j, i) array of bool
        A slice.
    spacing_mm : (2,) array
        Spacing of (j, i), millimetres.
    radius_mm : float
        Radius of the disc, millimetres.

    Returns
    -------
    (j, i) array of bool
        All pixels of those discs that hold no pixel outside `part`.
    """
    margin = 1 + int(radius_mm / spacing_mm.min())
    framed = np.pad(part, margin)
    core = ~dilate_slice(~framed, spacing_mm, radius_mm)
    return dilate_slice(core, spacing_mm, radius_mm)[margin:-margin, margin:-margin]


def close_slice(part: Booleans, spacing_mm: Floats, radius_mm: float) -> Booleans:
    """Fill what a disc does not fit into; nothing lies beyond the slice.

    Parameters
    ----------
    part : (j, i) array of bool
        A slice.
    spacing_mm : (2,) array
        Spacing of (j, i), millimetres.
    radius_mm : float
        Radius of the disc, millimetres.

    Returns
    -------
    (j, i) array of bool
        The slice with its narrow gaps filled.
    """
    margin = 2 + int(radius_mm / spacing_mm.min())
    framed = np.pad(part, margin)
    grown = dilate_slice(framed, spacing_mm, radius_mm)
    closed = ~dilate_slice(~grown, spacing_mm, radius_mm) | framed
    return closed[margin:-margin, margin:-margin]


def dilate_slice(part: Booleans, spacing_mm: Floats, radius_mm: float) -> Booleans:
    """Mark the pixels within a radius of marked ones.

    Parameters
    ----------
    part : (j, i) array of bool
        A slice.
    spacing_mm : (2,) array
        Spacing of (j, i), millimetres.
    radius_mm : float
        The radius, millimetres.

    Returns
    -------
    (j, i) array of bool
        All pixels whose centre is that near to the centre of a marked one.
    """
    row_mm, column_mm = (float(step) for step in spacing_mm)
    steps = _rows_to_marked(part)
    reached = np.zeros_like(part)
    width = part.shape[1]
    for offset in range(math.floor(radius_mm / column_mm) + 1):
        across_mm = offset * column_mm
        rows = math.floor(math.sqrt(max(radius_mm**2 - across_mm**2, 0.0)) / row_mm)
        near = steps <= rows
        reached[:, offset:] |= near[:, : width - offset]
        reached[:, : width - offset] |= near[:, offset:]
    return reached


def _rows_to_marked(part: Booleans) -> NDArray[np.int16]:
    """Count the rows to the nearest marked pixel of the same column."""
    height = len(part)
    row = np.arange(height, dtype=np.int16)[:, None]
    far = np.int16(height)
    above = np.maximum.accumulate(np.where(part, row, -far), axis=0)
    below = np.minimum.accumulate(np.where(part, row, 2 * far)[::-1], axis=0)[::-1]
    nearest: NDArray[np.int16] = np.minimum(row - above, below - row)
    return nearest


def fill_slice(part: Booleans) -> Booleans:
    """Fill the holes of a slice.

    Parameters
    ----------
    part : (j, i) array of bool
        A slice.

    Returns
    -------
    (j, i) array of bool
        What cannot be left towards the border over edges of pixels.
    """
    gaps, _ = ndimage.label(np.pad(~part, 1, constant_values=True))
    filled: Booleans = (gaps != gaps[0, 0])[1:-1, 1:-1]
    return filled
