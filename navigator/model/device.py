"""Antennas and the zones that were published for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRecord:
    """One published ablation zone: a row of the antenna library.

    Parameters
    ----------
    device : str
        Device as the source names it.
    power_w : float or None
        Power at the generator, watts; None where the source gives none.
    time_s : float
        Duration, seconds.
    long_axis_mm, short_axis_mm : float
        Full axes of the zone, millimetres.
    centre_to_tip_mm : float or None
        From the zone's centre to the antenna's tip, millimetres; None where not published.
    setting : str
        ``manufacturer table``, ``ex vivo``, ``in vivo``.
    tissue, note, source : str
        Tissue, remarks (conflicts inside the source too), and the citation.
    """

    device: str
    power_w: float | None
    time_s: float
    long_axis_mm: float
    short_axis_mm: float
    centre_to_tip_mm: float | None
    setting: str
    tissue: str
    note: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Antenna:
    """A microwave antenna: its name in the library, and its shaft.

    Parameters
    ----------
    name : str
        Device name in the antenna library.
    diameter_mm : float
        Outer diameter of the shaft, millimetres. Always explicit: antennas are not
        hypodermic tubing.
    """

    name: str
    diameter_mm: float

    def __post_init__(self) -> None:
        if not self.diameter_mm > 0:
            raise ValueError(f"Antenna.diameter_mm: expected > 0, got {self.diameter_mm}")
