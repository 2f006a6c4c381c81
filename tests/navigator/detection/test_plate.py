"""The plate is found where it stands, or the scan is refused with the reason.

A pose that is accepted is within 0.3 mm and 0.2 degrees of the true one.
"""

from __future__ import annotations

import dataclasses
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.detection.plate import LocatedPlate, locate_plate
from navigator.geometry.rigid import RigidTransform, angle_between_rotations_rad
from navigator.model.outcome import VerdictStatus
from navigator.model.placement import angles_from_rotation, template_frame
from navigator.model.volume import Volume
from template_gen.layout import build_default_spec
from tests.navigator.detection.painted import (
    PLATE_AT_MM,
    SPEC,
    SUPINE,
    add_sphere,
    marker_points,
    paint_plate,
    painted_scan,
    pose_at,
    scan_grid,
)
from tests.navigator.imaging.digitised import FRAME

if TYPE_CHECKING:
    from navigator.arrays import Floats

POSE_LIMIT_MM, POSE_LIMIT_DEG = 0.3, 0.2
SPACINGS = [(2.5, 0.7, 0.7), (2.5, 1.0, 1.0)]
TILTS_DEG = [(0.0, 0.0, 0.0), (-20.0, 12.0, 30.0), (25.0, -18.0, -75.0), (8.0, 3.0, 175.0)]


def pose_error(found: LocatedPlate, true: RigidTransform) -> tuple[float, float]:
    """Measure how far the pose misses at the plate's centre, millimetres, and by what angle."""
    assert found.lps_from_template is not None
    pose = found.lps_from_template
    assert (pose.target, pose.source) == (true.target, true.source)
    angle = angle_between_rotations_rad(true.rotation, pose.rotation)
    return float(np.linalg.norm(pose.shift_mm - true.shift_mm)), float(np.rad2deg(angle))


def assert_pose(found: LocatedPlate, true: RigidTransform) -> None:
    off_mm, off_deg = pose_error(found, true)
    assert off_mm <= POSE_LIMIT_MM
    assert off_deg <= POSE_LIMIT_DEG


def codes(found: LocatedPlate) -> set[str]:
    return {reason.code for reason in found.verdict.reasons}


def assert_refused(found: LocatedPlate, *expected: str) -> None:
    assert found.verdict.status is VerdictStatus.REJECTED
    assert codes(found) & set(expected)
    assert not found.verdict.is_usable


# what is accepted


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("tilts", TILTS_DEG)
def test_a_plate_is_found_where_it_stands(
    tilts: tuple[float, float, float], spacing: tuple[float, float, float]
) -> None:
    true = pose_at(*tilts)
    found = locate_plate(painted_scan(true, grid=scan_grid(spacing)), SPEC)
    assert found.verdict.status is VerdictStatus.ACCEPTED
    assert_pose(found, true)
    assert [marker.label for marker in found.markers] == [marker.label for marker in SPEC.markers]
    for marker, centre in zip(found.markers, true.map_points(marker_points(SPEC)), strict=True):
        assert np.linalg.norm(marker.lps_mm - centre) <= POSE_LIMIT_MM
    residuals = np.array([marker.residual_mm for marker in found.markers])
    assert found.fre_mm == pytest.approx(np.sqrt(np.mean(residuals**2)))
    assert found.ambiguity_ratio >= 3.0


@pytest.mark.hazard(29)
@pytest.mark.parametrize("tilts", TILTS_DEG)
def test_the_protractor_can_be_read_off_the_scan(tilts: tuple[float, float, float]) -> None:
    found = locate_plate(painted_scan(pose_at(*tilts)), SPEC)
    assert found.lps_from_template is not None
    read = angles_from_rotation(found.lps_from_template.rotation, SUPINE)
    for angle, wanted in zip(
        (read.lateral_tilt_deg, read.craniocaudal_tilt_deg, read.in_plane_rotation_deg),
        tilts,
        strict=True,
    ):
        assert angle == pytest.approx(wanted, abs=0.25)


