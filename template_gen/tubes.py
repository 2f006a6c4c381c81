"""Round holes found in a mesh, from its facets alone.

Facets that meet at a small angle form smooth patches. A patch whose normals all stand at right
angles to one line, look towards it and go all the way round is the wall of a hole; a cylinder
fitted to its corners gives the axis, and the facets' distance from the axis the free width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from template_gen.arrays import Floats, read_only
from template_gen.mesh import area_vectors_mm2, directed_edges

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from template_gen.arrays import Booleans, Indices
    from template_gen.mesh import TriangleMesh

SMOOTH_COSINE = float(np.cos(np.deg2rad(25.0)))
"""Facets at less than 25° belong to one wall: round holes of 15 facets and more are found."""
FEWEST_FACETS = 16
LARGEST_NORMAL_SPREAD = 1e-3
"""Mean squared cosine between the normals and the axis; float32 rounding gives 1e-9."""
LEAST_ROUNDNESS = 0.6
"""Lesser to greater share of the normals across the axis: 1 for a full turn, 0 for a flat face."""
ITERATIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """One round hole.

    Parameters
    ----------
    point_mm : (3,) array
        Where the axis crosses z = 0.
    direction : (3,) array
        Unit vector along the axis; z > 0.
    free_diameter_mm : float
        Diameter of the largest cylinder about the axis that no facet enters.
    misfit_mm : float
        Root mean square distance of the corners from the fitted cylinder.
    lowest_z_mm, highest_z_mm : float
        Between which depths the wall reaches.
    """

    point_mm: Floats
    direction: Floats
    free_diameter_mm: float
    misfit_mm: float
    lowest_z_mm: float
    highest_z_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", read_only(self.point_mm))
        object.__setattr__(self, "direction", read_only(self.direction))


def find_tubes(mesh: TriangleMesh) -> tuple[Tube, ...]:
    """Find every round hole that is not parallel to the plate.

    Parameters
    ----------
    mesh : TriangleMesh
        With every vertex once.

    Returns
    -------
    tuple of Tube
        Bores and pockets, in the order of their first facet.
    """
    areas = area_vectors_mm2(mesh)
    sizes = np.linalg.norm(areas, axis=1)
    normals = areas / np.where(sizes > 0, sizes, 1.0)[:, None]
    patch = _smooth_patches(mesh, normals)
    axes, is_hole = _axes_of_patches(mesh, normals, sizes, patch)
    order = np.argsort(patch, kind="stable")
    bounds = np.searchsorted(patch[order], np.arange(len(axes) + 1))
    holes = sorted(np.flatnonzero(is_hole), key=lambda row: order[bounds[row]])
    return tuple(
        _fit_tube(mesh, normals, order[bounds[row] : bounds[row + 1]], axes[row]) for row in holes
    )


def _smooth_patches(mesh: TriangleMesh, normals: Floats) -> Indices:
    """Give every facet the number of its patch."""
    count = len(mesh.triangles)
    edges = directed_edges(mesh)
    keys = edges.min(axis=1) * len(mesh.vertices_mm) + edges.max(axis=1)
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    first, second = order[same] % count, order[same + 1] % count
    smooth = np.einsum("ei,ei->e", normals[first], normals[second]) > SMOOTH_COSINE
    pairs = (first[smooth], second[smooth])
    graph = coo_array((np.ones(len(pairs[0])), pairs), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _axes_of_patches(
    mesh: TriangleMesh, normals: Floats, sizes: Floats, patch: Indices
) -> tuple[Floats, Booleans]:
    """Find each patch's line that its normals avoid, and whether the patch walls a hole."""

    def summed(values: Floats) -> Floats:
        flat = values.reshape(len(values), -1)
        columns = [np.bincount(patch, weights=column) for column in flat.T]
        table = np.stack(columns, axis=1).astype(np.float64)
        return table.reshape(-1, *values.shape[1:])

    facets = np.bincount(patch)
    area = summed(sizes)
    spread = summed(sizes[:, None, None] * normals[:, :, None] * normals[:, None, :])
    shares, vectors = np.linalg.eigh(spread / area[:, None, None])
    centres = mesh.corners_mm.mean(axis=1)
    middle = summed(sizes[:, None] * centres) / area[:, None]
    outward = summed(sizes * np.einsum("ti,ti->t", normals, centres - middle[patch]))
    is_hole = (
        (facets >= FEWEST_FACETS)
        & (shares[:, 0] <= LARGEST_NORMAL_SPREAD)
        & (shares[:, 1] >= LEAST_ROUNDNESS * shares[:, 2])
        & (outward < 0)
        & (np.abs(vectors[:, 2, 0]) > 0.1)
    )
    return np.asarray(vectors[:, :, 0]), np.asarray(is_hole)


