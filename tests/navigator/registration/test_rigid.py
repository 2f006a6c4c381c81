"""A rigid motion is found within 1.5 mm in the liver, or it is rejected with a reason."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from navigator.errors import StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import (
    RigidTransform,
    matrix_from_rotation_and_shift,
    rotation_from_axis_angle,
)
from navigator.imaging.resample import crop_grid
from navigator.imaging.tissue import find_body
from navigator.io.volumes import load_scan
from navigator.model.outcome import VerdictStatus
from navigator.model.volume import Mask, Volume
from navigator.registration import search
from navigator.registration.neighbourhood import neighbourhood_of
from navigator.registration.rigid import RigidRegistration, register_rigid
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient
from tests.navigator.imaging.digitised import upright_grid
from tests.navigator.registration.small_patient import (
    INTRAOP,
    LIVER_MM,
    PLANNING,
    STILL,
    errors_mm,
    liver_of,
    liver_points,
    motion,
    scan,
    scanner_grid,
    slid,
    small_patient,
)
from tests.strategies import SUBNORMAL_RAD

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.model.volume import Grid

TRE_LIMIT_MM = 1.5
SLICES_MM = (2.5, 3.0, 3.0)
MOTIONS = [
    motion(),
    motion((4.0, -3.0, 6.0), (8.0, -6.0, 10.0)),
    motion((-6.0, 2.0, -4.0), (-10.0, 12.0, -15.0)),
]
"""Intraop from planning."""
ROOMY = scanner_grid(INTRAOP, spacing_kji_mm=SLICES_MM, from_mm=-20.0, to_mm=190.0)


@lru_cache(maxsize=1)
def planning_scan() -> Volume:
    return scan(small_patient(1), scanner_grid(PLANNING))


def registered(
    grid: Grid = ROOMY, true: RigidTransform = STILL, *, patient: int = 1
) -> RigidRegistration:
    intraop = scan(small_patient(patient), grid, true, seed=5)
    return register_rigid(planning_scan(), intraop)


@lru_cache(maxsize=4)
def registered_after(index: int) -> RigidRegistration:
    return registered(true=MOTIONS[index])


def codes(found: RigidRegistration) -> set[str]:
    return {reason.code for reason in found.verdict.reasons}


# what is found


@pytest.mark.parametrize("index", range(len(MOTIONS)))
def test_a_motion_is_found_in_the_liver(index: int) -> None:
    found = registered_after(index)
    # noise and coarse voxels leave r = 0.88 of these small organs: a warning at most
    assert found.verdict.is_usable
    assert codes(found) <= {"scans-differ-somewhat"}
    moved = found.intraop_from_planning
    assert (moved.target, moved.source) == (INTRAOP, PLANNING)
    errors = errors_mm(moved, MOTIONS[index], liver_points())
    assert errors.max() < TRE_LIMIT_MM
    # what is told of the error is not less than the error
    assert np.sqrt(np.mean(errors**2)) <= found.quality.expected_tre_mm
    assert found.quality.overlap > 0.95


@pytest.mark.hazard(3)
def test_a_tilted_intraoperative_scan_is_registered_where_it_truly_lies() -> None:
    affine = np.array(ROOMY.lps_from_index)
    lean = np.tan(np.deg2rad(-15.0))
    affine[1, 0] += 2.5 * lean
    affine[1, 3] -= 85.0 * lean
    true = motion((2.0, 0.0, 3.0), (5.0, -4.0, 6.0))
    found = registered(dataclasses.replace(ROOMY, lps_from_index=affine), true)
    assert found.verdict.is_usable
    assert errors_mm(found.intraop_from_planning, true, liver_points()).max() < TRE_LIMIT_MM


@pytest.mark.hazard(59)
def test_the_same_scans_give_the_same_motion_to_the_last_bit(long_run: bool) -> None:  # noqa: FBT001 - a fixture
    first = registered_after(1)
    for _ in range(20 if long_run else 1):
        again = registered(true=MOTIONS[1])
        matrices = (first.intraop_from_planning.matrix, again.intraop_from_planning.matrix)
        assert matrices[0].tobytes() == matrices[1].tobytes()
        assert again.quality == first.quality


def test_a_known_body_and_an_organ_are_used() -> None:
    """The agreement is then that over the organ; resemblance and overlap stay the body's."""
    planning = planning_scan()
    members = np.zeros(planning.grid.shape_kji, dtype=bool)
    low, high = np.round(
        planning.grid.indices_from_points(np.array([LIVER_MM - 30.0, LIVER_MM + 30.0]))
    ).astype(int)
    members[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    told: list[str] = []
    found = register_rigid(
        planning,
        scan(small_patient(1), scanner_grid(INTRAOP, spacing_kji_mm=SLICES_MM, from_mm=50.0)),
        planning_body=find_body(planning),
        organ=Mask(members, planning.grid),
        progress=told.append,
    )
    assert found.quality.overlap == pytest.approx(120.0 / 170.0, abs=0.05)
    assert found.quality.correlation > 0.9
    assert errors_mm(found.intraop_from_planning, STILL, liver_points()).max() < TRE_LIMIT_MM
    assert len(told) >= 3


# what is rejected


@pytest.mark.hazard(19)
def test_a_short_slab_is_rejected() -> None:
    found = registered(scanner_grid(INTRAOP, spacing_kji_mm=SLICES_MM, from_mm=110.0))
    assert found.verdict.status is VerdictStatus.REJECTED
    assert "little-overlap" in codes(found)


@pytest.mark.hazard(19, 20)
def test_a_liver_that_slid_under_the_ribs_is_rejected() -> None:
    patient = small_patient(1)
    planning = planning_scan()
    organ = liver_of(patient, planning.grid)
    for shift, code in (((0.0, 0.0, 0.0), None), ((0.0, 3.0, 14.0), "target-moved")):
        found = register_rigid(planning, scan(slid(patient, shift), ROOMY, seed=5), organ=organ)
        assert found.quality.surroundings is not None
        assert found.verdict.is_usable == (code is None)
        assert code is None or code in codes(found)
        assert found.quality.expected_tre_mm >= found.quality.surroundings.distance_mm


@pytest.mark.hazard(19)
def test_a_target_that_the_new_scan_does_not_show_is_rejected() -> None:
    patient = small_patient(1)
    planning = planning_scan()
    above = scanner_grid(INTRAOP, spacing_kji_mm=SLICES_MM, from_mm=LIVER_MM[2] - 20.0)
    lower = neighbourhood_of(planning.grid, LIVER_MM - [0.0, 0.0, 35.0], 20.0, None)
    found = register_rigid(planning, scan(patient, above, seed=5), organ=lower)
    assert "target-not-imaged" in codes(found)


@pytest.mark.hazard(12, 19)
def test_padding_is_not_taken_for_air() -> None:
    """A reconstruction circle that cuts the patient: the motion is that of what was imaged."""
    true = MOTIONS[1]
    whole = scan(small_patient(1), ROOMY, true, seed=5)
    points = ROOMY.points_from_indices(np.indices(ROOMY.shape_kji).reshape(3, -1).T)
    outside = np.hypot(points[:, 0] + 15.0, points[:, 1]).reshape(ROOMY.shape_kji) > 95.0
    padded = Volume(np.where(outside, -3024.0, whole.values_hu), ROOMY)
    found = register_rigid(planning_scan(), padded)
    errors = errors_mm(found.intraop_from_planning, true, liver_points())
    assert found.verdict.is_usable
    assert errors.max() < TRE_LIMIT_MM
    assert found.quality.overlap < registered_after(1).quality.overlap - 0.05


@pytest.mark.hazard(19)
def test_two_slabs_without_common_tissue_are_rejected() -> None:
    lower = scan(small_patient(1), scanner_grid(PLANNING, to_mm=75.0))
    upper = scan(
        small_patient(1), scanner_grid(INTRAOP, spacing_kji_mm=SLICES_MM, from_mm=95.0), seed=5
    )
    found = register_rigid(lower, upper)
    assert found.verdict.status is VerdictStatus.REJECTED


@pytest.mark.hazard(19)
def test_a_search_that_never_meets_the_other_scan_is_rejected_and_guesses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "find_start_shifts_mm", lambda *_: [np.array([0.0, 0.0, 5000.0])])
    found = registered()
    assert found.verdict.status is VerdictStatus.REJECTED
    assert codes(found) == {"no-overlap"}
    assert found.quality.overlap == 0.0
    assert np.isinf(found.quality.expected_tre_mm)


