"""Binary STL read by its byte layout alone, and what its facets say about edges and bores."""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def read_facets(path: Path) -> np.ndarray:
    """Give the corners of all facets, (n, 3, 3), millimetres, as the 32-bit numbers of the file."""
    content = path.read_bytes()
    (count,) = struct.unpack_from("<I", content, 80)
    if len(content) != 84 + 50 * count:
        raise AssertionError(f"{path}: header says {count} facets, file has {len(content)} bytes")
    return np.frombuffer(content, dtype=FACET, offset=84)["corners"].copy()


def unmatched_edges(facets: np.ndarray) -> int:
    """Count directed edges without exactly one opposite: 0 where the surface is watertight."""
    _, corners = np.unique(facets.reshape(-1, 3), axis=0, return_inverse=True)
    triangles = corners.reshape(-1, 3)
    edges = Counter(
        (int(a), int(b))
        for triangle in triangles
        for a, b in zip(triangle, np.roll(triangle, -1), strict=True)
    )
    return sum(1 for (a, b), times in edges.items() if times != 1 or edges[(b, a)] != 1)


def volume_mm3(facets: np.ndarray) -> float:
    """Measure the volume by the divergence theorem: positive where facets look outward."""
    a, b, c = (facets[:, corner].astype(np.float64) for corner in range(3))
    return float(np.einsum("ni,ni->", a, np.cross(b, c)) / 6.0)


def circle_fit(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit a circle to points in the plane (Kåsa): centre and radius."""
    design = np.column_stack([points, np.ones(len(points))])
    solution, *_ = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)
    centre = solution[:2] / 2
    return centre, float(np.sqrt(solution[2] + centre @ centre))


def bore_fit(
    vertices: np.ndarray, place_mm: np.ndarray, thickness_mm: float, within_mm: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit a straight bore from its rings on both faces: centre at the top, axis, apothem."""
    near = np.hypot(*(vertices[:, :2] - place_mm[:2]).T) < within_mm
    rings = []
    for level in (0.0, thickness_mm):
        ring = np.unique(vertices[near & (np.abs(vertices[:, 2] - level) < 1e-4)], axis=0)
        centre, radius = circle_fit(ring[:, :2].astype(np.float64))
        rings.append((np.array([*centre, level]), radius * np.cos(np.pi / len(ring))))
    axis = rings[1][0] - rings[0][0]
    return rings[0][0], axis / np.linalg.norm(axis), min(rings[0][1], rings[1][1])
