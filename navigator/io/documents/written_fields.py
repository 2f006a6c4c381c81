"""The fields of the documents that we write: each of its type, its unit and its range."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from navigator.geometry.rigid import check_rigid
from navigator.io.documents.request_fields import Matrix

FARTHEST_MM = 10_000.0
"""No scanner's coordinates reach it; metres or micrometres in place of millimetres do."""
LONGEST_NEEDLE_MM = 1_000.0
STRONGEST_GENERATOR_W = 500.0
"""Above any microwave generator for ablation, and below what it would be in milliwatts."""
LONGEST_ABLATION_S = 7_200.0
UNIT_LENGTH_TOLERANCE = 1e-6
"""Nine digits of each coordinate are written."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Coordinate = Annotated[float, Field(ge=-FARTHEST_MM, le=FARTHEST_MM)]
Point = tuple[Coordinate, Coordinate, Coordinate]
Share = Annotated[float, Field(ge=0, le=1)]
Correlation = Annotated[float, Field(ge=-1.000001, le=1.000001)]
Percent = Annotated[float, Field(ge=0, le=100.000001)]
Distance = Annotated[float, Field(ge=0, le=FARTHEST_MM)]
SignedDistance = Annotated[float, Field(ge=-FARTHEST_MM, le=FARTHEST_MM)]
Depth = Annotated[float, Field(gt=0, le=LONGEST_NEEDLE_MM)]
Axis = Annotated[float, Field(gt=0, le=200)]
HalfTurn = Annotated[float, Field(ge=-180, le=180)]
QuarterTurn = Annotated[float, Field(ge=-90, le=90)]


def _unit(vector: tuple[float, float, float]) -> tuple[float, float, float]:
    if not abs(float(np.linalg.norm(vector)) - 1.0) <= UNIT_LENGTH_TOLERANCE:
        raise ValueError("a direction of length one")
    return vector


def _rigid(matrix: Matrix) -> Matrix:
    check_rigid(np.asarray(matrix, dtype=np.float64))
    if not np.abs(np.asarray(matrix)[:3, 3]).max() <= FARTHEST_MM:
        raise ValueError("a shift in millimetres, within the room")
    return matrix


def _in_order(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] <= ends[1]:
        raise ValueError("low before high")
    return ends


Direction = Annotated[tuple[float, float, float], AfterValidator(_unit)]
Pose = Annotated[Matrix, AfterValidator(_rigid)]
AxisRange = Annotated[tuple[Axis, Axis], AfterValidator(_in_order)]


class Written(BaseModel):
    """Every key known, every number finite, of its type and range, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class UnitsFields(Written):
    """The units, as :data:`navigator.io.documents.migrations.UNITS` says them."""

    length: Literal["mm"]
    angle: Literal["deg"]
    power: Literal["W"]
    time: Literal["s"]
    share: Literal["percent"]
    coordinates: Literal["LPS"]


class ReasonFields(Written):
    """One reason of a verdict: a code for programs, a sentence for people."""

    code: Name
    message: Annotated[str, StringConstraints(max_length=5_000)]


class HeadFields(Written):
    """What stands at the top of every document: what it is, and whether it may be used."""

    schema_name: str = Field(alias="schema")
    minor: int = Field(ge=0)
    units: UnitsFields
    verdict: Literal["accepted", "warning", "rejected"]
    reasons: tuple[ReasonFields, ...]


class IntervalFields(Written):
    """A value with the range in which the truth is expected."""

    value: SignedDistance
    low: SignedDistance
    high: SignedDistance


class ZoneFields(Written):
    """An ablation zone: an ellipsoid about the antenna, at its place."""

    centre_lps_mm: Point
    axis_lps: Direction
    long_axis_mm: Axis
    short_axis_mm: Axis
    long_axis_range_mm: AxisRange
    short_axis_range_mm: AxisRange
    centre_to_tip_mm: IntervalFields
    setting: Name
    sources: tuple[str, ...]


