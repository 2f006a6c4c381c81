"""Every seed is another patient, right is right, and the tumour keeps its promises."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms.anatomy import Patient, build_patient
from phantoms.bounds import bounds_mm
from phantoms.motion import inverse_rigid, moved_points
from phantoms.organs.skeleton import rib_lines, rib_shape
from phantoms.physique import draw_physique
from phantoms.program import signed_distance_mm
from phantoms.sampling import points_within, volume_ml
from phantoms.tumour import MOST_LEAN_DEG

if TYPE_CHECKING:
    from phantoms.shapes import Shape

SEEDS = range(8)
RAYS = 24


def shape_named(patient: Patient, name: str) -> Shape:
    return next(part.shape for part in patient.parts if part.name == name)


@pytest.fixture(scope="module", params=SEEDS)
def someone(request: pytest.FixtureRequest) -> Patient:
    return build_patient(request.param)


def tumour_in_body_mm(patient: Patient) -> np.ndarray:
    return moved_points(inverse_rigid(patient.lps_from_body), patient.tumour_centre_mm)


def test_the_liver_has_a_human_volume(someone: Patient) -> None:
    assert 1200.0 <= volume_ml(shape_named(someone, "liver"), 2.5) <= 1600.0


@pytest.mark.hazard(1)
def test_the_liver_lies_on_the_right_and_the_spleen_on_the_left(someone: Patient) -> None:
    def centre_x(name: str) -> float:
        inside = points_within(shape_named(someone, name), 5.0)
        return float(moved_points(someone.lps_from_body, inside)[:, 0].mean())

    middle = moved_points(someone.lps_from_body, [0.0, 0.0, -90.0])[0]
    assert centre_x("liver") < middle - 20.0
    assert centre_x("spleen") > middle + 40.0
    assert centre_x("right kidney") < middle < centre_x("left kidney")


def test_the_patient_does_not_lie_at_the_origin(someone: Patient) -> None:
    assert np.abs(someone.field_centre_mm[:2]).max() > 20.0
    assert abs(someone.field_centre_mm[0]) > 4.0


def test_the_tumour_is_small_deep_and_clear_of_vessels(someone: Patient) -> None:
    centre, radius = tumour_in_body_mm(someone), 0.5 * someone.tumour_diameter_mm
    assert 6.0 <= radius <= 8.5
    assert signed_distance_mm(shape_named(someone, "liver"), [centre])[0] <= -(radius + 8.0)
    for part in someone.parts:
        if part.tissue.structure == "vessel":
            assert signed_distance_mm(part.shape, [centre])[0] >= radius + 8.0, part.name


def test_the_corridor_is_free_of_bone_lung_and_bowel(someone: Patient) -> None:
    """Brute force: 24 lines on the corridor's wall, sampled every 0.5 mm, meet no obstacle."""
    way = someone.corridor.moved(inverse_rigid(someone.lps_from_body))
    along = way.target_mm - way.entry_mm
    length = float(np.linalg.norm(along))
    across = np.linalg.svd(along[None, :])[2][1:]
    angles = np.linspace(0.0, 2.0 * np.pi, RAYS, endpoint=False)
    rim = 8.0 * (np.cos(angles)[:, None] * across[0] + np.sin(angles)[:, None] * across[1])
    steps = np.linspace(0.0, 1.0, int(2 * length))
    walls = way.entry_mm + rim[:, None, :] + steps[None, :, None] * along
    middle = way.entry_mm + steps[:, None] * along
    samples = np.concatenate([walls.reshape(-1, 3), middle])
    in_skin = samples[signed_distance_mm(someone.skin, samples) <= 0.0]
    # a loop that the liver presses on is painted over by it
    outside = signed_distance_mm(someone.liver, in_skin) > 0.0
    for part in someone.parts:
        if part.tissue.structure == "bowel":
            assert (signed_distance_mm(part.shape, in_skin[outside]) > 0.0).all(), part.name
        if part.tissue.structure in {"bone", "lung"}:
            low, high = bounds_mm(part.shape)
            near = ((in_skin >= low) & (in_skin <= high)).all(axis=1)
            assert (signed_distance_mm(part.shape, in_skin[near]) > 0.0).all(), part.name


