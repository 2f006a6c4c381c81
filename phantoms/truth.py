"""What is true of a case, as plain numbers under the schema ``phantom-truth/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.hardware import markers_lps_mm
from phantoms.motion import moved_points
from phantoms.sidecars import label_volumes_ml
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.cases import PhantomCase
    from phantoms.hardware import PlacedPlate
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
        },
        "intraop_from_planning": motion.tolist(),
        "plate": truth_of_plate(setup.plate, setup.planned_lps_from_template),
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
        "lps_from_template": plate.lps_from_template.tolist(),
        "planned_lps_from_template": planned_lps_from_template.tolist(),
        "markers": [
            {"label": label, "lps_mm": point.tolist()}
            for label, point in markers_lps_mm(plate).items()
        ],
        "lost_markers": list(plate.lost_markers),
    }
