"""The plate as a watertight surface, without a single boolean operation.

Rings on the two faces are joined by tubes, and the faces between the rings are filled by a
constrained Delaunay triangulation. Every edge is made twice, once from each side, so the surface
is closed by construction as long as rings on one face stay apart, which the rules demand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from template_gen.drilling import bore_rings
from template_gen.engrave import ENGRAVING_DEPTH_MM, letter_text
from template_gen.faces import triangulate_face
from template_gen.marks import Marks, place_marks
from template_gen.mesh import TriangleMesh
from template_gen.outlines import (
    plate_outline,
    pocket_floor_mm,
    pocket_radius_mm,
    pocket_ring,
    polygon_area_mm2,
    rings_at_depth,
    rings_at_sleeve_end,
)
from template_gen.rules import check_spec, refuse_errors

if TYPE_CHECKING:
    from template_gen.arrays import Floats, Indices
    from template_gen.models import TemplateSpec


def build_solid(spec: TemplateSpec) -> TriangleMesh:
    """Build the plate's surface.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    TriangleMesh
        Template frame, millimetres; every coordinate is a float32 number, so that an STL file
        holds it without rounding.

    Raises
    ------
    GeometryRefusedError
        If the spec breaks a rule of :func:`template_gen.rules.check_spec`.
    """
    marks = place_marks(spec)
    refuse_errors(check_spec(spec, marks))
    block = _Block(thickness_mm=spec.plate.thickness_mm)
    block.add_rim(plate_outline(spec.plate))
    _add_bores(block, spec)
    for marker in spec.markers:
        block.add_pit(
            [pocket_ring(marker, 0.0)[:, :2]], at_mm=0.0, floor_mm=pocket_floor_mm(marker)
        )
    for mark in marks.placed:
        if mark.face == "operator":
            block.add_pit(mark.rings_mm(), at_mm=0.0, floor_mm=ENGRAVING_DEPTH_MM)
        else:
            floor_mm = spec.plate.thickness_mm - ENGRAVING_DEPTH_MM
            block.add_pit(mark.rings_mm(), at_mm=spec.plate.thickness_mm, floor_mm=floor_mm)
    return block.finished()


def expected_volume_mm3(spec: TemplateSpec, marks: Marks | None = None) -> float:
    """Compute the volume of the faceted plate from formulas alone.

    Parameters
    ----------
    spec : TemplateSpec
    marks : Marks, optional
        The texts, where they are already laid out.

    Returns
    -------
    float
        Cubic millimetres. A prism cut askew through its axis has the volume of the straight one.
    """
    thickness_mm = spec.plate.thickness_mm
    x, y = plate_outline(spec.plate).T
    slab = 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) * thickness_mm
    bores = bore_rings(spec)
    drilled = polygon_area_mm2(bores.radii_mm)
    through = float((drilled * thickness_mm / bores.directions[:, 2]).sum())
    sleeves = (polygon_area_mm2(bores.sleeve_radii_mm) - drilled) * bores.sleeves_mm
    pockets = sum(
        float(polygon_area_mm2(np.array(pocket_radius_mm(marker)))) * pocket_floor_mm(marker)
        for marker in spec.markers
    )
    placed = (marks or place_marks(spec)).placed
    ink = sum(letter_text(mark.text, mark.height_mm).area_mm2 for mark in placed)
    return slab - through + float(sleeves.sum()) - pockets - ink * ENGRAVING_DEPTH_MM


def _add_bores(block: _Block, spec: TemplateSpec) -> None:
    bores = bore_rings(spec)
    sleeved = bores.sleeves_mm > 0
    near = block.add_rings(rings_at_depth(bores, bores.radii_mm, 0.0)[~sleeved])
    far = block.add_rings(rings_at_depth(bores, bores.radii_mm, block.thickness_mm))
    foot = block.add_rings(rings_at_depth(bores, bores.sleeve_radii_mm, 0.0)[sleeved])
    outer = block.add_rings(rings_at_sleeve_end(bores, bores.sleeve_radii_mm)[sleeved])
    inner = block.add_rings(rings_at_sleeve_end(bores, bores.radii_mm)[sleeved])
    block.triangles += [
        _inward(_tube(near, far[~sleeved])),
        _inward(_tube(inner, far[sleeved])),
        _tube(outer, foot),
        _tube(inner, outer),
    ]
    block.operator_rings += [*near, *foot]
    block.patient_rings += list(far)


@dataclass(slots=True)
class _Block:
    """A plate in the making: vertices, walls, and the rings that are open on each face."""

    thickness_mm: float
    points: list[Floats] = field(default_factory=list)
    count: int = 0
    triangles: list[Indices] = field(default_factory=list)
    operator_rings: list[Indices] = field(default_factory=list)
    patient_rings: list[Indices] = field(default_factory=list)
    floors: dict[tuple[float, bool], list[Indices]] = field(default_factory=dict)

    def add_rings(self, rings: Floats) -> Indices:
        """Add (n, k, 3) points; give their rows as (n, k)."""
        rows = np.arange(rings.shape[0] * rings.shape[1]).reshape(rings.shape[:2]) + self.count
        # The STL stores float32: snapping before triangulation keeps what is exact exact.
        snapped = rings.reshape(-1, 3).astype(np.float32).astype(np.float64)
        self.points.append(snapped + 0.0)
        self.count += rows.size
        return np.asarray(rows)

    def add_flat_ring(self, ring_mm: Floats, z_mm: float) -> Indices:
        """Add one (k, 2) ring at a depth; give its rows as (1, k)."""
        return self.add_rings(np.c_[ring_mm, np.full(len(ring_mm), z_mm)][None])

    def add_rim(self, outline_mm: Floats) -> None:
        """Add the outer wall."""
        near = self.add_flat_ring(outline_mm, 0.0)
        far = self.add_flat_ring(outline_mm, self.thickness_mm)
        self.triangles.append(_tube(near, far))
        self.operator_rings += list(near)
        self.patient_rings += list(far)

    def add_pit(
        self, rings_mm: list[Floats] | tuple[Floats, ...], *, at_mm: float, floor_mm: float
    ) -> None:
        """Add a pit with an upright wall: a pocket, or one line of text."""
        to_patient = floor_mm > at_mm
        rings = self.operator_rings if to_patient else self.patient_rings
        floor = self.floors.setdefault((floor_mm, to_patient), [])
        for ring in rings_mm:
            mouth, base = self.add_flat_ring(ring, at_mm), self.add_flat_ring(ring, floor_mm)
            wall = _tube(mouth, base) if to_patient else _tube(base, mouth)
            self.triangles.append(_inward(wall))
            rings += list(mouth)
            floor += list(base)

    def finished(self) -> TriangleMesh:
        """Fill both faces and all floors."""
        points = np.concatenate(self.points)
        flat = np.ascontiguousarray(points[:, :2])
        pieces = [
            *self.triangles,
            _inward(triangulate_face(flat, self.operator_rings)),
            triangulate_face(flat, self.patient_rings),
        ]
        for (_, to_patient), rings in self.floors.items():
            filled = triangulate_face(flat, rings)
            pieces.append(_inward(filled) if to_patient else filled)
        return TriangleMesh(points, np.concatenate(pieces))


def _tube(near: Indices, far: Indices) -> Indices:
    """Join (n, k) rings at lower z with those at higher z; normals point away from the axes."""
    near_next, far_next = np.roll(near, -1, axis=1), np.roll(far, -1, axis=1)
    first = np.stack([near, near_next, far_next], axis=-1)
    second = np.stack([near, far_next, far], axis=-1)
    return np.stack([first, second], axis=2).reshape(-1, 3)


def _inward(triangles: Indices) -> Indices:
    return np.asarray(triangles[:, ::-1])
