"""What a case claims of plate, needles and scan, by brute force over its truth."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from phantoms.field import draw_intraop_grid
from phantoms.hardware import markers_lps_mm, truth_of_needle
from phantoms.motion import inverse_rigid, moved_points
from phantoms.program import signed_distance_mm
from phantoms.recipes import CASES, recipe_of
from template_gen.spec import marker_points_mm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from phantoms.setups import SetUp

SEEDS = (0,)


def fit_rms_mm(model: np.ndarray, seen: np.ndarray) -> float:
    """Fit points to points by one rigid motion (SVD), and return what is left."""
    first, second = model - model.mean(axis=0), seen - seen.mean(axis=0)
    turn, _ = Rotation.align_vectors(second, first)
    return float(np.sqrt(np.square(second - turn.apply(first)).sum(axis=1).mean()))


def assignments(model: np.ndarray, seen: np.ndarray) -> Iterator[tuple[tuple[int, ...], float]]:
    """Fit every choice of model points to all points seen."""
    for chosen in itertools.permutations(range(len(model)), len(seen)):
        yield chosen, fit_rms_mm(model[list(chosen)], seen)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_assignment_of_another_plates_markers_fits_the_plan(
    set_up: Callable[[str, int], SetUp], seed: int
) -> None:
    case = set_up("wrong-plate", seed)
    seen = np.array(list(markers_lps_mm(case.plate).values()))
    assert min(rms for _, rms in assignments(marker_points_mm(case.spec), seen)) > 1.0
    assert case.plate.spec.serial != case.spec.serial


@pytest.mark.parametrize("seed", SEEDS)
def test_four_markers_left_fit_one_way_only(set_up: Callable[[str, int], SetUp], seed: int) -> None:
    case = set_up("two-markers-lost", seed)
    seen = np.array(list(markers_lps_mm(case.plate).values()))
    fits = sorted(rms for _, rms in assignments(marker_points_mm(case.spec), seen))
    assert len(seen) == 4
    assert fits[0] < 1e-6
    assert fits[1] > 0.25, "a turned or mirrored assignment fits as well"


@pytest.mark.parametrize("seed", SEEDS)
def test_false_spots_are_as_large_as_markers_and_touch_the_skin_beside_the_plate(
    set_up: Callable[[str, int], SetUp], seed: int
) -> None:
    case = set_up("false-bright-spots", seed)
    assert len(case.stickers_mm) == 4
    own = moved_points(
        inverse_rigid(case.motion.rigid @ case.patient.lps_from_body), case.stickers_mm
    )
    radius = 0.5 * case.spec.markers[0].diameter_mm
    assert signed_distance_mm(case.patient.skin, own) == pytest.approx([radius] * 4, abs=0.01)
    on_plate = moved_points(inverse_rigid(case.plate.lps_from_template), case.stickers_mm)
    half = 0.5 * np.array([case.spec.plate.width_mm, case.spec.plate.height_mm])
    assert (np.abs(on_plate[:, :2]) - half).max(axis=1).min() > radius


@pytest.mark.parametrize("seed", SEEDS)
def test_two_antennas_cross_in_the_axial_picture_and_nowhere_else(
    set_up: Callable[[str, int], SetUp], seed: int
) -> None:
    needles = [truth_of_needle(needle) for needle in set_up("antennas-crossing", seed).needles]
    first, second = (each for each in needles if each["role"] == "antenna")
    lines = []
    for needle in (first, second):
        tail, tip = np.array(needle["tail_lps_mm"]), np.array(needle["tip_lps_mm"])
        lines.append(tail + np.linspace(0.0, 1.0, 2001)[:, None] * (tip - tail))
    flat = np.linalg.norm(lines[0][:, None, :2] - lines[1][None, :, :2], axis=2)
    deep = np.linalg.norm(lines[0][:, None] - lines[1][None], axis=2)
    assert flat.min() < 0.15  # the samples lie 0.15 mm apart
    assert deep.min() >= 5.0
    ways = [np.array(each["direction_at_tip"]) for each in (first, second)]
    assert np.degrees(np.arccos(ways[0] @ ways[1])) > 45.0


@pytest.mark.parametrize("seed", SEEDS)
def test_coils_lie_in_the_liver_round_the_tumour(
    set_up: Callable[[str, int], SetUp], seed: int
) -> None:
    case = set_up("strong-streaks", seed)
    assert len(case.coils_mm) == 3
    body_from_lps = inverse_rigid(case.patient.lps_from_body)
    for course in case.coils_mm:
        assert signed_distance_mm(case.patient.liver, moved_points(body_from_lps, course)).max() < 0
        away = np.linalg.norm(course - case.patient.tumour_centre_mm, axis=1)
        assert away.min() > 0.5 * case.patient.tumour_diameter_mm
        assert away.max() < 0.5 * case.patient.tumour_diameter_mm + 35.0


def test_the_gantry_leans_by_fifteen_degrees(set_up: Callable[[str, int], SetUp]) -> None:
    case = set_up("tilted-gantry", 0)
    grid = grid_of(case)
    normal = np.cross(grid[:3, 2], grid[:3, 1])
    feed = grid[:3, 0]
    angle = np.arccos(abs(normal @ feed) / np.linalg.norm(normal) / np.linalg.norm(feed))
    assert np.degrees(angle) == pytest.approx(15.0, abs=1e-6)


def grid_of(case: SetUp) -> np.ndarray:
    """Lay the grid of the scan with the plate."""
    keep = np.array([case.target_mm, *markers_lps_mm(case.plate).values()])
    rng = np.random.default_rng(1)
    drawn = draw_intraop_grid(case.on_table, rng, protocol=case.recipe.intraop, keep_lps_mm=keep)
    return drawn.lps_from_index


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rolled_couch_rolls_the_patient_and_not_the_plate(
    set_up: Callable[[str, int], SetUp], seed: int
) -> None:
    case = set_up("couch-rolled", seed)
    further = case.motion.rigid[:3, :3] @ case.motion.set_up[:3, :3].T
    turn = np.degrees(Rotation.from_matrix(further).as_rotvec())
    assert turn == pytest.approx([0.0, 0.0, 5.0], abs=1e-9)
    assert np.degrees(np.arccos(case.plate.lps_from_template[1, 2])) <= 6.0


def test_a_tenth_of_the_dose_has_the_square_root_of_ten_times_the_noise() -> None:
    low, routine = recipe_of("low-dose").intraop, 10.0
    assert low.thickness_mm == 2.5
    assert low.noise_hu == pytest.approx(routine * np.sqrt(10.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_truncated_field_cuts_the_patient_and_not_the_plate(
    set_up: Callable[[str, int], SetUp], seed: int
) -> None:
    case = set_up("truncated-field", seed)
    affine = grid_of(case)
    middle = affine[:2, 3] + 0.5 * 259.0  # 260 voxels of 1 mm
    hardware = np.array([case.target_mm, *markers_lps_mm(case.plate).values()])
    assert np.linalg.norm(hardware[:, :2] - middle, axis=1).max() < 130.0
    body_from_lps = inverse_rigid(case.motion.rigid @ case.patient.lps_from_body)
    for side in (0.0, 0.5 * np.pi):  # the patient's left, then his back
        turn = side + np.linspace(-0.4, 0.4, 81)
        rim = np.column_stack([
            middle[0] + 130.0 * np.cos(turn), middle[1] + 130.0 * np.sin(turn),
            np.full(81, case.target_mm[2]),
        ])  # fmt: skip
        cut = signed_distance_mm(case.patient.skin, moved_points(body_from_lps, rim)) < 0.0
        assert cut.mean() > 0.2


def test_every_case_but_those_named_is_scanned_as_usual() -> None:
    unusual = {name for name, recipe in CASES.items() if recipe.intraop != CASES["easy"].intraop}
    assert unusual == {
        "tilted-gantry", "couch-rolled", "low-dose", "truncated-field", "as-in-the-room"
    }  # fmt: skip
