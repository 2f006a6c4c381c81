"""What was read off a mesh: one bore, one pocket, one web, one reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BoreReading:
    """One bore as asked and as found; None where no hole is near its place.

    Parameters
    ----------
    label : str
    asked_diameter_mm : float
        In the file, printer compensation included.
    hole : int or None
        Number of the hole that was taken for it.
    position_error_mm : float or None
        Between the axes on the operator face.
    axis_error_deg : float or None
        Between the axes.
    diameter_mm : float or None
        Free width of the hole.
    misfit_mm : float or None
        Root mean square distance of the wall's corners from a cylinder.
    """

    label: str
    asked_diameter_mm: float
    hole: int | None = None
    position_error_mm: float | None = None
    axis_error_deg: float | None = None
    diameter_mm: float | None = None
    misfit_mm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerReading:
    """One marker's pocket; None where no pocket is near its place.

    Parameters
    ----------
    label : str
    sphere_diameter_mm : float
    position_error_mm : float or None
        Of the centre of a sphere that rests on the pocket's floor.
    pocket_diameter_mm : float or None
    """

    label: str
    sphere_diameter_mm: float
    position_error_mm: float | None
    pocket_diameter_mm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastWeb:
    """The thinnest material between two bores.

    Parameters
    ----------
    between : tuple of str
        The two bores.
    web_mm : float
    """

    between: tuple[str, str]
    web_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a mesh is not accepted.

    Parameters
    ----------
    code : str
        Stable kebab-case name.
    message : str
        What, expected, got.
    """

    code: str
    message: str
