"""What is true of a case, as plain numbers under the schema ``phantom-truth/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.ablation import residual_volume_ml
from phantoms.hardware import markers_lps_mm, truth_of_needle
from phantoms.motion import moved_points
from phantoms.sidecars import label_volumes_ml
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from phantoms.ablation import AblatedZone
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.cases import PhantomCase
    from phantoms.hardware import PlacedPlate
    from phantoms.lesions import Lesion
    from phantoms.scans import SyntheticScan

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
        "corridor": {
            "entry_lps_mm": patient.corridor.entry_mm.tolist(),
            "target_lps_mm": patient.corridor.target_mm.tolist(),
            "free_radius_mm": patient.corridor.radius_mm,
        },
    }


def truth_of_scan(scan: SyntheticScan, folder: str) -> dict[str, Any]:
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


def truth_of_case(case: PhantomCase) -> dict[str, Any]:
    """Write down all that is true of a case.

    Parameters
    ----------
    case : PhantomCase
        The case.

    Returns
    -------
    dict
        JSON-ready; matrices are row-major 4x4 lists, points LPS millimetres of the scan named.
    """
    setup = case.setup
    patient, motion = setup.patient, setup.intraop_from_planning
    return {
        "schema": SCHEMA,
        "units": "mm",
        "case": setup.recipe.name,
        "question": setup.recipe.question,
        "asks": dict(setup.recipe.asks),
        **truth_of_patient(patient),
        "planning": {
            **truth_of_scan(case.planning, "planning/"),
            "labels": dict(LABELS),
            "labels_file": "labels.nrrd",
            "label_volumes_by_voxels_ml": label_volumes_ml(case.planning),
        },
        "intraop": {
            **truth_of_scan(case.intraop, "intraop/"),
            "tumour_centre_lps_mm": moved_points(motion, patient.tumour_centre_mm).tolist(),
            "needles": [truth_of_needle(needle) for needle in setup.needles],
        },
        "intraop_from_planning": motion.tolist(),
        "points": {"planning": "points_planning.csv", "intraop": "points_intraop.csv"},
        "plate": truth_of_plate(setup.plate, setup.planned_lps_from_template),
        **_truth_of_ablation(case),
    }


def _truth_of_ablation(case: PhantomCase) -> dict[str, Any]:
    """Write down what was coagulated and what was left, where anything was."""
    zone, lesion = case.setup.zone, case.setup.patient.lesions[0]
    if zone is None or case.after is None:
        return {}
    return {
        "after": truth_of_scan(case.after, "after/"),
        "after_from_planning": case.setup.intraop_from_planning.tolist(),
        "ablation": {
            "lesion": lesion.name,
            "mask_on_planning": "ablation.nrrd",
            "lps_from_zone": zone.lps_from_zone.tolist(),
            "radii_mm": zone.radii_mm.tolist(),
            "volume_ml": zone.volume_ml,
            "mam_mm": sphere_margin_mm(lesion, zone),
            "residual_volume_ml": residual_volume_ml(lesion, zone),
        },
    }


def sphere_margin_mm(lesion: Lesion, zone: AblatedZone) -> float:
    """Compute the least margin of a spherical zone around a spherical lesion, exactly.

    Parameters
    ----------
    lesion : Lesion
        A sphere.
    zone : AblatedZone
        A sphere, in the same frame.

    Returns
    -------
    float
        Millimetres; negative where tumour is left.
    """
    off = float(np.linalg.norm(zone.lps_from_zone[:3, 3] - lesion.centre_mm))
    return float(zone.radii_mm.min() - lesion.radii_mm.max()) - off


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
    }


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
