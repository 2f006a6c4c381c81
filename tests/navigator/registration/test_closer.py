"""What the quick checks doubt is searched again: mended where it can be, refused where not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.model.outcome import Reason, VerdictStatus, verdict_from_reasons
from navigator.registration import backward, closer, whole
from navigator.registration.closer import SEARCH_DOUBTS, is_worth_a_closer_look
from navigator.registration.stages import run_stages
from navigator.registration.whole import register_deformable
from navigator.registration.whole_quality import judge_whole
from tests.navigator.registration.slid_patient import SHIFT_MM, TRUE, inner_liver, slid_scans
from tests.navigator.registration.test_whole import GOOD, LIVER_LIMIT_MM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navigator.registration.deformable import StageScans
    from navigator.registration.registered import Registration
    from navigator.registration.stages import FoundFields, LayeredPair

pytestmark = [pytest.mark.xdist_group("whole"), pytest.mark.hazard(19, 20)]


def astray_by(
    away_mm: float,
) -> Callable[[LayeredPair, np.ndarray, Sequence[StageScans]], list[FoundFields]]:
    """Search from a place so far beside the one that was asked for, along the body."""

    def search(
        layered: LayeredPair, beside_mm: np.ndarray, laid: Sequence[StageScans]
    ) -> list[FoundFields]:
        return run_stages(layered, beside_mm + np.array([away_mm, 0.0, 0.0]), laid)

    return search


def mean_error_mm(found: Registration) -> float:
    points = inner_liver()
    off = found.to_intraop(points) - TRUE.map_points(points + np.array(SHIFT_MM))
    return float(np.linalg.norm(off, axis=1).mean())


def test_a_search_that_went_astray_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    planning, new, liver = slid_scans()
    monkeypatch.setattr(whole, "run_stages", astray_by(30.0))
    said: list[str] = []
    found = register_deformable(planning, new, liver=liver, progress=said.append)
    assert any("looking closer" in line for line in said)
    assert mean_error_mm(found) < LIVER_LIMIT_MM
    assert found.verdict.is_usable


@pytest.mark.parametrize("away_mm", [-60.0, 60.0])
def test_what_no_start_finds_stays_refused(monkeypatch: pytest.MonkeyPatch, away_mm: float) -> None:
    planning, new, liver = slid_scans()
    for module in (whole, backward, closer):
        monkeypatch.setattr(module, "run_stages", astray_by(away_mm))
    found = register_deformable(planning, new, liver=liver)
    assert mean_error_mm(found) > 5.0
    assert found.verdict.status is VerdictStatus.REJECTED


@pytest.mark.parametrize("code", sorted(SEARCH_DOUBTS))
@pytest.mark.parametrize("kind", ["rejections", "warnings"])
def test_only_a_doubt_about_the_search_alone_is_looked_at_again(code: str, kind: str) -> None:
    doubt = {kind: (Reason(code, "doubt"),)}
    assert is_worth_a_closer_look(verdict_from_reasons(**doubt))
    patient = Reason("bones-differ", "another patient")
    both = {"warnings": (), **doubt, "rejections": (*doubt.get("rejections", ()), patient)}
    assert not is_worth_a_closer_look(verdict_from_reasons(**both))
    assert not is_worth_a_closer_look(verdict_from_reasons(warnings=(patient,)))
    assert not is_worth_a_closer_look(verdict_from_reasons())


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"start_disagreement_mm": 3.5}, VerdictStatus.REJECTED),
        ({"inverse_consistency_mm": 6.5}, VerdictStatus.REJECTED),
        ({"start_disagreement_mm": 2.5}, VerdictStatus.WARNING),
        ({"inverse_consistency_mm": 5.0}, VerdictStatus.WARNING),
        ({"inverse_consistency_mm": 4.0}, VerdictStatus.ACCEPTED),
    ],
)
def test_at_the_finest_lattice_less_is_forgiven(
    change: dict[str, float], status: VerdictStatus
) -> None:
    fine = dataclasses.replace(GOOD, checked_at_mm=2.2, **change)
    assert judge_whole(fine).status is status
    assert (
        judge_whole(dataclasses.replace(fine, checked_at_mm=5.0)).status is VerdictStatus.ACCEPTED
    )
