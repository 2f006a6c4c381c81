"""A liver that slides under the ribs is followed to where it lies, and the ribs stay."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.errors import StructureRefusedError
from navigator.model.outcome import VerdictStatus
from navigator.model.volume import Volume
from navigator.registration.whole import register_deformable
from navigator.registration.whole_quality import WholeQuality, judge_whole
from tests.navigator.registration.slid_patient import (
    ROOMY,
    SHIFT_MM,
    TRUE,
    followed,
    inner_liver,
    slid_scans,
)
from tests.navigator.registration.small_patient import (
    INTRAOP,
    PLANNING,
    liver_of,
    scan,
    scanner_grid,
    small_patient,
)

pytestmark = pytest.mark.xdist_group("whole")
"""On one worker: what is registered once serves many tests."""

LIVER_LIMIT_MM, AWAY_MM = 1.5, 600.0


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
    again = followed.__wrapped__()
    assert again.field.vectors_mm.tobytes() == followed().field.vectors_mm.tobytes()


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
    checked_at_mm=5.0,
    start_disagreement_mm=0.5,
    inverse_consistency_mm=1.0,
    least_jacobian_ratio=0.3,
    bone_lead_score=0.2,
    slices_mm=2.5,
)


@pytest.mark.hazard(19)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"overlap": 0.49}, "little-overlap"),
        ({"liver_share": 0.32}, "target-not-imaged"),
        ({"correlation": 0.84}, "scans-differ"),
        ({"start_disagreement_mm": 6.1}, "starts-disagree"),
        ({"inverse_consistency_mm": 10.1}, "inverse-inconsistent"),
        ({"bone_correlation": 0.85}, "bones-differ"),
        ({"bone_correlation": None, "bone_lead_score": None}, "bones-not-compared"),
        ({"least_jacobian_ratio": 0.0}, "folded"),
        ({"residual_hu": 9.5}, "no-gain"),
        ({"overlap": float("nan")}, "little-overlap"),
    ],
)
def test_what_breaks_a_limit_is_rejected_and_named(
    change: dict[str, float | None], code: str
) -> None:
    verdict = judge_whole(dataclasses.replace(GOOD, **change))
    assert verdict.status is VerdictStatus.REJECTED
    codes = {reason.code for reason in verdict.reasons}
    assert codes >= {code}
    # nobody counts ribs that were not compared
    assert "bones-undecided" not in codes


@pytest.mark.hazard(19)
def test_another_patient_is_rejected_where_no_bone_can_be_compared() -> None:
    """Both scans clipped below bone: what tells two patients of one build apart is gone."""
    planning, _, _ = slid_scans()
    soft = Volume(np.minimum(planning.values_hu, 150.0), planning.grid)
    new = scan(small_patient(2), ROOMY, TRUE, seed=5)
    found = register_deformable(
        soft,
        Volume(np.minimum(new.values_hu, 150.0), new.grid),
        liver=liver_of(small_patient(1), planning.grid),
    )
    assert found.verdict.status is VerdictStatus.REJECTED
    assert "bones-not-compared" in {reason.code for reason in found.verdict.reasons}


@pytest.mark.parametrize("kept", [0.65, 0.75])
def test_the_liver_that_is_shown_is_counted_against_the_whole(kept: float) -> None:
    """The slab's own share of the liver is known from the ellipsoid, point by point."""
    planning, new, liver = slid_scans()
    count = int(kept * new.grid.shape_kji[0])
    grid = dataclasses.replace(new.grid, shape_kji=(count, *new.grid.shape_kji[1:]))
    found = register_deformable(planning, Volume(new.values_hu[:count], grid), liver=liver)
    points = liver.grid.points_from_indices(np.argwhere(liver.members)[::50])
    there = grid.indices_from_points(TRUE.map_points(points + np.array(SHIFT_MM)))
    shown = ((there >= 0) & (there <= np.array(grid.shape_kji) - 1.0)).all(axis=1).mean()
    assert found.quality.liver_share == pytest.approx(shown, abs=0.08)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"liver_share": 0.4}, "liver-cut"),
        ({"liver_share": None}, "liver-unknown"),
        ({"start_disagreement_mm": 4.5}, "registration-uncertain"),
        ({"inverse_consistency_mm": 7.5}, "inverse-doubtful"),
        ({"bone_correlation": 0.9}, "bones-differ-somewhat"),
        ({"bone_lead_score": 0.001}, "bones-undecided"),
        ({"slices_mm": 5.0}, "slices-far-apart"),
    ],
)
def test_what_is_doubtful_is_a_warning(change: dict[str, float | None], code: str) -> None:
    verdict = judge_whole(dataclasses.replace(GOOD, **change))
    assert verdict.status is VerdictStatus.WARNING
    assert {reason.code for reason in verdict.reasons} == {code}


def test_what_keeps_every_limit_is_accepted() -> None:
    assert judge_whole(GOOD).status is VerdictStatus.ACCEPTED
