"""The size of an ablation zone, from published rows and never beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.ablation.in_vivo import fit_in_vivo_factor, scaled_to_in_vivo
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
