"""A registration is believed only within every limit; a number that is none breaks them all."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.model.outcome import VerdictStatus
from navigator.model.volume import Mask
from navigator.registration.neighbourhood import LATTICE_MM, SEARCH_STEPS, LocalAgreement
from navigator.registration.quality import RegistrationQuality, judge_registration
from navigator.registration.start import AXIAL_OFFSETS_MM, find_start_shifts_mm
from tests.navigator.registration.small_patient import PLANNING, scanner_grid

GOOD = RegistrationQuality(
    overlap=0.95,
    correlation=0.97,
    inverse_consistency_mm=0.3,
    start_disagreement_mm=0.1,
    expected_tre_mm=1.0,
)


def surroundings(
    imaged: float = 1.0, correlation: float = 0.95, shift: tuple[float, ...] = (0.0, 0.0, 0.0)
) -> LocalAgreement:
    return LocalAgreement(imaged_share=imaged, correlation=correlation, shift_mm=np.array(shift))


def test_within_every_limit_a_registration_is_accepted() -> None:
    assert judge_registration(GOOD).status is VerdictStatus.ACCEPTED


@pytest.mark.hazard(19)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"overlap": 0.49}, "little-overlap"),
        ({"correlation": 0.74}, "scans-differ"),
        ({"mirror_correlation": 0.98}, "mirrored"),
        ({"correlation": -1.0, "mirror_correlation": -1.0}, "scans-differ"),
        ({"inverse_consistency_mm": 3.1}, "inverse-inconsistent"),
        ({"start_disagreement_mm": 3.1}, "starts-disagree"),
        ({"start_disagreement_mm": np.inf}, "starts-disagree"),
    ],
)
def test_one_broken_limit_is_enough_to_reject(change: dict[str, float], code: str) -> None:
    verdict = judge_registration(dataclasses.replace(GOOD, **change))
    assert verdict.status is VerdictStatus.REJECTED
    assert [reason.code for reason in verdict.reasons] == [code]


@pytest.mark.hazard(19, 22)
@pytest.mark.parametrize(
    "name", ["overlap", "correlation", "inverse_consistency_mm", "start_disagreement_mm"]
)
def test_a_measure_that_is_no_number_rejects(name: str) -> None:
    verdict = judge_registration(dataclasses.replace(GOOD, **{name: float("nan")}))
    assert verdict.status is VerdictStatus.REJECTED


def test_every_broken_limit_is_named() -> None:
    nothing = RegistrationQuality(
        overlap=0.0,
        correlation=0.0,
        inverse_consistency_mm=99.0,
        start_disagreement_mm=99.0,
        expected_tre_mm=99.0,
    )
    codes = [reason.code for reason in judge_registration(nothing).reasons]
    assert codes == ["little-overlap", "scans-differ", "inverse-inconsistent", "starts-disagree"]


@pytest.mark.hazard(19, 20)
@pytest.mark.parametrize(
    ("found", "status", "code"),
    [
        (surroundings(), VerdictStatus.ACCEPTED, None),
        (surroundings(shift=(0.0, 0.0, 3.0)), VerdictStatus.ACCEPTED, None),
        (surroundings(shift=(0.0, 0.0, 3.1)), VerdictStatus.WARNING, "target-moved-somewhat"),
        (surroundings(shift=(3.0, 0.0, 4.0)), VerdictStatus.WARNING, "target-moved-somewhat"),
        (surroundings(shift=(3.0, 0.0, 4.1)), VerdictStatus.REJECTED, "target-moved"),
        (surroundings(shift=(0.0, 0.0, 15.0)), VerdictStatus.REJECTED, "target-moved"),
        (surroundings(shift=(0, 0, SEARCH_STEPS * LATTICE_MM)), VerdictStatus.REJECTED,
         "target-moved"),
        (surroundings(shift=(0.0, 0.0, np.nan)), VerdictStatus.REJECTED, "target-moved"),
        (surroundings(imaged=0.94), VerdictStatus.REJECTED, "target-not-imaged"),
        (surroundings(imaged=np.nan), VerdictStatus.REJECTED, "target-not-imaged"),
        (surroundings(correlation=0.69), VerdictStatus.REJECTED, "surroundings-unlike"),
        (surroundings(correlation=0.89), VerdictStatus.WARNING, "surroundings-unlike-somewhat"),
        (surroundings(correlation=np.nan), VerdictStatus.REJECTED, "surroundings-unlike"),
    ],
)  # fmt: skip
def test_the_target_s_surroundings_are_judged_by_themselves(
    found: LocalAgreement, status: VerdictStatus, code: str | None
) -> None:
    verdict = judge_registration(dataclasses.replace(GOOD, surroundings=found))
    assert verdict.status is status
    assert [reason.code for reason in verdict.reasons] == ([] if code is None else [code])


@pytest.mark.hazard(19)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"correlation": 0.89}, "scans-differ-somewhat"),
        ({"expected_tre_mm": 2.1}, "registration-uncertain"),
        ({"expected_tre_mm": np.inf}, "registration-uncertain"),
        ({"expected_tre_mm": np.nan}, "registration-uncertain"),
    ],
)
def test_what_is_doubtful_warns(change: dict[str, float], code: str) -> None:
    verdict = judge_registration(dataclasses.replace(GOOD, **change))
    assert verdict.status is VerdictStatus.WARNING
    assert [reason.code for reason in verdict.reasons] == [code]


# where the search starts


def test_a_start_lays_the_bodies_on_each_other() -> None:
    """Across by their middle; along by the middle and by either end, up and down from there."""
    grid = scanner_grid(PLANNING, spacing_kji_mm=(2.0, 2.0, 2.0))
    first = np.zeros(grid.shape_kji, dtype=bool)
    first[8:41, 20:61, 20:81] = True  # 16 to 80 mm along
    second = np.zeros(grid.shape_kji, dtype=bool)
    second[40:57, 24:65, 12:73] = True  # 80 to 112 mm; 8 mm to the back, 16 mm to the right
    shifts = find_start_shifts_mm(Mask(first, grid), Mask(second, grid))
    assert all(shift[:2] == pytest.approx([-16.0, 8.0], abs=4.0) for shift in shifts)
    along = {round(float(shift[2])) for shift in shifts}
    for laid in (80 - 16, 112 - 80, 96 - 48):  # lower ends, upper ends, middles
        assert {round(laid + offset) for offset in AXIAL_OFFSETS_MM} <= along
    assert abs(shifts[0][2] - 48.0) <= 4.0  # the middles first