def test_the_expected_error_covers_the_error_100_mm_below_the_plate() -> None:
    """Root mean square over plates that fall differently between the voxels."""
    below = np.array([0.0, 0.0, SPEC.plate.thickness_mm + 100.0])
    rng = np.random.default_rng(6)
    squares, expected = [], []
    for seed in range(6):
        true = pose_at(*rng.uniform(-15, 15, 3), at_mm=PLATE_AT_MM + rng.uniform(-2, 2, 3))
        found = locate_plate(painted_scan(true, seed=seed), SPEC)
        assert found.lps_from_template is not None
        off = found.lps_from_template.map_points(below) - true.map_points(below)
        squares.append(float(off @ off))
        expected.append(found.expected_tre_mm)
    assert np.sqrt(np.mean(squares)) <= max(expected)
    assert max(expected) <= 1.0


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", [-18.5, 25.0])
def test_in_a_tilted_scan_the_plate_is_where_it_truly_is(tilt_deg: float) -> None:
    grid = scan_grid()
    affine = np.array(grid.lps_from_index)
    affine[1, 0] += 2.5 * np.tan(np.deg2rad(tilt_deg))
    affine[1, 3] -= 32 * 2.5 * np.tan(np.deg2rad(tilt_deg)) + 20.0
    counts = (grid.shape_kji[0], 170, grid.shape_kji[2])
    leaning = type(grid)(shape_kji=counts, lps_from_index=affine, frame=grid.frame)
    true = pose_at(5.0, -7.0, 20.0)
    found = locate_plate(painted_scan(true, grid=leaning), SPEC)
    assert found.verdict.status is VerdictStatus.ACCEPTED
    assert_pose(found, true)


# names of the markers


@pytest.mark.hazard(30, 31)
@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 180.0, -90.0])
def test_a_plate_turned_in_its_plane_is_read_as_turned(turn_deg: float) -> None:
    """Set down a quarter or half a turn wrong, the pose says so: no other naming fits."""
    true = pose_at(0.0, 0.0, turn_deg)
    found = locate_plate(painted_scan(true), SPEC)
    assert found.verdict.status is VerdictStatus.ACCEPTED
    assert_pose(found, true)
    assert found.ambiguity_ratio > 10.0


@pytest.mark.hazard(32)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_markers_in_the_spec_does_not_matter(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(SPEC.markers))
    shuffled = SPEC.model_copy(update={"markers": tuple(SPEC.markers[index] for index in order)})
    true = pose_at(10.0, 5.0, -40.0)
    found = locate_plate(painted_scan(true), shuffled)
    # another order is another document, and so another frame
    assert_pose(found, dataclasses.replace(true, source=template_frame(shuffled)))
    where = dict(
        zip((m.label for m in SPEC.markers), true.map_points(marker_points(SPEC)), strict=True)
    )
    for marker in found.markers:
        assert np.linalg.norm(marker.lps_mm - where[marker.label]) <= POSE_LIMIT_MM


@pytest.mark.hazard(32)
@pytest.mark.parametrize("count", [1, 2])
def test_with_one_or_two_markers_lost_the_pose_holds_and_says_so(count: int) -> None:
    """Every single one, and every pair."""
    true, grid = pose_at(6.0, -4.0, 15.0), scan_grid()
    blank, noise = paint_plate(grid, true, SPEC)
    for lost in combinations(range(len(SPEC.markers)), count):
        values = blank.copy()
        for index, centre in enumerate(true.map_points(marker_points(SPEC))):
            if index not in lost:
                add_sphere(values, grid, centre)
        found = locate_plate(Volume(values + noise, grid), SPEC)
        assert found.verdict.status is VerdictStatus.WARNING
        assert codes(found) == {"markers-lost"}
        for index in lost:
            assert SPEC.markers[index].label in found.verdict.reasons[0].message
        assert len(found.markers) == len(SPEC.markers) - count
        assert_pose(found, true)


@pytest.mark.hazard(32)
def test_with_three_markers_lost_nothing_is_claimed() -> None:
    found = locate_plate(painted_scan(pose_at(), markers_mm=marker_points(SPEC)[:3]), SPEC)
    assert_refused(found, "plate-not-found")
    assert found.lps_from_template is None
    assert found.markers == ()


