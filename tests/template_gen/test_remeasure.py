"""A mesh is accepted only when it is the plate asked for, found again in the facets themselves."""

from __future__ import annotations

import dataclasses
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from template_gen.errors import MeshRefusedError
from template_gen.intersections import count_crossings
from template_gen.layout import build_default_spec
from template_gen.mesh import TriangleMesh, measure_soundness, weld
from template_gen.meshfiles import FACET, stl_bytes
from template_gen.models import Bore, TemplateSpec
from template_gen.remeasure import measure_mesh, remeasure_mesh
from template_gen.solid import build_solid
from template_gen.spec import all_bores
from template_gen.tubes import find_tubes, fit_cylinder
from tests.template_gen.strategies import sound_specs

if TYPE_CHECKING:
    from pathlib import Path


def moved(
    mesh: TriangleMesh, matrix: np.ndarray, shift: tuple[float, ...] = (0, 0, 0)
) -> TriangleMesh:
    """Map every vertex; facets are turned over where the map mirrors, as a slicer does."""
    points = mesh.vertices_mm @ np.asarray(matrix, dtype=np.float64).T + np.array(shift)
    triangles = mesh.triangles[:, ::-1] if np.linalg.det(matrix) < 0 else mesh.triangles
    return TriangleMesh(points, triangles)


def codes(mesh: TriangleMesh, spec: TemplateSpec) -> set[str]:
    reading = measure_mesh(mesh, spec)
    assert reading.verdict == "rejected"
    return {reason.code for reason in reading.rejections}


def with_bore(spec: TemplateSpec, **changes: object) -> TemplateSpec:
    """Change the first single bore of a spec."""
    first = Bore.model_validate({**spec.bores[0].model_dump(), **changes})
    return spec.model_copy(update={"bores": (first, *spec.bores[1:])})


