"""A case as a folder: DICOM series, labels, plate, plan request, points and truth."""

from __future__ import annotations

import hashlib
import json
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from phantoms.case_truth import STANDING_SPEC, truth_of_case
from phantoms.cases import after_from_planning, build_case
from phantoms.files import check_new_folder, new_file, new_folder
from phantoms.masks import lesion_labels, zone_mask
from phantoms.motion import GROUPS
from phantoms.motion_truth import FIELD_PITCH_MM, field_of_group, write_field
from phantoms.requests import plan_request
from phantoms.sidecars import write_label_map, write_truth
from phantoms.targets import are_shown, moved_targets, target_points, write_points
from phantoms.truth_schema import TruthDocument
from phantoms.writer import StudyWords, write_dicom_series
from template_gen.spec import save_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from phantoms.cases import PhantomCase
    from phantoms.motion import BodyMotion
    from phantoms.motion_truth import GroupField

ANTENNA_MM = 1.8
"""An antenna that passes the bores of the cases' plate."""
OLDER_DAY = StudyWords(date="20241007", time="090000", study_id="0")
PLANNING_DAY = StudyWords(date="20250106", time="090000", study_id="1")
ABLATION_DAY = StudyWords(date="20250113", time="100000", study_id="2")
DAYS = {"older": OLDER_DAY, "planning": PLANNING_DAY,
        "intraop": ABLATION_DAY, "after": ABLATION_DAY}  # fmt: skip
SHRUNK_PITCH_MM = 4.0
"""Round a zone that shrinks the motion changes within millimetres."""


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
        _write_plan(case, draft)
        _write_masks(case, draft)
        _write_points(case, draft)
        fields = _write_fields(case, draft)
        beside = [path for path in sorted(draft.iterdir()) if path.is_file()]
        hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in beside}
        truth = truth_of_case(case, fields, hashes)
        TruthDocument.model_validate(truth)
        write_truth(truth, draft / "truth.json")
    return case


def _write_scans(case: PhantomCase, folder: Path) -> None:
    """Write each scan of a case as a series."""
    scans = {"older": case.older, "planning": case.planning,
             "intraop": case.intraop, "after": case.after}  # fmt: skip
    for name, scan in scans.items():
        if scan is not None:
            write_dicom_series(
                scan,
                folder / name,
                patient=case.setup.patient,
                series_description=name,  # the case's name would tell the answer
                study=DAYS[name],
            )


def _write_plan(case: PhantomCase, folder: Path) -> None:
    """Write the planned plate, the plan request, and the plate that stands if it is another."""
    setup = case.setup
    save_spec(setup.spec, folder / "template.json")
    if setup.plate.spec != setup.spec:
        save_spec(setup.plate.spec, folder / STANDING_SPEC)
    request = plan_request(
        ANTENNA_MM,
        lesions=len(setup.patient.lesions),
        margin_mm=setup.recipe.wanted_margin_mm,
        setting=setup.recipe.antenna_setting,
    )
    with new_file(folder / "request.json") as text:
        text.write_text(json.dumps(request, indent=1) + "\n", encoding="utf-8", newline="\n")


def _write_masks(case: PhantomCase, folder: Path) -> None:
    """Write the labels of each scan that has them, and the zone on both its scans."""
    setup, patient = case.setup, case.setup.patient
    labels = lesion_labels(case.planning, patient)
    write_label_map(labels, case.planning.lps_from_index, folder / "labels.nrrd")
    if case.older is not None and setup.older is not None:
        liver = setup.older.whole.of("liver")
        older = lesion_labels(case.older, patient, liver)
        write_label_map(older, case.older.lps_from_index, folder / "labels_older.nrrd")
    if setup.zone is not None and case.after is not None:
        inside = zone_mask(setup.zone, case.planning)
        write_label_map(inside, case.planning.lps_from_index, folder / "ablation.nrrd")
        liver = after_from_planning(setup).of("liver")
        seen = zone_mask(setup.zone, case.after, liver)
        write_label_map(seen, case.after.lps_from_index, folder / "ablation_after.nrrd")
        left = lesion_labels(case.after, patient, liver)
        write_label_map(left, case.after.lps_from_index, folder / "labels_after.nrrd")


def _write_points(case: PhantomCase, folder: Path) -> None:
    """Write places that every scan of the same patient shows, and where they are in each."""
    setup = case.setup
    points = {"planning": (target_points(setup.patient), case.planning)}
    start = points["planning"][0]
    if not setup.recipe.patient.is_someone_else:
        points["intraop"] = (moved_targets(start, setup.motion.whole), case.intraop)
    if setup.older is not None and case.older is not None:
        points["older"] = (moved_targets(start, setup.older.whole), case.older)
    shown = np.all([are_shown([*each.values()], scan) for each, scan in points.values()], axis=0)
    for name, (each, _) in points.items():
        kept = dict(compress(each.items(), shown))
        write_points(kept, folder / f"points_{name}.csv")


def _write_fields(case: PhantomCase, folder: Path) -> dict[str, dict[str, GroupField]]:
    """Write every motion that is not rigid: a field for each group that moves by itself."""
    setup = case.setup
    motions: dict[str, BodyMotion] = {}
    if not (setup.motion.is_rigid or setup.recipe.patient.is_someone_else):
        motions["intraop"] = setup.motion.whole
    if setup.older is not None:
        motions["older"] = setup.older.whole
    if setup.zone is not None:
        motions["after"] = after_from_planning(setup)
    fields: dict[str, dict[str, GroupField]] = {}
    for scan, motion in motions.items():
        pitch_mm = SHRUNK_PITCH_MM if scan == "after" else FIELD_PITCH_MM
        fields[scan] = {}
        for group in GROUPS:
            if not motion.of(group).is_rigid:
                field = field_of_group(motion, group, setup.patient, pitch_mm=pitch_mm)
                fields[scan][f"motion_{scan}_{group}.nrrd"] = field
                write_field(field, folder / f"motion_{scan}_{group}.nrrd")
    return fields