class NeedleFields(Written):
    """One needle: where it goes in, where its tip shall lie, what it does there."""

    id: Name
    role: Literal["antenna", "fixing", "locating"]
    bore: Name | None
    entry_lps_mm: Point
    tip_lps_mm: Point
    insertion_depth_mm: Depth
    guide_depth_mm: Depth | None
    power_w: Annotated[float, Field(gt=0, le=STRONGEST_GENERATOR_W)] | None
    time_s: Annotated[float, Field(gt=0, le=LONGEST_ABLATION_S)] | None
    zone: ZoneFields | None
    clearance_mm: dict[Name, SignedDistance]
    entry_intraop_lps_mm: Point | None = None
    tip_intraop_lps_mm: Point | None = None


class AnglesFrameFields(Written):
    """The scan in which the protractor's angles were read."""

    scan: Literal["planning scan", "intraoperative scan"]
    frame: Name


class PlateFields(Written):
    """Where the plate stands, and what its protractor shows."""

    lps_from_template: Pose
    lateral_tilt_deg: HalfTurn
    craniocaudal_tilt_deg: QuarterTurn
    in_plane_rotation_deg: HalfTurn
    angles_frame: AnglesFrameFields
    frame: Name
    template: Name
    template_sha256: Sha256
    intraop_from_template: Pose | None = None


class MarginFields(Written):
    """How far the dead tissue will reach beyond the tumour."""

    mam_mm: IntervalFields
    covered_percent: Percent
    wanted_margin_covered_percent: Percent
    area_percent: dict[Literal["lt_0", "0_to_5", "5_to_10", "ge_10"], Percent] = Field(min_length=4)
    thinnest_point_lps_mm: Point
    p_mam_at_least_goal: Share | None


class OptimalityFields(Written):
    """How many zones, how few there could be, and how many ways were looked at."""

    zones: int = Field(ge=0)
    lower_bound: int = Field(ge=0)
    proven: bool
    candidates_seen: int = Field(ge=0)
    candidates_allowed: int = Field(ge=0)


class ProvenanceFields(Written):
    """What the plan was made from."""

    engine_version: Name
    sha256: dict[Name, Sha256]


class PlanFields(HeadFields):
    """A plan: which needle through which bore, how deep, and what it will do."""

    frame: Name | None
    trajectories: tuple[NeedleFields, ...]
    placement: PlateFields | None
    margin: MarginFields | None
    optimality: OptimalityFields
    provenance: ProvenanceFields
    intraop_frame: Name | None = None


class DeformableFields(Written):
    """What goes before the rigid motion: a field, and how far each place may be off."""

    file: Name
    sha256: Sha256
    errors_file: Name | None
    errors_sha256: Sha256 | None
    least_jacobian_ratio: float
    bones_from_planning: Pose


class RegistrationFields(HeadFields):
    """A registration: the motion between two scans, and how far to trust it."""

    planning_frame: Name
    intraop_frame: Name
    intraop_from_planning: Pose
    deformable: DeformableFields | None
    sha256: dict[Literal["planning", "intraop", "transform", "lesion"], Sha256]
    expected_tre_mm: Distance | None = None
    overlap: Share | None = None
    inverse_consistency_mm: Distance | None = None
    start_disagreement_mm: Distance | None = None
    correlation: Correlation | None = None
    mirror_correlation: Correlation | None = None
    target_imaged: Share | None = None
    target_correlation: Correlation | None = None
    target_shift_mm: Distance | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None


class MarkerFields(Written):
    """One marker of the plate, found in the scan."""

    label: Name
    lps_mm: Point
    residual_mm: Distance


class PlacementFields(HeadFields):
    """A located plate: its pose in one scan, and by which markers."""

    frame: Name | None
    template: Name | None
    template_sha256: Sha256 | None
    lps_from_template: Pose | None
    markers: tuple[MarkerFields, ...]
    sha256: dict[Literal["scan"], Sha256]
    fre_mm: Distance | None = None
    expected_tre_mm: Distance | None = None
    ambiguity_ratio: Annotated[float, Field(ge=0)] | None = None
