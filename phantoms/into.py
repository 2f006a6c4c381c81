"""A named case played out in a real scan: motion, plate and needles put into its picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.body import room_in_front_mm, skin_distance
from phantoms.casefiles import ABLATION_DAY, PLANNING_DAY
from phantoms.files import check_new_folder, new_folder
from phantoms.hardware import needle_metals, needle_parts, plate_metals, plate_parts
from phantoms.inserted_schema import INSERTED_SCHEMA, InsertedDocument
from phantoms.inserting import insert_parts, resampled, with_rows_in_front, within_twelve_bits
from phantoms.motion import inverse_rigid, rigid_motion
from phantoms.protocol import ScanProtocol
from phantoms.scans import SyntheticScan, named_scan
from phantoms.scene import check_in_field, insertable_recipe, set_scene, truth_of_scene
from phantoms.sidecars import write_truth
from phantoms.streaks import add_streaks
from phantoms.truth import truth_of_voxels
from phantoms.writer import Subject, write_dicom_series
from template_gen.spec import save_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from phantoms.arrays import Hounsfields
    from phantoms.painting import ScanGrid
    from phantoms.scene import Scene, Wish
    from phantoms.sources import SourceScan

ROOM_IN_FRONT_MM = 90.0
"""A field with less air in front of the patient gets more, for plate and shafts to be seen."""
STREAK_DRAW = 9
"""Tells the draw of the streaks' noise from other draws of a seed."""
DEIDENTIFIED = "PIXELS AND GEOMETRY ONLY; SIMULATED HARDWARE"


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertedCase:
    """A case in a real scan.

    Parameters
    ----------
    planning, intraop : SyntheticScan
        The source as it is, and the source moved, with plate and needles.
    truth : dict
        All that is true of it, JSON-ready, millimetres.
    """

    planning: SyntheticScan
    intraop: SyntheticScan
    truth: dict[str, Any]


def insert_case(
    source: SourceScan, wish: Wish, *, tell: Callable[[str], None] = lambda _: None
) -> InsertedCase:
    """Play a case out in a real scan.

    Parameters
    ----------
    source : SourceScan
        The real scan.
    wish : Wish
        What is to be put into it.
    tell : callable
        Takes one line before each longer step.

    Returns
    -------
    InsertedCase
        The same source, wish and seed give the same values.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    SourceRefusedError
        If there is no body, the target is not in it, or the plate does not fit the field.
    HardwareRefusedError
        If the needles do not fit the plate.
    """
    recipe, rng = insertable_recipe(wish.name), np.random.default_rng([wish.seed, 4])
    motion = rigid_motion(
        rng,
        shift_mm=recipe.patient.shift_mm,
        turn_deg=recipe.patient.turn_deg,
        about_mm=wish.target_mm,
    )
    tell("moving the picture")
    rows = _rows_wanted_in_front(source)
    grid = with_rows_in_front(source.grid, rows)
    moved = resampled(source.values_hu, source.grid, grid, inverse_rigid(motion))
    tell("finding the skin")
    scene = set_scene(wish, motion, skin_distance(moved, grid), rng)
    check_in_field(scene.plate, grid)
    tell("painting plate and needles")
    intraop = _named(_with_hardware(moved, grid, scene, wish), grid, wish.seed)
    planning = _named(within_twelve_bits(source.values_hu), source.grid, wish.seed)
    truth = {
        "schema": INSERTED_SCHEMA,
        "units": "mm",
        "case": recipe.name,
        "question": recipe.question,
        "seed": wish.seed,
        "source": {
            "files_sha256": source.files_sha256,
            "values_sha256": source.values_sha256,
            "point_spread_mm": wish.point_spread_mm,
            "rows_of_air_added_in_front": rows,
        },
        "planning": truth_of_voxels(planning, "planning/"),
        "intraop": truth_of_voxels(intraop, "intraop/"),
        "intraop_from_planning": motion.tolist(),
        **truth_of_scene(scene, wish),
    }
    InsertedDocument.model_validate(truth)
    return InsertedCase(planning=planning, intraop=intraop, truth=truth)


def make_inserted(
    source: SourceScan, wish: Wish, folder: Path, *, tell: Callable[[str], None] = lambda _: None
) -> InsertedCase:
    """Play a case out in a real scan and write it.

    Parameters
    ----------
    source : SourceScan
        The real scan.
    wish : Wish
        What is to be put into it.
    folder : Path
        New, or empty; it appears when all is written.
    tell : callable
        Takes one line before each longer step.

    Returns
    -------
    InsertedCase
        What was written: `planning/`, `intraop/`, `template.json` and `truth.json`.

    Raises
    ------
    OutputRefusedError
        If the folder is taken or cannot be written.
    SourceRefusedError
        As :func:`insert_case`.
    """
    check_new_folder(folder)
    case = insert_case(source, wish, tell=tell)
    tell("writing the files")
    word = source.values_sha256[:12].upper()
    subject = Subject(
        name=f"INSERTED^{word}",
        patient_id=f"INSERTED-{word}",
        deidentification=DEIDENTIFIED,
        is_synthetic=False,
    )
    with new_folder(folder) as draft:
        for scan, series, study in (
            (case.planning, "planning", PLANNING_DAY),
            (case.intraop, "intraop", ABLATION_DAY),
        ):
            write_dicom_series(
                scan,
                draft / series,
                patient=subject,
                series_description=series,
                study=study,
            )
        save_spec(wish.spec, draft / "template.json")
        write_truth(case.truth, draft / "truth.json")
    return case


def _with_hardware(
    moved: NDArray[np.float32], grid: ScanGrid, scene: Scene, wish: Wish
) -> Hounsfields:
    """Put plate and needles into the moved picture."""
    parts = [(part, scene.plate.lps_from_template) for part in plate_parts(scene.plate)]
    parts += [(part, np.eye(4)) for each in scene.needles for part in needle_parts(each)]
    return insert_parts(
        moved,
        parts,
        grid,
        point_spread_mm=wish.point_spread_mm,
        metals=[
            *plate_metals(scene.plate),
            *(metal for each in scene.needles for metal in needle_metals(each)),
        ],
        streaks=partial(add_streaks, rng=np.random.default_rng([wish.seed, STREAK_DRAW])),
    )


def _rows_wanted_in_front(source: SourceScan) -> int:
    """Count the rows of air that a field lacks which is cut closely to the patient."""
    lacking = ROOM_IN_FRONT_MM - room_in_front_mm(source.values_hu, source.grid)
    return max(int(np.ceil(lacking / np.linalg.norm(source.grid.lps_from_index[:3, 1]))), 0)


def _named(values: Hounsfields, grid: ScanGrid, seed: int) -> SyntheticScan:
    """Name a scan by its contents; nothing but its grid is known of how it was taken."""
    slice_mm, row_mm, column_mm = np.linalg.norm(grid.lps_from_index[:3, :3], axis=0).tolist()
    protocol = ScanProtocol(
        spacing_kji_mm=(slice_mm, row_mm, column_mm), thickness_mm=grid.thickness_mm
    )
    return named_scan(values, grid, protocol, lps_from_couch=np.eye(4), labels=None, seed=seed)
