"""The margin is the least way from the tumour's surface to the zone's, negative where it lacks."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from navigator.ablation.lesions import build_mask_lesion, build_sphere_lesion
from navigator.ablation.margin import area_share_by_margin, measure_margin, signed_margins_mm
from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Mask
from tests.navigator.ablation.placed import random_directions, rings_of_directions, zone_at, zone_of
from tests.navigator.imaging.digitised import FRAME, digitise, distance_to_mm
from tests.strategies import Spheroid, point_sets_mm, spheroids

SAMPLING_MM = 0.05
"""2,000 points on a 30 mm sphere miss the thinnest place by less."""


def tumour(diameter_mm: float, centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)):  # noqa: ANN201 - a Lesion
    return build_sphere_lesion(
        name="L1", centre_mm=centre_mm, diameter_mm=diameter_mm, wanted_margin_mm=5.0, frame=FRAME
    )


def margin_by_brute_force_mm(radius: float, along: float, across: float, shift: float) -> float:
    """Search both meridians of a sphere shifted along the axis of a zone that holds it."""
    turn = np.linspace(0.0, np.pi, 4001)
    sphere = np.stack([radius * np.sin(turn), radius * np.cos(turn) + shift], axis=1)
    zone = np.stack([across * np.sin(turn), along * np.cos(turn)], axis=1)
    return float(cKDTree(zone).query(sphere)[0].min())


@pytest.mark.parametrize(
    ("diameter", "long", "short", "expected"),
    [(20.0, 40.0, 40.0, 10.0), (20.0, 40.0, 30.0, 5.0), (20.0, 30.0, 36.0, 5.0), (30, 40, 20, -5)],
)
def test_a_sphere_in_the_middle_by_hand(
    diameter: float, long: float, short: float, expected: float
) -> None:
    margin = measure_margin(tumour(diameter), [zone_at([0, 0, 0], long_mm=long, short_mm=short)])
    assert margin.mam_mm.value == pytest.approx(expected, abs=SAMPLING_MM)
    assert margin.frame == FRAME


@pytest.mark.parametrize("shift", [1.0, 3.0, 5.0, 8.0])
def test_a_sphere_shifted_along_the_needle_against_brute_force(shift: float) -> None:
    margin = measure_margin(
        tumour(16.0, (0.0, 0.0, shift)), [zone_at([0, 0, 0], long_mm=40.0, short_mm=30.0)]
    )
    expected = margin_by_brute_force_mm(8.0, 20.0, 15.0, shift)
    assert margin.mam_mm.value == pytest.approx(expected, abs=SAMPLING_MM)


@pytest.mark.parametrize("seed", range(4))
def test_a_sphere_shifted_anywhere_against_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body = Spheroid(
        centre_mm=np.array([5.0, -3.0, 40.0]),
        axis=random_directions(rng, 1)[0],
        along_radius_mm=21.0,
        across_radius_mm=16.0,
    )
    centre = body.centre_mm + rng.uniform(-6.0, 6.0, size=3)
    lesion = tumour(18.0, (float(centre[0]), float(centre[1]), float(centre[2])))
    surface = centre + 9.0 * rings_of_directions(3_000)
    # both bodies are round about some axis: dense points of the zone in space, by stretching
    across = np.cross(body.axis, [1.0, 0.3, 0.2])
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(body.axis, across), body.axis], axis=1)
    zone = body.centre_mm + (rings_of_directions(30_000) * [16.0, 16.0, 21.0]) @ axes.T
    off = (surface - body.centre_mm) @ axes / [16.0, 16.0, 21.0]
    nearest, _ = cKDTree(zone).query(surface)
    expected = np.where(np.linalg.norm(off, axis=1) <= 1.0, nearest, -nearest).min()
    measured = measure_margin(lesion, [zone_of(body)])
    assert measured.mam_mm.value == pytest.approx(expected, abs=0.1)
    thinnest = measured.thinnest_point_mm
    assert np.linalg.norm(thinnest - centre) == pytest.approx(9.0)
    assert distance_to_mm(body, thinnest[None])[0] == pytest.approx(measured.mam_mm.value)


def test_the_thinnest_point_is_where_the_tumour_comes_nearest() -> None:
    margin = measure_margin(
        tumour(16.0, (4.0, 0.0, 0.0)), [zone_at([0, 0, 0], long_mm=40.0, short_mm=30.0)]
    )
    assert margin.mam_mm.value == pytest.approx(15.0 - 12.0, abs=SAMPLING_MM)
    assert margin.thinnest_point_mm == pytest.approx([12.0, 0.0, 0.0], abs=1.0)


def test_covered_shares_by_hand() -> None:
    """A zone whose edge runs through the middle of the tumour covers half of it."""
    huge = zone_at([1000.0, 0.0, 0.0], long_mm=2000.0, short_mm=2000.0)
    margin = measure_margin(tumour(20.0), [huge])
    assert margin.covered_share == pytest.approx(0.5, abs=0.02)
    assert margin.mam_mm.value == pytest.approx(-10.0, abs=SAMPLING_MM)
    # height above a plane is spread evenly over a sphere: a quarter lies 5 to 10 mm inside
    assert margin.area_share["lt_0"] == pytest.approx(0.5, abs=0.01)
    assert margin.area_share["0_to_5"] == pytest.approx(0.25, abs=0.01)
    assert margin.area_share["5_to_10"] == pytest.approx(0.25, abs=0.01)
    assert margin.wanted_margin_covered_share == pytest.approx(0.25, abs=0.01)


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(0.01, 10)), min_size=1, max_size=30))
def test_the_classes_of_area_share_out_the_whole(rows: list[tuple[float, float]]) -> None:
    margins, weights = np.array(rows).T
    weights /= weights.sum()
    shares = area_share_by_margin(margins, weights)
    assert list(shares) == ["lt_0", "0_to_5", "5_to_10", "ge_10"]
    assert sum(shares.values()) == pytest.approx(1.0)
    limits = [-99.0, 0.0, 5.0, 10.0, 99.0]
    for name, low, high in zip(shares, limits, limits[1:], strict=False):
        expected = sum(w for m, w in zip(margins, weights, strict=True) if low <= m < high)
        assert shares[name] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("margin", "name"),
    [(-1e-9, "lt_0"), (0.0, "0_to_5"), (5.0, "5_to_10"), (10.0, "ge_10"), (9.999, "5_to_10")],
)
def test_a_margin_on_a_limit_belongs_to_the_class_above(margin: float, name: str) -> None:
    assert area_share_by_margin(np.array([margin]), np.array([1.0]))[name] == 1.0


@given(spheroids(), spheroids(), point_sets_mm(6))
def test_two_zones_reach_as_far_as_the_better_one(
    first: Spheroid, second: Spheroid, points: np.ndarray
) -> None:
    both = signed_margins_mm(points, [zone_of(first), zone_of(second)])
    each = np.maximum(distance_to_mm(first, points), distance_to_mm(second, points))
    assert both == pytest.approx(each, abs=1e-6)


def test_the_interval_is_that_of_the_axes_and_of_the_surface() -> None:
    zone = zone_at([0, 0, 0], long_mm=40.0, short_mm=30.0, doubt_mm=4.0)
    lesion = dataclasses.replace(tumour(20.0), surface_uncertainty_mm=0.75)
    mam = measure_margin(lesion, [zone]).mam_mm
    assert mam.value == pytest.approx(5.0, abs=SAMPLING_MM)
    assert mam.low == pytest.approx(3.0 - 0.75, abs=SAMPLING_MM)
    assert mam.high == pytest.approx(7.0 + 0.75, abs=SAMPLING_MM)


@pytest.mark.parametrize("diameter_mm", [12.0, 13.0, 14.0, 15.0, 16.0, 17.0])
def test_the_margin_of_a_segmented_sphere_is_within_0_3_mm(diameter_mm: float) -> None:
    """At slices of 1.5 mm, wherever the sphere falls between the voxels."""
    rng = np.random.default_rng(round(diameter_mm))
    directions = rings_of_directions(20_000)
    for _ in range(5):
        centre = rng.uniform(-3.0, 3.0, size=3)
        body = Spheroid(
            centre_mm=np.zeros(3),
            axis=random_directions(rng, 1)[0],
            along_radius_mm=20.0,
            across_radius_mm=15.0,
        )
        sphere = Spheroid(
            centre_mm=centre,
            axis=np.eye(3)[2],
            along_radius_mm=0.5 * diameter_mm,
            across_radius_mm=0.5 * diameter_mm,
        )
        expected = distance_to_mm(body, centre + 0.5 * diameter_mm * directions).min()
        lesion = build_mask_lesion(
            name="L1", mask=digitise(sphere, (1.5, 1.0, 1.0)), wanted_margin_mm=5.0
        )
        mam = measure_margin(lesion, [zone_of(body)]).mam_mm
        assert mam.value == pytest.approx(expected, abs=0.3)
        assert mam.low <= expected <= mam.high


@pytest.mark.hazard(17)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product([False, True], repeat=3)))
def test_the_margin_does_not_depend_on_how_the_array_runs_through_the_patient(
    order: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    """In all 48 ways: head or feet first, supine, prone or on a side, axes exchanged."""
    body = Spheroid(
        centre_mm=np.array([3.0, -2.0, 1.0]),
        axis=np.array([0.0, 0.6, 0.8]),
        along_radius_mm=9.0,
        across_radius_mm=6.0,
    )
    mask = digitise(body, (2.5, 0.9, 0.7))
    members, affine = mask.members, np.array(mask.grid.lps_from_index)
    for axis, flip in enumerate(flips):
        if flip:
            members = np.flip(members, axis)
            affine[:3, 3] += affine[:3, axis] * (members.shape[axis] - 1)
            affine[:3, axis] *= -1.0
    affine[:, :3] = affine[:, list(order)]
    members = np.transpose(members, order)
    grid = dataclasses.replace(mask.grid, shape_kji=members.shape, lps_from_index=affine)
    zone = zone_at([0, 0, 0], axis=[0.0, 1.0, 0.0], long_mm=40.0, short_mm=30.0)
    plain = measure_margin(build_mask_lesion(name="L", mask=mask, wanted_margin_mm=5.0), [zone])
    turned = measure_margin(
        build_mask_lesion(name="L", mask=Mask(members, grid), wanted_margin_mm=5.0), [zone]
    )
    assert turned.mam_mm.value == pytest.approx(plain.mam_mm.value, abs=1e-6)
    assert turned.thinnest_point_mm == pytest.approx(plain.thinnest_point_mm, abs=1e-6)
    assert turned.covered_share == plain.covered_share


@pytest.mark.hazard(14)
def test_a_zone_of_another_scan_is_not_laid_over_the_tumour() -> None:
    elsewhere = Frame(FrameKind.LPS, "another scan")
    here = zone_at([0, 0, 0], long_mm=40.0, short_mm=30.0)
    there = zone_at([0, 0, 0], long_mm=40.0, short_mm=30.0, frame=elsewhere)
    for zones in ([there], [here, there]):
        with pytest.raises(FrameMismatchError, match="measuring a margin"):
            measure_margin(tumour(20.0), zones)


def test_without_a_zone_there_is_no_margin() -> None:
    with pytest.raises(ValueError, match="one zone or more"):
        measure_margin(tumour(20.0), [])