def test_a_scan_of_air_is_refused() -> None:
    with pytest.raises(StructureRefusedError) as caught:
        register_rigid(planning_scan(), Volume(np.full(ROOMY.shape_kji, -1000.0), ROOMY))
    assert caught.value.refusal.code == "no-body"
    assert "intraop" in caught.value.refusal.where


@pytest.mark.hazard(22)
@pytest.mark.parametrize("angle_rad", SUBNORMAL_RAD)
@pytest.mark.parametrize("axis", range(3))
def test_the_way_back_is_a_motion_however_small_the_turn(axis: int, angle_rad: float) -> None:
    """ITK's own inverse of such a turn is not a number."""
    turn = [0.0, 0.0, 0.0]
    turn[axis] = angle_rad
    found = sitk.Euler3DTransform()
    found.SetCenter([1.0, 2.0, 85.0])
    found.SetRotation(*turn)
    found.SetTranslation([3.0, -4.0, 5.0])
    back = search._inverse(found)
    for point in ([0.0, 0.0, 0.0], [30.0, -20.0, 90.0]):
        returned = back.TransformPoint(found.TransformPoint(point))
        assert np.abs(np.array(returned) - point).max() <= 1e-6


@pytest.mark.hazard(22)
@pytest.mark.parametrize("seed", range(5))
def test_the_way_back_of_any_motion_leads_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = sitk.Euler3DTransform()
    found.SetCenter(rng.uniform(-100, 100, size=3).tolist())
    found.SetRotation(*rng.uniform(-np.pi, np.pi, size=3).tolist())
    found.SetTranslation(rng.uniform(-50, 50, size=3).tolist())
    back = search._inverse(found)
    point = rng.uniform(-200, 200, size=3)
    returned = back.TransformPoint(found.TransformPoint(point.tolist()))
    assert np.abs(np.array(returned) - point).max() <= 1e-6


