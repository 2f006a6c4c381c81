"""Ablation zones and the margins that they keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.arrays import Floats, frozen_floats, unit_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navigator.geometry.frames import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with the range in which the truth is expected.

    Parameters
    ----------
    value, low, high : float
        Best estimate and bounds, low ≤ value ≤ high, in the unit of the quantity.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"Interval: expected low ≤ value ≤ high, got {self.low}, {self.value}, {self.high}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSize:
    """What one power and time is expected to do, before it has a place.

    Parameters
    ----------
    power_w, time_s : float or None
        Generator power in watts, duration in seconds; None where only the size is known.
    long_axis_mm, short_axis_mm, centre_to_tip_mm : Interval
        Full axes and the distance from centre to tip, millimetres.
    setting : str
        The setting that the size is meant for: ``in-vivo``, ``ex-vivo``, ``manufacturer``.
    sources : tuple of str
        Citations of the rows and factors used.
    """

    power_w: float | None
    time_s: float | None
    long_axis_mm: Interval
    short_axis_mm: Interval
    centre_to_tip_mm: Interval
    setting: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationZone:
    """An ellipsoid of revolution about the antenna, at its place.

    Parameters
    ----------
    centre_mm : (3,) array
        Centre, millimetres in `frame`.
    axis : (3,) array
        Unit direction from hub to tip.
    size : ZoneSize
        Axes, tip offset, power, time and where they come from.
    frame : Frame
        The scan in which it lies.
    """

    centre_mm: Floats
    axis: Floats
    size: ZoneSize
    frame: Frame

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen_floats(self.centre_mm, (3,), "centre_mm"))
        object.__setattr__(self, "axis", unit_vector(self.axis, "AblationZone.axis"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How far the dead tissue will reach beyond the tumour.

    Parameters
    ----------
    mam_mm : Interval
        Minimal ablative margin: the least signed margin, millimetres.
    area_share : mapping of str to float
        Share of the tumour's surface by margin: ``lt_0``, ``0_to_5``, ``5_to_10``, ``ge_10``.
    covered_share : float
        Share of the tumour's volume inside the zone, 0 to 1.
    wanted_margin_covered_share : float
        Share of the surface whose margin is at least the one wanted, 0 to 1.
    thinnest_point_mm : (3,) array
        The surface point of the least margin, millimetres in `frame`.
    frame : Frame
        The scan in which the margin was measured.
    """

    mam_mm: Interval
    area_share: Mapping[str, float]
    covered_share: float
    wanted_margin_covered_share: float
    thinnest_point_mm: Floats
    frame: Frame

    def __post_init__(self) -> None:
        point = frozen_floats(self.thinnest_point_mm, (3,), "Margin.thinnest_point_mm")
        object.__setattr__(self, "thinnest_point_mm", point)
