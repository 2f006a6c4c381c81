"""The distance to an ellipsoid is the distance to its nearest point, positive inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from navigator.geometry.ellipsoids import signed_distance_to_spheroid_mm
from tests.strategies import Spheroid, directions, points_mm, spheroids

if TYPE_CHECKING:
    from navigator.arrays import Floats

EXACT_MM = 1e-9
"""Rounding of float64 over some hundred millimetres."""
MERIDIAN_POINTS = 20_001
"""Points on the half ellipse that a spheroid is turned from: 3 µm apart on a zone with 40 mm."""


def distance_mm(points: Floats, body: Spheroid) -> Floats:
    return signed_distance_to_spheroid_mm(
        points,
        centre_mm=body.centre_mm,
        axis=body.axis,
        along_radius_mm=body.along_radius_mm,
        across_radius_mm=body.across_radius_mm,
    )


def zone(along_mm: float, across_mm: float) -> Spheroid:
    return Spheroid(
        centre_mm=np.zeros(3),
        axis=np.array([0.0, 0.0, 1.0]),
        along_radius_mm=along_mm,
        across_radius_mm=across_mm,
    )


def brute_force_mm(points: Floats, body: Spheroid) -> Floats:
    """Search the nearest of many points of the meridian through each point, positive inside."""
    offset = points - body.centre_mm
    height = offset @ body.axis
    radius = np.linalg.norm(offset - height[:, None] * body.axis, axis=1)
    turn = np.linspace(0.0, np.pi, MERIDIAN_POINTS)
    meridian = np.stack(
        [body.across_radius_mm * np.sin(turn), body.along_radius_mm * np.cos(turn)], axis=1
    )
    nearest, _ = cKDTree(meridian).query(np.stack([radius, height], axis=1))
    level = (radius / body.across_radius_mm) ** 2 + (height / body.along_radius_mm) ** 2
    return np.where(level <= 1.0, nearest, -nearest)


@settings(max_examples=25)
@given(spheroids(), st.integers(0, 2**32 - 1))
def test_the_distance_is_that_to_the_nearest_of_all_surface_points(
    body: Spheroid, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    reach = 2.0 * max(body.along_radius_mm, body.across_radius_mm)
    points = body.centre_mm + rng.uniform(-reach, reach, size=(200, 3))
    measured, expected = distance_mm(points, body), brute_force_mm(points, body)
    # a chord of the sampled meridian lies beyond the curve by far less than a micrometre
    assert np.abs(measured - expected).max() <= 1e-3
    # a nearest sample is never nearer than the surface itself
    assert (np.abs(measured) <= np.abs(expected) + EXACT_MM).all()


def test_the_distance_is_that_to_a_surface_sampled_in_space() -> None:
    body = Spheroid(
        centre_mm=np.array([10.0, -20.0, 30.0]),
        axis=np.array([2.0, -1.0, 2.0]) / 3.0,
        along_radius_mm=20.0,
        across_radius_mm=12.0,
    )
    across = np.cross(body.axis, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(body.axis, across), body.axis], axis=1)
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 721), np.linspace(0, 2 * np.pi, 1441))
    unit = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)])
    surface = (unit.reshape(3, -1).T * [12.0, 12.0, 20.0]) @ axes.T + body.centre_mm
    rng = np.random.default_rng(5)
    points = body.centre_mm + rng.uniform(-30.0, 30.0, size=(300, 3))
    nearest, _ = cKDTree(surface).query(points)
    step_mm = 20.0 * np.pi / 720
    # the nearest sample is at most half a step's diagonal aside of the foot point
    aside = np.sqrt(nearest**2 + step_mm**2) - nearest
    measured = np.abs(distance_mm(points, body))
    assert (measured <= nearest + EXACT_MM).all()
    assert (nearest - measured <= aside + EXACT_MM).all()


@given(points_mm(60.0), st.floats(1.0, 40.0), directions())
@example(np.zeros(3), 10.0, np.array([0.0, 0.0, 1.0]))
def test_a_sphere_is_measured_from_its_centre(point: Floats, radius: float, axis: Floats) -> None:
    body = Spheroid(
        centre_mm=np.zeros(3), axis=axis, along_radius_mm=radius, across_radius_mm=radius
    )
    expected = radius - np.linalg.norm(point)
    assert distance_mm(point[None], body)[0] == pytest.approx(expected, abs=EXACT_MM)


@given(spheroids())
def test_the_centre_lies_the_lesser_half_axis_deep(body: Spheroid) -> None:
    least = min(body.along_radius_mm, body.across_radius_mm)
    assert distance_mm(body.centre_mm[None], body)[0] == pytest.approx(least, abs=EXACT_MM)


@given(spheroids(), st.floats(1.0, 3.0))
def test_beyond_the_pole_the_way_is_along_the_axis(body: Spheroid, share: float) -> None:
    point = body.centre_mm + share * body.along_radius_mm * body.axis
    expected = -(share - 1.0) * body.along_radius_mm
    assert distance_mm(point[None], body)[0] == pytest.approx(expected, abs=1e-6)


@given(st.floats(6.0, 40.0), st.floats(0.3, 0.95), st.floats(0.0, 1.0))
def test_on_the_axis_of_a_long_zone(along: float, ratio: float, share: float) -> None:
    """Between the centres of curvature of the poles the nearest point lies aside, beyond ahead."""
    across = ratio * along
    height = share * along
    turning = (along**2 - across**2) / along
    expected = (
        across * np.sqrt(1.0 - height**2 / (along**2 - across**2))
        if height < turning
        else along - height
    )
    measured = distance_mm(np.array([[0.0, 0.0, height]]), zone(along, across))[0]
    assert measured == pytest.approx(expected, abs=1e-7)


@given(st.floats(6.0, 40.0), st.floats(0.3, 0.95), directions())
def test_the_foci_of_a_long_zone(along: float, ratio: float, axis: Floats) -> None:
    across = ratio * along
    focus = np.sqrt(along**2 - across**2)
    # the perpendicular foot from the focus: b sqrt(1 - c^2/(a^2 - b^2)) is 0 beyond the turning
    # point, where the pole is nearest
    turning = focus**2 / along
    assert focus > turning
    body = Spheroid(
        centre_mm=np.zeros(3), axis=axis, along_radius_mm=along, across_radius_mm=across
    )
    measured = distance_mm(np.stack([focus * axis, -focus * axis]), body)
    assert measured == pytest.approx([along - focus] * 2, abs=1e-7)


@given(st.floats(6.0, 40.0), st.floats(1.05, 3.0), st.floats(0.0, 2 * np.pi))
def test_the_focal_ring_of_a_flat_zone(along: float, ratio: float, turn: float) -> None:
    across = ratio * along
    ring = np.sqrt(across**2 - along**2)
    point = ring * np.array([[np.cos(turn), np.sin(turn), 0.0]])
    assert distance_mm(point, zone(along, across))[0] == pytest.approx(across - ring, abs=1e-6)


@pytest.mark.parametrize("aside_mm", [0.0, 5e-324, 1e-300, 1e-160, 1e-15, 1e-9, 1e-6])
@pytest.mark.parametrize("height_mm", [0.0, 3.0, 7.4, 7.5, 7.500001, 9.0, 10.0, 12.0])
@pytest.mark.hazard(22)
def test_nothing_breaks_next_to_the_axis(aside_mm: float, height_mm: float) -> None:
    on_axis, beside = distance_mm(
        np.array([[0.0, 0.0, height_mm], [aside_mm, 0.0, height_mm]]), zone(10.0, 5.0)
    )
    assert np.isfinite([on_axis, beside]).all()
    # no distance changes faster than the point moves
    assert abs(on_axis - beside) <= aside_mm + 1e-6


@given(spheroids(), points_mm(100.0), points_mm(100.0))
def test_the_distance_never_changes_faster_than_the_point(
    body: Spheroid, first: Floats, second: Floats
) -> None:
    a, b = distance_mm(body.centre_mm + np.stack([first, second]), body)
    assert abs(a - b) <= np.linalg.norm(first - second) + 1e-6


@given(spheroids(), directions(), directions(), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_inside_the_depth_is_concave(  # noqa: PLR0917 - two points of the body and a share
    body: Spheroid, first: Floats, second: Floats, deep: float, deeper: float, share: float
) -> None:
    """The signed distance inside a convex body is concave: a union's margin rests on it."""
    least = min(body.along_radius_mm, body.across_radius_mm)
    a, b = deep * least * first, deeper * least * second
    points = body.centre_mm + np.stack([a, b, (1 - share) * a + share * b])
    at_a, at_b, between = distance_mm(points, body)
    assert between >= (1 - share) * at_a + share * at_b - 1e-6