def test_the_corridor_leads_from_the_skin_at_most_forty_degrees_off_vertical(
    someone: Patient,
) -> None:
    way = someone.corridor.moved(inverse_rigid(someone.lps_from_body))
    along = (way.target_mm - way.entry_mm) / np.linalg.norm(way.target_mm - way.entry_mm)
    assert np.degrees(np.arccos(along[1])) <= MOST_LEAN_DEG + 1e-6
    assert 0.0 <= signed_distance_mm(someone.skin, [way.entry_mm])[0] <= 1.0
    assert way.target_mm == pytest.approx(tumour_in_body_mm(someone), abs=1e-9)


def test_neighbouring_ribs_leave_a_gap(someone: Patient) -> None:
    """Ribs are 12 mm tall and 8 mm thick; the gaps over the liver let a needle pass.

    Over the upper chest, where the vertebrae are lower, they are narrower.
    """
    physique = draw_physique(np.random.default_rng([someone.seed, 1]))
    lines = rib_lines(physique)
    one_side = lines[: len(lines) // 2]
    assert len(one_side) >= 8
    for pair, (upper, lower) in enumerate(pairwise(one_side)):
        surface = rim_points(lower)
        assert np.abs(signed_distance_mm(rib_shape(lower), surface)).max() <= 0.2
        assert signed_distance_mm(rib_shape(upper), surface).min() >= (9.5 if pair < 2 else 12.0)


@pytest.mark.parametrize("seed", [1, 8, 11])
def test_no_bone_comes_near_the_skin(seed: int) -> None:
    """Skin is 2 mm thick, and fat lies under it, thinnest over the spinous processes."""
    patient = build_patient(seed)
    for part in patient.parts:
        if part.name in {"vertebral arch", "vertebra", "rib"}:
            inside = points_within(part.shape, 1.5)
            assert signed_distance_mm(patient.skin, inside).max() <= -3.0, part.name


def rim_points(line_mm: np.ndarray) -> np.ndarray:
    """List points on the upper edge of a rib, its highest in cross-section."""
    fine = np.concatenate(
        [a + np.linspace(0.0, 1.0, 6)[:, None] * (b - a) for a, b in pairwise(line_mm)]
    )
    shape, top = rib_shape(line_mm), fine + np.array([0.0, 0.0, 2.5])
    # the edges are tubes; walk up to the surface
    for _ in range(30):
        top = top - signed_distance_mm(shape, top)[:, None] * [0.0, 0.0, 1.0]
    return top


def test_the_field_holds_the_whole_liver(someone: Patient) -> None:
    liver = moved_points(someone.lps_from_body, points_within(shape_named(someone, "liver"), 4.0))
    size_xyz = someone.field_size_kji_mm[::-1]
    assert (np.abs(liver - someone.field_centre_mm) < 0.5 * size_xyz - 2.0).all()
    assert 190.0 <= size_xyz[2] <= 300.0


def test_below_a_tumour_behind_the_ribs_the_field_holds_a_leaning_plate(someone: Patient) -> None:
    """A plate of 120 mm whose face is 136 mm before the tip, leaning by 30 degrees."""
    liver = moved_points(someone.lps_from_body, points_within(shape_named(someone, "liver"), 4.0))
    middle = someone.tumour_centre_mm[2]
    feet = someone.field_centre_mm[2] - 0.5 * someone.field_size_kji_mm[0]
    head = someone.field_centre_mm[2] + 0.5 * someone.field_size_kji_mm[0]
    assert head - middle >= 60.0 + 20.0 + 8.0
    if middle - liver[:, 2].min() > 105.0:
        # the outermost bore that is still used is 35 mm off the middle
        lean = np.deg2rad(30.0)
        assert middle - feet >= (136.0 + 15.0) * np.sin(lean) + (60.0 + 35.0) * np.cos(lean) + 8.0


def test_seeds_differ_and_repeat() -> None:
    people = [build_patient(seed) for seed in (4, 5, 4)]
    assert np.array_equal(people[0].tumour_centre_mm, people[2].tumour_centre_mm)
    assert people[0].tumour_diameter_mm == people[2].tumour_diameter_mm
    assert np.linalg.norm(people[0].tumour_centre_mm - people[1].tumour_centre_mm) > 1.0
    assert not np.allclose(people[0].field_centre_mm, people[1].field_centre_mm, atol=1.0)
