"""The plate is one watertight solid with as many holes as bores, and a needle passes each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import manifold3d
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from template_gen.drilling import all_bores, bore_rings
from template_gen.engrave import ENGRAVING_DEPTH_MM, letter_text
from template_gen.errors import InternalDefectError
from template_gen.faces import triangulate_face
from template_gen.intersections import count_crossings
from template_gen.marks import place_marks
from template_gen.mesh import TriangleMesh, measure_soundness
from template_gen.outlines import (
    corner_radius_mm,
    plate_outline,
    pocket_floor_mm,
    pocket_radius_mm,
    rings_at_depth,
)
from template_gen.solid import build_solid, expected_volume_mm3
from tests.template_gen.strategies import sound_specs

if TYPE_CHECKING:
    from template_gen.bores import BoreAxis
    from template_gen.models import TemplateSpec


def as_manifold(mesh: TriangleMesh) -> manifold3d.Manifold:
    return manifold3d.Manifold(
        manifold3d.Mesh64(
            np.array(mesh.vertices_mm, order="C"), np.array(mesh.triangles, np.uint64, order="C")
        )
    )


def prism(ring: np.ndarray, low_mm: float, high_mm: float) -> manifold3d.Manifold:
    section = manifold3d.CrossSection([np.asarray(ring, dtype=np.float64)])
    return section.extrude(high_mm - low_mm).translate([0.0, 0.0, low_mm])


def cylinder(radius_mm: float, low_mm: float, high_mm: float) -> manifold3d.Manifold:
    corner = float(corner_radius_mm(np.array(radius_mm)))
    body = manifold3d.Manifold.cylinder(high_mm - low_mm, corner, corner, 64)
    return body.translate([0.0, 0.0, low_mm])


def along(body: manifold3d.Manifold, bore: BoreAxis) -> manifold3d.Manifold:
    """Lean a body about the x and y axes so that its z axis points along a bore."""
    direction, entry = bore.direction, bore.entry_mm
    across = np.array([1.0, 0.0, 0.0]) - direction * direction[0]
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(direction, across), direction], axis=1)
    return body.transform(np.c_[axes, entry])


def carved(spec: TemplateSpec) -> manifold3d.Manifold:
    """Carve the same plate with booleans: the oracle that shares no triangulation with ours."""
    thickness = spec.plate.thickness_mm
    bores = bore_rings(spec)
    solid = prism(plate_outline(spec.plate), 0.0, thickness)
    axes = all_bores(spec)
    for row, axis in enumerate(axes):
        if axis.sleeve_mm > 0:
            # Down into the plate, so that the oblique foot is all inside.
            sleeve = cylinder(bores.sleeve_radii_mm[row], -axis.sleeve_mm, 6.0)
            solid += along(sleeve, axis)
    pits = [
        cylinder(pocket_radius_mm(item), -1.0, pocket_floor_mm(item)).translate(
            [item.x_mm, item.y_mm, 0.0]
        )
        for item in spec.markers
    ]
    for row, axis in enumerate(axes):
        pits.append(along(cylinder(bores.radii_mm[row], -axis.sleeve_mm - 1.0, 60.0), axis))
    for mark in place_marks(spec).placed:
        section = manifold3d.CrossSection(
            [np.array(ring) for ring in mark.rings_mm()], manifold3d.FillRule.EvenOdd
        )
        low = -1.0 if mark.face == "operator" else thickness - ENGRAVING_DEPTH_MM
        pits.append(section.extrude(1.0 + ENGRAVING_DEPTH_MM).translate([0.0, 0.0, low]))
    return solid - manifold3d.Manifold.batch_boolean(pits, manifold3d.OpType.Add)


def test_the_plate_has_the_volume_and_holes_of_one_carved_with_booleans(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    ours, oracle = as_manifold(guide_solid), carved(guide_spec)
    assert ours.status() == manifold3d.Error.NoError
    assert ours.genus() == oracle.genus() == len(all_bores(guide_spec))
    assert ours.volume() == pytest.approx(oracle.volume(), rel=1e-6)
    assert ours.surface_area() == pytest.approx(oracle.surface_area(), rel=1e-5)
    assert (ours - oracle).volume() < 0.05
    assert (oracle - ours).volume() < 0.05


def test_volume_is_the_analytic_one(guide_spec: TemplateSpec, guide_solid: TriangleMesh) -> None:
    """Written out here once more by hand: slab, prisms through it, sleeves, pockets, ink."""

    def polygon(radius: float) -> float:
        return float(64 * radius**2 * np.tan(np.pi / 64))

    plate = guide_spec.plate
    corner = plate.corner_radius_mm
    facets = 64 / 2 * np.sin(2 * np.pi / 64) * corner**2
    slab = (plate.width_mm * plate.height_mm - 4 * corner**2 + facets) * plate.thickness_mm
    bores = guide_spec.printer.bore_compensation_mm
    volume = slab
    for axis in all_bores(guide_spec):
        radius = (axis.diameter_mm + bores) / 2 + 2e-5
        volume -= polygon(radius) * plate.thickness_mm / axis.direction[2]
        volume += (polygon(radius + 1.6) - polygon(radius)) * axis.sleeve_mm
    for item in guide_spec.markers:
        volume -= polygon(item.diameter_mm / 2 + 0.1 + 2e-5) * (item.z_mm + item.diameter_mm / 2)
    for mark in place_marks(guide_spec).placed:
        volume -= 0.6 * letter_text(mark.text, mark.height_mm).area_mm2
    assert measure_soundness(guide_solid).volume_mm3 == pytest.approx(volume, rel=1e-6)
    assert expected_volume_mm3(guide_spec) == pytest.approx(volume, rel=1e-9)


@pytest.mark.hazard(27)
def test_the_needle_always_passes_printer_allowance_included(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    """No facet comes nearer to the asked axis than the asked radius, along the whole guide."""
    corners = guide_solid.corners_mm
    edges = np.concatenate([corners, (corners + np.roll(corners, 1, axis=1)) / 2], axis=1)
    for axis in all_bores(guide_spec):
        offset = edges.reshape(-1, 3) - axis.entry_mm
        across = offset - np.outer(offset @ axis.direction, axis.direction)
        nearest = np.linalg.norm(across, axis=1).min()
        assert nearest >= (axis.diameter_mm + guide_spec.printer.bore_compensation_mm) / 2
        assert nearest <= axis.diameter_mm / 2 + 0.05


def test_coordinates_are_float32_so_that_the_file_holds_what_was_checked(
    guide_solid: TriangleMesh,
) -> None:
    points = guide_solid.vertices_mm
    np.testing.assert_array_equal(points.astype(np.float32).astype(np.float64), points)


def test_sleeves_stand_out_towards_the_operator(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    lowest, highest = guide_solid.vertices_mm[:, 2].min(), guide_solid.vertices_mm[:, 2].max()
    leaning = all_bores(guide_spec)[-3]
    assert leaning.label == "P1"
    assert lowest < -leaning.sleeve_mm * leaning.direction[2]
    assert highest == guide_spec.plate.thickness_mm


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(sound_specs())
def test_every_sound_spec_gives_a_sound_solid(spec: TemplateSpec) -> None:
    mesh = build_solid(spec)
    found = measure_soundness(mesh)
    assert found.open_edges == found.non_manifold_edges == found.zero_area_triangles == 0
    assert (found.shells, found.genus) == (1, len(all_bores(spec)))
    assert found.volume_mm3 == pytest.approx(expected_volume_mm3(spec), rel=1e-6)
    assert count_crossings(mesh) == 0
    ours = as_manifold(mesh)
    assert ours.status() == manifold3d.Error.NoError
    assert ours.genus() == len(all_bores(spec))


def test_the_same_spec_gives_the_same_triangles(guide_spec: TemplateSpec) -> None:
    first, second = build_solid(guide_spec), build_solid(guide_spec)
    np.testing.assert_array_equal(first.vertices_mm, second.vertices_mm)
    np.testing.assert_array_equal(first.triangles, second.triangles)


def test_a_face_is_filled_between_its_rings_and_nowhere_else(guide_spec: TemplateSpec) -> None:
    bores = bore_rings(guide_spec)
    rings = [plate_outline(guide_spec.plate), *rings_at_depth(bores, bores.radii_mm, 0.0)[:, :, :2]]
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings])
    rows = [np.arange(end - len(ring), end) for end, ring in zip(ends, rings, strict=True)]
    triangles = triangulate_face(points, rows)
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (doubled > 0).all()
    areas = [
        abs(r[:, 0] @ np.roll(r[:, 1], -1) - r[:, 1] @ np.roll(r[:, 0], -1)) / 2 for r in rings
    ]
    assert doubled.sum() / 2 == pytest.approx(areas[0] - sum(areas[1:]), rel=1e-12)


def test_crossing_rings_are_a_defect_and_never_a_face() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4.0]])
    with pytest.raises(InternalDefectError, match="cross"):
        triangulate_face(np.vstack([square, square + 2.0]), [np.arange(4), np.arange(4, 8)])