@given(spheroids(), points_mm(60.0), st.floats(0.1, 0.999))
def test_a_smaller_zone_reaches_less_far(body: Spheroid, point: Floats, share: float) -> None:
    smaller = Spheroid(
        centre_mm=body.centre_mm,
        axis=body.axis,
        along_radius_mm=share * body.along_radius_mm,
        across_radius_mm=share * body.across_radius_mm,
    )
    at = (body.centre_mm + point)[None]
    assert distance_mm(at, smaller)[0] <= distance_mm(at, body)[0] + 1e-6


@given(spheroids(), points_mm(100.0))
def test_the_foot_point_lies_on_the_surface(body: Spheroid, point: Floats) -> None:
    """Going the distance down the slope arrives at distance nought."""
    assume(np.linalg.norm(point) > 1.0)
    at = body.centre_mm + point
    value = distance_mm(at[None], body)[0]
    assume(value < -0.01)
    step = 1e-4
    ahead = distance_mm(at + step * np.eye(3), body)
    behind = distance_mm(at - step * np.eye(3), body)
    slope = (ahead - behind) / (2 * step)
    assert np.linalg.norm(slope) == pytest.approx(1.0, abs=1e-3)
    foot = at - value * slope / np.linalg.norm(slope)
    assert distance_mm(foot[None], body)[0] == pytest.approx(0.0, abs=0.02)


@given(spheroids())
def test_the_direction_of_the_axis_has_no_sign(body: Spheroid) -> None:
    points = body.centre_mm + np.random.default_rng(1).uniform(-50, 50, size=(20, 3))
    turned = signed_distance_to_spheroid_mm(
        points,
        centre_mm=body.centre_mm,
        axis=-7.0 * body.axis,
        along_radius_mm=body.along_radius_mm,
        across_radius_mm=body.across_radius_mm,
    )
    assert np.abs(distance_mm(points, body) - turned).max() <= 1e-6


@pytest.mark.parametrize(("along", "across"), [(0.0, 5.0), (5.0, -1.0), (np.nan, 5.0), (5, np.nan)])
@pytest.mark.hazard(22)
def test_half_axes_must_be_positive_numbers(along: float, across: float) -> None:
    with pytest.raises(ValueError, match="half axes"):
        distance_mm(np.zeros((1, 3)), zone(along, across))


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_points_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="points_mm"):
        distance_mm(np.array([[0.0, value, 0.0]]), zone(10.0, 5.0))


def test_no_points_have_no_distances() -> None:
    assert distance_mm(np.zeros((0, 3)), zone(10.0, 5.0)).shape == (0,)
