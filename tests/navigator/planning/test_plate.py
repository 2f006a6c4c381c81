"""The plate stands over the tumour, above all skin below it, and its bores go where they point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navigator.planning.plate import (
    SKIN_GAP_MM,
    Pointer,
    bore_lines,
    central_straight_bore,
    placement_from_pose,
    stand_plate_on_skin,
)
from template_gen import Bore, TemplateSpec, build_default_spec
from tests.navigator.planning.scenes import DOWN, FRAME, plate
from tests.protocol.needle_checker import bore_place_mm, protractor_deg

SPECS = {
    "odd": plate(rows=5),
    "even": plate(rows=4),
    "wide": build_default_spec(rows=3, columns=8, pitch_mm=6.0, bore_diameter_mm=2.0),
}
ROUNDING_MM = 1e-9
targets = st.tuples(*[st.floats(-30, 30)] * 3).map(np.array)
leans = st.tuples(*[st.floats(-0.8, 0.8)] * 2)


def normal_of(lean: tuple[float, float]) -> np.ndarray:
    vector = np.array([lean[0], 1.0, lean[1]])
    return vector / np.linalg.norm(vector)


def hilly_skin(seed: int, target: np.ndarray) -> np.ndarray:
    """Spread skin points at random heights anterior of a target."""
    rng = np.random.default_rng(seed)
    skin = rng.uniform(-120, 120, size=(3000, 3)) + target
    skin[:, 1] = target[1] - rng.uniform(20, 90, size=3000)
    return skin


@pytest.mark.parametrize("name", list(SPECS))
@settings(max_examples=30, deadline=None)
@given(target=targets, lean=leans, seed=st.integers(0, 999))
def test_no_skin_stands_above_the_patient_face_and_it_is_no_higher_than_needed(
    name: str, target: np.ndarray, lean: tuple[float, float], seed: int
) -> None:
    spec, normal, skin = SPECS[name], normal_of(lean), hilly_skin(seed, target)
    placement = stand_plate_on_skin(
        skin, spec, pointer=Pointer(target_mm=target, normal=normal, frame=FRAME), gravity_lps=DOWN
    )
    pose = placement.lps_from_template.matrix
    inside = (skin - pose[:3, 3]) @ pose[:3, :3]
    half = np.array([spec.plate.width_mm, spec.plate.height_mm]) / 2
    below = (np.abs(inside[:, :2]) <= half).all(axis=1)
    # skin behind the target is not above the plate: the patient's other side
    near = below & (((skin - target) @ normal) < 0)
    gaps = inside[near, 2] - spec.plate.thickness_mm
    assert (gaps >= SKIN_GAP_MM - 1e-6).all()
    rim = (np.abs(inside[:, :2]) <= half + SKIN_GAP_MM + 1e-9).all(axis=1)
    touched = inside[rim & (((skin - target) @ normal) < 0), 2] - spec.plate.thickness_mm
    assert touched.min() == pytest.approx(SKIN_GAP_MM, abs=1e-6)


@pytest.mark.parametrize("name", list(SPECS))
@settings(max_examples=30, deadline=None)
@given(target=targets, lean=leans)
def test_the_central_bore_points_at_the_target(
    name: str, target: np.ndarray, lean: tuple[float, float]
) -> None:
    spec, normal = SPECS[name], normal_of(lean)
    placement = stand_plate_on_skin(
        hilly_skin(1, target), spec,
        pointer=Pointer(target_mm=target, normal=normal, frame=FRAME), gravity_lps=DOWN,
    )  # fmt: skip
    misses = []
    for line in bore_lines(spec, placement):
        assert np.allclose(line.direction, normal)
        misses.append(float(np.linalg.norm(np.cross(target - line.origin_mm, line.direction))))
    assert min(misses) == pytest.approx(0.0, abs=1e-6)
    angles = placement.angles
    shown = (angles.lateral_tilt_deg, angles.craniocaudal_tilt_deg, angles.in_plane_rotation_deg)
    pose = placement.lps_from_template.matrix
    assert np.allclose(shown, protractor_deg(pose, DOWN), atol=1e-6)
    assert angles.in_plane_rotation_deg == pytest.approx(0.0, abs=1e-6)


@pytest.mark.hazard(27, 30)
def test_a_bore_s_line_is_where_its_label_says() -> None:
    spec = SPECS["wide"]
    document = {"grid": {"rows": 3, "columns": 8, "pitch_mm": 6.0}}
    placement = stand_plate_on_skin(
        np.array([[0.0, -50, 0]]), spec,
        pointer=Pointer(target_mm=np.zeros(3), normal=normal_of((0.3, -0.2)), frame=FRAME),
        gravity_lps=DOWN,
    )  # fmt: skip
    pose = placement.lps_from_template.matrix
    lines = {line.label: line for line in bore_lines(spec, placement)}
    assert len(lines) == 24
    for label, line in lines.items():
        place = pose[:3, :3] @ bore_place_mm(document, label) + pose[:3, 3]
        assert np.allclose(line.origin_mm, place, atol=ROUNDING_MM)
        assert line.diameter_mm == 2.0


def test_angled_bores_keep_their_direction_in_the_patient() -> None:
    base = SPECS["odd"]
    bore = Bore(label="P1", x_mm=18.0, y_mm=0.0, diameter_mm=2.0, direction=(0.28, 0.0, 0.96))
    spec = TemplateSpec(
        serial="A-1", plate=base.plate, grid=base.grid, bores=(bore,), markers=base.markers,
        printer=base.printer,
    )  # fmt: skip
    placement = stand_plate_on_skin(
        np.array([[0.0, -50, 0]]), spec,
        pointer=Pointer(target_mm=np.zeros(3), normal=DOWN, frame=FRAME), gravity_lps=DOWN,
    )  # fmt: skip
    line = next(line for line in bore_lines(spec, placement) if line.label == "P1")
    # an upright plate on a supine patient: columns to the left, z down
    assert np.allclose(line.direction, [0.28, 0.96, 0.0])
    only_angled = TemplateSpec(
        serial="A-2", plate=base.plate, grid=None, bores=(bore,), markers=base.markers,
        printer=base.printer,
    )  # fmt: skip
    assert central_straight_bore(only_angled).tolist() == [0.0, 0.0]


def test_the_seen_from_above_plate_has_a1_at_the_patient_s_right_and_head() -> None:
    spec = SPECS["odd"]
    placement = stand_plate_on_skin(
        np.array([[0.0, -50, 0]]), spec,
        pointer=Pointer(target_mm=np.zeros(3), normal=DOWN, frame=FRAME), gravity_lps=DOWN,
    )  # fmt: skip
    first = next(line for line in bore_lines(spec, placement) if line.label == "A1")
    assert first.origin_mm[0] < 0, "the patient's right"
    assert first.origin_mm[2] > 0, "the head"


def test_the_placement_names_its_plate() -> None:
    spec, other = SPECS["odd"], SPECS["even"]
    pointer = Pointer(target_mm=np.zeros(3), normal=DOWN, frame=FRAME)
    skin = np.array([[0.0, -50, 0]])
    first = stand_plate_on_skin(skin, spec, pointer=pointer, gravity_lps=DOWN)
    again = placement_from_pose(first.lps_from_template, spec, DOWN)
    changed = placement_from_pose(first.lps_from_template, other, DOWN)
    assert again.template_hash == first.template_hash != changed.template_hash
