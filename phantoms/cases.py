"""Named cases made up: a patient, a planning scan, and an intraoperative scan with the plate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.ablation import AblatedZone, ablated
from phantoms.anatomy import build_patient
from phantoms.field import draw_intraop_grid
from phantoms.hardware import drive_kit, markers_lps_mm, needle_metals, needle_parts
from phantoms.motion import moved_points, random_direction, rigid_about, rigid_motion
from phantoms.placing import draw_level_pose, plate_as_it_stands, skin_clearance_mm
from phantoms.recipes import recipe_of
from phantoms.scanner import scan_patient
from template_gen.layout import build_default_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.hardware import DrivenNeedle, PlacedPlate
    from phantoms.recipes import Recipe
    from phantoms.scans import SyntheticScan
    from template_gen.spec import TemplateSpec

PLANNING_SPACING_MM = (1.5, 1.0, 1.0)
INTRAOP_SPACING_MM = (2.5, 1.0, 1.0)
NOISE_HU = 12.0
ZONE_OFF_MM = 2.0
"""The middle of an ablation misses that of the tumour by so much at least."""


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
    needles : tuple of DrivenNeedle
        What stands in its bores.
    zone : AblatedZone or None
        What was coagulated afterwards, LPS of the planning scan.
    """

    recipe: Recipe
    patient: Patient
    intraop_from_planning: Floats
    plate: PlacedPlate
    planned_lps_from_template: Floats
    needles: tuple[DrivenNeedle, ...]
    zone: AblatedZone | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomCase:
    """A case made up.

    Parameters
    ----------
    setup : SetUp
        All that is true of it.
    planning, intraop : SyntheticScan
        The scan before and the scan with the plate.
    after : SyntheticScan or None
        The scan after an ablation, the plate taken off.
    """

    setup: SetUp
    planning: SyntheticScan
    intraop: SyntheticScan
    after: SyntheticScan | None


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
    plate = plate_as_it_stands(
        recipe,
        case_spec(),
        planned,
        lambda pose: skin_clearance_mm(patient, case_spec(), pose, motion),
        rng,
    )
    return SetUp(
        recipe=recipe,
        patient=patient,
        intraop_from_planning=motion,
        plate=plate,
        planned_lps_from_template=planned,
        needles=_driven(recipe, patient, plate, motion, seed),
        zone=_coagulated(recipe, patient, seed),
    )


def _driven(
    recipe: Recipe, patient: Patient, plate: PlacedPlate, motion: Floats, seed: int
) -> tuple[DrivenNeedle, ...]:
    """Drive the needles of one ablation at the tumour where it lies now."""
    if not recipe.has_needles:
        return ()
    target = moved_points(motion, patient.tumour_centre_mm)
    rng = np.random.default_rng([seed, 5])
    return tuple(drive_kit(plate, target, rng, antenna_bend_mm=recipe.antenna_bend_mm))


def _coagulated(recipe: Recipe, patient: Patient, seed: int) -> AblatedZone | None:
    """Lay a sphere whose least margin is the recipe's, its centre beside the tumour's."""
    if recipe.left_margin_mm is None:
        return None
    off_mm = ZONE_OFF_MM if recipe.left_margin_mm >= 0.0 else ZONE_OFF_MM - recipe.left_margin_mm
    way = random_direction(np.random.default_rng([seed, 7]))
    radius = 0.5 * patient.tumour_diameter_mm + recipe.left_margin_mm + off_mm
    centre = patient.tumour_centre_mm + off_mm * way
    return AblatedZone(
        lps_from_zone=rigid_about(np.eye(3), np.zeros(3), centre),
        radii_mm=np.full(3, radius),
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
        devices=[part for needle in setup.needles for part in needle_parts(needle)],
        metals=[metal for needle in setup.needles for metal in needle_metals(needle)],
        noise_hu=NOISE_HU,
        grid=draw_intraop_grid(
            patient, rng, spacing_kji_mm=INTRAOP_SPACING_MM, keep_lps_mm=np.array(seen)
        ),
    )
    return PhantomCase(
        setup=setup, planning=planning, intraop=intraop, after=_scan_after(setup, rng, tell)
    )


def _scan_after(
    setup: SetUp, rng: np.random.Generator, tell: Callable[[str], None]
) -> SyntheticScan | None:
    """Scan the patient as he lies on the table, ablated, without the plate."""
    if setup.zone is None:
        return None
    tell("scanning after the ablation")
    return scan_patient(
        ablated(setup.patient, setup.patient.lesions[0].name, setup.zone),
        spacing_kji_mm=INTRAOP_SPACING_MM,
        rng=rng,
        motion=setup.intraop_from_planning,
        noise_hu=NOISE_HU,
    )
