"""One thing that a machine should have: what was found, and the line that brings it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How it stands with one thing."""

    OK = "ok"
    MISSING = "missing"
    TOO_OLD = "too-old"
    BROKEN = "broken"
    LOW = "low"
    """There, and less than is good: a warning."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked for.

    Parameters
    ----------
    name : str
        What it is.
    status : Status
        How it stands.
    found : str
        The version, the amount, or what went wrong.
    next_step : str
        The line that brings it, or what to do; empty where nothing is to be done.
    needed : bool
        Whether this program cannot do its work without it.
    """

    name: str
    status: Status
    found: str
    next_step: str = ""
    needed: bool = True

    def to_json(self) -> dict[str, object]:
        """Write it as ``navigator doctor`` prints it.

        Returns
        -------
        dict
            ``name``, ``needed``, ``status``, ``found``, ``next_step``.
        """
        return {
            "name": self.name,
            "needed": self.needed,
            "status": self.status.value,
            "found": self.found,
            "next_step": self.next_step,
        }
