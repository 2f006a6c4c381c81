"""Signed distance to a surface that is known by points, normals and areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from navigator.arrays import Floats, frozen_floats, lengths

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.imaging.surfaces import SurfacePoints

NEIGHBOURS = 12
"""Discs looked at for each point: the nearest centre need not belong to the nearest disc."""


def signed_distance_to_surface_mm(points_mm: ArrayLike, surface: SurfacePoints) -> Floats:
    """Measure signed distances to a closed surface of small discs.

    Each surface point stands for a disc of its area. The distance to the nearest disc falls
    short of the true distance rather than beyond it, so that a margin is not over-reported
    between points. The sign is that of the nearest disc's side.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points in the surface's frame, millimetres.
    surface : SurfacePoints
        At least one point.

    Returns
    -------
    (n,) array
        Millimetres, positive inside.
    """
    points = frozen_floats(points_mm, (None, 3), "points_mm")
    count = min(NEIGHBOURS, len(surface.points_mm))
    _, nearest = cKDTree(surface.points_mm).query(points, k=count)
    nearest = np.asarray(nearest).reshape(len(points), count)
    offset = points[:, None, :] - surface.points_mm[nearest]
    height = np.einsum("nkc,nkc->nk", offset, surface.normals[nearest])
    aside = np.sqrt(np.maximum(lengths(offset) ** 2 - height**2, 0.0))
    radius = np.sqrt(surface.weights_mm2[nearest] / np.pi)
    distance = np.hypot(height, np.maximum(aside - radius, 0.0))
    best = np.argmin(distance, axis=1)
    rows = np.arange(len(points))
    signed: Floats = np.where(height[rows, best] <= 0, 1.0, -1.0) * distance[rows, best]
    return signed
