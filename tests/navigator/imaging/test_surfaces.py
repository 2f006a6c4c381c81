"""The surface found for a digitised body is the body's, finer than the voxels it was cut into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.imaging.surfaces import find_surface
from navigator.imaging.surfels import signed_distance_to_surface_mm
from navigator.model.volume import Mask
from tests.navigator.imaging.digitised import digitise, distance_to_mm, upright_grid
from tests.strategies import Spheroid

if TYPE_CHECKING:
    from navigator.imaging.surfaces import SurfacePoints

SPACINGS = [(1.0, 1.0, 1.0), (1.5, 1.0, 1.0), (2.5, 0.75, 0.75)]
"""(k, j, i), millimetres."""
SHAPES_MM = [(6.0, 6.0), (9.0, 9.0), (15.0, 15.0), (9.0, 6.0), (15.0, 10.0), (8.0, 12.0)]
"""Half axes along and across: spheres, long and flat ellipsoids."""
DRAWS = 6
"""Centres and directions per shape."""


def draws(along_mm: float, across_mm: float, count: int = DRAWS) -> list[Spheroid]:
    """Put a body at places that fall anywhere between the voxels, in any direction."""
    rng = np.random.default_rng([round(10 * along_mm), round(10 * across_mm)])
    return [
        Spheroid(
            centre_mm=np.array([5.0, -80.0, 120.0]) + rng.uniform(-2.0, 2.0, size=3),
            axis=(axis := rng.normal(size=3)) / np.linalg.norm(axis),
            along_radius_mm=along_mm,
            across_radius_mm=across_mm,
        )
        for _ in range(count)
    ]


def true_area_mm2(body: Spheroid) -> float:
    """Give the area of an ellipsoid of revolution in closed form."""
    a, b = body.along_radius_mm, body.across_radius_mm
    if a == b:
        return 4.0 * np.pi * a * a
    if a > b:
        e = np.sqrt(1.0 - (b / a) ** 2)
        return float(2.0 * np.pi * b * b * (1.0 + a / (b * e) * np.arcsin(e)))
    e = np.sqrt(1.0 - (a / b) ** 2)
    return float(2.0 * np.pi * b * b * (1.0 + (1.0 - e * e) / e * np.arctanh(e)))


def enclosed_mm3(surface: SurfacePoints) -> float:
    """Measure the volume inside by the divergence theorem."""
    away = surface.points_mm - surface.points_mm.mean(axis=0)
    return float((np.einsum("ni,ni->n", away, surface.normals) * surface.weights_mm2).sum() / 3.0)


@pytest.mark.parametrize("shape", SHAPES_MM)
@pytest.mark.parametrize("spacing", SPACINGS)
def test_area_and_volume_are_the_bodys(
    shape: tuple[float, float], spacing: tuple[float, float, float]
) -> None:
    for body in draws(*shape):
        mask = digitise(body, spacing)
        surface = find_surface(mask)
        assert surface.weights_mm2.sum() == pytest.approx(true_area_mm2(body), rel=0.03)
        # the volume of the voxels is kept; 4 % is the quadrature of some hundred points
        assert enclosed_mm3(surface) == pytest.approx(1000.0 * mask.volume_ml, rel=0.04)


@pytest.mark.parametrize("shape", SHAPES_MM)
@pytest.mark.parametrize("spacing", SPACINGS)
def test_points_lie_within_half_a_slice_of_the_body_and_on_it_on_average(
    shape: tuple[float, float], spacing: tuple[float, float, float]
) -> None:
    """Half the largest spacing is the doubt that a lesion from a mask declares."""
    for body in draws(*shape):
        surface = find_surface(digitise(body, spacing))
        off = distance_to_mm(body, surface.points_mm)
        assert np.abs(off).max() <= 0.5 * max(spacing)
        assert abs(np.average(off, weights=surface.weights_mm2)) <= 0.1


@pytest.mark.parametrize("radius_mm", [6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0])
def test_on_small_spheres_at_slices_of_1_5_mm_points_are_within_0_3_mm(radius_mm: float) -> None:
    """The blur was chosen for this: 99 points in 100, over many centres, and none beyond 0.4 mm."""
    off = [
        np.abs(distance_to_mm(body, find_surface(digitise(body, (1.5, 1.0, 1.0))).points_mm))
        for body in draws(radius_mm, radius_mm, count=25)
    ]
    assert np.percentile(np.concatenate(off), 99.0) <= 0.3
    assert np.concatenate(off).max() <= 0.4


@pytest.mark.parametrize("spacing", SPACINGS)
def test_normals_point_outward_and_along_the_radius(spacing: tuple[float, float, float]) -> None:
    for body in draws(12.0, 12.0):
        surface = find_surface(digitise(body, spacing))
        radial = (surface.points_mm - body.centre_mm) / 12.0
        assert np.linalg.norm(surface.normals, axis=1) == pytest.approx(1.0)
        # a lean of 20 degrees weighs a disc wrong by 6 %, and averages out over the surface
        assert (np.einsum("ni,ni->n", radial, surface.normals) >= np.cos(np.deg2rad(20.0))).all()


def test_a_body_cut_by_the_border_of_its_scan_is_closed_there() -> None:
    body = draws(10.0, 10.0, count=1)[0]
    whole = digitise(body, (1.0, 1.0, 1.0))
    half = whole.members.shape[0] // 2
    grid = upright_grid(
        (half, *whole.grid.shape_kji[1:]), (1.0, 1.0, 1.0),
        tuple(float(x) for x in whole.grid.lps_from_index[:3, 3]),
    )  # fmt: skip
    cut = Mask(whole.members[:half], grid)
    surface = find_surface(cut)
    assert np.abs((surface.normals * surface.weights_mm2[:, None]).sum(axis=0)).max() <= 10.0
    assert enclosed_mm3(surface) == pytest.approx(1000.0 * cut.volume_ml, rel=0.04)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_voxels_are_no_surface(count: int) -> None:
    members = np.zeros((4, 4, 4), dtype=bool)
    members.reshape(-1)[:count] = True
    with pytest.raises(StructureRefusedError) as caught:
        find_surface(Mask(members, upright_grid((4, 4, 4), (1.0, 1.0, 1.0))))
    assert caught.value.refusal.code == "structure-too-small"
    assert caught.value.refusal.got == str(count)


@pytest.mark.hazard(3)
def test_a_sheared_mask_is_refused_and_not_measured_wrong() -> None:
    mask = digitise(draws(9.0, 9.0, count=1)[0], (1.5, 1.0, 1.0))
    affine = np.array(mask.grid.lps_from_index)
    affine[1, 0] = 0.5
    leaning = type(mask.grid)(
        shape_kji=mask.grid.shape_kji, lps_from_index=affine, frame=mask.grid.frame
    )
    with pytest.raises(GeometryRefusedError) as caught:
        find_surface(Mask(mask.members, leaning))
    assert caught.value.refusal.code == "sheared-stack"


# the distance to such a surface


@pytest.mark.parametrize("shape", SHAPES_MM)
@pytest.mark.parametrize("spacing", SPACINGS)
def test_the_distance_to_a_found_surface_is_the_bodys_within_half_a_slice(
    shape: tuple[float, float], spacing: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(8)
    for body in draws(*shape, count=3):
        surface = find_surface(digitise(body, spacing))
        points = body.centre_mm + rng.uniform(-1.6, 1.6, size=(1500, 3)) * max(shape)
        error = signed_distance_to_surface_mm(points, surface) - distance_to_mm(body, points)
        # never over-reports by more than the doubt that is declared, and not on average
        assert error.max() <= 0.5 * max(spacing)
        assert error.min() >= -0.5 * max(spacing)
        assert abs(error.mean()) <= 0.1


def test_the_sign_is_that_of_the_side() -> None:
    body = draws(12.0, 8.0, count=1)[0]
    surface = find_surface(digitise(body, (1.5, 1.0, 1.0)))
    rng = np.random.default_rng(2)
    points = body.centre_mm + rng.uniform(-20, 20, size=(4000, 3))
    true = distance_to_mm(body, points)
    clear = np.abs(true) > 0.75
    measured = signed_distance_to_surface_mm(points[clear], surface)
    assert (np.sign(measured) == np.sign(true[clear])).all()
