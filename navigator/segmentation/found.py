"""What a rule found: the voxels, and what is doubtful about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navigator.model.ablation import Interval
    from navigator.model.outcome import Reason
    from navigator.model.volume import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStructure:
    """A structure that was found in a scan.

    Parameters
    ----------
    name : str
        As requests name it.
    mask : Mask
        Its voxels, on the scan's grid; none where there is no such thing.
    remarks : tuple of Reason
        What a person has to look at before it is used.
    refusals : tuple of Reason
        Why there is none, where a click was refused; the mask is empty then.
    volume_ml : Interval or None
        Volume with low and high, millilitres; None where no border was moved to learn them.
    surface_uncertainty_mm : float or None
        How far the true surface may lie from this one, millimetres; None where that was not
        measured.
    """

    name: str
    mask: Mask
    remarks: tuple[Reason, ...] = ()
    refusals: tuple[Reason, ...] = ()
    volume_ml: Interval | None = None
    surface_uncertainty_mm: float | None = None
