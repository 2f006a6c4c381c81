"""Every closed ring of a plate as polygons: rim, bores, sleeves and pockets.

A printed bore is a polygon. Its facets, not its corners, must leave the diameter free, so all
round holes are circumscribed: corner radius = free radius / cos(π / n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from template_gen.arrays import Floats, read_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from template_gen.bores import BoreAxis
    from template_gen.models import Marker, Plate, PrinterProfile

RING_POINTS = 64
"""Corners of every round ring; the sagitta of a 2 mm bore is then 1.2 µm."""
CORNER_STEPS = 16
"""Facets of each rounded corner of the plate."""
ROUNDING_ALLOWANCE_MM = 2e-5
"""Added to free radii so that float32 rounding (8e-6 mm at 100 mm) never narrows a bore."""
POCKET_PLAY_MM = 0.1
"""Radial play of a marker sphere in its pocket, so that it drops in and is held by glue."""
SLEEVE_WALL_MM = 1.5
"""Least wall of a sleeve; twice the printer's least wall where that is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoreRings:
    """All bores of a plate as arrays, for vectorised geometry; template frame, millimetres.

    Parameters
    ----------
    labels : tuple of str
        Names of the n bores.
    entries_mm : (n, 3) array
        Where the axes cross the operator face.
    directions : (n, 3) array
        Unit vectors into the patient.
    radii_mm : (n,) array
        Free radius in the file, printer compensation included.
    sleeves_mm : (n,) array
        How far the sleeves stand out along the axes; 0 for none.
    sleeve_radii_mm : (n,) array
        Outer radius of the sleeves, at their facets.
    """

    labels: tuple[str, ...]
    entries_mm: Floats
    directions: Floats
    radii_mm: Floats
    sleeves_mm: Floats
    sleeve_radii_mm: Floats

    def __post_init__(self) -> None:
        for name in ("entries_mm", "directions", "radii_mm", "sleeves_mm", "sleeve_radii_mm"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def tangents(self) -> Floats:
        """(n,) array: tangent of each bore's tilt against the plate's normal."""
        return np.hypot(self.directions[:, 0], self.directions[:, 1]) / self.directions[:, 2]

    @property
    def footprints_mm(self) -> Floats:
        """(n,) array: longest radius of the opening that a bore cuts into a face."""
        return corner_radius_mm(self.radii_mm) / self.directions[:, 2]

    @property
    def operator_footprints_mm(self) -> Floats:
        """(n,) array: the same on the operator face, with the sleeve where there is one."""
        sleeves = corner_radius_mm(self.sleeve_radii_mm) / self.directions[:, 2]
        return np.where(self.sleeves_mm > 0, sleeves, self.footprints_mm)

    def centres_at_mm(self, z_mm: float) -> Floats:
        """(n, 3) array: where the axes cross the plane at depth `z_mm`."""
        return self.entries_mm + self.directions * (z_mm / self.directions[:, 2:])


def rings_from_axes(axes: Sequence[BoreAxis], printer: PrinterProfile) -> BoreRings:
    """Gather bores as arrays, widened as the printer needs it.

    Parameters
    ----------
    axes : sequence of BoreAxis
    printer : PrinterProfile

    Returns
    -------
    BoreRings
    """
    radii = np.array([(axis.diameter_mm + printer.bore_compensation_mm) / 2 for axis in axes])
    radii += ROUNDING_ALLOWANCE_MM
    wall_mm = max(SLEEVE_WALL_MM, 2 * printer.min_wall_mm)
    return BoreRings(
        labels=tuple(axis.label for axis in axes),
        entries_mm=np.array([axis.entry_mm for axis in axes]),
        directions=np.array([axis.direction for axis in axes]),
        radii_mm=radii,
        sleeves_mm=np.array([axis.sleeve_mm for axis in axes]),
        sleeve_radii_mm=radii + wall_mm,
    )


def corner_radius_mm(free_radius_mm: Floats) -> Floats:
    """Find the corner radius of the polygon that leaves a circle free.

    Parameters
    ----------
    free_radius_mm : (...) array
        Radius of the circle that touches every facet, millimetres.

    Returns
    -------
    (...) array
        Millimetres.

    Examples
    --------
    >>> float(corner_radius_mm(np.array(1.0)).round(6))
    1.001206
    """
    return np.asarray(free_radius_mm / np.cos(np.pi / RING_POINTS))


def polygon_area_mm2(free_radius_mm: Floats) -> Floats:
    """Measure the area of the polygon that leaves a circle free.

    Parameters
    ----------
    free_radius_mm : (...) array
        Radius of the circle that touches every facet, millimetres.

    Returns
    -------
    (...) array
        Square millimetres: n r² tan(π / n).
    """
    return np.asarray(RING_POINTS * free_radius_mm**2 * np.tan(np.pi / RING_POINTS))


def rings_at_depth(bores: BoreRings, free_radii_mm: Floats, z_mm: float) -> Floats:
    """Cut prisms around the axes with a plane across the plate.

    Parameters
    ----------
    bores : BoreRings
        n bores.
    free_radii_mm : (n,) array
        Radius to leave free around each axis.
    z_mm : float
        Depth of the plane below the operator face.

    Returns
    -------
    (n, RING_POINTS, 3) array
        Corners, counter-clockwise in x and y.
    """
    around = _around(bores.directions, corner_radius_mm(free_radii_mm))
    points = bores.centres_at_mm(z_mm)[:, None, :] + around
    along = (z_mm - points[:, :, 2:]) / bores.directions[:, None, 2:]
    rings = points + along * bores.directions[:, None, :]
    rings[:, :, 2] = z_mm
    return np.asarray(rings)


def rings_at_sleeve_end(bores: BoreRings, free_radii_mm: Floats) -> Floats:
    """Cut prisms around the axes square to the axes, at the free end of the sleeves.

    Parameters
    ----------
    bores : BoreRings
        n bores.
    free_radii_mm : (n,) array
        Radius to leave free around each axis.

    Returns
    -------
    (n, RING_POINTS, 3) array
        Corners, counter-clockwise in x and y.
    """
    ends = bores.entries_mm - bores.directions * bores.sleeves_mm[:, None]
    around = _around(bores.directions, corner_radius_mm(free_radii_mm))
    return np.asarray(ends[:, None, :] + around)


def _around(directions: Floats, corner_radii_mm: Floats) -> Floats:
    """Draw a circle around each direction, (n, RING_POINTS, 3), right-handed about it."""
    across = np.array([1.0, 0.0, 0.0]) - directions * directions[:, :1]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    upright = np.cross(directions, across)
    turn = np.arange(RING_POINTS) * (2 * np.pi / RING_POINTS)
    circle = np.cos(turn)[:, None] * across[:, None] + np.sin(turn)[:, None] * upright[:, None]
    return np.asarray(corner_radii_mm[:, None, None] * circle)


def plate_outline(plate: Plate) -> Floats:
    """Draw the rim of a plate.

    Parameters
    ----------
    plate : Plate

    Returns
    -------
    (k, 2) array
        Corners, counter-clockwise in x and y, millimetres.
    """
    half = np.array([plate.width_mm, plate.height_mm]) / 2
    radius = plate.corner_radius_mm
    quarter = np.linspace(0.0, np.pi / 2, CORNER_STEPS + 1) if radius > 0 else np.zeros(1)
    arcs = []
    for step, signs in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        turn = quarter + step * np.pi / 2
        centre = np.array(signs) * (half - radius)
        arcs.append(centre + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1))
    return np.concatenate(arcs)


