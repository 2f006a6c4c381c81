"""What a plan is made in: the patient, the tumour, what must be kept clear, and the limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from navigator.arrays import Floats, unit_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navigator.model.ablation import ZoneSize
    from navigator.model.anatomy import Lesion
    from navigator.model.device import Antenna
    from navigator.model.outcome import Reason
    from navigator.model.volume import Mask, Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Hard limits of a plan.

    Parameters
    ----------
    min_clearance_mm : mapping of str to float
        Least distance of the needle's surface to a structure, millimetres, by its name. A
        structure that is not named must not be touched.
    max_insertion_depth_mm : float
        Longest way from skin to tip, millimetres. 150 mm is the longest of a published
        planner (`NUMBERS`: Collision-Aware-Needle-Path-Planning).
    max_tilt_deg : float
        Largest angle between plate normal and gravity, degrees.
    protractor_step_deg : float
        Step of the protractor, degrees.
    """

    min_clearance_mm: Mapping[str, float] = field(default_factory=dict)
    max_insertion_depth_mm: float = 150.0
    max_tilt_deg: float = 40.0
    protractor_step_deg: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedBody:
    """The patient as the scan shows it.

    Parameters
    ----------
    scan : Volume
        The planning scan.
    body : Mask
        The patient, skin included, on its grid.
    imaged : Mask
        What was scanned at all, on its grid: beyond it there may be patient.
    """

    scan: Volume
    body: Mask
    imaged: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The patient as the planner sees it, all in one frame.

    Parameters
    ----------
    lesion : Lesion
        The tumour.
    patient : ScannedBody
        Scan and body.
    obstacles : mapping of str to Mask
        What the needle must keep clear of, by name.
    unnamed : Mask or None
        What was labelled and has no name: told where the needle comes near it.
    gravity_lps : (3,) array
        Direction of gravity.
    antenna : Antenna
        The needle that ablates.
    sizes : tuple of ZoneSize
        The zones that it may be asked for.
    constraints : Constraints
        The limits.
    remarks : tuple of Reason
        What the border saw in the input; becomes a warning of the plan.
    position_doubt_mm : float
        How far patient and plate may lie beside where the scene has them, millimetres: 0 for a
        plan, the expected error of registration and pose in the room.
    """

    lesion: Lesion
    patient: ScannedBody
    obstacles: Mapping[str, Mask]
    gravity_lps: Floats
    antenna: Antenna
    sizes: tuple[ZoneSize, ...]
    constraints: Constraints
    unnamed: Mask | None = None
    remarks: tuple[Reason, ...] = ()
    position_doubt_mm: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "gravity_lps", unit_vector(self.gravity_lps, "gravity_lps"))
        if not self.sizes:
            raise ValueError("Scene.sizes: expected one zone or more, got none")

    @property
    def body(self) -> Mask:
        """The patient, skin included."""
        return self.patient.body

    @property
    def unsegmented(self) -> tuple[str, ...]:
        """Structures that the constraints name and nobody segmented: unknown, not free."""
        return tuple(
            name
            for name in self.constraints.min_clearance_mm
            if name not in self.obstacles and name not in ("body", "skin")
        )
