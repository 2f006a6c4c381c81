"""How two scans agree, by hand: overlap, correlation, mirror image, two motions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.geometry.rigid import identity_transform
from navigator.model.volume import Mask, Volume
from navigator.registration.agreement import (
    SAMPLE_POINTS,
    body_points,
    disagreement_mm,
    measure_correlation,
    measure_mirror_correlation,
    measure_overlap,
)
from tests.navigator.registration.small_patient import (
    INTRAOP,
    PLANNING,
    everything,
    motion,
    scan,
    scanner_grid,
    small_patient,
)

SAME_PLACE = identity_transform(target=INTRAOP, source=PLANNING)


def cube(frame_uid: str, value: float = 0.0) -> Volume:
    frame = PLANNING if frame_uid == "planning" else INTRAOP
    grid = scanner_grid(frame, spacing_kji_mm=(10.0, 10.0, 10.0))
    return Volume(np.full(grid.shape_kji, value), grid)


def correlation(planning: Volume, intraop: Volume, points: np.ndarray) -> float:
    return measure_correlation((planning, intraop), SAME_PLACE, everything(intraop.grid), points)


def test_overlap_is_the_share_inside_the_scan_to_the_outer_faces_of_its_voxels() -> None:
    shown = everything(
        cube("intraop").grid
    )  # x from -140 mm, 28 columns of 10 mm: faces at -145 and 135
    inside, outside = [-144.9, 0.0, 80.0], [-145.1, 0.0, 80.0]
    assert measure_overlap(shown, np.array([inside])) == 1.0
    assert measure_overlap(shown, np.array([outside])) == 0.0
    assert measure_overlap(shown, np.array([inside, outside, inside, inside])) == 0.75


def test_the_same_scan_correlates_with_itself_and_a_constant_with_nothing() -> None:
    planning = scan(small_patient(4), scanner_grid(PLANNING, spacing_kji_mm=(6.0, 6.0, 6.0)))
    again = Volume(planning.values_hu, dataclasses.replace(planning.grid, frame=INTRAOP))
    points = np.random.default_rng(0).uniform([-80, -60, 10], [80, 60, 160], size=(2000, 3))
    assert correlation(planning, again, points) == pytest.approx(1.0)
    assert correlation(planning, cube("intraop", 40.0), points) == 0.0
    negative = Volume(np.clip(-planning.values_hu, -150, 150), again.grid)
    assert correlation(planning, negative, points) < -0.5


def test_too_few_common_points_correlate_with_nothing() -> None:
    planning, intraop = cube("planning", 1.0), cube("intraop", 1.0)
    far = motion(shift_mm=(0.0, 0.0, 400.0))
    points = np.random.default_rng(0).uniform([-80, -60, 10], [80, 60, 160], size=(500, 3))
    scans = (planning, intraop)
    assert measure_correlation(scans, far, everything(intraop.grid), points) == 0.0


def test_two_motions_disagree_by_how_far_they_carry_points_apart() -> None:
    points = np.random.default_rng(0).uniform(-80, 80, size=(500, 3))
    assert disagreement_mm(SAME_PLACE, SAME_PLACE, points) == 0.0
    shifted = motion(shift_mm=(3.0, 0.0, 4.0))
    assert disagreement_mm(SAME_PLACE, shifted, points) == pytest.approx(5.0)
    # 95 of 100 points on the axis of a turn and five far from it: the largest twentieth counts not
    turned = motion(angles_deg=(0.0, 0.0, 90.0))
    axis = np.tile([0.0, 0.0, 50.0], (96, 1))
    aside = np.tile([100.0, 0.0, 50.0], (4, 1))
    assert disagreement_mm(SAME_PLACE, turned, np.vstack([axis, aside])) == pytest.approx(0.0)


@pytest.mark.hazard(59)
def test_points_of_a_body_lie_in_it_and_are_drawn_alike_each_time() -> None:
    grid = scanner_grid(PLANNING, spacing_kji_mm=(2.0, 3.0, 3.0))
    members = np.zeros(grid.shape_kji, dtype=bool)
    members[10:60, 5:60, 5:60] = True
    body = Mask(members, grid)
    points = body_points(body, np.random.default_rng(0))
    assert len(points) == SAMPLE_POINTS
    indices = np.round(grid.indices_from_points(points)).astype(int)
    assert members[tuple(indices.T)].all()
    assert len(np.unique(indices, axis=0)) == SAMPLE_POINTS
    assert np.array_equal(points, body_points(body, np.random.default_rng(0)))


def test_a_small_body_is_taken_whole() -> None:
    grid = scanner_grid(PLANNING, spacing_kji_mm=(10.0, 10.0, 10.0))
    members = np.zeros(grid.shape_kji, dtype=bool)
    members[3, 4, 5:8] = True
    points = body_points(Mask(members, grid), np.random.default_rng(0))
    assert np.abs(points - grid.points_from_indices(np.argwhere(members))).max() <= 1e-9


@pytest.mark.hazard(12)
def test_what_was_not_scanned_counts_as_not_there() -> None:
    planning = scan(small_patient(4), scanner_grid(PLANNING, spacing_kji_mm=(6.0, 6.0, 6.0)))
    again = Volume(planning.values_hu, dataclasses.replace(planning.grid, frame=INTRAOP))
    points = np.random.default_rng(0).uniform([-80, -60, 10], [80, 60, 160], size=(2000, 3))
    shown = np.array(everything(again.grid).members)
    shown[:, :, again.grid.shape_kji[2] // 2 :] = False
    # half of the points lie left of the middle column's edge
    right = points[:, 0] < again.grid.points_from_indices(np.array([0.0, 0.0, 22.5]))[0]
    assert measure_overlap(Mask(shown, again.grid), points) == pytest.approx(right.mean(), abs=1e-9)
    padded = np.where(shown, again.values_hu, 3000.0)
    scans = (planning, Volume(padded, again.grid))
    found = measure_correlation(scans, SAME_PLACE, Mask(shown, again.grid), points)
    assert found == pytest.approx(1.0), "padding, however bright, is not compared"


@pytest.mark.hazard(4)
def test_a_mirrored_scan_resembles_the_mirror_image_more() -> None:
    planning = scan(small_patient(4), scanner_grid(PLANNING, spacing_kji_mm=(5.0, 5.0, 5.0)))
    grid = dataclasses.replace(planning.grid, frame=INTRAOP)
    points = np.random.default_rng(0).uniform([-80, -60, 10], [80, 60, 160], size=(2000, 3))
    for flipped in (False, True):
        values = planning.values_hu[:, :, ::-1] if flipped else planning.values_hu
        scans = (planning, Volume(np.ascontiguousarray(values), grid))
        shown = everything(grid)
        mirror = measure_mirror_correlation(scans, SAME_PLACE, shown, points)
        plain = measure_correlation(scans, SAME_PLACE, shown, points)
        assert (mirror > plain) == flipped
