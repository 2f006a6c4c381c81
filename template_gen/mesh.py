"""A closed surface of triangles, and what can be measured on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from template_gen.arrays import Floats, Indices


@dataclass(frozen=True, slots=True)
class TriangleMesh:
    """Vertices and the triangles between them, outward by the right-hand rule.

    Parameters
    ----------
    vertices_mm : (n, 3) array
        Template frame, millimetres.
    triangles : (t, 3) array
        Rows of `vertices_mm`.
    """

    vertices_mm: Floats
    triangles: Indices

    def __post_init__(self) -> None:
        vertices = np.ascontiguousarray(self.vertices_mm, dtype=np.float64).view()
        triangles = np.ascontiguousarray(self.triangles, dtype=np.int64).view()
        vertices.setflags(write=False)
        triangles.setflags(write=False)
        object.__setattr__(self, "vertices_mm", vertices)
        object.__setattr__(self, "triangles", triangles)

    @property
    def corners_mm(self) -> Floats:
        """(t, 3, 3) array: the three corners of every triangle."""
        return self.vertices_mm[self.triangles]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """What makes a surface the surface of a solid.

    Parameters
    ----------
    open_edges : int
        Edges with a triangle on one side only.
    non_manifold_edges : int
        Edges with more than two triangles, or with two that disagree on outside.
    zero_area_triangles : int
        Triangles without a normal.
    shells : int
        Connected pieces.
    genus : int
        Holes through the solid, all pieces together; meaningless while edges are open.
    volume_mm3 : float
        Negative where the surface is inside out.
    """

    open_edges: int
    non_manifold_edges: int
    zero_area_triangles: int
    shells: int
    genus: int
    volume_mm3: float


def measure_volume_mm3(mesh: TriangleMesh) -> float:
    """Measure the enclosed volume by the divergence theorem.

    Parameters
    ----------
    mesh : TriangleMesh

    Returns
    -------
    float
        Cubic millimetres; negative where the surface is inside out.

    Examples
    --------
    A corner of a unit cube holds a sixth:

    >>> corner = TriangleMesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]),
    ...                       np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    >>> round(measure_volume_mm3(corner), 12)
    0.166666666667
    """
    first, second, third = np.moveaxis(mesh.corners_mm, 1, 0)
    return float(np.einsum("ti,ti->", first, np.cross(second, third)) / 6.0)


def area_vectors_mm2(mesh: TriangleMesh) -> Floats:
    """Measure every triangle's area along its outward normal.

    Parameters
    ----------
    mesh : TriangleMesh

    Returns
    -------
    (t, 3) array
        Square millimetres.
    """
    corners = mesh.corners_mm
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2.0)


def directed_edges(mesh: TriangleMesh) -> Indices:
    """List each triangle's three edges in its own sense of turning.

    Parameters
    ----------
    mesh : TriangleMesh

    Returns
    -------
    (3 t, 2) array
        Edge k of triangle t stands in row ``k * len(triangles) + t``.
    """
    around = mesh.triangles
    return np.concatenate([around[:, [0, 1]], around[:, [1, 2]], around[:, [2, 0]]])


def measure_soundness(mesh: TriangleMesh) -> Soundness:
    """Check that a surface is closed, manifold and the right way out.

    Parameters
    ----------
    mesh : TriangleMesh
        With every vertex once, as :func:`weld` leaves it.

    Returns
    -------
    Soundness
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - costs the command line's --help 0.2 s
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    count = len(mesh.vertices_mm)
    edges = directed_edges(mesh)
    low, high = edges.min(axis=1), edges.max(axis=1)
    keys, place, uses = np.unique(low * count + high, return_inverse=True, return_counts=True)
    forward = np.bincount(place, weights=edges[:, 0] < edges[:, 1], minlength=len(keys))
    used = np.unique(mesh.triangles)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    pieces = connected_components(graph, directed=False)[1]
    shells = len(np.unique(pieces[used]))
    euler = len(used) - len(keys) + len(mesh.triangles)
    areas = area_vectors_mm2(mesh)
    return Soundness(
        open_edges=int((uses == 1).sum()),
        non_manifold_edges=int(((uses > 2) | ((uses == 2) & (forward != 1))).sum()),
        zero_area_triangles=int((~(np.einsum("ti,ti->t", areas, areas) > 0)).sum()),
        shells=shells,
        genus=(2 * shells - euler) // 2,
        volume_mm3=measure_volume_mm3(mesh),
    )


def weld(corners_mm: Floats) -> TriangleMesh:
    """Join the loose triangles of an STL where corners are the same to the last bit.

    Parameters
    ----------
    corners_mm : (t, 3, 3) array
        Float32 values.

    Returns
    -------
    TriangleMesh
    """
    points = np.ascontiguousarray(corners_mm.reshape(-1, 3), dtype=np.float32) + np.float32(0.0)
    rows = points.view(np.dtype((np.void, 12))).ravel()
    _, first, place = np.unique(rows, return_index=True, return_inverse=True)
    return TriangleMesh(points[first].astype(np.float64), place.reshape(-1, 3))