# real patients


def part_of(volume: Volume, slices: tuple[slice, slice, slice]) -> Volume:
    return Volume(volume.values_hu[slices], crop_grid(volume.grid, slices))


def moved_scan(volume: Volume, intraop_from_planning: RigidTransform) -> Volume:
    """Rescan a real patient after a motion, at slices of 2.5 mm, with noise; by scipy alone."""
    corners = volume.grid.corners_mm()
    low, high = corners.min(axis=0), corners.max(axis=0)
    spacing = (2.5, 2.0, 2.0)
    counts = np.floor((high - low)[::-1] / spacing).astype(int)
    grid = dataclasses.replace(
        upright_grid(
            (int(counts[0]), int(counts[1]), int(counts[2])),
            spacing,
            (float(low[0]), float(low[1]), float(low[2])),
        ),
        frame=INTRAOP,
    )
    index_from_index = (
        np.linalg.inv(volume.grid.lps_from_index)
        @ np.linalg.inv(intraop_from_planning.matrix)
        @ grid.lps_from_index
    )
    values = ndimage.affine_transform(
        volume.values_hu,
        index_from_index[:3, :3],
        offset=index_from_index[:3, 3],
        output_shape=grid.shape_kji,
        order=1,
        cval=-1024.0,
    )
    noise = np.random.default_rng(1).normal(0.0, 20.0, size=grid.shape_kji)
    return Volume(values + noise, grid)


