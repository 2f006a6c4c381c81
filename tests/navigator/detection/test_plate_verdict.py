"""A pose is used only where residual, naming, sides and unseen markers all speak for this plate."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.detection.plate_verdict import judge_plate
from navigator.model.outcome import VerdictStatus

BELOW = (1.0, 0.0)
"""All tissue lies below the plate."""


@pytest.mark.hazard(32)
@pytest.mark.parametrize(
    ("fre_mm", "lost_mm", "codes"),
    [
        (0.3, {}, set()),
        (0.31, {}, {"residual-raised"}),
        (1.0, {}, {"residual-raised"}),
        (1.01, {}, {"residual-too-large"}),
        (np.nan, {}, {"residual-too-large"}),
        (0.5, {"M1": np.inf}, {"residual-raised", "markers-lost"}),
        (0.51, {"M1": np.inf}, {"residual-too-large", "markers-lost"}),
        (0.1, {"M1": 6.0, "M2": 6.1}, {"marker-out-of-place", "markers-lost"}),
    ],
)
def test_each_limit_is_kept_on_both_sides(
    fre_mm: float, lost_mm: dict[str, float], codes: set[str]
) -> None:
    verdict = judge_plate(fre_mm, 20.0, lost_mm, tissue=BELOW)
    assert {reason.code for reason in verdict.reasons} == codes
    rejected = codes & {"residual-too-large", "marker-out-of-place"}
    assert (verdict.status is VerdictStatus.REJECTED) == bool(rejected)


def test_each_marker_is_named_with_what_became_of_it() -> None:
    verdict = judge_plate(0.1, 20.0, {"M1": 1.25, "M2": 80.0}, tissue=BELOW)
    place, lost = verdict.reasons
    assert "M1 (1.2 mm off)" in place.message
    assert "M2" not in place.message
    assert "M2 were not seen" in lost.message
