"""A case as a folder: DICOM series, labels, plate, plan request, points and truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from phantoms.cases import build_case
from phantoms.files import check_new_folder, new_file, new_folder
from phantoms.motion import inverse_rigid
from phantoms.requests import plan_request
from phantoms.sidecars import write_label_map, write_labels, write_truth
from phantoms.targets import moved_targets, target_points, write_points
from phantoms.truth import truth_of_case
from phantoms.writer import StudyWords, write_dicom_series
from template_gen.spec import save_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from phantoms.ablation import AblatedZone
    from phantoms.arrays import Labels
    from phantoms.cases import PhantomCase
    from phantoms.scans import SyntheticScan

ANTENNA_MM = 1.8
"""An antenna that passes the bores of the cases' plate."""
PLANNING_DAY = StudyWords(date="20250106", time="090000", study_id="1")
ABLATION_DAY = StudyWords(date="20250113", time="100000", study_id="2")


def make_case(
    name: str, folder: Path, *, seed: int, tell: Callable[[str], None] = lambda _: None
) -> PhantomCase:
    """Make a case up and write it.

    Parameters
    ----------
    name : str
        Name of the case.
    folder : Path
        New, or empty; it appears when all is written.
    seed : int
        Not negative; every seed is another patient.
    tell : callable
        Takes one line before each longer step.

    Returns
    -------
    PhantomCase
        What was written.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    OutputRefusedError
        If the folder is taken or cannot be written.
    """
    check_new_folder(folder)
    case = build_case(name, seed, tell=tell)
    tell("writing the files")
    with new_folder(folder) as draft:
        _write_scans(case, draft)
        write_labels(case.planning, draft / "labels.nrrd")
        if case.setup.zone is not None:
            inside = zone_mask(case.setup.zone, case.planning)
            write_label_map(inside, case.planning.lps_from_index, draft / "ablation.nrrd")
        save_spec(case.setup.plate.spec, draft / "template.json")
        with new_file(draft / "request.json") as text:
            text.write_text(json.dumps(plan_request(ANTENNA_MM), indent=1) + "\n")
        points = target_points(case.setup.patient)
        write_points(points, draft / "points_planning.csv")
        moved = moved_targets(points, case.setup.intraop_from_planning)
        write_points(moved, draft / "points_intraop.csv")
        write_truth(truth_of_case(case), draft / "truth.json")
    return case


def _write_scans(case: PhantomCase, folder: Path) -> None:
    """Write each scan of a case as a series."""
    scans = {"planning": case.planning, "intraop": case.intraop, "after": case.after}
    for name, scan in scans.items():
        if scan is not None:
            write_dicom_series(
                scan,
                folder / name,
                patient=case.setup.patient,
                series_description=f"{name} {case.setup.recipe.name}",
                study=PLANNING_DAY if name == "planning" else ABLATION_DAY,
            )


def zone_mask(zone: AblatedZone, scan: SyntheticScan) -> Labels:
    """Mark the voxels of a scan whose centres lie in a zone.

    Parameters
    ----------
    zone : AblatedZone
        LPS of the scan, millimetres.
    scan : SyntheticScan
        Whose voxels.

    Returns
    -------
    (k, j, i) uint8 array
        1 inside.
    """
    zone_from_index = (inverse_rigid(zone.lps_from_zone) @ scan.lps_from_index)[:3]
    axes = [np.arange(count, dtype=np.float64) for count in scan.values_hu.shape]
    squares = np.zeros(scan.values_hu.shape)
    for row, radius in zip(zone_from_index, zone.radii_mm, strict=True):
        steps = (axes[0] * row[0])[:, None, None] + (axes[1] * row[1])[None, :, None]
        squares += ((steps + (axes[2] * row[2] + row[3])) / radius) ** 2
    inside: Labels = (squares <= 1.0).astype(np.uint8)
    return inside
