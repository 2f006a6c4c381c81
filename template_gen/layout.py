"""Plates laid out by rule: grid, plate size, and an asymmetric pattern of markers."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from template_gen.errors import SpecRefusedError
from template_gen.models import Grid, Marker, Plate, PrinterProfile, TemplateSpec
from template_gen.naming import column_letters, grid_labels
from template_gen.outlines import ROUNDING_ALLOWANCE_MM

if TYPE_CHECKING:
    from template_gen.arrays import Floats, Indices

MARGIN_MM = 25.0
"""From the outermost axes to the rim: labels, texts, then markers."""
MARKER_INSET_MM = 8.0
"""From the rim to the markers' centres."""
THICKNESS_MM = 15.0
CORNER_RADIUS_MM = 6.0
MARKER_DIAMETER_MM = 5.0
SLA_50UM = PrinterProfile(name="sla-50um", bore_compensation_mm=0.05, min_wall_mm=0.8)
"""The example of the contract: resin, 50 µm layers. Calibrate before use."""

PATTERN = (
    (48 / 52, 1.0, "deep"), (0.0, -1.0, "deep"), (1.0, 24 / 52, "shallow"),
    (-12 / 52, 1.0, "shallow"), (-1.0, 4 / 52, "deep"), (-1.0, -40 / 52, "shallow"),
)  # fmt: skip
"""Places along the inset rim as shares of its half width and half height, found by a search for a
large :func:`ambiguity_distance_mm`; two depths make the pattern chiral."""
LARGEST_MARKER_COUNT = 8
"""The search over all re-assignments grows with the factorial."""


def build_default_spec(  # noqa: PLR0913 - the options of `template-gen new`, each by name
    *,
    rows: int,
    columns: int,
    pitch_mm: float,
    bore_diameter_mm: float,
    serial: str = "T-0001",
    thickness_mm: float = THICKNESS_MM,
    corner_radius_mm: float = CORNER_RADIUS_MM,
    marker_diameter_mm: float = MARKER_DIAMETER_MM,
    printer: PrinterProfile = SLA_50UM,
) -> TemplateSpec:
    """Lay out a coordinate template with six markers.

    Parameters
    ----------
    rows, columns : int
        Size of the grid.
    pitch_mm : float
        Between neighbouring axes.
    bore_diameter_mm : float
        Free width of the bores; there is no safe default.
    serial : str
        Engraved on the plate.
    thickness_mm, corner_radius_mm : float
        Of the plate; its width and height follow from the grid and :data:`MARGIN_MM`.
    marker_diameter_mm : float
        Of the radio-opaque spheres.
    printer : PrinterProfile

    Returns
    -------
    TemplateSpec

    Raises
    ------
    SpecRefusedError
        If a number is out of range, or the plate is too thin for two depths of markers.

    Examples
    --------
    >>> spec = build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1)
    >>> spec.plate.width_mm, spec.plate.height_mm, len(spec.markers)
    (120.0, 120.0, 6)
    """
    try:
        plate = Plate(
            width_mm=(columns - 1) * pitch_mm + 2 * MARGIN_MM,
            height_mm=(rows - 1) * pitch_mm + 2 * MARGIN_MM,
            thickness_mm=thickness_mm,
            corner_radius_mm=corner_radius_mm,
        )
        grid = Grid(
            rows=rows, columns=columns, pitch_mm=pitch_mm, bore_diameter_mm=bore_diameter_mm
        )
        return TemplateSpec(
            serial=serial,
            plate=plate,
            grid=grid,
            markers=default_markers(plate, marker_diameter_mm, printer),
            printer=printer,
        )
    except SpecRefusedError:
        raise
    except ValueError as error:
        raise SpecRefusedError(
            code="layout-refused",
            what="No plate can be laid out from these numbers",
            where="rows, columns, pitch, bore, thickness, serial",
            expected="a plate of 20 to 400 mm a side, 3 to 100 mm thick",
            got="; ".join(str(error).splitlines()[1:3]) or str(error),
            next_step="change the number named",
        ) from error


