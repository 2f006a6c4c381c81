"""The nouns of a plate: the frozen models behind `template-spec/1`.

Template frame, millimetres: the operator sees x to the right (columns A, B, ...) and y downwards
(rows 1, 2, ...); z goes through the plate into the patient; the origin is the centre of the
operator face.
"""

from __future__ import annotations

from collections import Counter
from math import hypot
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from template_gen.naming import grid_labels

UNIT_LENGTH_TOLERANCE = 1e-2
"""How far a direction rounded for a person, such as [0.1, 0, 0.995], may be from length one."""

Length = Annotated[float, Field(gt=0.0, le=400.0, allow_inf_nan=False)]
Extent = Annotated[float, Field(ge=0.0, le=400.0, allow_inf_nan=False)]
Place = Annotated[float, Field(ge=-400.0, le=400.0, allow_inf_nan=False)]
Component = Annotated[float, Field(ge=-1.1, le=1.1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=100)]
Label = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,7}$")]
Serial = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,15}$")]


class _Frozen(BaseModel):
    """Strict, immutable, and closed to fields that nobody will read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Plate(_Frozen):
    """The slab of material.

    Parameters
    ----------
    width_mm, height_mm : float
        Along x and along y.
    thickness_mm : float
        From the operator face to the patient face.
    corner_radius_mm : float
        Radius of the four rounded corners; 0 for sharp ones.
    """

    width_mm: Annotated[float, Field(ge=20.0, le=400.0)]
    height_mm: Annotated[float, Field(ge=20.0, le=400.0)]
    thickness_mm: Annotated[float, Field(ge=3.0, le=100.0)]
    corner_radius_mm: Extent

    @model_validator(mode="after")
    def _corners_fit(self) -> Plate:
        limit_mm = min(self.width_mm, self.height_mm) / 2 - 1.0
        if not self.corner_radius_mm <= limit_mm:
            raise ValueError(
                f"corner_radius_mm: expected at most {limit_mm:g}, got {self.corner_radius_mm:g}"
            )
        return self


class Grid(_Frozen):
    """Straight bores in rows and columns, centred on the plate.

    Parameters
    ----------
    rows, columns : int
        How many along y and along x.
    pitch_mm : float
        Between neighbouring axes.
    bore_diameter_mm : float
        The free width that a needle finds, not the needle's own diameter.
    """

    rows: Count
    columns: Count
    pitch_mm: Length
    bore_diameter_mm: Length


class Bore(_Frozen):
    """One bore of its own place, gauge and direction.

    Parameters
    ----------
    label : str
        Name engraved on the plate.
    x_mm, y_mm : float
        Where the axis crosses the operator face.
    diameter_mm : float
        The free width that a needle finds.
    direction : tuple of 3 floats
        Into the patient, template frame; length one within 0.01.
    sleeve_mm : float
        How far the guide stands out of the operator face, along the axis.
    """

    label: Label
    x_mm: Place
    y_mm: Place
    diameter_mm: Length
    direction: tuple[Component, Component, Component] = (0.0, 0.0, 1.0)
    sleeve_mm: Extent = 0.0

    @field_validator("direction")
    @classmethod
    def _points_into_the_patient(
        cls, direction: tuple[float, float, float]
    ) -> tuple[float, float, float]:
        length = hypot(*direction)
        if not abs(length - 1.0) <= UNIT_LENGTH_TOLERANCE:
            raise ValueError(f"expected a vector of length 1 within 0.01, got length {length:.4f}")
        if not direction[2] > 0.0:
            raise ValueError(f"expected z > 0, into the patient, got z = {direction[2]:g}")
        return direction


class Marker(_Frozen):
    """One radio-opaque sphere in a pocket that is open to the operator.

    Parameters
    ----------
    label : str
        Name in tables and on the sheet.
    x_mm, y_mm, z_mm : float
        Centre of the sphere; z is its depth below the operator face.
    diameter_mm : float
        Of the sphere, without play.
    """

    label: Label
    x_mm: Place
    y_mm: Place
    z_mm: Place
    diameter_mm: Length


class PrinterProfile(_Frozen):
    """What one printer with one material does to small features.

    Parameters
    ----------
    name : str
        Of the printer, process and resin.
    bore_compensation_mm : float
        Added to each bore's diameter in the file, because the printer shrinks bores.
    min_wall_mm : float
        The thinnest wall that it prints soundly.
    """

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[ -~]+$")]
    bore_compensation_mm: Annotated[float, Field(ge=0.0, le=1.0)]
    min_wall_mm: Annotated[float, Field(ge=0.1, le=10.0)]


class TemplateSpec(_Frozen):
    """Everything that is needed to print one plate.

    Parameters
    ----------
    schema_name : str
        ``template-spec/1``; called ``schema`` in the file.
    serial : str
        Engraved on the plate: capitals, digits, ``. _ -``.
    units : str
        ``mm``.
    plate : Plate
    grid : Grid or None
    bores : tuple of Bore
    markers : tuple of Marker
    printer : PrinterProfile
    """

    schema_name: Literal["template-spec/1"] = Field("template-spec/1", alias="schema")
    serial: Serial
    units: Literal["mm"] = "mm"
    plate: Plate
    grid: Grid | None = None
    bores: tuple[Bore, ...] = ()
    markers: tuple[Marker, ...] = ()
    printer: PrinterProfile

    @model_validator(mode="after")
    def _has_bores_with_names_of_their_own(self) -> TemplateSpec:
        bores = [bore.label for bore in self.bores]
        if self.grid is not None:
            bores += grid_labels(self.grid.rows, self.grid.columns)
        if not bores:
            raise ValueError("expected a grid or at least one bore, got neither")
        # A marker may be called M1 beside a bore M1: the contract's own example does so.
        for kind, names in (("bore", bores), ("marker", [item.label for item in self.markers])):
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            if twice:
                raise ValueError(f"expected every {kind} label once, twice: {', '.join(twice)}")
        return self
