"""The demonstration: a synthetic patient goes through the engine as DICOM, and is compared."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.app.outputs import (
    SUMMARY_FILE,
    check_may_write,
    folder_when_complete,
    read_summary,
)
from navigator.app.procedure import CaseResult, run_case, summary_of, write_case
from navigator.app.steps import check_in_room
from navigator.errors import InputRefusedError
from navigator.io.documents import save_json, verdict_to_json
from navigator.io.volumes import load_scan
from navigator.report.content import Paragraph, Section, Table
from phantoms.anatomy import FOOT_ROOM_MM
from phantoms.casefiles import ABLATION_DAY, PLANNING_DAY
from phantoms.cases import scan_on_table
from phantoms.comparison import Truth, compare_with_truth
from phantoms.errors import LesionRefusedError
from phantoms.field import field_grid
from phantoms.masks import lesion_labels
from phantoms.motion import (
    moved_points,
    random_direction,
    rigid_about,
    rotation_about,
)
from phantoms.recipes import CASES, INTRAOP, PLANNING, recipe_of
from phantoms.requests import plan_request
from phantoms.sampling import points_within
from phantoms.scanner import scan_patient
from phantoms.setups import stand_plate, start_case
from phantoms.sidecars import write_label_map, write_truth
from phantoms.truth import truth_of_patient
from phantoms.writer import write_dicom_series
from template_gen import build_default_spec, save_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.hardware import PlacedPlate
    from phantoms.painting import ScanGrid
    from phantoms.recipes import Recipe
    from phantoms.setups import Start
    from template_gen import TemplateSpec

DEMO_SCHEMA = "demo-summary/1"
MOUNTING_SHIFT_MM, MOUNTING_TURN_DEG = (0.5, 3.0), (0.3, 1.5)
"""How far a plate that is mounted by hand misses its planned place."""
FIELD_RIM_MM = 8.0
"""Air kept between the plate and the border of the scan."""
BORE_MM, ANTENNA_MM = 2.6, 2.4
"""An antenna of 2.4 mm passes a 2.6 mm bore with the play of a clearance fit."""


class _NoWayError(Exception):
    """The planner found no way: the folder that was begun is not kept."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the demonstration works with: folder, case so far, and plate."""

    folder: Path
    start: Start
    spec: TemplateSpec
    rng: np.random.Generator


def run_demo(
    out: Path,
    *,
    seed: int,
    case: str = "easy",
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run the whole procedure on a synthetic patient.

    Parameters
    ----------
    out : Path
        Folder to make.
    seed : int
        Which patient, motion and mounting error.
    case : str
        Name of a case: what happens to patient and plate.
    overwrite : bool
        Whether an earlier result of this program may be replaced.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        The summary with the comparison; it is also written as ``summary.json``. Where no way
        was found nothing is written and the summary says why.

    Raises
    ------
    InputRefusedError
        If `out` may not be written, or the case needs more than a demonstration has.
    """
    start = time.perf_counter()
    recipe = _checked_recipe(case)
    check_may_write(out, overwrite=overwrite)
    try:
        with folder_when_complete(out, overwrite=overwrite) as folder:
            summary = _fill(folder, recipe, seed, progress)
            summary["seconds_in_all"] = round(time.perf_counter() - start, 1)
            save_json(summary, folder / SUMMARY_FILE)
    except _NoWayError as no_way:
        return {"schema": DEMO_SCHEMA, **verdict_to_json(no_way.args[0])}
    return read_summary(out)


def _checked_recipe(case: str) -> Recipe:
    """Find a case, or refuse one that a demonstration cannot judge."""
    fitting = [name for name, recipe in CASES.items() if recipe.fits_the_demo]
    if case not in fitting:
        raise InputRefusedError(
            code="case-not-for-demo",
            what="The demonstration cannot play this case out",
            where="--case",
            expected=f"one of {', '.join(fitting)}",
            got=case,
            next_step="choose one of these; `phantoms make` makes the others",
        )
    return recipe_of(case)


def _fill(
    folder: Path, recipe: Recipe, seed: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Run the procedure in an empty folder, and sum it up."""
    progress("making a synthetic patient and scanning it")
    stage = _make_planning(folder, recipe, seed)
    result = run_case(folder / "request.json", progress=progress)
    if not result.plan.needles:
        raise _NoWayError(result.verdict)
    progress("mounting the plate and scanning again")
    truth = _make_intraop(stage, result)
    progress("reading the intraoperative scan")
    start = time.perf_counter()
    room = check_in_room(
        result.inputs,
        stage.spec,
        load_scan(folder / "intraop"),
        planned=result.plan,
        progress=progress,
    )
    seconds = {**result.seconds, "room": time.perf_counter() - start}
    result = CaseResult(inputs=result.inputs, plan=result.plan, room=room, seconds=seconds)
    progress("comparing with the truth, writing plate and report")
    comparison = compare_with_truth(result, truth)
    title = f"Demonstration, synthetic patient {seed}"
    write_case(result, folder, title=title, extra=(_section(comparison),))
    return {**summary_of(result, DEMO_SCHEMA), "comparison": comparison}


def _make_planning(folder: Path, recipe: Recipe, seed: int) -> _Stage:
    rng = np.random.default_rng([seed, 12])
    try:
        start = start_case(recipe, seed, rng)
    except LesionRefusedError as error:
        raise InputRefusedError(
            code="no-place-for-the-lesion",
            what="This synthetic patient has no place for the lesion of the case",
            where="--seed, --case",
            expected="a patient whose liver has such a place",
            got=f"seed {seed}, case {recipe.name}",
            next_step="use another seed",
        ) from error
    patient = start.patient
    scan = scan_patient(
        patient,
        protocol=PLANNING,
        rng=np.random.default_rng([seed, 11]),
        with_labels=True,
    )
    write_dicom_series(
        scan,
        folder / "planning",
        patient=patient,
        series_description="planning, portal venous",
        study=PLANNING_DAY,
    )
    write_label_map(lesion_labels(scan, patient), scan.lps_from_index, folder / "labels.nrrd")
    spec = build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=BORE_MM)
    save_spec(spec, folder / "template.json")
    request = plan_request(
        ANTENNA_MM, margin_mm=recipe.wanted_margin_mm, setting=recipe.antenna_setting
    )
    save_json(request, folder / "request.json")
    return _Stage(folder, start, spec, rng)