@pytest.mark.hazard(32)
@pytest.mark.parametrize("count", [1, 4, 10])
@pytest.mark.parametrize("seed", range(3))
def test_false_bright_spots_do_not_move_the_plate(count: int, seed: int) -> None:
    true = pose_at(-9.0, 6.0, 100.0)
    extra = false_spots(true, count, seed)
    found = locate_plate(painted_scan(true, extra_mm=extra, seed=seed), SPEC)
    assert found.verdict.status is VerdictStatus.ACCEPTED
    assert_pose(found, true)


@pytest.mark.hazard(32)
@pytest.mark.parametrize("seed", range(3))
def test_a_lost_marker_and_ten_false_spots_do_not_move_the_plate(seed: int) -> None:
    true = pose_at(-9.0, 6.0, 100.0)
    markers = np.delete(marker_points(SPEC), seed, axis=0)
    scan = painted_scan(true, markers_mm=markers, extra_mm=false_spots(true, 10, seed), seed=seed)
    found = locate_plate(scan, SPEC)
    assert_pose(found, true)
    assert codes(found) <= {"markers-lost"}


def false_spots(pose: RigidTransform, count: int, seed: int) -> Floats:
    """Put spheres anywhere in the scan that do not touch a marker or each other."""
    rng = np.random.default_rng(100 + seed)
    taken = list(pose.map_points(marker_points(SPEC)))
    spots: list[Floats] = []
    while len(spots) < count:
        spot = rng.uniform([-65.0, -125.0, -10.0], [80.0, -35.0, 130.0])
        if min(np.linalg.norm(spot - other) for other in taken) > 10.0:
            spots.append(spot)
            taken.append(spot)
    return np.array(spots)


# what is refused


@pytest.mark.hazard(25, 31)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_plate_is_refused(axis: int) -> None:
    """Printed from a mirrored file: all distances agree, the hand does not."""
    markers = marker_points(SPEC)
    middle = np.array([0.0, 0.0, SPEC.plate.thickness_mm / 2])
    markers[:, axis] = 2.0 * middle[axis] - markers[:, axis]
    found = locate_plate(painted_scan(pose_at(7.0, 3.0, 10.0), markers_mm=markers), SPEC)
    assert_refused(found, "residual-too-large")


@pytest.mark.hazard(31)
@pytest.mark.parametrize("about", [0, 1])
def test_a_plate_laid_on_its_face_is_refused(about: int) -> None:
    """The pose is right and is told; but the bores lead away from the patient."""
    upright = pose_at()
    flip = -np.eye(3)
    flip[about, about] = 1.0
    matrix = np.array(upright.matrix)
    matrix[:3, :3] = matrix[:3, :3] @ flip
    matrix[:3, 3] += SPEC.plate.thickness_mm * upright.rotation[:, 2]
    turned = RigidTransform(matrix=matrix, target=FRAME, source=upright.source)
    grid = scan_grid()
    values, noise = paint_plate(grid, upright, SPEC)
    for centre in turned.map_points(marker_points(SPEC)):
        add_sphere(values, grid, centre)
    found = locate_plate(Volume(values + noise, grid), SPEC)
    assert_refused(found, "plate-turned-over")
    assert_pose(found, turned)


@pytest.mark.hazard(32)
@pytest.mark.parametrize("rows", [12, 14, 16, 18])
def test_another_plate_is_refused(rows: int) -> None:
    other = build_default_spec(rows=rows, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1)
    found = locate_plate(painted_scan(pose_at()), other)
    assert_refused(found, "plate-not-found", "residual-too-large")


@pytest.mark.hazard(31, 32)
@pytest.mark.parametrize(("size", "pitch_mm"), [(15, 4.9), (10, 4.85), (13, 4.9)])
def test_a_plate_of_nearly_the_same_pitch_is_no_plate_with_lost_markers(
    size: int, pitch_mm: float
) -> None:
    """Some of its markers fit, and those that do not are seen beside their places."""
    columns = 11 if size == 13 else size
    real, wrong = (
        build_default_spec(rows=size, columns=columns, pitch_mm=pitch, bore_diameter_mm=2.1)
        for pitch in (5.0, pitch_mm)
    )
    found = locate_plate(painted_scan(pose_at(6.0, -4.0, 15.0, spec=real), spec=real), wrong)
    assert_refused(found, "marker-out-of-place")
    assert "check the serial" in str(found.verdict.reasons)


