"""How much smaller a zone is in perfused liver than outside the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import DeviceRefusedError
from navigator.model.ablation import Interval, ZoneSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.model.device import ZoneRecord

IN_VIVO_REFERENCE_DEVICE = "internally cooled antenna (He 2010; frequency unverified)"
"""The device whose rows give the in vivo factor: measured ex vivo and in vivo alike.

He N et al., Acad Radiol 2010;17(7), PII S1076-6332(10)00160-1, Tables 1 and 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InVivoFactor:
    """How much smaller a zone is in perfused liver than outside the body.

    Parameters
    ----------
    long_axis, short_axis : Interval
        Ratio in vivo over ex vivo: mean, least and greatest of the matched settings.
    source : str
        Where the ratios come from.
    """

    long_axis: Interval
    short_axis: Interval
    source: str


def fit_in_vivo_factor(records: Sequence[ZoneRecord]) -> InVivoFactor:
    """Compare the rows that were measured at one power and time ex vivo and in vivo.

    Parameters
    ----------
    records : sequence of ZoneRecord
        The antenna library.

    Returns
    -------
    InVivoFactor
        Mean ratio and its range over the matched settings.

    Raises
    ------
    DeviceRefusedError
        If the library lacks the matched rows.
    """
    rows = [row for row in records if row.device == IN_VIVO_REFERENCE_DEVICE]
    outside = {(row.power_w, row.time_s): row for row in rows if row.setting == "ex vivo"}
    pairs = [
        (outside[row.power_w, row.time_s], row)
        for row in rows
        if row.setting == "in vivo" and (row.power_w, row.time_s) in outside
    ]
    if not pairs:
        raise DeviceRefusedError(
            code="no-in-vivo-factor",
            what="The antenna library has no settings measured both ex vivo and in vivo",
            where=IN_VIVO_REFERENCE_DEVICE,
            expected="one matched power and time or more",
            got="none",
            next_step="restore the library that ships with the engine",
        )
    return InVivoFactor(
        long_axis=_ratio_interval([new.long_axis_mm / old.long_axis_mm for old, new in pairs]),
        short_axis=_ratio_interval([new.short_axis_mm / old.short_axis_mm for old, new in pairs]),
        source=f"in vivo factor from {len(pairs)} matched settings: {pairs[0][0].source}",
    )


def _ratio_interval(ratios: list[float]) -> Interval:
    return Interval(value=sum(ratios) / len(ratios), low=min(ratios), high=max(ratios))


def scaled_to_in_vivo(size: ZoneSize, factor: InVivoFactor) -> ZoneSize:
    """Shrink a zone from outside the body to perfused liver.

    The tip offset keeps its value, for the antenna radiates from the same place, and may be
    as short as the long axis' factor makes it.

    Parameters
    ----------
    size : ZoneSize
        From a maker's table or ex vivo rows.
    factor : InVivoFactor
        The ratios.

    Returns
    -------
    ZoneSize
        With intervals from the range of the ratios.
    """
    tip = size.centre_to_tip_mm.value
    return ZoneSize(
        power_w=size.power_w,
        time_s=size.time_s,
        long_axis_mm=_scaled(size.long_axis_mm.value, factor.long_axis),
        short_axis_mm=_scaled(size.short_axis_mm.value, factor.short_axis),
        centre_to_tip_mm=Interval(value=tip, low=tip * factor.long_axis.value, high=tip),
        setting=size.setting,
        sources=(*size.sources, factor.source),
    )


def _scaled(value: float, factor: Interval) -> Interval:
    return Interval(value=value * factor.value, low=value * factor.low, high=value * factor.high)
