"""All that is true of a case, decided before anything is scanned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from phantoms.ablation import AblatedZone
from phantoms.anatomy import build_patient
from phantoms.beside import lay_coils, stick_on_skin
from phantoms.case_motion import TableMotion, draw_table_motion
from phantoms.field import couch_roll
from phantoms.motion import moved_points, random_direction, rigid_about
from phantoms.needling import stand_needles
from phantoms.placing import draw_level_pose, plate_as_it_stands, skin_clearance_mm, skin_distance
from phantoms.recipes import PatientState, recipe_of
from template_gen.layout import build_default_spec

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.hardware import PlacedNeedle, PlacedPlate
    from phantoms.recipes import Recipe
    from template_gen.spec import TemplateSpec

ZONE_OFF_MM = 2.0
"""The middle of an ablation misses that of the tumour by so much at least."""
SOMEONE_ELSE = 1_000_003
"""Added to the seed, it draws the other patient."""
OLDER = PatientState(breath_mm=(6.0, 15.0))
"""How a patient lay in an older scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """A case before anything is scanned.

    Parameters
    ----------
    recipe : Recipe
        What happens in it.
    patient : Patient
        Who was planned.
    on_table : Patient
        Who lies on the table: the same, but for one case.
    motion : TableMotion
        How the one on the table has moved since a planning scan of his.
    older : TableMotion or None
        From the planning scan to an older one, where there is one.
    spec : TemplateSpec
        The plate that was planned with.
    plate : PlacedPlate
        The plate as it stands in the intraoperative scan.
    planned_lps_from_template : (4, 4) array
        Where the plan wants it in that scan, millimetres.
    needles : tuple of PlacedNeedle
        What stands in its bores, or was driven by hand.
    stickers_mm : (n, 3) array
        Balls on the skin, LPS millimetres of the intraoperative scan.
    coils_mm : tuple of (n, 3) array
        Courses of steel wire in the liver, LPS millimetres of the planning scan.
    zone : AblatedZone or None
        What was coagulated afterwards, LPS of the planning scan.
    """

    recipe: Recipe
    patient: Patient
    on_table: Patient
    motion: TableMotion
    older: TableMotion | None
    spec: TemplateSpec
    plate: PlacedPlate
    planned_lps_from_template: Floats
    needles: tuple[PlacedNeedle, ...]
    stickers_mm: Floats
    coils_mm: tuple[Floats, ...]
    zone: AblatedZone | None

    @property
    def intraop_from_planning(self) -> Floats:
        """The rigid part (4, 4) of the patient's motion, millimetres: all of it but the breath."""
        return self.motion.rigid

    @property
    def target_mm(self) -> Floats:
        """Where the first tumour of the one on the table is (3,), LPS of the scan, millimetres."""
        return moved_points(self.motion.whole.of("liver"), self.on_table.tumour_centre_mm)


def case_spec() -> TemplateSpec:
    """Build the plate that all cases plan with: 15 x 15 bores, 5 mm apart, six markers."""
    return build_default_spec(
        rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1, serial="T-0001"
    )


