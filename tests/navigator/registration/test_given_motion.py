"""A motion given by another program is judged by the scans: damaged ones do not pass."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.geometry.rigid import RigidTransform
from navigator.model.outcome import VerdictStatus
from navigator.registration.rigid import RigidRegistration, measure_given_motion
from tests.navigator.registration.small_patient import (
    INTRAOP,
    PLANNING,
    motion,
    scan,
    scanner_grid,
    small_patient,
)

if TYPE_CHECKING:
    from navigator.model.volume import Volume

TRUE = motion((-6.0, 2.0, -4.0), (-10.0, 12.0, -15.0))


@lru_cache(maxsize=1)
def both_scans() -> tuple[Volume, Volume]:
    patient = small_patient(1)
    roomy = scanner_grid(INTRAOP, spacing_kji_mm=(2.5, 3.0, 3.0), from_mm=-20.0, to_mm=190.0)
    return scan(patient, scanner_grid(PLANNING)), scan(patient, roomy, TRUE, seed=1)


def shifted(by_mm: tuple[float, float, float]) -> RigidTransform:
    matrix = TRUE.matrix.copy()
    matrix[:3, 3] += by_mm
    return RigidTransform(matrix=matrix, target=INTRAOP, source=PLANNING)


def judged(given: RigidTransform) -> tuple[RigidRegistration, set[str]]:
    found = measure_given_motion(*both_scans(), given)
    np.testing.assert_array_equal(found.intraop_from_planning.matrix, given.matrix)
    return found, {reason.code for reason in found.verdict.reasons}


def test_the_true_motion_is_not_rejected_and_has_a_small_error() -> None:
    """The noise of these small scans alone lowers their resemblance to a warning."""
    found, codes = judged(TRUE)
    assert codes <= {"scans-differ-somewhat"}
    assert found.verdict.status is not VerdictStatus.REJECTED
    assert found.quality.expected_tre_mm < 1.5


@pytest.mark.hazard(19, 46)
@pytest.mark.parametrize("by_mm", [(6.0, 0.0, 0.0), (0.0, 40.0, 0.0)])
def test_a_flipped_digit_shows_in_the_scans(by_mm: tuple[float, float, float]) -> None:
    found, codes = judged(shifted(by_mm))
    assert found.verdict.status is VerdictStatus.REJECTED
    assert codes & {"starts-disagree", "inverse-inconsistent", "scans-differ"}


def test_what_a_motion_is_off_by_is_in_its_expected_error() -> None:
    found, _ = judged(shifted((0.0, -1.5, 1.5)))
    assert found.quality.expected_tre_mm > 0.8 * 1.5 * np.sqrt(2)


@pytest.mark.hazard(20)
def test_a_motion_the_wrong_way_round_is_found_out() -> None:
    inverse = RigidTransform(matrix=TRUE.inverse().matrix, target=INTRAOP, source=PLANNING)
    found, codes = judged(inverse)
    assert found.verdict.status is VerdictStatus.REJECTED
    assert "transform-inverted" in codes


def test_a_motion_out_of_the_scan_is_rejected() -> None:
    _, codes = judged(shifted((0.0, 0.0, 900.0)))
    assert codes & {"no-overlap", "little-overlap"}
