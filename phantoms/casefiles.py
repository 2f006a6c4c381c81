"""A case as a folder: two DICOM series, labels, plate and truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phantoms.cases import build_case
from phantoms.files import check_new_folder, new_folder
from phantoms.sidecars import write_labels, write_truth
from phantoms.truth import truth_of_case
from phantoms.writer import StudyWords, write_dicom_series
from template_gen.spec import save_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from phantoms.cases import PhantomCase

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
        for scan, series, study in (
            (case.planning, "planning", PLANNING_DAY),
            (case.intraop, "intraop", ABLATION_DAY),
        ):
            write_dicom_series(
                scan,
                draft / series,
                patient=case.setup.patient,
                series_description=f"{series} {name}",
                study=study,
            )
        write_labels(case.planning, draft / "labels.nrrd")
        save_spec(case.setup.plate.spec, draft / "template.json")
        write_truth(truth_of_case(case), draft / "truth.json")
    return case