def default_markers(
    plate: Plate, diameter_mm: float, printer: PrinterProfile
) -> tuple[Marker, ...]:
    """Place six marker spheres near the rim, at two depths, in a pattern without symmetry.

    Parameters
    ----------
    plate : Plate
    diameter_mm : float
        Of the spheres.
    printer : PrinterProfile
        Its least wall is left below the deeper pockets.

    Returns
    -------
    tuple of Marker

    Raises
    ------
    SpecRefusedError
        If the plate is too thin to tell two depths apart.
    """
    shallow_mm = diameter_mm / 2 + 1.0
    room_mm = plate.thickness_mm - printer.min_wall_mm - diameter_mm / 2
    deep_mm = float(np.floor((room_mm - ROUNDING_ALLOWANCE_MM) * 2) / 2)
    if not deep_mm - shallow_mm >= diameter_mm / 2:
        raise SpecRefusedError(
            code="plate-too-thin-for-markers",
            what="The plate is too thin to hold marker spheres at two depths",
            where="thickness_mm, marker_diameter_mm",
            expected=f"depths at least {diameter_mm / 2:g} mm apart",
            got=f"{shallow_mm:g} mm and {deep_mm:g} mm",
            next_step="take a thicker plate or smaller spheres",
        )
    depths = {"shallow": shallow_mm, "deep": deep_mm}
    half_x = plate.width_mm / 2 - MARKER_INSET_MM
    half_y = plate.height_mm / 2 - MARKER_INSET_MM
    return tuple(
        Marker(
            label=f"MK{number}",
            x_mm=round(right * half_x, 3),
            y_mm=round(down * half_y, 3),
            z_mm=depths[depth],
            diameter_mm=diameter_mm,
        )
        for number, (right, down, depth) in enumerate(PATTERN, start=1)
    )


def ambiguity_distance_mm(points_mm: Floats) -> float:
    """Measure how far a marker pattern is from fitting itself wrongly.

    Over every assignment of the points to each other but the true one, and over every mirrored
    assignment, the best rigid fit is taken; the least root mean square residual is returned.

    Parameters
    ----------
    points_mm : (m, 3) array
        Marker centres, at most eight.

    Returns
    -------
    float
        Root mean square residual of the best wrong assignment, millimetres; 0 for a pattern with
        a symmetry, and for any flat pattern, which equals its own mirror image.

    Raises
    ------
    ValueError
        If there are fewer than three points or more than eight.

    References
    ----------
    Closed form of the residual by singular values: Umeyama 1991, doi:10.1109/34.88573.

    Examples
    --------
    >>> ambiguity_distance_mm(np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0.0]])) < 1e-6
    True
    """
    count = len(points_mm)
    if not 3 <= count <= LARGEST_MARKER_COUNT:
        raise ValueError(f"points_mm: expected 3 to {LARGEST_MARKER_COUNT} points, got {count}")
    centred = np.asarray(points_mm, dtype=np.float64) - np.mean(points_mm, axis=0)
    crossed = np.einsum("mi,kmj->kij", centred, centred[_assignments(count)])
    singular = np.linalg.svd(crossed, compute_uv=False)
    handed = np.where(np.linalg.det(crossed) < 0, -1.0, 1.0)
    total = 2.0 * float((centred**2).sum())
    both = singular[:, 0] + singular[:, 1]
    turned = total - 2.0 * (both + handed * singular[:, 2])
    mirrored = total - 2.0 * (both - handed * singular[:, 2])
    turned[0] = np.inf  # the first assignment is the true one
    return float(np.sqrt(max(min(turned.min(), mirrored.min()), 0.0) / count))


@lru_cache(maxsize=8)
def _assignments(count: int) -> Indices:
    return np.array(list(permutations(range(count))))


__all__ = [
    "ambiguity_distance_mm",
    "build_default_spec",
    "column_letters",
    "default_markers",
    "grid_labels",
]
