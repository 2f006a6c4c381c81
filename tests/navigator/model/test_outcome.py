"""A verdict other than accepted has a reason, and the worst part judges the whole."""

from __future__ import annotations

import itertools

import pytest

from navigator.model.outcome import (
    Reason,
    Verdict,
    VerdictStatus,
    verdict_from_reasons,
    worst_verdict,
)

WARN, REJECT = Reason("markers-lost", "M2 was not seen"), Reason("scans-differ", "r = 0.2")

VERDICTS = [
    Verdict.accepted(),
    Verdict(VerdictStatus.WARNING, (WARN,)),
    Verdict(VerdictStatus.REJECTED, (REJECT,)),
]
"""From good to bad."""


@pytest.mark.parametrize("status", [VerdictStatus.WARNING, VerdictStatus.REJECTED])
def test_a_no_without_a_reason_cannot_be_said(status: VerdictStatus) -> None:
    with pytest.raises(ValueError, match="expected a reason"):
        Verdict(status)


@pytest.mark.parametrize(
    ("rejections", "warnings", "status"),
    [
        ((), (), VerdictStatus.ACCEPTED),
        ((), (WARN,), VerdictStatus.WARNING),
        ((REJECT,), (), VerdictStatus.REJECTED),
        ((REJECT,), (WARN,), VerdictStatus.REJECTED),
    ],
)
def test_the_worst_reason_judges(
    rejections: tuple[Reason, ...], warnings: tuple[Reason, ...], status: VerdictStatus
) -> None:
    verdict = verdict_from_reasons(rejections=rejections, warnings=warnings)
    assert verdict.status is status
    assert verdict.reasons == (*rejections, *warnings)


@pytest.mark.parametrize("parts", list(itertools.product(range(3), repeat=3)))
def test_the_whole_is_as_bad_as_its_worst_part(parts: tuple[int, ...]) -> None:
    verdicts = [VERDICTS[part] for part in parts]
    whole = worst_verdict(*verdicts)
    assert whole.status is VERDICTS[max(parts)].status
    said = [reason for verdict in verdicts for reason in verdict.reasons]
    assert whole.reasons == tuple(dict.fromkeys(said))  # in order, each once


def test_only_a_rejected_result_is_of_no_use() -> None:
    assert [verdict.is_usable for verdict in VERDICTS] == [True, True, False]
