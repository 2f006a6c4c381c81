"""A breath moves the dome by its amplitude, what touches stays in touch, the spine rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms import tissues
from phantoms.breathing import Breathing, breathing_motion, draw_breathing
from phantoms.carrying import carried_shape
from phantoms.errors import MotionRefusedError
from phantoms.motion import GROUPS, body_chained, inverse_rigid, moved_points, pulled_back
from phantoms.program import distance_field
from phantoms.sampling import points_within, volume_ml
from phantoms.shapes import Union

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.motion import BodyMotion
    from phantoms.shapes import Shape

DEEP = Breathing(
    amplitude_mm=25.0,
    front_mm=7.0,
    side_mm=1.8,
    front_share=0.25,
    liver_compression_share=0.25,
    liver_tilt_share=0.1,
)
OUT = Breathing(
    amplitude_mm=-18.0,
    front_mm=-4.0,
    side_mm=-1.0,
    front_share=0.2,
    liver_compression_share=0.1,
    liver_tilt_share=0.05,
)
BREATHS = {"in": DEEP, "out": OUT}


def in_body(patient: Patient, breath: Breathing) -> BodyMotion:
    """Build the breath as the body frame sees it."""
    there = patient.lps_from_body
    return body_chained(there, breathing_motion(patient, breath), inverse_rigid(there))


def shape_of(patient: Patient, name: str) -> Shape:
    return Union(tuple(part.shape for part in patient.parts if part.name == name))


@pytest.fixture(scope="module", params=BREATHS)
def breath(request: pytest.FixtureRequest) -> Breathing:
    """Give each breath in turn."""
    return BREATHS[request.param]


@pytest.fixture(scope="module")
def moved(patient: Patient, breath: Breathing) -> BodyMotion:
    """Let the patient of the tests breathe."""
    return in_body(patient, breath)


def top_of(shape: Shape, spacing_mm: float = 3.0) -> np.ndarray:
    points = points_within(shape, spacing_mm)
    return points[points[:, 2].argmax()]


@pytest.mark.hazard(21)
def test_the_dome_moves_by_the_amplitude(
    patient: Patient, breath: Breathing, moved: BodyMotion
) -> None:
    top = top_of(shape_of(patient, "liver"))
    for group in ("liver", "lung", "abdomen"):
        came_down = top[2] - moved_points(moved.of(group), top)[2]
        assert came_down == pytest.approx(breath.amplitude_mm, rel=0.05)


def test_the_spine_rests_and_the_belly_comes_out(
    patient: Patient, breath: Breathing, moved: BodyMotion
) -> None:
    for name in ("spinal canal", "vertebra"):
        spine = points_within(shape_of(patient, name), 7.0)
        assert np.abs(moved_points(moved.of("wall"), spine) - spine).max() <= 0.05
    skin = front_of_skin(patient)
    forward = skin[:, 1] - moved_points(moved.of("wall"), skin)[:, 1]
    assert np.abs(forward).max() == pytest.approx(abs(breath.front_mm), rel=0.1)
    assert (forward * np.sign(breath.front_mm) >= -1e-6).all()


def front_of_skin(patient: Patient) -> np.ndarray:
    """List points 4 mm apart along the skin's midline from the sternum to the navel."""
    x, y, z = np.meshgrid(0.0, np.arange(-170.0, 0.0, 1.0), np.arange(-160.0, 0.0, 4.0))
    line = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    near = np.abs(distance_field(patient.skin)(line)) <= 1.0
    return line[near]


@pytest.mark.hazard(21)
def test_whatever_slides_neither_enters_the_wall_nor_leaves_it(
    patient: Patient, moved: BodyMotion
) -> None:
    cavity = distance_field(shape_of(patient, "cavity"))
    inside_now = distance_field(carried_shape(shape_of(patient, "cavity"), moved.of("wall")))
    for group, name in (("lung", "right lung"), ("lung", "left lung"), ("liver", "liver")):
        points = points_within(shape_of(patient, name), 9.0)
        before, now = cavity(points), inside_now(moved_points(moved.of(group), points))
        # what lay inside lies inside still, and as near to the wall as it did
        close = before > -12.0
        assert now[before <= 0.0].max() <= 0.2
        assert np.abs(now - before)[close].max() <= 2.0


