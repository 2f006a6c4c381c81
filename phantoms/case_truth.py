"""What is true of a case, as plain numbers under the schema ``phantom-truth/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.ablation import residual_volume_ml
from phantoms.cases import after_from_planning
from phantoms.hardware import truth_of_needle
from phantoms.masks import lesion_labels
from phantoms.motion import moved_points
from phantoms.motion_truth import truth_of_motion
from phantoms.requests import labels_for
from phantoms.sidecars import label_volumes_ml
from phantoms.truth import SCHEMA, truth_of_patient, truth_of_plate, truth_of_scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.ablation import AblatedZone
    from phantoms.case_motion import TableMotion
    from phantoms.cases import PhantomCase
    from phantoms.lesions import Lesion
    from phantoms.motion_truth import GroupField
    from phantoms.setups import SetUp


STANDING_SPEC = "plate_standing.json"
"""Written where another plate stands than the one planned with."""


def truth_of_case(
    case: PhantomCase,
    fields: Mapping[str, Mapping[str, GroupField]],
    files_sha256: Mapping[str, str],
) -> dict[str, Any]:
    """Write down all that is true of a case.

    Parameters
    ----------
    case : PhantomCase
        The case.
    fields : mapping of str to mapping of str to GroupField
        By scan (``intraop``, ``older``, ``after``): the fields that were written, by file.
    files_sha256 : mapping of str to str
        The files beside the scans, each with its hash.

    Returns
    -------
    dict
        JSON-ready; matrices are row-major 4x4 lists, points LPS millimetres of the scan named.
    """
    setup = case.setup
    is_same = not setup.recipe.patient.is_someone_else
    moved = _truth_of_table(setup.motion, setup, fields.get("intraop", {})) if is_same else None
    return {
        "schema": SCHEMA,
        "units": "mm",
        "case": setup.recipe.name,
        "question": setup.recipe.question,
        "asks": dict(setup.recipe.asks),
        **truth_of_patient(setup.patient),
        "planning": _truth_of_planning(case),
        "intraop": _truth_of_intraop(case),
        "is_same_patient": is_same,
        "intraop_from_planning": setup.intraop_from_planning.tolist() if is_same else None,
        "motion": moved,
        "points": {
            "planning": "points_planning.csv",
            **({"intraop": "points_intraop.csv"} if is_same else {}),
            **({} if setup.older is None else {"older": "points_older.csv"}),
        },
        "plate": {
            **truth_of_plate(setup.plate, setup.planned_lps_from_template),
            **({} if setup.plate.spec == setup.spec else {"spec": STANDING_SPEC}),
            "is_planned_one": setup.plate.spec == setup.spec,
            "stickers_lps_mm": setup.stickers_mm.tolist(),
        },
        **_truth_of_older(case, fields.get("older", {})),
        **_truth_of_ablation(case, fields.get("after", {})),
        "files_sha256": dict(files_sha256),
    }


def _truth_of_planning(case: PhantomCase) -> dict[str, Any]:
    """Write down the planning scan and its labels."""
    setup, scan = case.setup, case.planning
    names = labels_for(len(setup.patient.lesions))
    labels = lesion_labels(scan, setup.patient)
    return {
        **truth_of_scan(scan, "planning/"),
        "labels": names,
        "labels_file": "labels.nrrd",
        "label_volumes_by_voxels_ml": label_volumes_ml(labels, scan.lps_from_index, names),
        "coils_lps_mm": [course.tolist() for course in setup.coils_mm],
    }


def _truth_of_intraop(case: PhantomCase) -> dict[str, Any]:
    """Write down the scan with the plate and what stands in it."""
    setup = case.setup
    liver = setup.motion.whole.of("liver")
    here = {
        each.name: moved_points(liver, each.centre_mm).tolist() for each in setup.patient.lesions
    }
    is_same = not setup.recipe.patient.is_someone_else
    return {
        **truth_of_scan(case.intraop, "intraop/"),
        "tumour_centre_lps_mm": here["L1"] if is_same else None,
        "lesion_centres_lps_mm": here if is_same else None,
        "needles": [truth_of_needle(needle) for needle in setup.needles],
        "coils_lps_mm": [moved_points(liver, course).tolist() for course in setup.coils_mm],
    }


def _truth_of_table(
    motion: TableMotion, setup: SetUp, fields: Mapping[str, GroupField]
) -> dict[str, Any]:
    """Write down how the patient moved: exact where it is rigid, by fields and pairs elsewhere."""
    return {
        "is_rigid": motion.is_rigid,
        "set_up": motion.set_up.tolist(),
        "roll": motion.roll.tolist(),
        **truth_of_motion(motion.whole, setup.patient, dict(fields)),
    }


def _truth_of_older(case: PhantomCase, fields: Mapping[str, GroupField]) -> dict[str, Any]:
    """Write down the older scan, where there is one."""
    setup, scan = case.setup, case.older
    if scan is None or setup.older is None:
        return {}
    return {
        "older": {
            **truth_of_scan(scan, "older/"),
            "labels": labels_for(len(setup.patient.lesions)),
            "labels_file": "labels_older.nrrd",
            "motion_from_planning": _truth_of_table(setup.older, setup, fields),
        }
    }


def _truth_of_ablation(case: PhantomCase, fields: Mapping[str, GroupField]) -> dict[str, Any]:
    """Write down what was coagulated and what was left, where anything was."""
    setup, zone, lesion = case.setup, case.setup.zone, case.setup.patient.lesions[0]
    if zone is None or case.after is None or setup.recipe.ablation is None:
        return {}
    written = truth_of_motion(after_from_planning(setup), setup.patient, dict(fields))
    return {
        "after": {
            **truth_of_scan(case.after, "after/"),
            "zone_file": "ablation_after.nrrd",
            "labels": labels_for(len(setup.patient.lesions)),
            "labels_file": "labels_after.nrrd",
            "motion_from_planning": written,
        },
        "after_from_planning": setup.motion.set_up.tolist(),
        "ablation": {
            "lesion": lesion.name,
            "mask_on_planning": "ablation.nrrd",
            "lps_from_zone": zone.lps_from_zone.tolist(),
            "radii_mm": zone.radii_mm.tolist(),
            "volume_ml": zone.volume_ml,
            "shrinkage_share": setup.recipe.ablation.shrinkage_share,
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
