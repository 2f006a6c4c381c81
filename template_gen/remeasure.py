"""A mesh file measured back against the spec of the plate that it should be.

Nothing is taken from the way the mesh was made. Bores and pockets are found in the facets, and
only then matched with the spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from template_gen.drilling import bore_rings
from template_gen.intersections import count_crossings
from template_gen.mesh import TriangleMesh, measure_soundness
from template_gen.meshfiles import load_mesh
from template_gen.orientation import find_orientation
from template_gen.outlines import (
    ROUNDING_ALLOWANCE_MM,
    BoreRings,
    plate_outline,
    pocket_floor_mm,
    rings_at_sleeve_end,
)
from template_gen.readings import BoreReading, LeastWeb, MarkerReading
from template_gen.spec import spec_hash
from template_gen.tubes import Tube, find_tubes
from template_gen.verdicts import LARGEST_PLATE_MM, SMALLEST_PLATE_MM, MeshReading
from template_gen.webs import least_webs_mm

if TYPE_CHECKING:
    from pathlib import Path

    from template_gen.arrays import Floats, Indices
    from template_gen.models import TemplateSpec

SEARCH_MM = 1.5
"""A hole further than this from where a bore should be, on either face, is not that bore."""
FACE_TOLERANCE_MM = 0.05
"""A hole whose wall reaches both faces within this goes through."""
NEIGHBOURS_MM = 5.0
"""Webs up to this are looked for first; only a plate without any is searched whole."""


def remeasure_mesh(mesh_path: Path, spec: TemplateSpec) -> MeshReading:
    """Measure a mesh file against the spec of the plate that it should be.

    Parameters
    ----------
    mesh_path : Path
        ``.stl`` or ``.3mf``, template frame, millimetres.
    spec : TemplateSpec

    Returns
    -------
    MeshReading
        With the verdict in :attr:`MeshReading.verdict` and its reasons.

    Raises
    ------
    FileRefusedError
        If the file cannot be read.
    MeshRefusedError
        If the file is damaged.
    """
    return measure_mesh(load_mesh(mesh_path), spec)


def measure_mesh(mesh: TriangleMesh, spec: TemplateSpec) -> MeshReading:
    """Measure a mesh against the spec of the plate that it should be.

    Parameters
    ----------
    mesh : TriangleMesh
        With every vertex once.
    spec : TemplateSpec

    Returns
    -------
    MeshReading
    """
    used = mesh.vertices_mm[np.unique(mesh.triangles)]
    tubes = find_tubes(mesh)
    thickness_mm = spec.plate.thickness_mm
    through = tuple(tube for tube in tubes if _goes_through(tube, thickness_mm))
    blind = tuple(tube for tube in tubes if not _goes_through(tube, thickness_mm))
    readings, matched = _read_bores(spec, through)
    attitude, letters_found = find_orientation(mesh, spec)
    soundness = measure_soundness(mesh)
    size_mm = np.ptp(used, axis=0)
    closed = soundness.open_edges == soundness.non_manifold_edges == 0
    searchable = closed and SMALLEST_PLATE_MM <= size_mm.max() <= LARGEST_PLATE_MM
    return MeshReading(
        spec_hash=spec_hash(spec),
        soundness=soundness,
        crossings=count_crossings(mesh) if searchable else None,
        triangles=len(mesh.triangles),
        expected_genus=len(readings),
        size_mm=_triple(size_mm),
        size_error_mm=float(np.abs(_box(used) - _expected_box_mm(spec)).max()),
        bores=readings,
        unexpected_bores=len(through) - matched,
        markers=_read_markers(spec, blind),
        least_web=_least_web(readings, through, thickness_mm),
        attitude=attitude,
        letters_found_percent=letters_found,
    )


def _goes_through(tube: Tube, thickness_mm: float) -> bool:
    return (
        tube.lowest_z_mm <= FACE_TOLERANCE_MM
        and tube.highest_z_mm >= thickness_mm - FACE_TOLERANCE_MM
    )


def _triple(values: Floats) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _box(points: Floats) -> Floats:
    return np.stack([points.min(axis=0), points.max(axis=0)])


def _expected_box_mm(spec: TemplateSpec) -> Floats:
    outline = plate_outline(spec.plate)
    near = np.c_[outline, np.zeros(len(outline))]
    far = np.c_[outline, np.full(len(outline), spec.plate.thickness_mm)]
    bores = bore_rings(spec)
    ends = rings_at_sleeve_end(bores, bores.sleeve_radii_mm)[bores.sleeves_mm > 0].reshape(-1, 3)
    return _box(np.vstack([near, far, ends]))


def _on_both_faces(points: Floats, directions: Floats, thickness_mm: float) -> Floats:
    """Give (n, 4): where axes cross the operator face and the patient face."""
    far = points + directions * (thickness_mm / directions[:, 2:])
    return np.concatenate([points[:, :2], far[:, :2]], axis=1)


def _read_bores(spec: TemplateSpec, tubes: tuple[Tube, ...]) -> tuple[tuple[BoreReading, ...], int]:
    """Match the expected bores with holes, each hole once; count the matches."""
    wanted = bore_rings(spec)
    thickness_mm = spec.plate.thickness_mm
    asked = _on_both_faces(wanted.entries_mm, wanted.directions, thickness_mm)
    nearest: Indices = np.full(len(asked), -1)
    distance: Floats = np.full(len(asked), np.inf)
    if tubes:
        points = np.array([tube.point_mm for tube in tubes])
        directions = np.array([tube.direction for tube in tubes])
        found = _on_both_faces(points, directions, thickness_mm)
        distance, nearest = map(np.asarray, cKDTree(found).query(asked, p=np.inf))
    taken: set[int] = set()
    readings = {}
    for row in np.argsort(distance, kind="stable"):
        tube_row = int(nearest[row])
        tube = None
        if distance[row] <= SEARCH_MM and tube_row not in taken:
            taken.add(tube_row)
            tube = tube_row
        readings[int(row)] = _read_bore(wanted, int(row), tubes, tube)
    return tuple(readings[row] for row in range(len(asked))), len(taken)


def _read_bore(
    wanted: BoreRings, row: int, tubes: tuple[Tube, ...], tube_row: int | None
) -> BoreReading:
    label = wanted.labels[row]
    asked_mm = float(2 * (wanted.radii_mm[row] - ROUNDING_ALLOWANCE_MM))
    if tube_row is None:
        return BoreReading(label=label, asked_diameter_mm=asked_mm)
    tube = tubes[tube_row]
    turned = np.cross(tube.direction, wanted.directions[row])
    cosine = float(tube.direction @ wanted.directions[row])
    return BoreReading(
        label=label,
        asked_diameter_mm=asked_mm,
        hole=tube_row,
        position_error_mm=float(np.linalg.norm(tube.point_mm - wanted.entries_mm[row])),
        axis_error_deg=float(np.rad2deg(np.arctan2(np.linalg.norm(turned), cosine))),
        diameter_mm=tube.free_diameter_mm,
        misfit_mm=tube.misfit_mm,
    )


def _read_markers(spec: TemplateSpec, pockets: tuple[Tube, ...]) -> tuple[MarkerReading, ...]:
    """Find each marker's pocket and where a sphere on its floor would lie."""
    readings = []
    for marker in spec.markers:
        asked = np.array([marker.x_mm, marker.y_mm, pocket_floor_mm(marker)])
        floors = [
            np.array([tube.point_mm[0], tube.point_mm[1], tube.highest_z_mm]) for tube in pockets
        ]
        errors = [float(np.linalg.norm(floor - asked)) for floor in floors]
        best = int(np.argmin(errors)) if errors else -1
        fits = best >= 0 and errors[best] <= SEARCH_MM
        readings.append(
            MarkerReading(
                label=marker.label,
                sphere_diameter_mm=marker.diameter_mm,
                position_error_mm=errors[best] if fits else None,
                pocket_diameter_mm=pockets[best].free_diameter_mm if fits else None,
            )
        )
    return tuple(readings)


def _least_web(
    readings: tuple[BoreReading, ...], tubes: tuple[Tube, ...], thickness_mm: float
) -> LeastWeb | None:
    """Measure the thinnest material between two of the holes that were found."""
    found = [(item.label, tubes[item.hole]) for item in readings if item.hole is not None]
    if len(found) < 2:
        return None
    radii = np.array([tube.free_diameter_mm / 2 for _, tube in found])
    holes = BoreRings(
        labels=tuple(label for label, _ in found),
        entries_mm=np.array([tube.point_mm for _, tube in found]),
        directions=np.array([tube.direction for _, tube in found]),
        radii_mm=radii,
        sleeves_mm=np.zeros(len(found)),
        sleeve_radii_mm=radii,
    )
    for within_mm in (NEIGHBOURS_MM, np.inf):
        pairs, webs = least_webs_mm(holes, thickness_mm, within_mm=within_mm)
        if len(webs):
            break
    thinnest = int(np.argmin(webs))
    first, second = pairs[thinnest]
    return LeastWeb(
        between=(holes.labels[first], holes.labels[second]), web_mm=float(webs[thinnest])
    )
