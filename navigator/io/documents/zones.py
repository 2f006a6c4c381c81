"""Ablation zones from a file: a plan's, or a list of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from navigator.errors import InputRefusedError
from navigator.io.documents.jsontext import load_json, schema_of
from navigator.model.ablation import AblationZone, Interval, ZoneSize

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.geometry.frames import Frame

ZONES_SCHEMAS = ("plan/1", "zones/1")
Axis = Annotated[float, Field(gt=0, le=200)]


class _ZoneDocument(BaseModel):
    """A zone as plans write it; what else stands there is not needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    centre_lps_mm: tuple[float, float, float]
    axis_lps: tuple[float, float, float]
    long_axis_mm: Axis
    short_axis_mm: Axis


def load_zones(path: Path, frame: Frame) -> tuple[AblationZone, ...]:
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
    tuple of AblationZone
        At least one.

    Raises
    ------
    FileRefusedError
        If the file is not there or not JSON.
    InputRefusedError
        If it holds no zone, or one that is incomplete.
    """
    found = schema_of(path)
    document = load_json(path, found if found in ZONES_SCHEMAS else ZONES_SCHEMAS[0])
    if document["schema"] == "zones/1":
        rows = document.get("zones", [])
    else:
        rows = [needle["zone"] for needle in document.get("trajectories", []) if needle["zone"]]
    if not rows:
        raise _refused(path, "one zone or more", "none")
    try:
        zones = [_ZoneDocument.model_validate(_tupled(row)) for row in rows]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _refused(path, f"{where}: {first['msg']}", str(first["input"])) from error
    return tuple(_zone(zone, frame) for zone in zones)


def _tupled(row: object) -> object:
    if not isinstance(row, dict):
        return row
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _zone(document: _ZoneDocument, frame: Frame) -> AblationZone:
    size = ZoneSize(
        power_w=None,
        time_s=None,
        long_axis_mm=_exactly(document.long_axis_mm),
        short_axis_mm=_exactly(document.short_axis_mm),
        centre_to_tip_mm=_exactly(0.0),
        setting="as given",
        sources=(),
    )
    return AblationZone(
        centre_mm=np.array(document.centre_lps_mm),
        axis=np.array(document.axis_lps),
        size=size,
        frame=frame,
    )


def _exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def _refused(path: Path, expected: str, got: str) -> InputRefusedError:
    return InputRefusedError(
        code="zones-refused",
        what="The file holds no usable ablation zones",
        where=str(path),
        expected=expected,
        got=got,
        next_step="give a plan/1 file, or zones/1 with centre, axis and both axes in millimetres",
    )
