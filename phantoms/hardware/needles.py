"""Needles as they come out of the box: role, gauge, length, tip, hub, and how they will bend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from phantoms.arrays import positive
from phantoms.errors import HardwareRefusedError
from phantoms.hardware.gauges import LUMEN_MM, OUTER_MM

Role: TypeAlias = Literal["locating", "fixing", "antenna", "coaxial"]
Tip: TypeAlias = Literal["trocar", "pencil", "open"]

TIP_DIAMETERS = 2.0
"""A trocar or pencil tip is this many diameters long."""
LEAST_BEND_RADIUS_MM = 60.0
"""A needle of these gauges takes no sharper bend without staying bent; a model choice."""


@dataclass(frozen=True, slots=True)
class Hub:
    """The plastic grip at the hind end.

    Parameters
    ----------
    diameter_mm, length_mm : float
        Of the round grip, millimetres.
    """

    diameter_mm: float
    length_mm: float

    def __post_init__(self) -> None:
        positive(self.diameter_mm, "Hub.diameter_mm")
        positive(self.length_mm, "Hub.length_mm")


NEEDLE_HUB, ANTENNA_HUB = Hub(6.0, 22.0), Hub(13.0, 70.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """A needle, antenna or cannula.

    Parameters
    ----------
    name : str
        What it is called in the truth and on its parts.
    role : str
        ``locating``, ``fixing``, ``antenna`` or ``coaxial``.
    gauge : int
        Key of :data:`~phantoms.hardware.gauges.OUTER_MM`.
    length_mm : float
        From the hub's face to the very tip, along the shaft, millimetres.
    tip : str
        ``trocar`` (three facets), ``pencil`` (a cone), or ``open`` (cut square, for a cannula).
    hub : Hub
        The grip.
    slot_from_tip_mm, slot_mm : float
        Where the active zone of an antenna begins, measured back from the tip, and its length,
        millimetres: there the shaft is no metal. Length 0 for none.
    lumen_mm : float
        Inner diameter of a cannula, millimetres; 0 for what is solid or carries its stylet.
    scale_step_mm : float
        Distance of the printed depth marks, millimetres; ink leaves no trace in a CT.
    bend_radius_mm : float
        Radius of its arc in tissue, millimetres; infinite for a needle that stays straight.
    bend_direction_rad : float
        Where it bends to, radians: 0 toward the first axis of the frame it is placed in (the
        plate's columns, or the patient's left), right-handed about the needle's direction.

    Raises
    ------
    HardwareRefusedError
        If the gauge is not in the table, or a measure contradicts another.
    """

    name: str
    role: Role
    gauge: int
    length_mm: float
    tip: Tip = "trocar"
    hub: Hub = NEEDLE_HUB
    slot_from_tip_mm: float = 0.0
    slot_mm: float = 0.0
    lumen_mm: float = 0.0
    scale_step_mm: float = 10.0
    bend_radius_mm: float = np.inf
    bend_direction_rad: float = 0.0

    def __post_init__(self) -> None:
        for is_sound, expected, got in _demands(self):
            if not is_sound:
                raise HardwareRefusedError(
                    "There is no such needle",
                    where=f"Needle {self.name!r}",
                    expected=expected,
                    got=str(got),
                    next_step="correct the needle",
                )

    @property
    def diameter_mm(self) -> float:
        """Outer diameter by gauge, millimetres."""
        return OUTER_MM[self.gauge]

    @property
    def tip_mm(self) -> float:
        """Length over which the tip narrows, millimetres."""
        return 0.0 if self.tip == "open" else TIP_DIAMETERS * self.diameter_mm


def _demands(needle: Needle) -> list[tuple[bool, str, object]]:
    """List what a needle must fulfil: whether it does, the demand in words, and what stands."""
    outer = OUTER_MM.get(needle.gauge, 0.0)
    slot = (needle.slot_from_tip_mm, needle.slot_mm)
    on_shaft = slot[0] >= TIP_DIAMETERS * outer and sum(slot) < needle.length_mm
    has_lumen = 0.0 < needle.lumen_mm < outer
    return [
        (needle.gauge in OUTER_MM, f"a gauge of {min(OUTER_MM)} to {max(OUTER_MM)}", needle.gauge),
        (10.0 <= needle.length_mm <= 500.0, "a length of 10 to 500 mm", needle.length_mm),
        (
            slot[1] == 0.0 or (slot[1] > 0.0 and on_shaft),
            "a slot on the shaft, behind the tip",
            slot,
        ),
        (
            has_lumen if needle.tip == "open" else needle.lumen_mm == 0.0,
            "a lumen inside the wall where the tip is open, and else none",
            needle.lumen_mm,
        ),
        (
            needle.bend_radius_mm >= LEAST_BEND_RADIUS_MM,
            f"a bend radius of {LEAST_BEND_RADIUS_MM:g} mm or more",
            needle.bend_radius_mm,
        ),
        (bool(np.isfinite(needle.bend_direction_rad)), "a finite angle", needle.bend_direction_rad),
        (0.0 < needle.scale_step_mm < np.inf, "depth marks apart", needle.scale_step_mm),
    ]


def arc_mm(needle: Needle, chord_mm: float) -> float:
    """Measure the needle's arc over a chord.

    Parameters
    ----------
    needle : Needle
        Bent or straight.
    chord_mm : float
        Straight distance of two of its points, at most twice the bend radius, millimetres.

    Returns
    -------
    float
        Length along the needle, millimetres.
    """
    if np.isinf(needle.bend_radius_mm):
        return chord_mm
    return 2.0 * needle.bend_radius_mm * float(np.arcsin(0.5 * chord_mm / needle.bend_radius_mm))


def build_needle(  # noqa: PLR0913 - the measures of one needle, each by name
    role: Role,
    name: str,
    *,
    gauge: int,
    length_mm: float,
    bend_radius_mm: float = np.inf,
    bend_direction_rad: float = 0.0,
) -> Needle:
    """Build a needle with the tip, hub and active zone that its role usually has.

    Parameters
    ----------
    role : str
        ``locating``, ``fixing``, ``antenna`` or ``coaxial``.
    name : str
        What it is called.
    gauge : int
        Of its shaft.
    length_mm : float
        From the hub's face to the tip, millimetres.
    bend_radius_mm, bend_direction_rad : float
        How it bends, millimetres and radians.

    Returns
    -------
    Needle
        An antenna has a slot of 3 mm that begins 8 mm behind its tip.

    Examples
    --------
    >>> build_needle("coaxial", "C1", gauge=15, length_mm=100).lumen_mm
    1.372
    """
    is_antenna, is_cannula = role == "antenna", role == "coaxial"
    return Needle(
        name=name,
        role=role,
        gauge=gauge,
        length_mm=length_mm,
        tip="open" if is_cannula else "trocar" if is_antenna or role == "fixing" else "pencil",
        hub=ANTENNA_HUB if is_antenna else NEEDLE_HUB,
        slot_from_tip_mm=8.0 if is_antenna else 0.0,
        slot_mm=3.0 if is_antenna else 0.0,
        lumen_mm=LUMEN_MM.get(gauge, 0.0) if is_cannula else 0.0,
        bend_radius_mm=bend_radius_mm,
        bend_direction_rad=bend_direction_rad,
    )
