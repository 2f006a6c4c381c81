"""What all cases have in common: motion, plate and needles stand as the recipe says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from phantoms.ablation import residual_volume_ml
from phantoms.case_truth import sphere_margin_mm
from phantoms.errors import CaseUnknownError
from phantoms.hardware import FreeNeedle, markers_lps_mm, truth_of_needle
from phantoms.motion import inverse_rigid, moved_points, pulled_back
from phantoms.placing import CLEARANCE_MM, face_points_mm
from phantoms.program import signed_distance_mm
from phantoms.recipes import CASES, recipe_of
from template_gen.spec import marker_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.setups import SetUp

MORE_SEEDS = (1, 2)
USUAL = tuple(name for name in CASES if len(CASES[name].patient.lesions) == 1
              and CASES[name].patient.lesions[0].where == "deep")  # fmt: skip
"""Cases of the usual patient, whom many of them share; the others have one of their own."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Set every case up for one patient, and with `--long` the shared ones for three."""
    if "made" in metafunc.fixturenames:
        more = MORE_SEEDS if metafunc.config.getoption("--long") else ()
        each = [(name, seed) for name in CASES for seed in (0, *(more if name in USUAL else ()))]
        ids = [f"{name}-{seed}" for name, seed in each]
        metafunc.parametrize("made", each, indirect=True, scope="module", ids=ids)


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, set_up: Callable[[str, int], SetUp]) -> SetUp:
    return set_up(*request.param)


def plate_motion(made: SetUp) -> np.ndarray:
    """From the planned pose to the true one, in the plate's frame."""
    return inverse_rigid(made.planned_lps_from_template) @ made.plate.lps_from_template


def test_the_patient_moves_as_the_recipe_says(made: SetUp) -> None:
    motion, tumour = made.motion.set_up, made.on_table.tumour_centre_mm
    low, high = made.recipe.patient.shift_mm
    assert low <= np.linalg.norm(moved_points(motion, tumour) - tumour) <= high
    low, high = made.recipe.patient.turn_deg
    assert low <= np.degrees(Rotation.from_matrix(motion[:3, :3]).magnitude()) <= high


def test_the_plate_stands_where_the_recipe_says(made: SetUp) -> None:
    motion = plate_motion(made)
    middle = np.array([0.0, 0.0, 0.5 * made.plate.spec.plate.thickness_mm])
    shift = moved_points(motion, middle) - middle
    turn = Rotation.from_matrix(motion[:3, :3])
    expected = {"plate-rotated": [0.0, 0.0, 180.0], "plate-turned-over": [180.0, 0.0, 0.0]}
    asked = np.array(expected.get(made.recipe.name, [0.0, 0.0, 0.0]))
    assert np.abs(np.degrees(turn.as_rotvec())) == pytest.approx(asked, abs=1e-6)
    assert np.linalg.norm(shift) == pytest.approx(
        4.0 if made.recipe.name in {"plate-slipped", "as-in-the-room"} else 0.0, abs=1e-9
    )
    assert shift[2] == pytest.approx(0.0, abs=1e-9)


def test_markers_are_lost_where_the_case_says_so(made: SetUp) -> None:
    named = {"marker-lost": 1, "two-markers-lost": 2, "as-in-the-room": 1}
    lost = named.get(made.recipe.name, 0)
    assert len(made.plate.lost_markers) == lost
    assert len(markers_lps_mm(made.plate)) == len(marker_labels(made.plate.spec)) - lost


def face_off_skin_mm(made: SetUp, pose: np.ndarray) -> float:
    """Lead the patient face back to the patient at rest: what is off the skin there is off now."""
    face = pulled_back(
        made.motion.whole.of("wall"), moved_points(pose, face_points_mm(made.plate.spec))
    )
    own = moved_points(inverse_rigid(made.on_table.lps_from_body), face)
    return float(signed_distance_mm(made.on_table.skin, own).min())


def test_the_planned_plate_is_level_over_the_tumour_and_clear_of_the_skin(made: SetUp) -> None:
    pose = made.planned_lps_from_template
    assert np.degrees(np.arccos(pose[1, 2])) <= 6.0
    there = made.motion.whole.of("liver")
    tumour = moved_points(inverse_rigid(pose), moved_points(there, made.on_table.tumour_centre_mm))
    assert tumour[:2] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert 20.0 < tumour[2] < 200.0
    stretch = made.motion.whole.of("wall").stretch_factor
    if made.recipe.plate.is_another:
        return  # the plan's plate is larger than the one that stands
    gap = face_off_skin_mm(made, pose)
    assert CLEARANCE_MM - 1e-6 <= gap <= CLEARANCE_MM * stretch + 0.01


