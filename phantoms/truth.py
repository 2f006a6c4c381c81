"""What is true of a patient, a scan and a plate, as plain numbers for ``truth.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.hardware import markers_lps_mm
from phantoms.scans import GRAVITY_LPS

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.hardware import PlacedPlate
    from phantoms.lesions import Gap, Lesion, LesionTruth
    from phantoms.scans import SyntheticScan
    from phantoms.tumour import Corridor

SCHEMA = "phantom-truth/1"


def sphere_volume_ml(diameter_mm: float) -> float:
    """Compute the volume of a sphere from its diameter in millimetres.

    Examples
    --------
    >>> round(sphere_volume_ml(20.0), 3)
    4.189
    """
    return float(np.pi * diameter_mm**3 / 6.0 / 1000.0)


def truth_of_patient(patient: Patient) -> dict[str, Any]:
    """Write down the tumour and the free way to it, LPS of the planning scan.

    Parameters
    ----------
    patient : Patient
        The patient.

    Returns
    -------
    dict
        Plain numbers and lists, millimetres.
    """
    return {
        "seed": patient.seed,
        "tumour": {
            "centre_lps_mm": patient.tumour_centre_mm.tolist(),
            "diameter_mm": patient.tumour_diameter_mm,
            "volume_ml": sphere_volume_ml(patient.tumour_diameter_mm),
        },
        "lesions": [truth_of_lesion(lesion) for lesion in patient.lesions],
        "corridor": truth_of_way(patient.lesions[0].corridor),
    }


def truth_of_way(way: Corridor | None) -> dict[str, Any] | None:
    """Write down a straight free way from the skin to a lesion; None where there is none."""
    if way is None:
        return None
    return {
        "entry_lps_mm": way.entry_mm.tolist(),
        "target_lps_mm": way.target_mm.tolist(),
        "free_radius_mm": way.radius_mm,
    }


def truth_of_voxels(scan: SyntheticScan, folder: str) -> dict[str, Any]:
    """Write down the voxels of a scan and the hash of its values.

    Parameters
    ----------
    scan : SyntheticScan
        The scan.
    folder : str
        Where it is written, against the truth's own place.

    Returns
    -------
    dict
        JSON-ready; the affine is a row-major 4x4 list, millimetres.
    """
    return {
        "folder": folder,
        "shape_kji": list(scan.values_hu.shape),
        "lps_from_index": scan.lps_from_index.tolist(),
        "series_uid": scan.series_uid,
        "frame_of_reference_uid": scan.frame_of_reference_uid,
        "sha256": scan.sha256,
    }


def truth_of_scan(scan: SyntheticScan, folder: str) -> dict[str, Any]:
    """Write down a synthetic scan: its voxels, how it was taken, and where gravity pulls.

    Parameters
    ----------
    scan : SyntheticScan
        The scan.
    folder : str
        Where it is written, against the truth's own place.

    Returns
    -------
    dict
        JSON-ready, millimetres.
    """
    return {
        **truth_of_voxels(scan, folder),
        "protocol": asdict(scan.protocol),
        "lps_from_couch": scan.lps_from_couch.tolist(),
        "gravity_lps": list(GRAVITY_LPS),
    }


def truth_of_lesion(lesion: Lesion) -> dict[str, Any]:
    """Write down one lesion, LPS of the planning scan.

    Parameters
    ----------
    lesion : Lesion
        Sphere or ellipsoid.

    Returns
    -------
    dict
        JSON-ready, millimetres and millilitres.
    """
    return {
        "name": lesion.name,
        "centre_lps_mm": lesion.centre_mm.tolist(),
        "lps_from_lesion": lesion.lps_from_lesion.tolist(),
        "radii_mm": lesion.radii_mm.tolist(),
        "diameter_mm": lesion.diameter_mm,
        "volume_ml": lesion.volume_ml,
        "segment": lesion.truth.segment,
        "is_visible": lesion.is_visible,
        "has_rim": lesion.has_rim,
        "gaps_mm": {
            name: [_finite(end) for end in (gap.low_mm, gap.high_mm)]
            for name, gap in _gaps_of(lesion.truth).items()
        },
        "upright_way_to_bone_mm": lesion.truth.upright_way_to_bone_mm,
        "is_under_lung": lesion.truth.is_under_lung,
    }


def _gaps_of(truth: LesionTruth) -> dict[str, Gap]:
    """Name the distances from a lesion's surface."""
    return {
        "capsule": truth.to_capsule,
        "portal_vein": truth.to_portal_vein,
        "hepatic_vein": truth.to_hepatic_vein,
        "bowel": truth.to_bowel,
        "lung": truth.to_lung,
        "bone": truth.to_bone,
    }


def _finite(distance_mm: float) -> float | None:
    """Give None for what is farther than was looked: JSON knows no infinity."""
    return distance_mm if np.isfinite(distance_mm) else None


def truth_of_plate(plate: PlacedPlate, planned_lps_from_template: Floats) -> dict[str, Any]:
    """Write down how a plate stands and where the plan wants it.

    Parameters
    ----------
    plate : PlacedPlate
        The plate.
    planned_lps_from_template : (4, 4) array
        Where the plan wants it, millimetres.

    Returns
    -------
    dict
        JSON-ready; LPS millimetres of the scan with the plate.
    """
    return {
        "spec": "template.json",
        "serial": plate.spec.serial,
        "thickness_mm": plate.spec.plate.thickness_mm,
        "lps_from_template": plate.lps_from_template.tolist(),
        "planned_lps_from_template": planned_lps_from_template.tolist(),
        "markers": [
            {"label": label, "lps_mm": point.tolist()}
            for label, point in markers_lps_mm(plate).items()
        ],
        "lost_markers": list(plate.lost_markers),
    }
