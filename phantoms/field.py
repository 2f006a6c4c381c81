"""Where a scan lies in the room: its grid of voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import ScanRefusedError
from phantoms.motion import rigid_about, rotation_about
from phantoms.painting import ScanGrid
from phantoms.protocol import MOST_GANTRY_TILT_DEG, checked_spacing

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.anatomy import Patient
    from phantoms.protocol import ScanProtocol

LARGEST_CROP_MM = 25.0
"""An intraoperative scan is up to this much shorter at the feet, millimetres."""
FEET_SPARE_MM = 6.0
"""What is to be seen stays this far inside the lowest slice, millimetres."""


def protocol_grid(patient: Patient, protocol: ScanProtocol) -> ScanGrid:
    """Lay the grid that a protocol asks for.

    Parameters
    ----------
    patient : Patient
        Who is scanned.
    protocol : ScanProtocol
        Spacing, thickness, tilt and field of view.

    Returns
    -------
    ScanGrid
        Slices run from the feet to the head.
    """
    if protocol.gantry_tilt_deg == 0.0:
        return field_grid(
            patient,
            protocol.spacing_kji_mm,
            thickness_mm=protocol.thickness_mm,
            field_of_view_mm=protocol.field_of_view_mm,
        )
    return tilted_grid(
        patient,
        protocol.spacing_kji_mm,
        tilt_deg=protocol.gantry_tilt_deg,
        thickness_mm=protocol.thickness_mm,
        field_of_view_mm=protocol.field_of_view_mm,
    )


def couch_roll(patient: Patient, roll_deg: float) -> Floats:
    """Build the motion of a couch that is rolled about the scanner's axis.

    The axis runs through the middle of the patient's field, from feet to head.

    Parameters
    ----------
    patient : Patient
        Who lies on it.
    roll_deg : float
        Angle, degrees; the patient's left side goes down where positive.

    Returns
    -------
    (4, 4) array
        ``lps_from_couch``, read-only, millimetres: where the couch's frame is LPS of a scan with
        a level couch.
    """
    turn = rotation_about([0.0, 0.0, 1.0], np.deg2rad(roll_deg))
    return rigid_about(turn, patient.field_centre_mm, [0.0, 0.0, 0.0])


def field_grid(  # noqa: PLR0913 - each by name, all but two optional
    patient: Patient,
    spacing_kji_mm: ArrayLike,
    *,
    thickness_mm: float | None = None,
    field_of_view_mm: float | None = None,
    feet_crop_mm: float = 0.0,
    centre_shift_mm: ArrayLike = (0.0, 0.0, 0.0),
) -> ScanGrid:
    """Lay the grid that holds the patient's whole liver.

    Parameters
    ----------
    patient : Patient
        Who is scanned; the field belongs to the room, not to a moved patient.
    spacing_kji_mm : (3,) array
        Slice distance, row distance, column distance, millimetres.
    thickness_mm : float, optional
        Slice thickness; the slice distance if left out.
    field_of_view_mm : float, optional
        Edge of each slice; the patient's field if left out.
    feet_crop_mm : float
        How much less is scanned at the feet, millimetres.
    centre_shift_mm : (3,) array
        Shift of the field's centre against the planning scan, LPS millimetres.

    Returns
    -------
    ScanGrid
        Slices run from the feet to the head.

    Raises
    ------
    ScanRefusedError
        If a spacing or thickness is not between 0.2 and 10 mm, or the crop takes more than half.
    """
    spacing = checked_spacing(spacing_kji_mm)
    thickness = spacing[0] if thickness_mm is None else thickness_mm
    size = _field_size(patient, field_of_view_mm)
    if not 0.0 <= feet_crop_mm <= 0.5 * size[0]:
        raise ScanRefusedError(
            "The scan is cropped too far",
            where="feet_crop_mm",
            expected=f"0 to {0.5 * size[0]} mm",
            got=repr(feet_crop_mm),
            next_step="crop less",
        )
    size[0] -= feet_crop_mm
    centre = patient.field_centre_mm + np.asarray(centre_shift_mm, dtype=np.float64)
    centre[2] += 0.5 * feet_crop_mm
    return _centred_grid(centre, size, np.array(spacing), float(thickness))


def tilted_grid(
    patient: Patient,
    spacing_kji_mm: ArrayLike,
    *,
    tilt_deg: float,
    thickness_mm: float | None = None,
    field_of_view_mm: float | None = None,
) -> ScanGrid:
    """Lay a grid for a tilted gantry: the slices lean, the table moves along the body.

    Parameters
    ----------
    patient : Patient
        Who is scanned.
    spacing_kji_mm : (3,) array
        Distance of the slices along their normal, of rows, and of columns, millimetres.
    tilt_deg : float
        How far the gantry's top leans to the head, degrees; to the feet where negative.
    thickness_mm : float, optional
        Slice thickness along the normal; the slice distance if left out.
    field_of_view_mm : float, optional
        Edge of each slice; the patient's field if left out.

    Returns
    -------
    ScanGrid
        A sheared stack that holds what :func:`field_grid` holds; slices run from feet to head.

    Raises
    ------
    ScanRefusedError
        If no gantry tilts so far, or a spacing is not one of a CT.
    """
    if not abs(tilt_deg) <= MOST_GANTRY_TILT_DEG:
        raise ScanRefusedError(
            "No gantry tilts so far",
            where="tilt_deg",
            expected=f"-{MOST_GANTRY_TILT_DEG:g} to {MOST_GANTRY_TILT_DEG:g} degrees",
            got=repr(tilt_deg),
            next_step="tilt it less",
        )
    upright = field_grid(patient, spacing_kji_mm, field_of_view_mm=field_of_view_mm)
    tilt = np.deg2rad(tilt_deg)
    _, rows, columns = upright.shape_kji
    distance, row_mm, column_mm = checked_spacing(spacing_kji_mm)
    feed_mm = distance / np.cos(tilt)
    length_mm = patient.field_size_kji_mm[0] + rows * row_mm * abs(np.sin(tilt))
    shape = (int(np.ceil(length_mm / feed_mm)), rows, columns)
    matrix = np.eye(4)
    matrix[:3, 0] = [0.0, 0.0, feed_mm]
    # the top of a picture is the patient's front
    matrix[:3, 1] = row_mm * np.array([0.0, np.cos(tilt), -np.sin(tilt)])
    matrix[:3, 2] = [column_mm, 0.0, 0.0]
    matrix[:3, 3] = patient.field_centre_mm - matrix[:3, :3] @ (0.5 * (np.array(shape) - 1.0))
    return ScanGrid(
        shape_kji=shape,
        lps_from_index=frozen_floats(matrix, (4, 4), "lps_from_index"),
        thickness_mm=float(distance if thickness_mm is None else thickness_mm),
    )


def _field_size(patient: Patient, field_of_view_mm: float | None) -> Floats:
    """Give the size (k, j, i) of a scan's field, millimetres."""
    size = patient.field_size_kji_mm.copy()
    if field_of_view_mm is not None:
        size[1:] = field_of_view_mm
    return size