def depth_inside_mm(plate: Plate, points_mm: Floats) -> Floats:
    """Measure how far points lie inside the rim of a plate.

    Parameters
    ----------
    plate : Plate
    points_mm : (n, 2) array
        x and y, template frame.

    Returns
    -------
    (n,) array
        Distance to the rim, negative outside, millimetres.

    Examples
    --------
    >>> from template_gen.models import Plate
    >>> plate = Plate(width_mm=100, height_mm=60, thickness_mm=10, corner_radius_mm=5)
    >>> depth_inside_mm(plate, np.array([[0.0, 0.0], [48.0, 0.0], [0.0, -31.0]])).tolist()
    [30.0, 2.0, -1.0]
    """
    half = np.array([plate.width_mm, plate.height_mm]) / 2 - plate.corner_radius_mm
    beyond = np.abs(points_mm) - half
    outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=1)
    return np.asarray(plate.corner_radius_mm - outside - np.minimum(beyond.max(axis=1), 0.0))


def pocket_radius_mm(marker: Marker) -> float:
    """Find the free radius of a marker's pocket, play included.

    Parameters
    ----------
    marker : Marker

    Returns
    -------
    float
        Millimetres.
    """
    return marker.diameter_mm / 2 + POCKET_PLAY_MM + ROUNDING_ALLOWANCE_MM


def pocket_floor_mm(marker: Marker) -> float:
    """Find the depth on which a marker's sphere rests.

    Parameters
    ----------
    marker : Marker

    Returns
    -------
    float
        Depth below the operator face, millimetres.
    """
    return marker.z_mm + marker.diameter_mm / 2


def pocket_ring(marker: Marker, z_mm: float) -> Floats:
    """Draw the wall of a marker's pocket at one depth.

    Parameters
    ----------
    marker : Marker
    z_mm : float
        Depth below the operator face.

    Returns
    -------
    (RING_POINTS, 3) array
        Corners, counter-clockwise in x and y.
    """
    radius = corner_radius_mm(np.array([pocket_radius_mm(marker)]))
    around = _around(np.array([[0.0, 0.0, 1.0]]), radius)[0]
    return np.asarray(around + np.array([marker.x_mm, marker.y_mm, z_mm]))