def another_spec(spec: TemplateSpec) -> TemplateSpec:
    """Build another plate than a given one, one column narrower."""
    grid = spec.grid
    if grid is None:
        raise ValueError("another_spec: expected a plate with a grid")
    return build_default_spec(
        rows=grid.rows,
        columns=grid.columns - 1,
        pitch_mm=grid.pitch_mm,
        bore_diameter_mm=grid.bore_diameter_mm,
        serial="T-0002",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A case before a plate is put on.

    Parameters
    ----------
    recipe : Recipe
        What happens in it.
    seed : int
        Which patient.
    patient, on_table : Patient
        Who was planned, and who lies on the table.
    motion : TableMotion
        Of the one on the table.
    """

    recipe: Recipe
    seed: int
    patient: Patient
    on_table: Patient
    motion: TableMotion


def start_case(recipe: Recipe, seed: int, rng: np.random.Generator) -> Start:
    """Build whoever is planned and whoever lies on the table, and draw how he lies.

    Parameters
    ----------
    recipe : Recipe
        What happens.
    seed : int
        Which patient.
    rng : numpy.random.Generator
        Draws the set-up shift.

    Returns
    -------
    Start
        No plate stands yet.

    Raises
    ------
    LesionRefusedError
        If this patient has no place for a lesion of the case.
    """
    state = recipe.patient
    patient = build_patient(seed, lesions=state.lesions, vanished=state.has_vanished)
    on_table = build_patient(seed + SOMEONE_ELSE) if state.is_someone_else else patient
    roll = couch_roll(on_table, recipe.intraop.couch_roll_deg)
    return Start(
        recipe=recipe,
        seed=seed,
        patient=patient,
        on_table=on_table,
        motion=draw_table_motion(state, on_table, roll, rng, seed),
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
    LesionRefusedError
        If this patient has no place for a lesion of the case.
    HardwareRefusedError
        If the needles find no room.
    """
    rng = np.random.default_rng([seed, 2, *name.encode()])
    start, spec = start_case(recipe_of(name), seed, rng), case_spec()
    planned = draw_level_pose(start.on_table, spec, start.motion.whole, rng)
    return stand_plate(start, spec, planned, rng)


def stand_plate(
    start: Start, spec: TemplateSpec, planned: Floats, rng: np.random.Generator
) -> SetUp:
    """Put the plate on as the case has it, and all that goes with it.

    Parameters
    ----------
    start : Start
        Who lies there, and how.
    spec : TemplateSpec
        The plate that was planned with.
    planned : (4, 4) array
        Where the plan wants it in the scan to come, ``lps_from_template``, millimetres.
    rng : numpy.random.Generator
        Draws the slip and the lost markers.

    Returns
    -------
    SetUp
        All that is true of the case.

    Raises
    ------
    HardwareRefusedError
        If the needles find no room.
    """
    recipe, motion, seed = start.recipe, start.motion, start.seed
    outside = skin_distance(start.on_table, motion.whole.of("wall"))
    target = moved_points(motion.whole.of("liver"), start.on_table.tumour_centre_mm)
    standing = another_spec(spec) if recipe.plate.is_another else spec
    plate = plate_as_it_stands(
        recipe.plate, standing, planned, partial(skin_clearance_mm, outside, standing), rng
    )
    dice = [np.random.default_rng([seed, 5]), np.random.default_rng([seed, 10])]
    coils = 0 if recipe.needles is None else recipe.needles.coils
    return SetUp(
        recipe=recipe,
        patient=start.patient,
        on_table=start.on_table,
        motion=motion,
        older=_older(recipe, start.patient, seed),
        spec=spec,
        plate=plate,
        planned_lps_from_template=planned,
        needles=stand_needles(recipe.needles, plate, target, outside, dice[0]),
        stickers_mm=stick_on_skin(plate, recipe.plate.stickers, outside, dice[1]),
        coils_mm=lay_coils(start.patient, coils, dice[1]),
        zone=_coagulated(recipe, start.patient, seed),
    )


def _older(recipe: Recipe, patient: Patient, seed: int) -> TableMotion | None:
    """Draw how the patient lay in an older scan, where the case has one."""
    if not recipe.patient.has_vanished:
        return None
    rng = np.random.default_rng([seed, 9])
    return draw_table_motion(OLDER, patient, np.eye(4), rng, seed)


def _coagulated(recipe: Recipe, patient: Patient, seed: int) -> AblatedZone | None:
    """Lay a sphere whose least margin is the recipe's, its centre beside the tumour's."""
    if recipe.ablation is None:
        return None
    margin_mm = recipe.ablation.left_margin_mm
    off_mm = ZONE_OFF_MM if margin_mm >= 0.0 else ZONE_OFF_MM - margin_mm
    way = random_direction(np.random.default_rng([seed, 7]))
    radius = 0.5 * patient.tumour_diameter_mm + margin_mm + off_mm
    centre = patient.tumour_centre_mm + off_mm * way
    return AblatedZone(
        lps_from_zone=rigid_about(np.eye(3), np.zeros(3), centre),
        radii_mm=np.full(3, radius),
    )
