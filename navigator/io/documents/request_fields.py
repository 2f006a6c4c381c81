"""The fields of a plan request: what the operator asks for, each of its type and range."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotation when the class is made
from typing import Annotated, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from navigator.arrays import unit_vector
from navigator.geometry.rigid import check_rigid

SMALLEST_PROTRACTOR_STEP_DEG = 0.1
"""No protractor is finer, and the directions to be tried grow with the square of fineness: at
0.05 degrees and 40 of tilt they are two million, more than the memory holds."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LabelValue = Annotated[int, Field(ge=1, le=2**31 - 1)]
LabelChoice = LabelValue | Name
"""A number, or the name that the file of structures gives."""
Matrix = tuple[
    tuple[float, float, float, float],
    tuple[float, float, float, float],
    tuple[float, float, float, float],
    tuple[float, float, float, float],
]


class _Strict(BaseModel):
    """Every key known, every number finite and of its type, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Sphere(_Strict):
    """A lesion given as a ball.

    Parameters
    ----------
    centre_lps_mm : (3,) tuple
        Centre, LPS millimetres of the planning scan.
    diameter_mm : float
        Above 0 and up to 200 mm.
    """

    centre_lps_mm: tuple[float, float, float]
    diameter_mm: float = Field(gt=0, le=200)


class RequestedLesion(_Strict):
    """A lesion: a structure of the label map, or a sphere.

    Parameters
    ----------
    name : str
        e.g. ``L1``.
    structure : str or None
        A name in `labels`.
    sphere : Sphere or None
        In place of a structure.
    margin_mm : float
        The margin that the zone shall keep, millimetres. Has no default.
    """

    name: Name
    structure: Name | None = None
    sphere: Sphere | None = None
    margin_mm: float = Field(ge=0, le=50)

    @model_validator(mode="after")
    def _has_one_shape(self) -> RequestedLesion:
        if (self.structure is None) == (self.sphere is None):
            raise ValueError("exactly one of `structure` and `sphere`")
        return self


class Constraints(_Strict):
    """Limits that no plan may break.

    Parameters
    ----------
    min_clearance_mm : dict of str to float
        Least distance to each structure, millimetres; default none asked for.
    max_insertion_depth_mm : float
        Skin to tip, millimetres; default 150.
    max_tilt_deg : float
        Tilt of the plate against the vertical, degrees; default 40.
    protractor_step_deg : float
        Step to which the protractor can be set, degrees; 0.1 to 30, default 1.
    """

    min_clearance_mm: dict[Name, Annotated[float, Field(ge=0, le=200)]] = {}
    max_insertion_depth_mm: float = Field(default=150.0, gt=0, le=500)
    max_tilt_deg: float = Field(default=40.0, ge=0, lt=90)
    protractor_step_deg: float = Field(default=1.0, ge=SMALLEST_PROTRACTOR_STEP_DEG, le=30)


class RequestedPlacement(_Strict):
    """The plate as it lies, where it is not free to choose.

    Parameters
    ----------
    lps_from_template : (4, 4) tuple
        Rigid matrix, row-major, millimetres.
    template_sha256 : str or None
        Hash of the plate's spec, as ``navigator locate-template`` writes it; where it is given
        the request's template has to be that plate.
    """

    lps_from_template: Matrix
    template_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None

    @field_validator("lps_from_template")
    @classmethod
    def _is_rigid(cls, matrix: Matrix) -> Matrix:
        check_rigid(np.asarray(matrix, dtype=np.float64))
        return matrix


class PlanRequest(_Strict):
    """A plan request, schema ``plan-request/1``.

    Parameters
    ----------
    schema_name : str
        ``schema`` in the file.
    scan, structures : Path
        Planning scan, and label map, .seg.nrrd, DICOM SEG or RTSTRUCT.
    series : str or None
        Series of the scan's folder, where it holds several.
    labels : dict of str to int, str or list of them
        Label values of each structure; or its names in the file of structures.
    lesions : list of RequestedLesion
        At least one, names unique.
    antenna : str
        Device name of the antenna library. Has no default.
    antenna_diameter_mm : float or None
        Outer diameter of the shaft; None where the library knows it.
    setting : str
        ``in-vivo`` (default), ``ex-vivo`` or ``manufacturer``.
    template : Path or None
        Template spec; None plans free-hand trajectories.
    placement : RequestedPlacement or None
        The plate as it lies.
    gravity_lps : (3,) tuple
        Direction in which things fall. Has no default.
    constraints : Constraints
        Limits.
    fixing_needles : int
        0 (default) to 4.
    power_w, time_s : float or None
        Fixed by the operator; None lets the planner choose among published rows.
    intraop : Path or None
        Intraoperative scan.
    intraop_series : str or None
        Its series, where the folder holds several.
    """

    schema_name: Literal["plan-request/1"] = Field(alias="schema")
    scan: Path
    series: Name | None = None
    structures: Path
    labels: dict[Name, LabelChoice | Annotated[list[LabelChoice], Field(min_length=1)]]
    lesions: list[RequestedLesion] = Field(min_length=1)
    antenna: Name
    antenna_diameter_mm: float | None = Field(default=None, gt=0, le=10)
    setting: Literal["in-vivo", "ex-vivo", "manufacturer"] = "in-vivo"
    template: Path | None = None
    placement: RequestedPlacement | None = None
    gravity_lps: tuple[float, float, float]
    constraints: Constraints = Constraints()
    fixing_needles: int = Field(default=0, ge=0, le=4)
    power_w: float | None = Field(default=None, gt=0)
    time_s: float | None = Field(default=None, gt=0)
    intraop: Path | None = None
    intraop_series: Name | None = None

    @field_validator("gravity_lps")
    @classmethod
    def _has_direction(cls, gravity: tuple[float, float, float]) -> tuple[float, float, float]:
        try:
            unit_vector(gravity, "gravity_lps")
        except ValueError as error:
            text = "a vector with a direction, [0, 1, 0] for a supine patient"
            raise ValueError(text) from error
        return gravity

    @field_validator("lesions")
    @classmethod
    def _are_told_apart_and_segmented(
        cls, lesions: list[RequestedLesion], info: ValidationInfo
    ) -> list[RequestedLesion]:
        names = [lesion.name for lesion in lesions]
        if len(set(names)) < len(names):
            raise ValueError(f"lesions with names of their own, not {names}")
        # where `labels` itself was refused, its own message is enough
        known = sorted(info.data["labels"]) if "labels" in info.data else None
        for lesion in lesions:
            if not (known is None or lesion.structure is None or lesion.structure in known):
                raise ValueError(f"lesion {lesion.name} to be a structure in `labels`, {known}")
        return lesions