@pytest.mark.hazard(25, 27)
def test_every_bore_of_the_written_file_is_within_a_hundredth(
    tmp_path: Path, guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    (tmp_path / "a.stl").write_bytes(stl_bytes(guide_solid, "X"))
    reading = remeasure_mesh(tmp_path / "a.stl", guide_spec)
    assert reading.verdict == "accepted"
    assert [bore.label for bore in reading.bores] == [bore.label for bore in all_bores(guide_spec)]
    for bore, asked in zip(reading.bores, all_bores(guide_spec), strict=True):
        assert bore.position_error_mm is not None
        assert bore.axis_error_deg is not None
        assert bore.diameter_mm is not None
        assert bore.position_error_mm <= 0.01
        assert bore.axis_error_deg <= 0.01
        assert 0 <= bore.diameter_mm - (asked.diameter_mm + 0.05) <= 1e-4
    for marker in reading.markers:
        assert marker.position_error_mm is not None
        assert marker.position_error_mm <= 0.01


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(sound_specs())
def test_every_sound_spec_is_accepted_when_read_back(spec: TemplateSpec) -> None:
    mesh = build_solid(spec)
    reading = measure_mesh(weld(mesh.corners_mm), spec)
    assert reading.verdict == "accepted", reading.rejections + reading.warnings
    assert max(bore.position_error_mm or 0.0 for bore in reading.bores) <= 1e-3
    assert max(bore.axis_error_deg or 0.0 for bore in reading.bores) <= 1e-3


@pytest.mark.hazard(25)
@pytest.mark.parametrize("signs", [(-1, 1, 1), (1, -1, 1), (-1, -1, -1)])
@pytest.mark.parametrize("markers", [0, 6])
def test_a_mirrored_mesh_is_rejected_even_when_its_bores_fall_on_each_other(
    grid_spec: TemplateSpec, signs: tuple[int, int, int], markers: int
) -> None:
    """The grid of a default plate is its own mirror image; letters and markers are not."""
    spec = grid_spec if markers else grid_spec.model_copy(update={"markers": ()})
    shift = (0.0, 0.0, 15.0 if signs[2] < 0 else 0.0)
    mesh = moved(build_solid(spec), np.diag(signs), shift)
    assert measure_soundness(mesh).volume_mm3 > 0
    reading = measure_mesh(mesh, spec)
    assert reading.attitude == "mirrored"
    assert "wrong-attitude" in {reason.code for reason in reading.rejections}


@pytest.mark.hazard(31)
def test_a_plate_turned_by_180_degrees_is_rejected(grid_spec: TemplateSpec) -> None:
    mesh = moved(build_solid(grid_spec), np.diag([-1, -1, 1]))
    reading = measure_mesh(mesh, grid_spec)
    assert reading.attitude == "turned"
    assert {"wrong-attitude", "pocket-missing"} <= {item.code for item in reading.rejections}


@pytest.mark.hazard(30)
def test_swapped_axes_are_rejected() -> None:
    spec = build_default_spec(rows=3, columns=3, pitch_mm=6.0, bore_diameter_mm=2.1)
    swapped = moved(build_solid(spec), np.eye(3)[[1, 0, 2]])
    assert "wrong-attitude" in codes(swapped, spec)


@pytest.mark.hazard(24)
@pytest.mark.parametrize("scale", [0.001, 0.1, 1 / 25.4, 0.99, 1.01, 10.0, 25.4, 1000.0])
def test_other_units_are_rejected(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh, scale: float
) -> None:
    found = codes(moved(guide_solid, np.eye(3) * scale), guide_spec)
    assert "wrong-size" in found
    if not 0.3 < scale < 5:
        assert "not-millimetres" in found


def test_an_inside_out_mesh_is_rejected(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    mesh = TriangleMesh(guide_solid.vertices_mm, guide_solid.triangles[:, ::-1])
    assert "inside-out" in codes(mesh, guide_spec)


@pytest.mark.hazard(26)
def test_a_missing_facet_a_turned_facet_and_a_second_body_are_rejected(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    triangles = guide_solid.triangles
    assert "not-watertight" in codes(
        TriangleMesh(guide_solid.vertices_mm, np.delete(triangles, 5, axis=0)), guide_spec
    )
    turned = triangles.copy()
    turned[5] = turned[5, ::-1]
    assert "not-manifold" in codes(TriangleMesh(guide_solid.vertices_mm, turned), guide_spec)
    rows = len(guide_solid.vertices_mm)
    twice = TriangleMesh(
        np.vstack([guide_solid.vertices_mm, guide_solid.vertices_mm + np.array([200.0, 0, 0])]),
        np.vstack([triangles, triangles + rows]),
    )
    assert "not-one-piece" in codes(twice, guide_spec)


@pytest.mark.hazard(26)
def test_flipped_bits_are_refused_or_rejected_or_move_nothing(
    tmp_path: Path, grid_spec: TemplateSpec
) -> None:
    """One bit anywhere after the header; normals and attributes may change, geometry may not."""
    mesh = build_solid(grid_spec)
    whole = stl_bytes(mesh, "X")
    rng = np.random.default_rng(26)
    path = tmp_path / "a.stl"
    for _ in range(60):
        place, bit = int(rng.integers(80, len(whole))), int(rng.integers(8))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            verdict = remeasure_mesh(path, grid_spec).verdict
        except MeshRefusedError:
            continue
        facets = [
            np.frombuffer(content, FACET, len(mesh.triangles), 84)["corners"]
            for content in (whole, bytes(damaged))
        ]
        if not np.array_equal(facets[0], facets[1]):  # a zero that lost its sign is still zero
            assert verdict == "rejected", (place, bit)


@pytest.mark.hazard(27)
@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({"x_mm": 20.05}, "warning", "bore-slightly-off"),
        ({"x_mm": 20.5}, "rejected", "bore-off"),
        ({"x_mm": 22.5}, "rejected", "bore-missing"),
        ({"direction": (0.301, -0.2, 0.9327)}, "warning", "bore-slightly-askew"),
        ({"direction": (0.31, -0.2, 0.9327)}, "rejected", "bore-askew"),
        ({"diameter_mm": 2.59}, "rejected", "bore-narrow"),
        ({"diameter_mm": 2.7}, "warning", "bore-wide"),
    ],
)
def test_one_wrong_bore_is_found_and_named(
    guide_spec: TemplateSpec, changes: dict[str, object], verdict: str, code: str
) -> None:
    """The texts (serial, hash) are kept, so that only the bore differs."""
    made = with_bore(guide_spec, **changes)
    reading = measure_mesh(build_solid(made), guide_spec)
    reasons = {item.code: item.message for item in (*reading.rejections, *reading.warnings)}
    assert code in reasons
    assert "P1" in reasons[code]
    if verdict == "rejected":
        assert reading.verdict == "rejected"
    others = {"wrong-attitude", "wrong-size", code, "unexpected-bore", "bore-slightly-off",
              "bore-slightly-askew"}  # fmt: skip
    assert set(reasons) <= others


def test_a_missing_and_an_additional_bore_are_found(guide_spec: TemplateSpec) -> None:
    fewer = guide_spec.model_copy(update={"bores": guide_spec.bores[:2]})
    assert {"bore-missing", "wrong-hole-count"} <= codes(build_solid(fewer), guide_spec)
    assert {"unexpected-bore", "wrong-hole-count"} <= codes(build_solid(guide_spec), fewer)


def test_the_least_web_is_the_analytic_one(grid_spec: TemplateSpec) -> None:
    web = measure_mesh(build_solid(grid_spec), grid_spec).least_web
    assert web is not None
    assert web.web_mm == pytest.approx(6.0 - 2.15 / np.cos(np.pi / 64), abs=1e-3)


@given(st.integers(0, 2**32 - 1), st.integers(16, 80), st.floats(0.3, 5.0))
def test_a_cylinder_is_fitted_to_its_own_points(seed: int, count: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    axis = np.array([*rng.uniform(-0.8, 0.8, 2), 1.0])
    axis /= np.linalg.norm(axis)
    across = np.cross(axis, [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    upright = np.cross(axis, across)
    turn = np.arange(count) * 2 * np.pi / count
    ring = radius * (np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * upright)
    centre = rng.uniform(-50, 50, 3)
    points = centre + np.vstack([ring, ring + 12.0 * axis])
    start = axis + rng.uniform(-0.02, 0.02, 3) * radius
    found, direction, misfit = fit_cylinder(points, start)
    assert misfit <= 1e-9
    assert np.linalg.norm(np.cross(direction, axis)) <= 1e-10
    assert np.linalg.norm(np.cross(found - centre, axis)) <= 1e-9


def test_flat_faces_rims_and_letters_are_not_taken_for_holes(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    assert len(find_tubes(guide_solid)) == len(all_bores(guide_spec)) + len(guide_spec.markers)


def crossing_pairs(corners: np.ndarray) -> int:
    """Solve for the point where each edge meets each triangle: the slow oracle."""
    count = 0
    for one, other in combinations(corners, 2):
        hit = False
        for edges, plane in ((one, other), (other, one)):
            for side in range(3):
                start, along = edges[side], edges[(side + 1) % 3] - edges[side]
                matrix = np.stack([plane[1] - plane[0], plane[2] - plane[0], -along], axis=1)
                u, v, share = np.linalg.solve(matrix, start - plane[0])
                hit |= bool(u > 0 and v > 0 and u + v < 1 and 0 < share < 1)
        count += hit
    return count


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(1.0, 12.0))
def test_crossings_are_those_of_the_slow_oracle(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-6, 6, (24, 1, 3)) + rng.uniform(-size, size, (24, 3, 3))
    mesh = TriangleMesh(corners.reshape(-1, 3), np.arange(72).reshape(-1, 3))
    assert count_crossings(mesh) == crossing_pairs(corners)


def test_a_surface_that_passes_through_itself_is_found(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    """Bores leaned by hand until they run into each other: closed, manifold, and wrong."""
    points = guide_solid.vertices_mm.copy()
    far = (points[:, 2] == 15.0) & (np.hypot(points[:, 0] + 9.0, points[:, 1] + 6.0) < 2.0)
    assert far.sum() == 64
    points[far, 0] += 6.3
    assert "self-intersecting" in codes(TriangleMesh(points, guide_solid.triangles), guide_spec)


def test_a_mesh_too_wild_to_search_is_not_called_free_of_crossings(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    """A thousand sheets across 10 m would fill the search grid; the count is then unknown."""
    corners = np.random.default_rng(1).uniform(-5000, 5000, (1000, 3, 3))
    wild = TriangleMesh(corners.reshape(-1, 3), np.arange(3000).reshape(-1, 3))
    assert count_crossings(wild) is None
    reading = dataclasses.replace(measure_mesh(guide_solid, guide_spec), crossings=None)
    assert [reason.code for reason in reading.rejections] == ["not-searched"]


@pytest.mark.hazard(32)
def test_a_pocket_that_moved_or_narrowed_is_rejected(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    def with_marker(**changes: float) -> TemplateSpec:
        first = guide_spec.markers[0].model_copy(update=changes)
        return guide_spec.model_copy(update={"markers": (first, *guide_spec.markers[1:])})

    deeper = with_marker(z_mm=guide_spec.markers[0].z_mm - 0.3)
    assert "pocket-off" in codes(guide_solid, deeper)
    # The same floor under a thicker sphere.
    thicker = with_marker(z_mm=guide_spec.markers[0].z_mm - 0.15, diameter_mm=5.3)
    assert "pocket-narrow" in codes(guide_solid, thicker)


def test_the_reading_is_plain_json_and_says_what_was_not_tested(
    guide_spec: TemplateSpec, guide_solid: TriangleMesh
) -> None:
    content = measure_mesh(guide_solid, guide_spec).as_json()
    assert content["verdict"] == "accepted"
    assert content["watertight"] is True
    assert content["self_intersections"]["found"] == 0
    assert "not_tested" in content["self_intersections"]
    assert set(content["bores"][0]) == {
        "label", "asked_diameter_mm", "position_error_mm", "axis_error_deg", "diameter_mm",
        "misfit_mm",
    }  # fmt: skip
