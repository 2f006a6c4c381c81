"""A liver that slides under the ribs is followed to where it lies, and the ribs stay."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest

from navigator.errors import StructureRefusedError
from navigator.model.outcome import VerdictStatus
from navigator.model.volume import Volume
from navigator.registration.whole import Registration, register_deformable
from navigator.registration.whole_quality import WholeQuality, judge_whole
from tests.navigator.registration.small_patient import (
    INTRAOP,
    LIVER_MM,
    PLANNING,
    liver_of,
    motion,
    scan,
    scanner_grid,
    slid,
    small_patient,
)

pytestmark = pytest.mark.xdist_group("whole")
"""On one worker: what is registered once serves many tests."""

SHIFT_MM = (0.0, 3.0, 10.0)
TRUE = motion((3.0, -2.0, 4.0), (12.0, -9.0, 14.0))
SLICES_MM = (2.5, 2.0, 2.0)
ROOMY = scanner_grid(INTRAOP, spacing_kji_mm=SLICES_MM, from_mm=-25.0, to_mm=195.0)
LIVER_LIMIT_MM, AWAY_MM = 1.5, 600.0


def inner_liver() -> np.ndarray:
    rng = np.random.default_rng(3)
    return LIVER_MM + rng.uniform(-22.0, 22.0, size=(100, 3))


@lru_cache(maxsize=2)
def followed(away_mm: float = 0.0) -> Registration:
    patient = small_patient(1)
    planning = scan(patient, scanner_grid(PLANNING, spacing_kji_mm=(2.0, 2.0, 2.0)))
    new = scan(slid(patient, SHIFT_MM), ROOMY, TRUE, seed=5)
    affine = np.array(new.grid.lps_from_index)
    affine[:3, 3] += [away_mm, -away_mm, away_mm]
    moved = Volume(new.values_hu, dataclasses.replace(new.grid, lps_from_index=affine))
    return register_deformable(planning, moved, liver=liver_of(patient, planning.grid))


@pytest.mark.hazard(19, 20)
def test_a_liver_that_slid_is_followed() -> None:
    found = followed()
    points = inner_liver()
    errors = found.to_intraop(points) - TRUE.map_points(points + np.array(SHIFT_MM))
    rigid = TRUE.map_points(points) - TRUE.map_points(points + np.array(SHIFT_MM))
    assert np.linalg.norm(errors, axis=1).mean() < LIVER_LIMIT_MM
    assert np.linalg.norm(errors, axis=1).mean() < 0.2 * np.linalg.norm(rigid, axis=1).mean()


def test_the_spine_stays_where_the_bones_have_it() -> None:
    points = np.stack([np.zeros(20), np.full(20, 52.0), np.linspace(30.0, 140.0, 20)], axis=1)
    found = followed()
    apart = np.linalg.norm(found.bones.map_points(points) - TRUE.map_points(points), axis=1)
    assert apart.max() < 1.5
    assert (found.bones.target, found.bones.source) == (INTRAOP, PLANNING)


def test_it_does_not_fold_and_every_point_comes_back() -> None:
    found = followed()
    assert found.quality.least_jacobian_ratio > 0.0
    points = inner_liver()
    assert np.abs(found.to_planning(found.to_intraop(points)) - points).max() < 0.05


@pytest.mark.hazard(19)
def test_a_scanner_offset_of_600_mm_changes_nothing() -> None:
    points = inner_liver()
    there = followed(AWAY_MM).to_intraop(points) - [AWAY_MM, -AWAY_MM, AWAY_MM]
    assert np.abs(there - followed().to_intraop(points)).max() < 0.05


@pytest.mark.hazard(59)
def test_the_same_scans_give_the_same_field_to_the_last_bit() -> None:
    first = followed().field.vectors_mm.tobytes()
    followed.cache_clear()
    assert followed().field.vectors_mm.tobytes() == first


def test_without_a_liver_the_result_says_so() -> None:
    patient = small_patient(1)
    planning = scan(patient, scanner_grid(PLANNING))
    found = register_deformable(planning, scan(patient, ROOMY, TRUE, seed=5))
    assert found.errors is None
    assert "liver-unknown" in {reason.code for reason in found.verdict.reasons}
    points = inner_liver()
    apart = np.linalg.norm(found.to_intraop(points) - TRUE.map_points(points), axis=1)
    assert apart.mean() < LIVER_LIMIT_MM


@pytest.mark.hazard(19)
def test_another_patient_is_not_accepted_in_silence() -> None:
    planning = scan(small_patient(1), scanner_grid(PLANNING))
    found = register_deformable(
        planning,
        scan(small_patient(2), ROOMY, TRUE, seed=5),
        liver=liver_of(small_patient(1), planning.grid),
    )
    assert found.verdict.status is not VerdictStatus.ACCEPTED


def test_a_scan_of_air_has_no_overlap() -> None:
    planning = scan(small_patient(1), scanner_grid(PLANNING))
    with pytest.raises(StructureRefusedError) as caught:
        register_deformable(planning, Volume(np.full(ROOMY.shape_kji, -1000.0), ROOMY))
    assert caught.value.refusal.code == "no-overlap"


GOOD = WholeQuality(
    overlap=0.95,
    liver_share=1.0,
    correlation=0.95,
    bone_correlation=0.95,
    residual_hu=5.0,
    rigid_residual_hu=9.0,
    start_disagreement_mm=0.5,
    inverse_consistency_mm=1.0,
    least_jacobian_ratio=0.3,
    bone_lead_score=0.2,
)


@pytest.mark.hazard(19)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"overlap": 0.49}, "little-overlap"),
        ({"liver_share": 0.4}, "target-not-imaged"),
        ({"correlation": 0.84}, "scans-differ"),
        ({"start_disagreement_mm": 6.1}, "starts-disagree"),
        ({"inverse_consistency_mm": 10.1}, "inverse-inconsistent"),
        ({"bone_correlation": 0.85}, "bones-differ"),
        ({"least_jacobian_ratio": 0.0}, "folded"),
        ({"residual_hu": 9.5}, "no-gain"),
        ({"overlap": float("nan")}, "little-overlap"),
    ],
)
def test_what_breaks_a_limit_is_rejected_and_named(change: dict[str, float], code: str) -> None:
    verdict = judge_whole(dataclasses.replace(GOOD, **change))
    assert verdict.status is VerdictStatus.REJECTED
    assert {reason.code for reason in verdict.reasons} >= {code}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"liver_share": 0.8}, "liver-cut"),
        ({"liver_share": None}, "liver-unknown"),
        ({"start_disagreement_mm": 4.5}, "registration-uncertain"),
        ({"inverse_consistency_mm": 7.5}, "inverse-doubtful"),
        ({"bone_correlation": 0.9}, "bones-differ-somewhat"),
        ({"bone_lead_score": 0.001}, "bones-undecided"),
    ],
)
def test_what_is_doubtful_is_a_warning(change: dict[str, float | None], code: str) -> None:
    verdict = judge_whole(dataclasses.replace(GOOD, **change))
    assert verdict.status is VerdictStatus.WARNING
    assert {reason.code for reason in verdict.reasons} == {code}


def test_what_keeps_every_limit_is_accepted() -> None:
    assert judge_whole(GOOD).status is VerdictStatus.ACCEPTED