def _centred_grid(centre: Floats, size: Floats, spacing: Floats, thickness_mm: float) -> ScanGrid:
    shape = np.rint(size / spacing).astype(int)
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(spacing)[::-1]
    matrix[:3, 3] = centre - matrix[:3, :3] @ (0.5 * (shape - 1.0))
    return ScanGrid(
        shape_kji=(int(shape[0]), int(shape[1]), int(shape[2])),
        lps_from_index=frozen_floats(matrix, (4, 4), "lps_from_index"),
        thickness_mm=thickness_mm,
    )


def slices_near(grid: ScanGrid, point_lps_mm: ArrayLike, count: int) -> ScanGrid:
    """Cut some slices out of a grid.

    Parameters
    ----------
    grid : ScanGrid
        The whole stack.
    point_lps_mm : (3,) array
        What lies in the middle one of them, LPS millimetres.
    count : int
        How many, at most; fewer at an end of the stack.

    Returns
    -------
    ScanGrid
        The slices as they were.
    """
    index = np.linalg.inv(grid.lps_from_index) @ np.append(np.asarray(point_lps_mm), 1.0)
    first = max(round(float(index[0])) - count // 2, 0)
    last = min(round(float(index[0])) + count // 2, grid.shape_kji[0] - 1)
    matrix = grid.lps_from_index.copy()
    matrix[:3, 3] += first * matrix[:3, 0]
    return ScanGrid(
        shape_kji=(last - first + 1, *grid.shape_kji[1:]),
        lps_from_index=frozen_floats(matrix, (4, 4), "lps_from_index"),
        thickness_mm=grid.thickness_mm,
    )


def draw_intraop_grid(
    patient: Patient,
    rng: np.random.Generator,
    *,
    protocol: ScanProtocol,
    keep_lps_mm: ArrayLike,
) -> ScanGrid:
    """Draw the field of an intraoperative scan: shorter at the feet, its centre elsewhere.

    A tilted gantry scans the whole field; a small field is centred on what it must hold.

    Parameters
    ----------
    patient : Patient
        Who is scanned.
    rng : numpy.random.Generator
        Source of chance.
    protocol : ScanProtocol
        Spacing, thickness, tilt and field of view.
    keep_lps_mm : (n, 3) array
        Points that must stay in the field (markers, tumour), LPS millimetres of this scan.

    Returns
    -------
    ScanGrid
        The grid.
    """
    keep = np.asarray(keep_lps_mm, dtype=np.float64)
    feet = patient.field_centre_mm[2] - 0.5 * patient.field_size_kji_mm[0]
    spare_mm = max(float(keep[:, 2].min()) - FEET_SPARE_MM - feet, 0.0)
    crop = min(float(rng.uniform(0.0, LARGEST_CROP_MM)), spare_mm)
    shift = np.array([rng.uniform(-12.0, 12.0), rng.uniform(-8.0, 8.0), 0.0])
    if protocol.gantry_tilt_deg != 0.0:
        return protocol_grid(patient, protocol)
    if protocol.field_of_view_mm is not None:
        middle = 0.5 * (keep.min(axis=0) + keep.max(axis=0)) - patient.field_centre_mm
        shift = np.array([middle[0], middle[1], 0.0])
    return field_grid(
        patient,
        protocol.spacing_kji_mm,
        thickness_mm=protocol.thickness_mm,
        field_of_view_mm=protocol.field_of_view_mm,
        feet_crop_mm=crop,
        centre_shift_mm=shift,
    )
