"""Flat faces with holes as triangles: constrained Delaunay, exact predicates, no new vertices.

References
----------
CDT, constrained Delaunay triangulation by incremental insertion with robust predicates,
https://github.com/artem-ogre/CDT (MPL-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pythoncdt import IntersectingConstraintEdges, Triangulation, VertexInsertionOrder

from template_gen.errors import InternalDefectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from template_gen.arrays import Floats, Indices


def triangulate_face(points: Floats, rings: Sequence[Indices]) -> Indices:
    """Fill the space between closed rings that do not touch.

    What lies inside an odd number of rings is filled: the plate but not its bores, the ink of an
    O but not its island, the island again.

    Parameters
    ----------
    points : (n, 2) array
        x and y of every vertex of the mesh.
    rings : sequence of (k,) arrays
        Rows of `points` around each ring, in either sense.

    Returns
    -------
    (t, 3) array
        Rows of `points`, counter-clockwise in x and y.

    Raises
    ------
    InternalDefectError
        If rings cross, which the rules refuse beforehand.

    Examples
    --------
    A square with a square hole: eight triangles.

    >>> square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1.0]])
    >>> rings = [np.arange(4), np.arange(4, 8)]
    >>> len(triangulate_face(np.vstack([2 * square, square]), rings))
    8
    """
    rows = np.concatenate(rings)
    lengths = np.array([len(ring) for ring in rings])
    ends = np.cumsum(lengths)
    following = np.arange(1, len(rows) + 1)
    following[ends - 1] = ends - lengths
    edges = np.stack([np.arange(len(rows)), following], axis=1).astype(np.uint32)
    face = Triangulation(VertexInsertionOrder.AUTO, IntersectingConstraintEdges.NOT_ALLOWED, 0.0)
    try:
        # Arrays are buffers; before Python 3.12 their type does not say so.
        face.insert_vertices(np.ascontiguousarray(points[rows]))  # type: ignore[call-overload]
        face.insert_edges(edges)  # type: ignore[call-overload]  # the same
    except RuntimeError as error:
        raise InternalDefectError(f"rings of one face cross: {error}") from error
    face.erase_outer_triangles_and_holes()
    return np.asarray(rows[face.triangles_array()["vertices"].astype(np.int64)])
