"""Whether a mesh's engraved texts are where they should be, or a mirror image or turn of that."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from template_gen.marks import place_marks

if TYPE_CHECKING:
    from template_gen.arrays import Floats
    from template_gen.mesh import TriangleMesh
    from template_gen.models import TemplateSpec

FOUND_WITHIN_MM = 0.02
"""A corner of a letter counts as found when the mesh has a vertex this near."""
LEAST_SHARE = 0.95
"""Share of the letters' corners that a true copy has at least."""


def find_orientation(mesh: TriangleMesh, spec: TemplateSpec) -> tuple[str, float]:
    """Compare the corners of all engraved letters with a mesh in its eight possible attitudes.

    Parameters
    ----------
    mesh : TriangleMesh
        Template frame, millimetres.
    spec : TemplateSpec
        The plate that it should be.

    Returns
    -------
    attitude : str
        ``true``, ``mirrored``, ``turned`` or ``unknown``.
    percent : float
        Of the letters' corners, those that the mesh has in its true attitude.
    """
    expected = _letter_corners_mm(spec)
    tree = cKDTree(mesh.vertices_mm)
    middle = np.array([0.0, 0.0, spec.plate.thickness_mm / 2])
    shares = {}
    for signs in product((1.0, -1.0), repeat=3):
        moved = middle + (expected - middle) * np.array(signs)
        distances = tree.query(moved, distance_upper_bound=FOUND_WITHIN_MM)[0]
        shares[signs] = float(np.isfinite(distances).mean())
    as_it_is = shares[1.0, 1.0, 1.0]
    best = max(shares, key=lambda signs: shares[signs])
    if as_it_is >= LEAST_SHARE:
        return "true", 100.0 * as_it_is
    if shares[best] >= LEAST_SHARE:
        return ("mirrored" if np.prod(best) < 0 else "turned"), 100.0 * as_it_is
    return "unknown", 100.0 * as_it_is


def _letter_corners_mm(spec: TemplateSpec) -> Floats:
    faces = {"operator": 0.0, "patient": spec.plate.thickness_mm}
    corners = [
        np.c_[ring, np.full(len(ring), faces[mark.face])]
        for mark in place_marks(spec).placed
        for ring in mark.rings_mm()
    ]
    return np.concatenate(corners)
