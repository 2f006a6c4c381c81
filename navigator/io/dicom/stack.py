"""The geometry of a stack of slices: from position and orientation alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, lengths

if TYPE_CHECKING:
    from navigator.io.dicom.headers import SliceHeader

SAME_POSITION_MM = 1e-3
"""Two slices nearer than this lie at one position."""
STRAIGHT_LINE_MM = 0.1
"""Positions may leave the straight line by this much before voxels lie where they are not."""
DRIFT_MM = 0.1
"""Sideways drift over the whole stack beyond which it is called tilted."""

FARTHEST_MM = 10_000.0
"""No scanner's coordinates reach farther; larger ones are not positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Slices in order along their normal.

    Parameters
    ----------
    headers : tuple of SliceHeader
        In the order of their positions along the normal.
    positions_mm : (n, 3) array
        Centres of their first voxels, LPS millimetres.
    row_direction, column_direction : (3,) array
        Directions along i and along j, LPS.
    pixel_spacing_mm : (2,) array
        Steps along j and along i, millimetres.
    """

    headers: tuple[SliceHeader, ...]
    positions_mm: Floats
    row_direction: Floats
    column_direction: Floats
    pixel_spacing_mm: Floats

    @property
    def normal(self) -> Floats:
        """(3,) array: unit direction at right angles to the slices, right-handed."""
        across = np.cross(self.row_direction, self.column_direction)
        return frozen_floats(across / np.linalg.norm(across), (3,), "normal")

    @property
    def steps_mm(self) -> Floats:
        """(n - 1,) array: distances between neighbours along the normal, millimetres."""
        steps: Floats = np.diff(self.positions_mm @ self.normal)
        return steps

    @property
    def slice_step_mm(self) -> Floats:
        """(3,) array: the way from one slice to the next, sideways drift included.

        A drift that the rounding of the header's own numbers explains is none: other programs
        read such a series as upright, and its label maps lie so.
        """
        whole = self.positions_mm[-1] - self.positions_mm[0]
        if self.drift_mm <= DRIFT_MM and self.drift_mm <= self.rounding_mm:
            whole = (whole @ self.normal) * self.normal
        return frozen_floats(whole / (len(self.headers) - 1), (3,), "slice_step_mm")

    @property
    def drift_mm(self) -> float:
        """How far the last slice lies sideways of the first, millimetres."""
        whole = self.positions_mm[-1] - self.positions_mm[0]
        sideways = np.linalg.norm(whole - (whole @ self.normal) * self.normal)
        # what decimal numbers lose as floats is not to decide at the limit
        return round(float(sideways), 9)

    @property
    def rounding_mm(self) -> float:
        """How much drift the decimals of positions and directions may have made, millimetres."""
        whole = self.positions_mm[-1] - self.positions_mm[0]
        ends = np.sqrt(3.0) * 10.0 ** -decimals_of(self.positions_mm[[0, -1]])
        cosines = np.concatenate([self.row_direction, self.column_direction])
        if np.isin(np.abs(cosines), (0.0, 1.0)).all():
            return float(ends)
        # each number is off by half of its last decimal at most, and three of them make a vector
        turn = np.sqrt(3.0) * 10.0 ** -decimals_of(cosines)
        return float(ends + turn * np.linalg.norm(whole))

    @property
    def bend_mm(self) -> float:
        """How far a slice lies from where even steps would put it, millimetres."""
        counts = np.arange(len(self.headers))[:, None]
        even = self.positions_mm[0] + counts * self.slice_step_mm
        return round(float(lengths(self.positions_mm - even).max()), 9)

    @property
    def lps_from_index(self) -> Floats:
        """(4, 4) array: affine from (k, j, i, 1) to LPS millimetres (PS3.3, C.7.6.2.1.1)."""
        affine = np.eye(4)
        affine[:3, 0] = self.slice_step_mm
        affine[:3, 1] = self.pixel_spacing_mm[0] * self.column_direction
        affine[:3, 2] = self.pixel_spacing_mm[1] * self.row_direction
        affine[:3, 3] = self.positions_mm[0]
        return frozen_floats(affine, (4, 4), "lps_from_index")


def decimals_of(values: Floats) -> int:
    """Count the decimals with which numbers were written.

    Parameters
    ----------
    values : (n, m) or (n,) array
        As read from decimal strings.

    Returns
    -------
    int
        The most that one of them has; floats remember up to 17 digits.

    Examples
    --------
    >>> decimals_of(np.array([-150.0, 12.25, 1e-3]))
    3
    """
    written = (Decimal(repr(value)).normalize() for value in values.ravel().tolist())
    return max(0, *(-int(number.as_tuple().exponent) for number in written))


def stack_from_headers(headers: tuple[SliceHeader, ...]) -> Stack | None:
    """Put slices in order along the normal of the first.

    Parameters
    ----------
    headers : tuple of SliceHeader
        Slices of one series in any order.

    Returns
    -------
    Stack or None
        None where a slice has no place, or the slices have no normal.
    """
    first = headers[0]
    positions = [header.position_mm for header in headers if header.position_mm is not None]
    if first.orientation is None or first.pixel_spacing_mm is None:
        return None
    if len(positions) < len(headers):
        return None
    row, column = np.reshape(np.asarray(first.orientation), (2, 3))
    across = np.cross(row, column)
    if not np.linalg.norm(across) > 0.5:
        return None
    points = np.asarray(positions, dtype=np.float64)
    if not np.abs(points).max() <= FARTHEST_MM:
        return None
    order = np.argsort(points @ across, kind="stable")
    return Stack(
        headers=tuple(headers[index] for index in order),
        positions_mm=frozen_floats(points[order], (None, 3), "positions_mm"),
        row_direction=frozen_floats(row, (3,), "row_direction"),
        column_direction=frozen_floats(column, (3,), "column_direction"),
        pixel_spacing_mm=frozen_floats(first.pixel_spacing_mm, (2,), "pixel_spacing_mm"),
    )