def test_the_plate_as_it_stands_touches_no_skin(made: SetUp) -> None:
    pose = made.plate.lps_from_template
    if made.recipe.plate.is_turned_over:
        pose = made.planned_lps_from_template  # the same slab, seen from its other face
    assert face_off_skin_mm(made, pose) >= 1.0


def test_columns_run_to_the_left_and_rows_to_the_feet(made: SetUp) -> None:
    pose = made.planned_lps_from_template
    assert pose[0, 0] > 0.95
    assert pose[2, 1] < -0.95


NEEDLES = {"needles-driven": 6, "antenna-bent": 6, "strong-streaks": 6, "as-in-the-room": 6,
           "antennas-crossing": 7}  # fmt: skip


def test_needles_stand_where_the_case_says(made: SetUp) -> None:
    name = made.recipe.name
    assert len(made.needles) == NEEDLES.get(name, 0)
    target = moved_points(made.motion.whole.of("liver"), made.patient.tumour_centre_mm)
    for needle in made.needles:
        written = truth_of_needle(needle)
        is_bent = name == "antenna-bent" and written["role"] == "antenna"
        assert written["bend_radius_mm"] == (250.0 if is_bent else None)
        tip, tail = np.array(written["tip_lps_mm"]), np.array(written["tail_lps_mm"])
        # straight first, then a circle that leaves it without a kink
        turn = written["arc_length_mm"] / 250.0
        ahead = written["length_mm"] - written["arc_length_mm"] + 250.0 * np.sin(turn)
        aside = 250.0 * (1.0 - np.cos(turn))
        assert np.linalg.norm(tip - tail) == pytest.approx(np.hypot(ahead, aside), abs=1e-6)
        if written["role"] == "antenna" and not (is_bent or isinstance(needle, FreeNeedle)):
            # as close to the tumour as a bore and its play allow, some millimetres beyond it
            assert np.linalg.norm(tip - target) < 25.0


def test_what_an_ablation_leaves_is_what_the_case_says(made: SetUp) -> None:
    claimed = {"ablation-complete": 4.0, "ablation-incomplete": -3.0}.get(made.recipe.name)
    assert (made.zone is None) == (claimed is None)
    if made.zone is None or claimed is None:
        return
    lesion = made.patient.lesions[0]
    rng = np.random.default_rng(1)
    ways = rng.standard_normal((200_000, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    surface = lesion.centre_mm + lesion.radii_mm[0] * ways
    depth = made.zone.radii_mm[0] - np.linalg.norm(surface - made.zone.lps_from_zone[:3, 3], axis=1)
    assert depth.min() == pytest.approx(claimed, abs=0.01)
    assert sphere_margin_mm(lesion, made.zone) == pytest.approx(claimed, abs=1e-9)
    # a share of random points of the lesion, however it is cut
    inner = lesion.centre_mm + points_of_ball(rng, lesion.radii_mm[0])
    missed = np.linalg.norm(inner - made.zone.lps_from_zone[:3, 3], axis=1) > made.zone.radii_mm[0]
    left_ml = residual_volume_ml(lesion, made.zone)
    assert left_ml == pytest.approx(missed.mean() * lesion.volume_ml, abs=0.01 * lesion.volume_ml)
    assert (left_ml > 0.0) == (claimed < 0.0)


def points_of_ball(rng: np.random.Generator, radius_mm: float) -> np.ndarray:
    """Draw points evenly from a ball."""
    ways = rng.standard_normal((200_000, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return radius_mm * np.cbrt(rng.uniform(0.0, 1.0, (200_000, 1))) * ways


def test_an_honest_method_declines_a_plate_that_lies_upside_down() -> None:
    assert recipe_of("plate-turned-over").asks["pose"] == "decline"
    assert recipe_of("easy").asks == dict.fromkeys(("register", "pose", "plan"), "answer")
    assert recipe_of("antenna-bent").asks["needles"] == "answer"
    assert recipe_of("ablation-incomplete").asks["margin"] == "answer"
    assert recipe_of("wrong-plate").asks["pose"] == "decline"
    assert recipe_of("wrong-patient").asks["register"] == "decline"
    assert recipe_of("vanished-lesion").asks["older"] == "answer"
    assert recipe_of("vanished-lesion").asks["plan"] == "decline"


def test_each_case_asks_a_question() -> None:
    assert len(CASES) >= 24
    for recipe in CASES.values():
        assert recipe.question.endswith("?")


def test_an_unknown_case_is_refused_with_the_list() -> None:
    with pytest.raises(CaseUnknownError, match="plate-slipped"):
        recipe_of("no-such-case")
