"""The slower way, where the quick checks leave a doubt: more starts, all resolutions both ways.

The quick checks stop at 5 mm, where there and back leaves millimetres of its own, most where the
liver has moved far. What they doubt is searched again before it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.registration.backward import (
    SECOND_START_MM,
    SearchChecks,
    measure_disagreement_mm,
    measure_inverse_consistency_mm,
)
from navigator.registration.stages import run_stages
from navigator.registration.whole_quality import OTHER_REJECTIONS, liver_residual_hu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.model.outcome import Verdict
    from navigator.registration.stages import FoundFields, LayeredPair

OTHER_STARTS_MM = (SECOND_START_MM, np.array([10.0, 0.0, 0.0]), np.array([-10.0, 0.0, 0.0]))
"""Beside the first, along the body, (z, y, x): the liver moves farthest there."""
SEARCH_DOUBTS = frozenset(
    {
        "starts-disagree",
        "inverse-inconsistent",
        "folded",
        "no-gain",
        "registration-uncertain",
        "inverse-doubtful",
    }
)
"""What another search may settle."""
CLEARLY_WORSE = 1.1
"""A start whose residual is larger by this factor went astray; any other one is another answer."""


def is_worth_a_closer_look(verdict: Verdict) -> bool:
    """Tell whether a search is doubted, and nothing else speaks against its use.

    Parameters
    ----------
    verdict : Verdict
        After the quick checks.

    Returns
    -------
    bool
        Whether the slower way may settle it.
    """
    codes = {reason.code for reason in verdict.reasons}
    return bool(codes & SEARCH_DOUBTS) and not codes & OTHER_REJECTIONS


def search_closer(
    layered: LayeredPair, first: Sequence[FoundFields]
) -> tuple[FoundFields, SearchChecks]:
    """Search from more starts through all resolutions, and check at the finest one.

    Parameters
    ----------
    layered : LayeredPair
        Both scans.
    first : sequence of FoundFields
        What the first search had found at every resolution.

    Returns
    -------
    best : FoundFields
        What explains the liver best.
    checks : SearchChecks
        How far the next best one, and every other that is not clearly worse, lies from it; and how
        it comes back.
    """
    laid = [found.scans for found in first]
    others = (run_stages(layered, beside, laid)[-1] for beside in OTHER_STARTS_MM)
    best, *rest = sorted((first[-1], *others), key=liver_residual_hu)
    least = liver_residual_hu(best)
    rivals = [
        found
        for place, found in enumerate(rest)
        if place == 0 or liver_residual_hu(found) <= CLEARLY_WORSE * least
    ]
    checks = SearchChecks(
        start_disagreement_mm=max(measure_disagreement_mm(best, rival) for rival in rivals),
        inverse_consistency_mm=measure_inverse_consistency_mm(layered, best),
        spacing_mm=best.stage.spacing_mm,
    )
    return best, checks
