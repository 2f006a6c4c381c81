"""The body in a real scan, found by threshold, and the distance from its skin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from phantoms.errors import SourceRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

BODY_HU = -300.0
"""Between the darkest skin and the brightest clothes and pads."""
COARSE_MM = 2.0
"""The body is found on voxels thinned to about this size, millimetres."""
THIN_MM = 5.0
"""What is thinner than twice this is not body: couch shells, blankets, lines."""


def find_body(values_hu: NDArray[np.number], grid: ScanGrid) -> NDArray[np.bool_]:
    """Find the body: the largest thing that is denser than a pad, its hollows filled.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Hounsfield units.
    grid : ScanGrid
        Where the voxels lie, millimetres.

    Returns
    -------
    (k, j, i) bool array
        On every n-th voxel as :func:`thinning` says.

    Raises
    ------
    SourceRefusedError
        If nothing in the scan is thick enough for a body.
    """
    steps = thinning(grid)
    dense = np.asarray(values_hu[tuple(slice(None, None, step) for step in steps)] > BODY_HU)
    spacing = _spacing_mm(grid) * steps
    # within a slice: a scan may be shorter than the ball is thick
    reach = np.maximum(np.rint(THIN_MM / spacing[1:]).astype(int), 1)
    rows, columns = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    disc = ((rows / reach[0]) ** 2 + (columns / reach[1]) ** 2 <= 1.0)[None]
    thick = ndimage.binary_opening(dense, disc)
    names, count = ndimage.label(thick)
    if count == 0:
        raise SourceRefusedError(
            "There is no body in this scan",
            where="find_body",
            expected=f"something above {BODY_HU:g} HU that is thicker than {2 * THIN_MM:g} mm",
            got="nothing",
            next_step="name a CT scan of a body in Hounsfield units",
        )
    largest = 1 + int(np.bincount(names.ravel())[1:].argmax())
    body: NDArray[np.bool_] = names == largest
    for k in range(body.shape[0]):
        ndimage.binary_fill_holes(body[k], output=body[k])
    return body


def thinning(grid: ScanGrid) -> NDArray[np.int64]:
    """Choose which voxels the body is found on.

    Parameters
    ----------
    grid : ScanGrid
        Where the voxels lie, millimetres.

    Returns
    -------
    (3,) int array
        Every n-th voxel along k, j, i.
    """
    return np.maximum(np.floor(COARSE_MM / _spacing_mm(grid) + 1e-9), 1.0).astype(np.int64)


def _spacing_mm(grid: ScanGrid) -> Floats:
    """Measure the voxels' edges along k, j, i."""
    edges: Floats = np.linalg.norm(grid.lps_from_index[:3, :3], axis=0)
    return edges


def skin_distance(values_hu: NDArray[np.number], grid: ScanGrid) -> Callable[[Floats], Floats]:
    """Prepare to measure how far points are from the skin.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Hounsfield units.
    grid : ScanGrid
        Where the voxels lie, along the axes of LPS, millimetres.

    Returns
    -------
    callable
        Takes (n, 3) points, LPS millimetres, and returns (n,) distances from the skin, negative
        inside, right to about a thinned voxel. Beyond the field it never says more than is true
        of what the field shows.

    Raises
    ------
    SourceRefusedError
        If there is no body in the scan.
    """
    body, steps = find_body(values_hu, grid), thinning(grid)
    spacing = _spacing_mm(grid) * steps
    half = 0.5 * float(spacing[1:].mean())
    without = np.maximum(ndimage.distance_transform_edt(~body, sampling=spacing) - half, 0.0)
    within = np.maximum(ndimage.distance_transform_edt(body, sampling=spacing) - half, 0.0)
    signed = (without - within).astype(np.float32)
    index_from_lps = np.linalg.inv(grid.lps_from_index)

    def distances_mm(points_mm: Floats) -> Floats:
        index = (np.asarray(points_mm) @ index_from_lps[:3, :3].T + index_from_lps[:3, 3]) / steps
        measured: Floats = ndimage.map_coordinates(
            signed, index.T, order=1, mode="nearest", output=np.float64
        )
        return measured

    return distances_mm


def room_in_front_mm(values_hu: NDArray[np.number], grid: ScanGrid) -> float:
    """Measure how much air a scan shows in front of the body.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Hounsfield units.
    grid : ScanGrid
        Where the voxels lie, rows running to the back, millimetres.

    Returns
    -------
    float
        From the first row to the foremost point of the body, millimetres.

    Raises
    ------
    SourceRefusedError
        If there is no body in the scan.
    """
    body = find_body(values_hu, grid)
    first = int(np.flatnonzero(body.any(axis=(0, 2)))[0]) * int(thinning(grid)[1])
    return first * float(_spacing_mm(grid)[1])
