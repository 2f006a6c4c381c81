"""A plan: which needle through which bore, how deep, and what it will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navigator.model.ablation import AblationZone, Margin
    from navigator.model.outcome import Verdict
    from navigator.model.placement import TemplatePlacement
    from navigator.model.trajectory import Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNeedle:
    """One needle of a plan.

    Parameters
    ----------
    name : str
        e.g. ``N1``.
    role : str
        ``antenna``, ``fixing`` or ``locating``.
    bore : str or None
        Label of the bore; None for a free-hand needle.
    trajectory : Trajectory
        Skin entry to tip.
    guide_depth_mm : float or None
        Operator face of the plate to tip along the bore, millimetres; None without a plate.
    zone : AblationZone or None
        What it will ablate; None for a needle that does not.
    clearance_mm : mapping of str to float
        Least distance of the needle's surface to each structure, millimetres; negative or
        zero where it is touched.
    """

    name: str
    role: str
    bore: str | None
    trajectory: Trajectory
    guide_depth_mm: float | None
    zone: AblationZone | None
    clearance_mm: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a plan was made from: a number shown to a person always carries it.

    Parameters
    ----------
    input_hashes : mapping of str to str
        SHA-256 of the scan, structures, request, template and registration used.
    engine_version : str
        Version of this package.
    """

    input_hashes: Mapping[str, str]
    engine_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the operator shall do, and why it is the best that was found.

    Parameters
    ----------
    needles : tuple of PlannedNeedle
        None where no way was found; the verdict then says why.
    placement : TemplatePlacement or None
        Where the plate stands; None for a free-hand plan.
    margin : Margin or None
        The margin that the zones keep around the lesion; None where no needle was found.
    verdict : Verdict
        Whether the plan meets what was asked.
    provenance : Provenance
        What it was made from.
    candidates_seen, candidates_allowed : int
        How many ways were looked at, and how many broke no hard constraint.
    """

    needles: tuple[PlannedNeedle, ...]
    placement: TemplatePlacement | None
    margin: Margin | None
    verdict: Verdict
    provenance: Provenance
    candidates_seen: int
    candidates_allowed: int
