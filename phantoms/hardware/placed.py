"""Needles in their places: driven through a bore with its slack, by free hand, or in a cannula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import HardwareRefusedError
from phantoms.hardware.needles import arc_mm
from phantoms.hardware.slack import find_bore, guide_ends_mm, play_mm

if TYPE_CHECKING:
    from phantoms.hardware.needles import Needle
    from phantoms.hardware.plate import PlacedPlate

CENTRED = (0.0, 0.0)


def _refused(what: str, needle: Needle, expected: str, got: str, next_step: str) -> None:
    """Refuse a needle in its place."""
    raise HardwareRefusedError(
        what, where=f"needle {needle.name!r}", expected=expected, got=got, next_step=next_step
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenNeedle:
    """A needle in a bore of a plate; beyond the patient face it follows its bend.

    Parameters
    ----------
    needle : Needle
        What is driven.
    plate : PlacedPlate
        The plate as it stands in the scan.
    bore : str
        Label of the bore.
    guide_depth_mm : float
        From the operator face to the tip along the needle, millimetres: what its scale reads.
    at_entry_mm, at_exit_mm : (2,) array
        Offset of the needle's axis from the bore's at the two ends of the guide, millimetres;
        axes as in :func:`phantoms.hardware.driving.across`.

    Raises
    ------
    HardwareRefusedError
        If it does not fit the bore, would enter its wall, is too short, or ends in the plate.
    """

    needle: Needle
    plate: PlacedPlate
    bore: str
    guide_depth_mm: float
    at_entry_mm: Floats | tuple[float, float] = CENTRED
    at_exit_mm: Floats | tuple[float, float] = CENTRED

    def __post_init__(self) -> None:
        for name in ("at_entry_mm", "at_exit_mm"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name), (2,), name))
        needle, axis = self.needle, find_bore(self.plate, self.bore)
        free = play_mm(axis, needle.diameter_mm)
        if not free >= 0.0:
            _refused("The needle does not pass the bore", needle,
                     f"less than the {axis.diameter_mm:g} mm of bore {self.bore}",
                     f"{needle.diameter_mm:g} mm ({needle.gauge}G)",
                     "take a thinner needle or a wider bore")  # fmt: skip
        most = max(float(np.linalg.norm(end)) for end in (self.at_entry_mm, self.at_exit_mm))
        if not most <= free + 1e-9:
            _refused("The needle would enter the wall of its bore", needle,
                     f"its axis within {free:.4f} mm of the bore's", f"{most:.4f} mm",
                     "lower the offsets, or draw them with drive_needle")  # fmt: skip
        start, end = guide_ends_mm(axis)
        reach = needle.length_mm + min(start, 0.0)
        if not end < self.guide_depth_mm <= reach:
            _refused("The needle is too short for its depth, or ends in the plate", needle,
                     f"a guide depth from {end:.1f} to {reach:.1f} mm",
                     f"{self.guide_depth_mm:g} mm", "take another needle or depth")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeNeedle:
    """A needle driven by hand from a point of the skin to its tip, without a plate.

    Parameters
    ----------
    needle : Needle
        What is driven; its bend begins at the entry.
    entry_mm, tip_mm : (3,) array
        Where the bend begins, usually the skin, and the tip, LPS millimetres.

    Raises
    ------
    HardwareRefusedError
        If it is too short, or its arc does not span the way.
    """

    needle: Needle
    entry_mm: Floats
    tip_mm: Floats

    def __post_init__(self) -> None:
        for name in ("entry_mm", "tip_mm"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name), (3,), name))
        needle, way = self.needle, float(np.linalg.norm(self.tip_mm - self.entry_mm))
        most = min(needle.length_mm, 2.0 * needle.bend_radius_mm)
        if not (0.0 < way <= most and arc_mm(needle, way) <= needle.length_mm):
            _refused("The needle does not reach from entry to tip", needle,
                     f"a way of up to {most:g} mm", f"{way:g} mm",
                     "take a longer needle, or bend it less")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadedNeedle:
    """A needle or antenna inside a cannula, on its axis and round the same bend.

    Parameters
    ----------
    needle : Needle
        What goes through.
    carrier : DrivenNeedle or FreeNeedle
        The cannula in its place.
    beyond_mm : float
        How far the tip stands out of the cannula's, millimetres.

    Raises
    ------
    HardwareRefusedError
        If it does not pass the lumen, or is too short.
    """

    needle: Needle
    carrier: DrivenNeedle | FreeNeedle
    beyond_mm: float

    def __post_init__(self) -> None:
        needle, cannula = self.needle, self.carrier.needle
        if not needle.diameter_mm < cannula.lumen_mm:
            _refused("The needle does not pass the cannula", needle,
                     f"less than the {cannula.lumen_mm:g} mm of cannula {cannula.name!r}",
                     f"{needle.diameter_mm:g} mm ({needle.gauge}G)",
                     "take a thinner needle or a wider cannula")  # fmt: skip
        most = needle.length_mm - cannula.length_mm - cannula.hub.length_mm
        if not 0.0 <= self.beyond_mm <= most:
            _refused("The needle is too short for its cannula", needle,
                     f"0 to {most:g} mm beyond the cannula, hub on hub",
                     f"{self.beyond_mm:g} mm", "take a longer needle")  # fmt: skip


PlacedNeedle: TypeAlias = DrivenNeedle | FreeNeedle | ThreadedNeedle


def drive_needle(
    needle: Needle,
    plate: PlacedPlate,
    bore: str,
    guide_depth_mm: float,
    rng: np.random.Generator,
) -> DrivenNeedle:
    """Drive a needle through a bore, where it comes to lie against the wall at both ends.

    Parameters
    ----------
    needle : Needle
        What is driven.
    plate : PlacedPlate
        The plate as it stands in the scan.
    bore : str
        Label of the bore.
    guide_depth_mm : float
        From the operator face to the tip along the needle, millimetres.
    rng : numpy.random.Generator
        Draws the two sides of the bore that it touches, evenly and apart from each other.

    Returns
    -------
    DrivenNeedle
        Leaning by anything from nothing to the slack tilt.

    Raises
    ------
    HardwareRefusedError
        If the bore is not there, or the needle does not fit it or its depth.
    """
    free = max(play_mm(find_bore(plate, bore), needle.diameter_mm), 0.0)
    ends = free * np.array([[np.cos(turn), np.sin(turn)] for turn in rng.uniform(0, 2 * np.pi, 2)])
    return DrivenNeedle(
        needle=needle,
        plate=plate,
        bore=bore,
        guide_depth_mm=guide_depth_mm,
        at_entry_mm=ends[0],
        at_exit_mm=ends[1],
    )
