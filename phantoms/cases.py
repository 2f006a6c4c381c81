"""Named cases made up: a patient, a planning scan, and an intraoperative scan with the plate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.anatomy import build_patient
from phantoms.field import draw_intraop_grid
from phantoms.hardware import markers_lps_mm
from phantoms.motion import moved_points, rigid_motion
from phantoms.placing import draw_level_pose, plate_as_it_stands, skin_clearance_mm
from phantoms.recipes import recipe_of
from phantoms.scanner import scan_patient
from template_gen.layout import build_default_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.hardware import PlacedPlate
    from phantoms.recipes import Recipe
    from phantoms.scans import SyntheticScan
    from template_gen.spec import TemplateSpec

PLANNING_SPACING_MM = (1.5, 1.0, 1.0)
INTRAOP_SPACING_MM = (2.5, 1.0, 1.0)
NOISE_HU = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """A case before anything is scanned.

    Parameters
    ----------
    recipe : Recipe
        What happens in it.
    patient : Patient
        Who it happens to.
    intraop_from_planning : (4, 4) array
        The patient's motion, millimetres.
    plate : PlacedPlate
        The plate as it stands in the intraoperative scan.
    planned_lps_from_template : (4, 4) array
        Where the plan wants it in that scan, millimetres.
    """

    recipe: Recipe
    patient: Patient
    intraop_from_planning: Floats
    plate: PlacedPlate
    planned_lps_from_template: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomCase:
    """A case made up.

    Parameters
    ----------
    setup : SetUp
        All that is true of it.
    planning, intraop : SyntheticScan
        The scan before and the scan with the plate.
    """

    setup: SetUp
    planning: SyntheticScan
    intraop: SyntheticScan


def case_spec() -> TemplateSpec:
    """Build the plate that all cases use: 15 x 15 bores, 5 mm apart, six markers."""
    return build_default_spec(
        rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1, serial="T-0001"
    )


def set_up_case(name: str, seed: int) -> SetUp:
    """Decide all that is true of a case, without scanning.

    Parameters
    ----------
    name : str
        Name of the case.
    seed : int
        Not negative; every seed is another patient.

    Returns
    -------
    SetUp
        The same name and seed give the same values.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    AnatomyError
        If the seed yields no patient.
    """
    recipe = recipe_of(name)
    rng = np.random.default_rng([seed, 2])
    patient = build_patient(seed)
    motion = rigid_motion(
        rng,
        shift_mm=recipe.shift_mm,
        turn_deg=recipe.turn_deg,
        about_mm=patient.tumour_centre_mm,
    )
    planned = draw_level_pose(patient, case_spec(), motion, rng)
    return SetUp(
        recipe=recipe,
        patient=patient,
        intraop_from_planning=motion,
        plate=plate_as_it_stands(
            recipe,
            case_spec(),
            planned,
            lambda pose: skin_clearance_mm(patient, case_spec(), pose, motion),
            rng,
        ),
        planned_lps_from_template=planned,
    )


def build_case(
    name: str, seed: int, *, tell: Callable[[str], None] = lambda _: None
) -> PhantomCase:
    """Make a case up and scan it.

    Parameters
    ----------
    name : str
        Name of the case.
    seed : int
        Not negative; every seed is another patient.
    tell : callable
        Takes one line before each longer step.

    Returns
    -------
    PhantomCase
        Scans and truth; the same name and seed give the same values.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    AnatomyError
        If the seed yields no patient.
    """
    tell("building the patient")
    setup = set_up_case(name, seed)
    patient, motion = setup.patient, setup.intraop_from_planning
    rng = np.random.default_rng([seed, 3])
    tell("scanning for planning")
    planning = scan_patient(
        patient, spacing_kji_mm=PLANNING_SPACING_MM, rng=rng, noise_hu=NOISE_HU, with_labels=True
    )
    tell("scanning with the plate")
    seen = [moved_points(motion, patient.tumour_centre_mm), *markers_lps_mm(setup.plate).values()]
    intraop = scan_patient(
        patient,
        spacing_kji_mm=INTRAOP_SPACING_MM,
        rng=rng,
        motion=motion,
        plate=setup.plate,
        noise_hu=NOISE_HU,
        grid=draw_intraop_grid(
            patient, rng, spacing_kji_mm=INTRAOP_SPACING_MM, keep_lps_mm=np.array(seen)
        ),
    )
    return PhantomCase(setup=setup, planning=planning, intraop=intraop)