@pytest.mark.hazard(32)
@pytest.mark.parametrize("pitch_mm", [4.95, 5.05])
def test_a_plate_whose_markers_all_nearly_fit_is_not_accepted(pitch_mm: float) -> None:
    wrong = build_default_spec(rows=15, columns=15, pitch_mm=pitch_mm, bore_diameter_mm=2.1)
    found = locate_plate(painted_scan(pose_at()), wrong)
    assert len(found.markers) == len(SPEC.markers)
    assert "residual-raised" in codes(found)


@pytest.mark.hazard(32)
@pytest.mark.parametrize(("off_mm", "code"), [(3.0, "marker-out-of-place"), (9.0, "markers-lost")])
def test_a_loose_marker_is_told_from_a_stray_spot(off_mm: float, code: str) -> None:
    true, markers = pose_at(6.0, -4.0, 15.0), marker_points(SPEC)
    markers[2] += [off_mm, 0.0, 0.0]
    found = locate_plate(painted_scan(true, markers_mm=markers), SPEC)
    assert codes(found) == {code}
    assert found.verdict.is_usable == (code == "markers-lost")
    assert SPEC.markers[2].label in found.verdict.reasons[0].message
    assert_pose(found, true)


@pytest.mark.hazard(31, 32)
@pytest.mark.parametrize("corners", [[(1, 1), (-1, 1), (-1, -1), (1, -1)]])
def test_a_symmetric_pattern_is_refused(corners: list[tuple[int, int]]) -> None:
    """Four markers in a square: eight namings fit alike, and one would be picked by chance."""
    markers = tuple(
        SPEC.markers[index].model_copy(update={"x_mm": 50.0 * x, "y_mm": 50.0 * y, "z_mm": 5.0})
        for index, (x, y) in enumerate(corners)
    )
    symmetric = SPEC.model_copy(update={"markers": markers})
    found = locate_plate(painted_scan(pose_at(), spec=symmetric), symmetric)
    assert_refused(found, "ambiguous-markers")
    assert found.ambiguity_ratio < 3.0


def test_without_a_body_the_patient_side_is_not_known() -> None:
    true, grid = pose_at(), scan_grid()
    values, noise = paint_plate(grid, true, SPEC, body_hu=-1000.0)
    for centre in true.map_points(marker_points(SPEC)):
        add_sphere(values, grid, centre)
    found = locate_plate(Volume(values + noise, grid), SPEC)
    assert found.verdict.status is VerdictStatus.WARNING
    assert codes(found) == {"body-not-seen"}
    assert_pose(found, true)


def test_a_scan_without_plate_is_refused() -> None:
    true, grid = pose_at(), scan_grid()
    values, noise = paint_plate(grid, true, SPEC)
    found = locate_plate(Volume(values + noise, grid), SPEC)
    assert_refused(found, "plate-not-found")
    assert "0 bright spots" in found.verdict.reasons[0].message
    assert not np.isfinite(found.fre_mm)


@pytest.mark.hazard(32)
@pytest.mark.parametrize("seed", range(4))
def test_ten_false_spots_alone_are_no_plate(seed: int) -> None:
    true = pose_at()
    extra = false_spots(true, 10, seed)
    found = locate_plate(painted_scan(true, markers_mm=np.zeros((0, 3)), extra_mm=extra), SPEC)
    assert_refused(found, "plate-not-found")


def test_a_spec_with_three_markers_cannot_be_looked_for() -> None:
    few = SPEC.model_copy(update={"markers": SPEC.markers[:3]})
    with pytest.raises(ValueError, match="template markers: expected 4"):
        locate_plate(painted_scan(pose_at()), few)


@pytest.mark.hazard(59)
def test_the_same_scan_gives_the_same_pose_to_the_last_bit() -> None:
    scan = painted_scan(pose_at(3.0, 4.0, 5.0))
    first, second = locate_plate(scan, SPEC), locate_plate(scan, SPEC)
    assert first.lps_from_template is not None
    assert second.lps_from_template is not None
    assert np.array_equal(first.lps_from_template.matrix, second.lps_from_template.matrix)
    assert (first.fre_mm, first.expected_tre_mm) == (second.fre_mm, second.expected_tre_mm)
