"""Verdicts: an expected clinical "no" is a value with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class VerdictStatus(Enum):
    """How far a result may be used; the order is the severity."""

    ACCEPTED = "accepted"
    WARNING = "warning"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict.

    Parameters
    ----------
    code : str
        Stable name, kebab-case.
    message : str
        What was seen, against which limit, and what to do next.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a result may be used, and why not.

    Parameters
    ----------
    status : VerdictStatus
        Accepted, warning or rejected.
    reasons : tuple of Reason
        At least one where the status is not accepted.

    Examples
    --------
    >>> Verdict.accepted().status.value
    'accepted'
    """

    status: VerdictStatus
    reasons: tuple[Reason, ...] = ()

    def __post_init__(self) -> None:
        if self.status is not VerdictStatus.ACCEPTED and not self.reasons:
            raise ValueError(f"Verdict: expected a reason for {self.status.value}, got none")

    @classmethod
    def accepted(cls) -> Verdict:
        """Accept without remark."""
        return cls(VerdictStatus.ACCEPTED)

    @property
    def is_usable(self) -> bool:
        """Whether the result may be used at all."""
        return self.status is not VerdictStatus.REJECTED


def verdict_from_reasons(
    *, rejections: tuple[Reason, ...] = (), warnings: tuple[Reason, ...] = ()
) -> Verdict:
    """Judge by the worst reason.

    Parameters
    ----------
    rejections, warnings : tuple of Reason
        What speaks against the result.

    Returns
    -------
    Verdict
        Rejected if there is any rejection, else a warning if there is any, else accepted.
    """
    if rejections:
        return Verdict(VerdictStatus.REJECTED, (*rejections, *warnings))
    if warnings:
        return Verdict(VerdictStatus.WARNING, warnings)
    return Verdict.accepted()


def worst_verdict(*verdicts: Verdict) -> Verdict:
    """Join verdicts: the worst status, all reasons in order.

    Parameters
    ----------
    *verdicts : Verdict
        The verdicts of the parts.

    Returns
    -------
    Verdict
        The verdict of the whole; the same reason stands once.
    """
    order = list(VerdictStatus)
    status = max((verdict.status for verdict in verdicts), key=order.index)
    reasons = dict.fromkeys(reason for verdict in verdicts for reason in verdict.reasons)
    return Verdict(status, tuple(reasons))