@pytest.mark.hazard(21)
def test_the_lung_stays_on_the_diaphragm(patient: Patient, moved: BodyMotion) -> None:
    lungs = Union((shape_of(patient, "right lung"), shape_of(patient, "left lung")))
    dome = distance_field(shape_of(patient, "diaphragm"))
    dome_now = distance_field(carried_shape(shape_of(patient, "diaphragm"), moved.of("lung")))
    base = points_within(lungs, 6.0)
    base = base[dome(base) <= 8.0]
    assert len(base) > 200
    now = moved_points(moved.of("lung"), base)
    assert dome_now(now).min() > 0.0
    # both follow one motion: a point of the lung keeps its place above the diaphragm
    assert np.abs(pulled_back(moved.of("lung"), now) - base).max() <= 1e-6


@pytest.mark.hazard(21)
def test_the_liver_slides_along_the_chest_wall_and_keeps_its_size(
    patient: Patient, breath: Breathing, moved: BodyMotion
) -> None:
    liver = shape_of(patient, "liver")
    points = points_within(liver, 8.0)
    slid = moved_points(moved.of("liver"), points) - moved_points(moved.of("wall"), points)
    way = -slid[:, 2] * np.sign(breath.amplitude_mm)
    assert 0.5 * abs(breath.amplitude_mm) <= way.min()
    assert way.max() <= 1.15 * abs(breath.amplitude_mm)
    other = moved_points(moved.of("abdomen"), points) - moved_points(moved.of("liver"), points)
    assert np.linalg.norm(other, axis=1).max() >= 0.05 * abs(breath.amplitude_mm)
    after = volume_ml(carried_shape(liver, moved.of("liver")), 4.0)
    assert after == pytest.approx(volume_ml(liver, 4.0), rel=0.05)


def test_the_liver_does_not_enter_what_lies_beside_it(patient: Patient, moved: BodyMotion) -> None:
    liver_now = distance_field(carried_shape(shape_of(patient, "liver"), moved.of("liver")))
    for name in ("right kidney", "stomach"):
        points = points_within(shape_of(patient, name), 4.0)
        assert liver_now(moved_points(moved.of("abdomen"), points)).min() >= 0.0


def test_organs_farther_from_the_diaphragm_move_less(
    patient: Patient, breath: Breathing, moved: BodyMotion
) -> None:
    means = []
    for name in ("spleen", "left kidney", "small bowel"):
        points = points_within(shape_of(patient, name), 8.0)
        down = points[:, 2] - moved_points(moved.of("abdomen"), points)[:, 2]
        means.append(down.mean() / breath.amplitude_mm)
    assert 1.1 > means[0] > means[1] > means[2] > 0.0


@pytest.mark.hazard(21)
def test_every_field_composed_with_its_inverse_stays_in_place(moved: BodyMotion) -> None:
    rng = np.random.default_rng(8)
    points = rng.uniform([-180.0, -140.0, -260.0], [180.0, 130.0, 120.0], (4000, 3))
    for group in GROUPS:
        there = moved_points(moved.of(group), points)
        assert np.abs(pulled_back(moved.of(group), there) - points).max() <= 1e-6
        back = pulled_back(moved.of(group), points)
        assert np.abs(moved_points(moved.of(group), back) - points).max() <= 1e-6


def test_drawn_breaths_follow_their_seed_and_fold_no_tissue(patient: Patient) -> None:
    for seed in range(6):
        breath = draw_breathing(np.random.default_rng(seed), breathes_out=bool(seed % 2))
        assert 10.0 <= abs(breath.amplitude_mm) <= 25.0
        assert (breath.amplitude_mm < 0.0) == bool(seed % 2)
        assert breath == draw_breathing(np.random.default_rng(seed), breathes_out=bool(seed % 2))
        breathing_motion(patient, breath)


def test_a_breath_too_deep_is_refused() -> None:
    with pytest.raises(MotionRefusedError, match="deeper"):
        draw_breathing(np.random.default_rng(1), amplitude_mm=(40.0, 50.0))


def test_each_part_belongs_to_the_group_that_carries_it(patient: Patient) -> None:
    group = {part.name: part.group for part in patient.parts}
    for name in ("skin", "wall", "cavity", "rib", "vertebra", "sternum"):
        assert group[name] == "wall"
    for name in ("liver", "tumour", "gallbladder", "portal vein", "right hepatic vein"):
        assert group[name] == "liver"
    for name in ("stomach", "colon", "spleen", "right kidney", "pancreas"):
        assert group[name] == "abdomen"
    for name in ("right lung", "left lung", "heart", "diaphragm"):
        assert group[name] == "lung"
    with pytest.raises(MotionRefusedError, match="No group"):
        tissues.Part(name="x", shape=patient.skin, tissue=tissues.FAT, group="leg")
