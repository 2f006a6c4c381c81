"""Named cases: a patient, a planning scan, an intraoperative scan, and one question to the reader.

Each case states a claim about its truth that its test holds it to.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from phantoms.anatomy import build_patient
from phantoms.arrays import frozen_floats
from phantoms.errors import CaseUnknownError
from phantoms.field import draw_intraop_grid
from phantoms.hardware import PlacedPlate, markers_lps_mm
from phantoms.motion import moved_points, rigid_motion, rotation_about
from phantoms.placing import draw_level_pose, skin_clearance_mm
from phantoms.scanner import scan_patient
from template_gen.layout import build_default_spec
from template_gen.spec import marker_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.scanner import SyntheticScan
    from template_gen.spec import TemplateSpec

PLANNING_SPACING_MM = (1.5, 1.0, 1.0)
INTRAOP_SPACING_MM = (2.5, 1.0, 1.0)
NOISE_HU = 12.0
LEAST_CLEARANCE_MM = 1.0
"""A plate that slips stays this far off the skin, millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What happens in a case.

    Parameters
    ----------
    name : str
        Name on the command line.
    question : str
        What the case asks of the software.
    shift_mm, turn_deg : (low, high)
        Range of the patient's set-up shift, millimetres and degrees.
    slip_mm : float
        How far the plate has slipped in its own plane from where the plan wants it.
    turned_deg : float
        How far it is turned in its own plane.
    is_turned_over : bool
        Whether its operator face lies toward the patient.
    lost_markers : int
        How many markers have fallen out.
    """

    name: str
    question: str
    shift_mm: tuple[float, float] = (5.0, 20.0)
    turn_deg: tuple[float, float] = (1.0, 3.0)
    slip_mm: float = 0.0
    turned_deg: float = 0.0
    is_turned_over: bool = False
    lost_markers: int = 0


_RECIPES = (
    Recipe(
        name="easy",
        question="The patient lies 5 to 20 mm and 1 to 3 degrees off: do registration and plate "
        "pose lead each planned needle to the tumour?",
    ),
    Recipe(
        name="patient-moved",
        question="The patient has moved by 25 to 35 mm and 5 to 7 degrees: does the registration "
        "still hold, or does it say that it does not?",
        shift_mm=(25.0, 35.0),
        turn_deg=(5.0, 7.0),
    ),
    Recipe(
        name="plate-slipped",
        question="The plate has slipped 4 mm in its plane from the planned pose: is that seen, and "
        "are bores and depths computed anew?",
        slip_mm=4.0,
    ),
    Recipe(
        name="plate-rotated",
        question="The plate was put on turned by 180 degrees: is that told from the markers?",
        turned_deg=180.0,
    ),
    Recipe(
        name="plate-turned-over",
        question="The plate lies upside down, the operator face toward the patient: is that told "
        "from the markers?",
        is_turned_over=True,
    ),
    Recipe(
        name="marker-lost",
        question="One marker has fallen out: is the pose still found from the others, and is the "
        "loss told?",
        lost_markers=1,
    ),
)

CASES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _RECIPES})
"""Every case by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomCase:
    """A case made up: two scans and all that is true of them.

    Parameters
    ----------
    recipe : Recipe
        What happens in it.
    patient : Patient
        Who it happens to.
    planning, intraop : SyntheticScan
        The scan before and the scan with the plate.
    intraop_from_planning : (4, 4) array
        The patient's motion, millimetres.
    plate : PlacedPlate
        The plate as it stands in the intraoperative scan.
    planned_lps_from_template : (4, 4) array
        Where the plan wants it in that scan, millimetres.
    """

    recipe: Recipe
    patient: Patient
    planning: SyntheticScan
    intraop: SyntheticScan
    intraop_from_planning: Floats
    plate: PlacedPlate
    planned_lps_from_template: Floats


def case_spec() -> TemplateSpec:
    """Build the plate that all cases use: 15 x 15 bores, 5 mm apart, six markers."""
    return build_default_spec(
        rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1, serial="T-0001"
    )


