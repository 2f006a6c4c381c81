"""The schema ``phantom-truth/1``: every field of ``truth.json``, its unit and its frame.

All lengths are millimetres, all points LPS of the scan under whose name they stand.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from phantoms.truth import SCHEMA

Point = Annotated[list[float], Field(min_length=3, max_length=3)]
Row = Annotated[list[float], Field(min_length=4, max_length=4)]
Matrix = Annotated[list[Row], Field(min_length=4, max_length=4)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Positive = Annotated[float, Field(gt=0.0)]
Gap = Annotated[list[float | None], Field(min_length=2, max_length=2)]
"""Brackets of a distance; null where the other thing is farther than was looked."""


class Strict(BaseModel):
    """Nothing beyond what is declared; no NaN."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Tumour(Strict):
    """The first lesion as a sphere of its volume, in the planning scan."""

    centre_lps_mm: Point
    diameter_mm: Positive
    volume_ml: Positive


class TrueLesion(Strict):
    """A sphere or an ellipsoid, in the planning scan."""

    name: str
    centre_lps_mm: Point
    lps_from_lesion: Matrix
    radii_mm: Point
    diameter_mm: Positive
    volume_ml: Positive
    segment: Annotated[int, Field(ge=1, le=8)]
    is_visible: bool
    has_rim: bool
    gaps_mm: dict[str, Gap]
    upright_way_to_bone_mm: Annotated[float, Field(ge=0.0)]
    is_under_lung: bool


class Way(Strict):
    """A straight free way from the skin to the first lesion, in the planning scan."""

    entry_lps_mm: Point
    target_lps_mm: Point
    free_radius_mm: Positive


class Protocol(Strict):
    """How a scan was taken; doses against a routine abdominal scan."""

    spacing_kji_mm: Point
    thickness_mm: Positive
    kernel: str
    dose: Positive
    phase: str
    gantry_tilt_deg: float
    couch_roll_deg: float
    field_of_view_mm: Positive | None
    rings_hu: float
    with_streaks: bool


class Voxels(Strict):
    """A series of images: where its voxels lie, and the hash of its values."""

    folder: str
    shape_kji: Annotated[list[int], Field(min_length=3, max_length=3)]
    lps_from_index: Matrix
    series_uid: str
    frame_of_reference_uid: str
    sha256: Hash


class Scan(Voxels):
    """A synthetic series: how it was taken, and where gravity pulls."""

    protocol: Protocol
    lps_from_couch: Matrix
    gravity_lps: Point


class PlanningScan(Scan):
    """The scan that was planned on, with its labels."""

    labels: dict[str, int]
    labels_file: str
    label_volumes_by_voxels_ml: dict[str, float]
    coils_lps_mm: list[list[Point]]


class TrueNeedle(Strict):
    """A needle as it lies: straight from the tail, then round one arc where it is bent.

    A needle in a bore has what stands from `plate_serial` on; one driven by hand `entry_lps_mm`;
    one in a cannula its name.
    """

    name: str
    role: Literal["locating", "fixing", "antenna", "coaxial"]
    gauge: int
    diameter_mm: Positive
    length_mm: Positive
    tip_lps_mm: Point
    tail_lps_mm: Point
    direction_at_tip: Point
    direction_at_tail: Point
    bend_radius_mm: Positive | None
    bend_towards: Point | None
    arc_length_mm: Annotated[float, Field(ge=0.0)]
    line_lps_mm: list[Point]
    active_zone_lps_mm: list[Point] | None = None
    entry_lps_mm: Point | None = None
    cannula: str | None = None
    beyond_cannula_mm: float | None = None
    plate_serial: str | None = None
    bore: str | None = None
    guide_depth_mm: Positive | None = None
    nearest_depth_mark_mm: float | None = None
    slack_tilt_deg: float | None = None
    offset_at_entry_mm: list[float] | None = None
    offset_at_exit_mm: list[float] | None = None
    bend_begins_lps_mm: Point | None = None