def _make_intraop(stage: _Stage, result: CaseResult) -> Truth:
    """Mount the plate where the plan wants it, missing by a little, as the case has it; scan."""
    if result.plan.placement is None:
        raise ValueError("demonstration: expected a plan with a plate")
    start, rng = stage.start, stage.rng
    planned = start.motion.rigid @ result.plan.placement.lps_from_template.matrix
    setup = stand_plate(start, stage.spec, planned @ _mounting_error(rng), rng)
    scan = scan_on_table(setup, rng, grid=_field_with_plate(start.patient, setup.plate))
    write_dicom_series(
        scan,
        stage.folder / "intraop",
        patient=start.patient,
        series_description="real-time, 2.5 mm",
        study=ABLATION_DAY,
    )
    document = truth_of_patient(start.patient)
    document["case"], document["question"] = setup.recipe.name, setup.recipe.question
    document["intraop_from_planning"] = start.motion.rigid.tolist()
    document["intraop_from_template"] = setup.plate.lps_from_template.tolist()
    write_truth({"schema": "demo-truth/1", **document}, stage.folder / "truth.json")
    return Truth(
        intraop_from_planning=start.motion.rigid,
        intraop_from_template=setup.plate.lps_from_template,
        tumour_centre_mm=start.patient.tumour_centre_mm,
        tumour_diameter_mm=start.patient.tumour_diameter_mm,
    )


def _field_with_plate(patient: Patient, standing: PlacedPlate) -> ScanGrid:
    """Move the field of the scan as a radiographer does, so that the whole plate is in it.

    Parameters
    ----------
    patient : Patient
        Who is scanned.
    standing : PlacedPlate
        The plate as it stands.

    Returns
    -------
    ScanGrid
        As wide as the planning scan's, at 2.5 mm slices; toward the feet no longer than liver and
        plate ask for.
    """
    half = 0.5 * np.array([standing.spec.plate.width_mm, standing.spec.plate.height_mm])
    corners = [[x * half[0], y * half[1], 0.0] for x in (-1, 1) for y in (-1, 1)]
    plate = moved_points(standing.lps_from_template, corners)
    reach = 0.5 * patient.field_size_kji_mm[::-1]
    low = plate.min(axis=0) - FIELD_RIM_MM - (patient.field_centre_mm - reach)
    high = plate.max(axis=0) + FIELD_RIM_MM - (patient.field_centre_mm + reach)
    shift = np.minimum(low, 0.0) + np.maximum(high, 0.0)
    liver = moved_points(patient.lps_from_body, points_within(patient.liver, 5.0))
    lowest = min(liver[:, 2].min() - FOOT_ROOM_MM, plate[:, 2].min() - FIELD_RIM_MM)
    feet = patient.field_centre_mm[2] + shift[2] - reach[2]
    return field_grid(
        patient,
        INTRAOP.spacing_kji_mm,
        centre_shift_mm=shift,
        feet_crop_mm=max(0.0, float(lowest - feet)),
    )


def _mounting_error(rng: np.random.Generator) -> Floats:
    """Draw how far the mounted plate misses its planned place, in its own frame (4, 4).

    Away from the skin only: nobody presses a plate into a patient.
    """
    turn = rotation_about(random_direction(rng), np.deg2rad(rng.uniform(*MOUNTING_TURN_DEG)))
    shift = random_direction(rng) * rng.uniform(*MOUNTING_SHIFT_MM)
    shift = shift * np.array([1.0, 1.0, np.sign(-shift[2]) or 1.0])
    return rigid_about(turn, np.zeros(3), shift)


def _section(comparison: list[dict[str, str]]) -> Section:
    table = Table(
        headers=("Quantity", "Engine", "Truth", "Error"),
        rows=tuple(
            (row["quantity"], row["engine"], row["truth"], row["error"]) for row in comparison
        ),
        caption="The truth is known because the patient is synthetic: rigid motion, no breathing.",
    )
    note = Paragraph(
        "The plate was mounted by hand: it misses its planned place by a few millimetres and "
        "about a degree, as it would in the room. The numbers above hold for the plate as it lies."
    )
    return Section("Against the truth", (table, note))