def recipe_of(name: str) -> Recipe:
    """Find a case by name.

    Parameters
    ----------
    name : str
        Name of the case.

    Returns
    -------
    Recipe
        What happens in it.

    Raises
    ------
    CaseUnknownError
        If there is no such case.

    Examples
    --------
    >>> recipe_of("plate-slipped").slip_mm
    4.0
    """
    if name not in CASES:
        raise CaseUnknownError(
            "There is no such case",
            where="NAME",
            expected=f"one of {', '.join(CASES)}",
            got=repr(name),
            next_step="choose a case from `phantoms list`",
        )
    return CASES[name]


def build_case(
    name: str, seed: int, *, tell: Callable[[str], None] = lambda _: None
) -> PhantomCase:
    """Make a case up.

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
    recipe = recipe_of(name)
    rng = np.random.default_rng([seed, 2])
    tell("building the patient")
    patient = build_patient(seed)
    motion = rigid_motion(
        rng,
        shift_mm=recipe.shift_mm,
        turn_deg=recipe.turn_deg,
        about_mm=patient.tumour_centre_mm,
    )
    planned = draw_level_pose(patient, case_spec(), motion, rng)
    plate = _plate_as_it_stands(recipe, patient, planned, motion, rng)
    tell("scanning for planning")
    planning = scan_patient(
        patient, spacing_kji_mm=PLANNING_SPACING_MM, rng=rng, noise_hu=NOISE_HU, with_labels=True
    )
    tell("scanning with the plate")
    seen = [moved_points(motion, patient.tumour_centre_mm), *markers_lps_mm(plate).values()]
    intraop = scan_patient(
        patient,
        spacing_kji_mm=INTRAOP_SPACING_MM,
        rng=rng,
        lps_from_patient=motion,
        plate=plate,
        noise_hu=NOISE_HU,
        grid=draw_intraop_grid(
            patient, rng, spacing_kji_mm=INTRAOP_SPACING_MM, keep_lps_mm=np.array(seen)
        ),
    )
    return PhantomCase(
        recipe=recipe,
        patient=patient,
        planning=planning,
        intraop=intraop,
        intraop_from_planning=motion,
        plate=plate,
        planned_lps_from_template=planned,
    )


def _plate_as_it_stands(
    recipe: Recipe,
    patient: Patient,
    planned: Floats,
    motion: Floats,
    rng: np.random.Generator,
) -> PlacedPlate:
    spec = case_spec()
    pose = planned @ _turned_plate(recipe, spec)
    if recipe.slip_mm:
        pose = _slipped(pose, recipe.slip_mm, patient, motion, rng)
    lost = rng.permutation(marker_labels(spec))[: recipe.lost_markers]
    standing = frozen_floats(pose, (4, 4), "lps_from_template")
    return PlacedPlate(spec, standing, tuple(str(label) for label in lost))


def _turned_plate(recipe: Recipe, spec: TemplateSpec) -> Floats:
    """Build the plate's turn in its own frame: in its plane, then over its row axis."""
    turn = np.eye(4)
    turn[:3, :3] = rotation_about([0, 0, 1], np.deg2rad(recipe.turned_deg))
    if not recipe.is_turned_over:
        return turn
    over = np.diag([1.0, -1.0, -1.0, 1.0])
    over[2, 3] = spec.plate.thickness_mm
    return turn @ over


def _slipped(
    pose: Floats, slip_mm: float, patient: Patient, motion: Floats, rng: np.random.Generator
) -> Floats:
    """Shift a plate in its plane, in a direction drawn among those that keep off the skin."""
    start = rng.uniform(0.0, 2.0 * np.pi)
    best, widest = pose, -np.inf
    for angle in start + np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False):
        shift = np.eye(4)
        shift[:2, 3] = slip_mm * np.cos(angle), slip_mm * np.sin(angle)
        clearance = skin_clearance_mm(patient, case_spec(), pose @ shift, motion)
        if clearance > widest:
            best, widest = pose @ shift, clearance
        if clearance >= LEAST_CLEARANCE_MM:
            break
    return best
