"""The antenna of a request, and the zones that it may be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.ablation.zones import find_zone_size, records_for_setting
from navigator.errors import DeviceRefusedError
from navigator.io.antennas import load_zone_records
from navigator.model.device import Antenna
from navigator.model.outcome import Reason
from template_gen import all_bores

if TYPE_CHECKING:
    from navigator.io.documents import PlanRequest
    from navigator.model.ablation import ZoneSize
    from template_gen import TemplateSpec


def antenna_from_request(
    request: PlanRequest, spec: TemplateSpec | None
) -> tuple[Antenna, list[Reason]]:
    """Take the diameter from the request, or the widest bore's as the safe reading.

    Parameters
    ----------
    request : PlanRequest
        What was asked for.
    spec : TemplateSpec or None
        The plate.

    Returns
    -------
    antenna : Antenna
        The needle.
    remarks : list of Reason
        Where its diameter was assumed.

    Raises
    ------
    DeviceRefusedError
        If nothing tells the diameter.
    """
    if request.antenna_diameter_mm is not None:
        return Antenna(name=request.antenna, diameter_mm=request.antenna_diameter_mm), []
    if spec is None:
        raise DeviceRefusedError(
            code="antenna-diameter-missing",
            what="A free-hand plan needs the antenna's diameter",
            where="antenna_diameter_mm",
            expected="the outer diameter of the shaft in millimetres",
            got="nothing",
            next_step="measure it or take it from the maker's sheet, and add it to the request",
        )
    widest = max(bore.diameter_mm for bore in all_bores(spec))
    text = f"the antenna's diameter was not given: {widest:g} mm, the widest bore's, was assumed"
    remark = Reason("antenna-diameter-assumed", f"{text}; check that it passes the bore")
    return Antenna(name=request.antenna, diameter_mm=widest), [remark]


def zone_sizes_from_request(request: PlanRequest) -> tuple[tuple[ZoneSize, ...], bool]:
    """List the zones that may be asked for: all published ones, or the one that was fixed.

    Parameters
    ----------
    request : PlanRequest
        Antenna, setting, and power and time where they were fixed.

    Returns
    -------
    sizes : tuple of ZoneSize
        At least one.
    needs_factor : bool
        Whether they were scaled from outside the body.

    Raises
    ------
    DeviceRefusedError
        If the antenna is unknown, or no zone was published for what was asked.
    """
    records = load_zone_records()
    rows, needs_factor = records_for_setting(
        records, device=request.antenna, setting=request.setting
    )
    wanted = [(row.power_w, row.time_s) for row in rows if row.power_w is not None]
    if request.power_w is not None and request.time_s is not None:
        wanted = [(request.power_w, request.time_s)]
    elif request.power_w is not None or request.time_s is not None:
        raise DeviceRefusedError(
            code="power-without-time",
            what="Power and time are fixed together",
            where="power_w, time_s",
            expected="both, or neither",
            got=f"power_w {request.power_w}, time_s {request.time_s}",
            next_step="give both, or leave both out and let the planner choose",
        )
    sizes = tuple(
        find_zone_size(
            records,
            device=request.antenna,
            power_w=power,
            time_s=time,
            setting=request.setting,
        )
        for power, time in dict.fromkeys(wanted)
    )
    return sizes, needs_factor
