"""What is put on the patient: the template plate with its bores and markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import ScanRefusedError
from phantoms.metal import Metal
from phantoms.motion import moved_points
from phantoms.shapes import HalfSpace, Intersection, RoundedBox, Tube, sphere
from phantoms.tissues import Part
from template_gen.spec import all_bores, marker_labels, marker_points_mm

if TYPE_CHECKING:
    from template_gen.spec import BoreAxis, TemplateSpec

OVERRUN_MM = 0.6
"""Bores are painted so far beyond their ends that no skin of resin closes them."""
SLEEVE_WALL_MM = 1.5
BORE_SAMPLES, MARKER_SAMPLES = 4, 9
"""Sub-samples per voxel edge: small round things need more of them."""


@dataclass(frozen=True, slots=True)
class PlacedPlate:
    """A printed plate as it stands in a scan.

    Parameters
    ----------
    spec : TemplateSpec
        The plate.
    lps_from_template : (4, 4) array
        Rigid motion from the plate's frame to LPS of the scan, millimetres.
    lost_markers : tuple of str
        Labels of markers that have fallen out; their pockets are closed with resin.

    Raises
    ------
    ScanRefusedError
        If the motion is not rigid, or a lost marker is not on the plate.
    """

    spec: TemplateSpec
    lps_from_template: Floats
    lost_markers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        matrix = frozen_floats(self.lps_from_template, (4, 4), "PlacedPlate.lps_from_template")
        object.__setattr__(self, "lps_from_template", matrix)
        check_rigid(matrix, "PlacedPlate.lps_from_template")
        unknown = sorted(set(self.lost_markers) - set(marker_labels(self.spec)))
        if unknown:
            raise ScanRefusedError(
                "A lost marker is not on the plate",
                where="PlacedPlate.lost_markers",
                expected=f"some of {', '.join(marker_labels(self.spec))}",
                got=", ".join(unknown),
                next_step="name markers of this plate",
            )


def check_rigid(matrix: Floats, where: str) -> None:
    """Refuse a matrix that is not a rotation with a shift.

    Parameters
    ----------
    matrix : (4, 4) array
        Homogeneous matrix, millimetres.
    where : str
        What it is called in the error.

    Raises
    ------
    ScanRefusedError
        If its rotation is not orthonormal within 1e-9, or mirrors.

    Examples
    --------
    >>> check_rigid(np.eye(4), "pose")
    """
    turn = matrix[:3, :3]
    drift = float(np.abs(turn.T @ turn - np.eye(3)).max())
    is_proper = float(np.linalg.det(turn)) > 0.0
    if not (drift <= 1e-9 and is_proper and np.array_equal(matrix[3], [0.0, 0.0, 0.0, 1.0])):
        raise ScanRefusedError(
            "The motion is not rigid",
            where=where,
            expected="an orthonormal rotation without mirror, last row 0 0 0 1",
            got=str(matrix.round(6).tolist()),
            next_step="build it with phantoms.motion.rigid_about",
        )


def markers_lps_mm(plate: PlacedPlate) -> dict[str, Floats]:
    """List where the markers that are still there lie in the scan.

    Parameters
    ----------
    plate : PlacedPlate
        The plate.

    Returns
    -------
    dict of str to (3,) array
        Label to centre, LPS millimetres.
    """
    points = moved_points(plate.lps_from_template, marker_points_mm(plate.spec))
    return {
        label: point
        for label, point in zip(marker_labels(plate.spec), points, strict=True)
        if label not in plate.lost_markers
    }


def plate_metals(plate: PlacedPlate) -> list[Metal]:
    """List the markers that are still there as metal that throws streaks.

    Parameters
    ----------
    plate : PlacedPlate
        The plate.

    Returns
    -------
    list of Metal
        Balls of aluminium, LPS of the scan.
    """
    places = markers_lps_mm(plate)
    return [
        Metal(
            points_mm=places[marker.label][None],
            radius_mm=0.5 * marker.diameter_mm,
            material="aluminium",
        )
        for marker in plate.spec.markers
        if marker.label in places
    ]


def _cylinder(axis: BoreAxis, radius_mm: float, above_mm: float, below_mm: float) -> Intersection:
    """Build a round bar with flat ends around a bore's axis, template frame.

    It reaches `above_mm` before the operator face and `below_mm` beyond it, along the axis.
    """
    low = axis.entry_mm - axis.direction * above_mm
    high = axis.entry_mm + axis.direction * below_mm
    bar = Tube(np.array([low, high]), np.array([radius_mm, radius_mm]))
    return Intersection((bar, HalfSpace(low, -axis.direction), HalfSpace(high, axis.direction)))


def plate_parts(plate: PlacedPlate) -> list[Part]:
    """Build slab, sleeves, bores and markers, template frame, in painting order.

    Marker pockets count as closed with resin.

    Parameters
    ----------
    plate : PlacedPlate
        The plate.

    Returns
    -------
    list of Part
        In painting order.
    """
    slab, bores = plate.spec.plate, all_bores(plate.spec)
    size = np.array([slab.width_mm, slab.height_mm, slab.thickness_mm])
    parts = [
        Part(name="slab", shape=_slab_shape(size, slab.corner_radius_mm), tissue=tissues.RESIN)
    ]
    parts += [
        Part(
            name=f"sleeve {axis.label}",
            shape=_cylinder(axis, 0.5 * axis.diameter_mm + SLEEVE_WALL_MM, axis.sleeve_mm, 1.0),
            tissue=tissues.RESIN,
        )
        for axis in bores
        if axis.sleeve_mm > 0.0
    ]
    for axis in bores:
        above, through = axis.sleeve_mm + OVERRUN_MM, axis.guide_length_mm - axis.sleeve_mm
        shape = _cylinder(axis, 0.5 * axis.diameter_mm, above, through + OVERRUN_MM)
        parts.append(Part(name=f"bore {axis.label}", shape=shape, tissue=tissues.AIR,
                          samples=BORE_SAMPLES))  # fmt: skip
    for marker in plate.spec.markers:
        if marker.label not in plate.lost_markers:
            ball = sphere([marker.x_mm, marker.y_mm, marker.z_mm], 0.5 * marker.diameter_mm)
            parts.append(Part(name=f"marker {marker.label}", shape=ball, tissue=tissues.MARKER,
                              samples=MARKER_SAMPLES))  # fmt: skip
    return parts


def _slab_shape(size_mm: Floats, corner_radius_mm: float) -> Intersection:
    """Build the slab: corners rounded in its plane, both faces flat."""
    half = 0.5 * size_mm
    tall = np.array([half[0], half[1], half[2] + corner_radius_mm + 1.0])
    middle = np.array([0.0, 0.0, half[2]])
    column = RoundedBox(centre_mm=middle, half_extent_mm=tall, edge_radius_mm=corner_radius_mm)
    up = np.array([0.0, 0.0, 1.0])
    return Intersection((column, HalfSpace(0.0 * up, -up), HalfSpace(size_mm * up, up)))
