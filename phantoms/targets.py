"""Places whose motion is known, to measure a registration by: in the liver, on tumours, in bone."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from phantoms.files import new_file
from phantoms.interior import joined
from phantoms.motion import inverse_rigid, moved_points
from phantoms.sampling import points_within
from phantoms.shapes import HalfSpace, Intersection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.motion import BodyMotion
    from phantoms.scans import SyntheticScan
    from phantoms.shapes import Shape

LIVER_STEP_MM, BONE_STEP_MM = 18.0, 12.0
GROUP_OF = MappingProxyType({"liver": "liver", "tumour": "liver", "bone": "wall"})
"""First word of a label to the group that its tissue moves with."""
HEADER = "label,x_mm,y_mm,z_mm"


def target_points(patient: Patient) -> dict[str, Floats]:
    """Choose places all over the liver, on each tumour and in the bones about the liver.

    Parameters
    ----------
    patient : Patient
        Whose they are.

    Returns
    -------
    dict of str to (3,) array
        Labels such as ``liver-001``, ``tumour-L1+x`` and ``bone-001``, in order; LPS of the
        planning scan, millimetres.
    """
    points = _numbered("liver", patient, points_within(patient.liver, LIVER_STEP_MM))
    for lesion in patient.lesions:
        points[f"tumour-{lesion.name}"] = lesion.centre_mm
        for axis, name in enumerate("xyz"):
            for sign, word in ((1.0, "+"), (-1.0, "-")):
                own = sign * lesion.radii_mm[axis] * np.eye(3)[axis]
                place = moved_points(lesion.lps_from_lesion, own)
                points[f"tumour-{lesion.name}{word}{name}"] = place
    bone = _about_the_liver(patient, joined(list(patient.parts), ("bone",)))
    return points | _numbered("bone", patient, points_within(bone, BONE_STEP_MM))


def _about_the_liver(patient: Patient, shape: Shape) -> Shape:
    """Cut a shape to the heights of the planning scan's middle half, which most scans hold."""
    body_from_lps = inverse_rigid(patient.lps_from_body)
    reach = 0.25 * patient.field_size_kji_mm[0] * np.array([0.0, 0.0, 1.0])
    low, high = moved_points(
        body_from_lps, np.array([patient.field_centre_mm - reach, patient.field_centre_mm + reach])
    )
    up = np.array([0.0, 0.0, 1.0])
    return Intersection((shape, HalfSpace(low, -up), HalfSpace(high, up)))


def _numbered(group: str, patient: Patient, body_mm: Floats) -> dict[str, Floats]:
    """Label points (n, 3) of the body frame, millimetres, and carry them to LPS."""
    places = moved_points(patient.lps_from_body, body_mm)
    return {f"{group}-{number:03d}": place for number, place in enumerate(places, start=1)}


def moved_targets(points: Mapping[str, Floats], motion: BodyMotion) -> dict[str, Floats]:
    """Carry labelled points by the patient's motion, each with the tissue that it lies in.

    Parameters
    ----------
    points : mapping of str to (3,) array
        As of :func:`target_points`, LPS of the planning scan, millimetres.
    motion : BodyMotion
        From the planning scan to another, millimetres.

    Returns
    -------
    dict of str to (3,) array
        LPS of the other scan, millimetres.
    """
    return {
        label: moved_points(motion.of(GROUP_OF[label.partition("-")[0]]), place)
        for label, place in points.items()
    }


def are_shown(places_mm: ArrayLike, scan: SyntheticScan) -> NDArray[np.bool_]:
    """Tell which places a scan shows: between its outer voxels' centres, in its circle.

    Parameters
    ----------
    places_mm : (n, 3) array
        LPS of the scan, millimetres.
    scan : SyntheticScan
        The scan.

    Returns
    -------
    (n,) bool array
        Whether each is shown.
    """
    index = moved_points(np.linalg.inv(scan.lps_from_index), places_mm)
    last = np.array(scan.values_hu.shape) - 1.0
    shown = np.logical_and(index >= 0.0, index <= last).all(axis=1)
    width_mm = scan.protocol.field_of_view_mm
    if width_mm is not None:
        pixel_mm = np.linalg.norm(scan.lps_from_index[:3, 1:3], axis=0)
        across = np.linalg.norm((index[:, 1:] - 0.5 * last[1:]) * pixel_mm, axis=1)
        shown = np.logical_and(shown, across <= 0.5 * width_mm)
    inside: NDArray[np.bool_] = np.asarray(shown)
    return inside


def write_points(points: Mapping[str, Floats], path: Path) -> None:
    """Write labelled points as CSV.

    Parameters
    ----------
    points : mapping of str to (3,) array
        LPS millimetres.
    path : Path
        Replaced in one step.

    Raises
    ------
    OutputRefusedError
        If the path cannot be written.
    """
    rows = (f"{label},{x:.6f},{y:.6f},{z:.6f}" for label, (x, y, z) in points.items())
    with new_file(path) as draft:
        draft.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8", newline="\n")