def _fit_tube(mesh: TriangleMesh, normals: Floats, facets: Indices, axis: Floats) -> Tube:
    rows = np.unique(mesh.triangles[facets])
    points = mesh.vertices_mm[rows]
    centre, direction, misfit = fit_cylinder(points, axis)
    first_corners = mesh.vertices_mm[mesh.triangles[facets, 0]]
    widths = np.einsum("fi,fi->f", normals[facets], centre - first_corners)
    return Tube(
        point_mm=centre - direction * (centre[2] / direction[2]),
        direction=direction,
        free_diameter_mm=2.0 * float(widths.min()),
        misfit_mm=misfit,
        lowest_z_mm=float(points[:, 2].min()),
        highest_z_mm=float(points[:, 2].max()),
    )


def fit_cylinder(points_mm: Floats, axis: ArrayLike) -> tuple[Floats, Floats, float]:
    """Fit a cylinder to points on its surface by Gauss-Newton least squares.

    Parameters
    ----------
    points_mm : (n, 3) array
        At least five points.
    axis : (3,) array_like
        A direction so near the true one that over the points' length it leaves the middle by
        less than half the radius.

    Returns
    -------
    centre_mm : (3,) array
        A point on the axis.
    direction : (3,) array
        Unit vector along the axis, z > 0.
    misfit_mm : float
        Root mean square of the distances from the surface.

    Examples
    --------
    >>> turn = np.arange(8) * np.pi / 4
    >>> ring = np.stack([2 + np.cos(turn), 3 + np.sin(turn), 0 * turn], axis=1)
    >>> centre, direction, _ = fit_cylinder(np.vstack([ring, ring + [0, 0, 9]]), [.1, 0, 1])
    >>> centre[:2].round(9).tolist(), np.abs(direction).round(9).tolist()
    ([2.0, 3.0], [0.0, 0.0, 1.0])
    """
    direction = np.array(axis, dtype=np.float64)
    direction *= np.copysign(1.0 / np.linalg.norm(direction), direction[2])
    centre = points_mm.mean(axis=0)
    gaps = np.zeros(len(points_mm))
    for _ in range(ITERATIONS):
        across = np.cross(direction, np.eye(3)[np.argmin(np.abs(direction))])
        across /= np.linalg.norm(across)
        upright = np.cross(direction, across)
        along = (points_mm - centre) @ direction
        x, y = (points_mm - centre) @ across, (points_mm - centre) @ upright
        far = np.hypot(x, y)
        radius = far.mean()
        gaps = far - radius
        # Moving the axis or tilting it changes the distance by the component along the radius.
        slopes = -np.stack([x, y, x * along, y * along, far], axis=1) / far[:, None]
        step = np.linalg.lstsq(slopes, -gaps, rcond=None)[0]
        centre = centre + step[0] * across + step[1] * upright
        direction = direction + step[2] * across + step[3] * upright
        direction /= np.linalg.norm(direction)
        if np.abs(step[:4]).max() < 1e-13:
            break
    return centre, direction, float(np.sqrt(np.mean(gaps**2)))
