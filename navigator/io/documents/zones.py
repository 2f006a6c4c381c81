"""Ablation zones from a file: a plan's, or a list of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from navigator.errors import InputRefusedError
from navigator.io.documents.jsonreading import load_json, schema_of
from navigator.io.documents.plan import PLAN_SCHEMA
from navigator.io.documents.versions import open_document
from navigator.model.ablation import AblationZone, Interval, ZoneSize
from navigator.model.outcome import Reason, Verdict, VerdictStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.geometry.frames import Frame

LIST_SCHEMA = "zones/1"
"""A list that a person wrote: it carries no hashes."""
Axis = Annotated[float, Field(gt=0, le=200)]


class _Range(BaseModel):
    """A value with its range, millimetres."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    value: float
    low: float
    high: float


class _ZoneDocument(BaseModel):
    """A zone as plans write it; what else stands there is not needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    centre_lps_mm: tuple[float, float, float]
    axis_lps: tuple[float, float, float]
    long_axis_mm: Axis
    short_axis_mm: Axis
    long_axis_range_mm: tuple[Axis, Axis] | None = None
    short_axis_range_mm: tuple[Axis, Axis] | None = None
    centre_to_tip_mm: _Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedZones:
    """Zones with what their file says of them.

    Parameters
    ----------
    zones : tuple of AblationZone
        At least one.
    verdict : Verdict or None
        The plan's own; None for a list of zones, which has none.
    structures_sha256 : str or None
        Hash of the structures that the plan was made on; None where the file does not say.
    """

    zones: tuple[AblationZone, ...]
    verdict: Verdict | None
    structures_sha256: str | None


def load_zones(path: Path, frame: Frame) -> tuple[AblationZone, ...]:
    """Read the zones of a plan or of a list, without what else the file says.

    Parameters
    ----------
    path : Path
        JSON file.
    frame : Frame
        The frame in which the zones are taken to lie.

    Returns
    -------
    tuple of AblationZone
        At least one; what is refused, see :func:`load_planned_zones`.
    """
    return load_planned_zones(path, frame).zones


def load_planned_zones(path: Path, frame: Frame) -> PlannedZones:
    """Read the zones of a plan, or of a list ``{"schema": "zones/1", "zones": [...]}``.

    Parameters
    ----------
    path : Path
        JSON file.
    frame : Frame
        The frame in which the zones are taken to lie: a label map carries no name of its own
        frame, so that the caller must say.

    Returns
    -------
    PlannedZones
        With the plan's verdict and the hash of its structures.

    Raises
    ------
    FileRefusedError
        If the file is not there or not JSON.
    InputRefusedError
        If it holds no zone, or one that is incomplete, or a plan has no verdict; what a changed
        plan or one of an unknown version is refused with, see
        :func:`navigator.io.documents.versions.open_document`.
    """
    found = schema_of(path)
    is_list = found == LIST_SCHEMA
    document = load_json(path, found) if is_list else open_document(path, PLAN_SCHEMA).content
    rows = _zone_rows(document)
    if not rows:
        raise _refused(path, "one zone or more", "none")
    try:
        zones = [_ZoneDocument.model_validate(_tupled(row)) for row in rows]
        found_zones = tuple(_zone(zone, frame) for zone in zones)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _refused(path, f"{where}: {first['msg']}", str(first["input"])) from error
    except ValueError as error:
        raise _refused(path, "an axis with a direction, ranges in order", str(error)) from error
    if is_list:
        return PlannedZones(zones=found_zones, verdict=None, structures_sha256=None)
    return PlannedZones(
        zones=found_zones,
        verdict=_verdict(document, path),
        structures_sha256=_structures_sha256(document),
    )


def _verdict(document: Mapping[str, Any], path: Path) -> Verdict:
    """Read a plan's verdict; a plan that does not say it is not taken for an accepted one."""
    try:
        reasons = [Reason(str(row["code"]), str(row["message"])) for row in document["reasons"]]
        return Verdict(VerdictStatus(document["verdict"]), tuple(reasons))
    except (KeyError, TypeError, ValueError) as error:
        got = f"{type(error).__name__}: {error}"
        raise _refused(path, "a plan's verdict and reasons", got) from error


def _structures_sha256(document: Mapping[str, Any]) -> str | None:
    provenance = document.get("provenance")
    hashes = provenance.get("sha256") if isinstance(provenance, dict) else None
    found = hashes.get("structures") if isinstance(hashes, dict) else None
    return found if isinstance(found, str) else None


def _zone_rows(document: Mapping[str, Any]) -> list[object]:
    """List what stands where zones stand; what is not a list of objects holds none."""
    if document["schema"] == LIST_SCHEMA:
        zones = document.get("zones")
        return zones if isinstance(zones, list) else []
    needles = document.get("trajectories")
    if not isinstance(needles, list):
        return []
    found = [needle.get("zone") for needle in needles if isinstance(needle, dict)]
    return [zone for zone in found if zone is not None]


def _tupled(row: object) -> object:
    if not isinstance(row, dict):
        return row
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _zone(document: _ZoneDocument, frame: Frame) -> AblationZone:
    size = ZoneSize(
        power_w=None,
        time_s=None,
        long_axis_mm=_interval(document.long_axis_mm, document.long_axis_range_mm),
        short_axis_mm=_interval(document.short_axis_mm, document.short_axis_range_mm),
        centre_to_tip_mm=_offset(document.centre_to_tip_mm),
        setting="as given",
        sources=(),
    )
    return AblationZone(
        centre_mm=np.array(document.centre_lps_mm),
        axis=np.array(document.axis_lps),
        size=size,
        frame=frame,
    )


def _interval(value: float, ends: tuple[float, float] | None) -> Interval:
    """Take the range that the document gives; a size without one is taken as it stands."""
    low, high = (value, value) if ends is None else ends
    return Interval(value=value, low=low, high=high)


def _offset(given: _Range | None) -> Interval:
    if given is None:
        return Interval(value=0.0, low=0.0, high=0.0)
    return Interval(value=given.value, low=given.low, high=given.high)


def _refused(path: Path, expected: str, got: str) -> InputRefusedError:
    return InputRefusedError(
        code="zones-refused",
        what="The file holds no usable ablation zones",
        where=str(path),
        expected=expected,
        got=got,
        next_step="give a plan/1 file, or zones/1 with centre, axis and both axes in millimetres",
    )
