"""The schema ``phantom-inserted/1``: what is true where hardware was put into a real CT.

Nothing is said of how that CT was taken, for it is not known. Lengths are millimetres, points LPS
of the scan under whose name they stand.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phantoms.truth_schema import (
    Hash,
    Matrix,
    Point,
    Positive,
    StandingPlate,
    Strict,
    TrueNeedle,
    Voxels,
)

INSERTED_SCHEMA = "phantom-inserted/1"


class Source(Strict):
    """The real scan, by its hashes, and what was taken for granted of it."""

    files_sha256: Hash
    values_sha256: Hash
    point_spread_mm: Positive
    rows_of_air_added_in_front: Annotated[int, Field(ge=0)]


class Target(Strict):
    """What the plate was set above, in both scans."""

    planning_lps_mm: Point
    intraop_lps_mm: Point


class InsertedNeedle(TrueNeedle):
    """A needle, and where it passes the real skin; null where it does not."""

    skin_entry_lps_mm: Point | None
    insertion_depth_mm: Positive | None


class InsertedDocument(Strict):
    """All that is true of hardware in a real CT; matrices are row-major, (4, 4)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, title=INSERTED_SCHEMA)

    schema_: Literal["phantom-inserted/1"] = Field(alias="schema")
    units: Literal["mm"]
    case: str
    question: str
    seed: Annotated[int, Field(ge=0)]
    source: Source
    planning: Voxels
    intraop: Voxels
    intraop_from_planning: Matrix
    target: Target
    plate: StandingPlate
    needles: list[InsertedNeedle]
