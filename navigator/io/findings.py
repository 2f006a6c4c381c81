"""Findings: what was seen in a scan, how grave it is, and what a person does next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from navigator.errors import GeometryRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_FILES_NAMED = 8
"""A refusal names this many files; the finding itself carries all of them."""


WIDE_SPACING_MM = 2.0
"""Beyond it the shape of a small lesion is a guess: a recall followed a missing warning."""


class Severity(Enum):
    """How grave a finding is; the order is the severity."""

    NOTE = "note"
    """Worth knowing; nothing to do."""
    CONFIRM = "confirm"
    """A person must look at it; the scan loads, and every report shows it as a warning."""
    REFUSE = "refuse"
    """The scan is not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was seen in a scan.

    Parameters
    ----------
    code : str
        Stable name, kebab-case, for programs and tests.
    severity : Severity
        Note, confirm or refuse.
    what : str
        One sentence without a full stop: what was seen.
    expected, got : str
        The two values that do not agree.
    next_step : str
        What the person does next.
    files : tuple of str
        The files concerned, relative to the folder read; empty where all are.

    Examples
    --------
    >>> print(Finding(code="missing-slices", severity=Severity.REFUSE, what="A slice is missing",
    ...               expected="a step of 2.5 mm", got="5.0 mm", next_step="send it again").message)
    A slice is missing: expected a step of 2.5 mm, got 5.0 mm. Do next: send it again.
    """

    code: str
    severity: Severity
    what: str
    expected: str
    got: str
    next_step: str
    files: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What a person reads: what, expected, got, what to do next."""
        return f"{self.what}: expected {self.expected}, got {self.got}. Do next: {self.next_step}."


def wide_spacing_findings(spacing_mm: float) -> tuple[Finding, ...]:
    """Warn of slices that are far apart, wherever the scan comes from.

    Parameters
    ----------
    spacing_mm : float
        Distance between slices, millimetres.

    Returns
    -------
    tuple of Finding
        One to confirm above 2 mm, else none.

    Examples
    --------
    >>> [finding.code for finding in wide_spacing_findings(2.5)]
    ['spacing-above-2-mm']
    >>> wide_spacing_findings(2.0)
    ()
    """
    if spacing_mm <= WIDE_SPACING_MM:
        return ()
    return (
        Finding(
            code="spacing-above-2-mm",
            severity=Severity.CONFIRM,
            what="The slices are far apart",
            expected=f"{WIDE_SPACING_MM} mm or less",
            got=f"{spacing_mm:.3f} mm",
            next_step="use a thinner reconstruction of the same scan if there is one",
        ),
    )


def verdict_word(findings: Iterable[Finding]) -> str:
    """Say in one word whether a scan may be used.

    Parameters
    ----------
    findings : iterable of Finding
        All findings of one series.

    Returns
    -------
    str
        ``accepted``, ``confirm`` or ``refused``.

    Examples
    --------
    >>> verdict_word([])
    'accepted'
    """
    severities = {finding.severity for finding in findings}
    if Severity.REFUSE in severities:
        return "refused"
    return "confirm" if Severity.CONFIRM in severities else "accepted"


def grave_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put findings in order of severity, and leave the order of equals.

    Parameters
    ----------
    findings : iterable of Finding
        In any order.

    Returns
    -------
    tuple of Finding
        Those that refuse first, notes last.
    """
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: -order.index(finding.severity)))


def check_not_refused(findings: Iterable[Finding], where: str) -> None:
    """Stop at the first finding that refuses, and name the others.

    Parameters
    ----------
    findings : iterable of Finding
        All findings of one scan.
    where : str
        The folder or file.

    Raises
    ------
    GeometryRefusedError
        If any finding refuses; it carries the code of the first.
    """
    refusing = [finding for finding in findings if finding.severity is Severity.REFUSE]
    if not refusing:
        return
    first = refusing[0]
    others = sorted({finding.code for finding in refusing} - {first.code})
    raise GeometryRefusedError(
        code=first.code,
        what=first.what + (f" (and also: {', '.join(others)})" if others else ""),
        where=where + _named(first.files),
        expected=first.expected,
        got=first.got,
        next_step=first.next_step,
    )


def _named(files: tuple[str, ...]) -> str:
    """Name the first files of a finding."""
    if not files:
        return ""
    rest = len(files) - MOST_FILES_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f" ({', '.join(files[:MOST_FILES_NAMED])}{more})"
