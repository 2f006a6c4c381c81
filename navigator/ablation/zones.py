"""The size of an ablation zone, from published rows and never beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import DeviceRefusedError
from navigator.model.ablation import AblationZone, Interval, ZoneSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.model.device import ZoneRecord
    from navigator.model.trajectory import Trajectory

SETTINGS = ("in-vivo", "ex-vivo", "manufacturer")
"""The settings that a request may name."""

RECORD_SETTINGS = {
    "in-vivo": ("in vivo",),
    "ex-vivo": ("ex vivo",),
    "manufacturer": ("manufacturer table",),
}
"""Which rows of the library speak for a setting."""

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


def find_zone_size(
    records: Sequence[ZoneRecord], *, device: str, power_w: float, time_s: float, setting: str
) -> ZoneSize:
    """Find the zone of a device at a power and time.

    A row that was published is taken as it is; between two times at the same published power
    the axes are interpolated linearly. Power is never interpolated and nothing is
    extrapolated. For ``in-vivo`` a device without in vivo rows gets its maker's table (or ex
    vivo rows) times the in vivo factor, whose range becomes the interval.

    Parameters
    ----------
    records : sequence of ZoneRecord
        The antenna library.
    device : str
        Name in the library.
    power_w, time_s : float
        Watts and seconds.
    setting : str
        ``in-vivo``, ``ex-vivo`` or ``manufacturer``.

    Returns
    -------
    ZoneSize
        Axes and tip offset with intervals, and the sources used.

    Raises
    ------
    DeviceRefusedError
        If the device, its tip offset, the setting, the power or the time is not published.
    """
    rows, needs_factor = records_for_setting(records, device=device, setting=setting)
    low, high = _bracket(rows, power_w=power_w, time_s=time_s, device=device)
    share = 0.0 if high.time_s == low.time_s else (time_s - low.time_s) / (high.time_s - low.time_s)
    axes = [
        (1 - share) * a + share * b
        for a, b in (
            (low.long_axis_mm, high.long_axis_mm),
            (low.short_axis_mm, high.short_axis_mm),
            (_tip_offset(low), _tip_offset(high)),
        )
    ]
    sources = dict.fromkeys((low.source, high.source))
    notes = dict.fromkeys(row.note for row in (low, high) if row.note)
    size = ZoneSize(
        power_w=power_w,
        time_s=time_s,
        long_axis_mm=_exactly(axes[0]),
        short_axis_mm=_exactly(axes[1]),
        centre_to_tip_mm=_exactly(axes[2]),
        setting=setting,
        sources=(*sources, *(f"note: {note}" for note in notes)),
    )
    return scaled_to_in_vivo(size, fit_in_vivo_factor(records)) if needs_factor else size


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


def records_for_setting(
    records: Sequence[ZoneRecord], *, device: str, setting: str
) -> tuple[list[ZoneRecord], bool]:
    """Choose the rows that speak for a device in a setting.

    Parameters
    ----------
    records : sequence of ZoneRecord
        The antenna library.
    device, setting : str
        Name in the library; ``in-vivo``, ``ex-vivo`` or ``manufacturer``.

    Returns
    -------
    rows : list of ZoneRecord
        Rows with power, time and tip offset.
    needs_factor : bool
        Whether they must be shrunk to in vivo.

    Raises
    ------
    DeviceRefusedError
        If there are none.
    """
    of_device = [row for row in records if row.device == device]
    if not of_device:
        names = ", ".join(dict.fromkeys(repr(row.device) for row in records))
        raise _refused(
            "unknown-antenna", f"The library has no antenna {device!r}", device, names, repr(device)
        )
    if setting not in RECORD_SETTINGS:
        raise _refused(
            "unknown-setting",
            f"There is no setting {setting!r}",
            "setting",
            " or ".join(SETTINGS),
            repr(setting),
        )
    rows = [row for row in of_device if row.setting in RECORD_SETTINGS[setting]]
    needs_factor = not rows and setting == "in-vivo"
    if needs_factor:
        outside = RECORD_SETTINGS["manufacturer"] + RECORD_SETTINGS["ex-vivo"]
        rows = [row for row in of_device if row.setting in outside]
    if not rows:
        have = ", ".join(dict.fromkeys(row.setting for row in of_device))
        raise _refused(
            "setting-not-published",
            f"No zone of {device!r} is published for this setting",
            "setting",
            f"a setting with rows: {have}",
            setting,
        )
    usable = [row for row in rows if row.centre_to_tip_mm is not None and row.power_w is not None]
    if not usable:
        raise _refused(
            "no-tip-offset",
            f"No distance from zone centre to tip is published for {device!r}",
            device,
            "a device whose rows give centre_to_tip_mm",
            "rows without it",
        )
    return usable, needs_factor


def _bracket(
    rows: Sequence[ZoneRecord], *, power_w: float, time_s: float, device: str
) -> tuple[ZoneRecord, ZoneRecord]:
    """Find the published rows at and around a time, at one published power."""
    same_power = sorted((row for row in rows if row.power_w == power_w), key=lambda r: r.time_s)
    if not same_power:
        powers = ", ".join(f"{p:g}" for p in sorted({row.power_w or 0.0 for row in rows}))
        raise _refused(
            "power-not-published",
            f"No zone of {device!r} is published at {power_w:g} W",
            "power_w",
            f"one of {powers} W",
            f"{power_w:g} W",
        )
    before = [row for row in same_power if row.time_s <= time_s]
    after = [row for row in same_power if row.time_s >= time_s]
    if not before or not after:
        raise _refused(
            "time-not-published",
            f"No zone of {device!r} is published for {time_s:g} s at {power_w:g} W",
            "time_s",
            f"{same_power[0].time_s:g} to {same_power[-1].time_s:g} s",
            f"{time_s:g} s",
        )
    return before[-1], after[0]


def _refused(code: str, what: str, where: str, expected: str, got: str) -> DeviceRefusedError:
    return DeviceRefusedError(
        code=code,
        what=what,
        where=where,
        expected=expected,
        got=got,
        next_step="choose a published device, setting, power and time; nothing is extrapolated",
    )


def _exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def _scaled(value: float, factor: Interval) -> Interval:
    return Interval(value=value * factor.value, low=value * factor.low, high=value * factor.high)


def _tip_offset(row: ZoneRecord) -> float:
    if row.centre_to_tip_mm is None:
        raise ValueError("ZoneRecord: expected a row with a tip offset here")
    return row.centre_to_tip_mm


def place_zone(size: ZoneSize, trajectory: Trajectory) -> AblationZone:
    """Put a zone where an antenna lies.

    Parameters
    ----------
    size : ZoneSize
        What its power and time are expected to do.
    trajectory : Trajectory
        The antenna, entry to tip.

    Returns
    -------
    AblationZone
        Centred `centre_to_tip_mm` behind the tip, axis along the antenna.
    """
    direction = trajectory.direction
    return AblationZone(
        centre_mm=trajectory.tip_mm - size.centre_to_tip_mm.value * direction,
        axis=direction,
        size=size,
        frame=trajectory.frame,
    )
