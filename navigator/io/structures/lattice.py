"""Voxels of a file that are voxels of the scan, in another order or a part of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.model.volume import SAME_GRID_LIMIT_MM, Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Lattice:
    """How the voxels of a file lie among those of a scan where each is one of them.

    Parameters
    ----------
    order, flipped : tuple of int
        Axes of the file in the order of the scan's; axes then turned round.
    start_kji : tuple of int
        Index in the scan of the first voxel after that.
    """

    order: tuple[int, ...]
    flipped: tuple[int, ...]
    start_kji: tuple[int, int, int]


def find_lattice(own: Grid, grid: Grid) -> Lattice | None:
    """Find how voxels lie among those of a scan.

    Parameters
    ----------
    own : Grid
        Of the file.
    grid : Grid
        Of the scan.

    Returns
    -------
    Lattice or None
        None where the file's voxels are none of the scan's: turned, shifted or of another size.
    """
    scan_from_file = np.linalg.inv(grid.lps_from_index) @ own.lps_from_index
    if not np.abs(scan_from_file).max() < 1e6:
        return None
    turn = np.rint(scan_from_file[:3, :3]).astype(int)
    if not np.array_equal(np.abs(turn) @ np.abs(turn).T, np.eye(3, dtype=int)):
        return None
    order = np.abs(turn).argmax(axis=1)
    flipped = [axis for axis in range(3) if turn[axis].sum() < 0]
    first = np.zeros(3)
    for axis in flipped:
        first[order[axis]] = own.shape_kji[order[axis]] - 1
    start = np.rint(scan_from_file[:3, :3] @ first + scan_from_file[:3, 3]).astype(int)
    exact = np.eye(4)
    exact[:3, :3], exact[:3, 3] = turn, start - turn @ first
    meant = Grid(
        shape_kji=own.shape_kji, lps_from_index=grid.lps_from_index @ exact, frame=own.frame
    )
    if not np.abs(meant.corners_mm() - own.corners_mm()).max() <= SAME_GRID_LIMIT_MM:
        return None
    return Lattice(
        tuple(map(int, order)), tuple(flipped), (int(start[0]), int(start[1]), int(start[2]))
    )


def lay_on_lattice(values: NDArray[Any], lattice: Lattice, grid: Grid) -> NDArray[Any]:
    """Lay values among the voxels of a scan; nothing is resampled.

    Parameters
    ----------
    values : (k, j, i) array
        Of the file.
    lattice : Lattice
        How they lie.
    grid : Grid
        Of the scan.

    Returns
    -------
    (k, j, i) array
        On the scan, 0 where the file has no voxel; what lies beyond the scan is cut off.
    """
    laid = np.zeros(grid.shape_kji, dtype=values.dtype)
    lay_into(laid, values, lattice)
    return laid


def lay_into(laid: NDArray[Any], values: NDArray[Any], lattice: Lattice) -> None:
    """Lay values into an array of a scan, on those that lie there; 0 changes nothing.

    Parameters
    ----------
    laid : (k, j, i) array
        On the scan; changed.
    values : (k, j, i) array
        Of the file.
    lattice : Lattice
        How they lie.
    """
    turned = np.flip(values.transpose(lattice.order), lattice.flipped)
    into, out_of = [], []
    for start, count, size in zip(lattice.start_kji, turned.shape, laid.shape, strict=True):
        low, high = max(start, 0), min(start + count, size)
        if low >= high:
            return
        into.append(slice(low, high))
        out_of.append(slice(low - start, high - start))
    laid[tuple(into)] |= turned[tuple(out_of)]