class IntraopScan(Scan):
    """The scan with the plate; the tumours are null where another patient lies there."""

    tumour_centre_lps_mm: Point | None
    lesion_centres_lps_mm: dict[str, Point] | None
    needles: list[TrueNeedle]
    coils_lps_mm: list[list[Point]]


class FieldFile(Strict):
    """A displacement field on a grid of the planning scan, for the tissue of one group."""

    group: Literal["wall", "liver", "abdomen", "lung"]
    shape_kji: Annotated[list[int], Field(min_length=3, max_length=3)]
    planning_lps_from_index: Matrix
    interpolation_misses_mm: Annotated[float, Field(ge=0.0)]


class Pair(Strict):
    """A landmark in the planning scan and where it went."""

    group: Literal["wall", "liver", "abdomen", "lung"]
    label: str
    planning_lps_mm: Point
    moved_lps_mm: Point


class Fields(Strict):
    """A motion in files, and in pairs of points."""

    fields: dict[str, FieldFile]
    pairs: list[Pair]


class TrueMotion(Fields):
    """From the planning scan: the breath first, then the set-up, then the roll of the couch."""

    is_rigid: bool
    set_up: Matrix
    roll: Matrix


class OlderScan(Scan):
    """A scan of weeks before."""

    labels: dict[str, int]
    labels_file: str
    motion_from_planning: TrueMotion


class AfterScan(Scan):
    """The scan after the ablation, with the zone as it is seen there."""

    zone_file: str
    labels: dict[str, int]
    labels_file: str
    motion_from_planning: Fields


class Zone(Strict):
    """What was coagulated, where its tissue lay in the planning scan, before it shrank."""

    lesion: str
    mask_on_planning: str
    lps_from_zone: Matrix
    radii_mm: Point
    volume_ml: Positive
    shrinkage_share: Annotated[float, Field(ge=0.0, lt=1.0)]
    mam_mm: float
    residual_volume_ml: Annotated[float, Field(ge=0.0)]


class TrueMarker(Strict):
    """A marker that is there, in the scan with the plate."""

    label: str
    lps_mm: Point


class StandingPlate(Strict):
    """The plate as it stands, and where the plan wants it, in the scan with the plate."""

    spec: str
    serial: str
    thickness_mm: Positive
    lps_from_template: Matrix
    planned_lps_from_template: Matrix
    markers: list[TrueMarker]
    lost_markers: list[str]


class TruePlate(StandingPlate):
    """Whether it is the planned one, and the balls on the skin beside it."""

    is_planned_one: bool
    stickers_lps_mm: list[Point]


class TruthDocument(Strict):
    """All that is true of a case; matrices are row-major, points LPS millimetres."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, title=SCHEMA)

    schema_: Literal["phantom-truth/1"] = Field(alias="schema")
    units: Literal["mm"]
    case: str
    question: str
    asks: dict[str, Literal["answer", "decline", "either"]]
    seed: Annotated[int, Field(ge=0)]
    tumour: Tumour
    lesions: Annotated[list[TrueLesion], Field(min_length=1)]
    corridor: Way | None
    planning: PlanningScan
    intraop: IntraopScan
    is_same_patient: bool
    intraop_from_planning: Matrix | None
    motion: TrueMotion | None
    points: dict[Literal["planning", "intraop", "older"], str]
    plate: TruePlate
    older: OlderScan | None = None
    after: AfterScan | None = None
    after_from_planning: Matrix | None = None
    ablation: Zone | None = None
    files_sha256: dict[str, Hash]


def json_schema_of(document: type[Strict]) -> dict[str, Any]:
    """Write a schema down as JSON Schema, draft 2020-12.

    Parameters
    ----------
    document : type
        :class:`TruthDocument`, or another whose title names its schema.

    Returns
    -------
    dict
        JSON-ready.

    Examples
    --------
    >>> json_schema_of(TruthDocument)["title"]
    'phantom-truth/1'
    """
    schema = document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