@pytest.mark.slow
@pytest.mark.real_data
def test_real_liver_is_found_after_a_known_motion(real_data: Path) -> None:
    """The upper liver and lower chest of a real patient."""
    whole = load_scan(real_data / "totalseg_chest_liver" / "example_ct.nii.gz").volume
    planning = part_of(whole, (slice(0, 110), slice(0, 167), slice(0, 233)))
    middle = planning.grid.corners_mm().mean(axis=0)
    turn = rotation_from_axis_angle([1.0, 2.0, 3.0], np.deg2rad(5.0))
    true = RigidTransform(
        matrix=matrix_from_rotation_and_shift(turn, middle - turn @ middle + [8.0, -6.0, 9.0]),
        target=INTRAOP,
        source=planning.grid.frame,
    )
    found = register_rigid(planning, moved_scan(planning, true))
    assert found.verdict.status is VerdictStatus.ACCEPTED
    liver = middle + np.random.default_rng(2).uniform(-60.0, 60.0, size=(200, 3))
    assert errors_mm(found.intraop_from_planning, true, liver).max() < TRE_LIMIT_MM


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.hazard(4)
@pytest.mark.parametrize("name", ["totalseg_chest_liver", "totalseg_abdomen"])
def test_a_real_patient_in_a_mirror_is_rejected(real_data: Path, name: str) -> None:
    planning = load_scan(real_data / name / "example_ct.nii.gz").volume
    middle = planning.grid.corners_mm().mean(axis=0)
    turn = rotation_from_axis_angle([1.0, 2.0, 3.0], np.deg2rad(3.0))
    moved = moved_scan(
        planning,
        RigidTransform(
            matrix=matrix_from_rotation_and_shift(turn, middle - turn @ middle + [4.0, -6.0, 9.0]),
            target=INTRAOP,
            source=planning.grid.frame,
        ),
    )
    found = register_rigid(planning, Volume(moved.values_hu[:, :, ::-1], moved.grid))
    assert found.verdict.status is VerdictStatus.REJECTED
    assert {"mirrored", "scans-differ"} & codes(found)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.hazard(19)
def test_another_patient_is_rejected(real_data: Path) -> None:
    """The lower chest of one, the abdomen of another."""
    chest = load_scan(real_data / "totalseg_chest_liver" / "example_ct.nii.gz").volume
    abdomen = load_scan(real_data / "totalseg_abdomen" / "example_ct.nii.gz").volume
    found = register_rigid(
        part_of(chest, (slice(0, 90), slice(0, 167), slice(0, 233))),
        part_of(abdomen, (slice(60, 112), slice(0, 101), slice(0, 122))),
    )
    assert found.verdict.status is VerdictStatus.REJECTED
    assert "scans-differ" in codes(found)


@pytest.mark.slow
@pytest.mark.hazard(19)
def test_another_patient_of_the_same_build_is_not_accepted_in_silence() -> None:
    """Two phantom patients: alike in the large, no organ in the same place."""
    planning, other = (
        phantom_scan(seed, Frame(FrameKind.LPS, f"patient {seed}")) for seed in (0, 1)
    )
    assert register_rigid(planning, other).verdict.status is not VerdictStatus.ACCEPTED


def phantom_scan(seed: int, frame: Frame) -> Volume:
    painted = scan_patient(
        build_patient(seed), spacing_kji_mm=(4.0, 4.0, 4.0), rng=np.random.default_rng(seed)
    )
    affine = np.array(painted.lps_from_index)
    grid = dataclasses.replace(
        ROOMY, shape_kji=painted.values_hu.shape, lps_from_index=affine, frame=frame
    )
    return Volume(np.asarray(painted.values_hu, dtype=np.float32), grid)
