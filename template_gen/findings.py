"""What a rule says when a plate breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that a plate breaks.

    Parameters
    ----------
    code : str
        Stable kebab-case name.
    severity : str
        ``error`` refuses the plate, ``warning`` does not.
    labels : tuple of str
        The bores, markers or texts concerned.
    what, expected, got, next_step : str
        The message in its parts.
    """

    code: str
    severity: Severity
    labels: tuple[str, ...]
    what: str
    expected: str
    got: str
    next_step: str

    @property
    def message(self) -> str:
        """The parts as one sentence."""
        return f"{self.what}: expected {self.expected}, got {self.got}; {self.next_step}"
