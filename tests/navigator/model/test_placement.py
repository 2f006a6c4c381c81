"""The protractor's angles say to the operator what the pose says to the machine, and back.

Positive lateral leans the tip to the patient's left, positive craniocaudal to the head, positive
rotation turns the columns by the right hand about the way into the patient.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.model.placement import (
    ProtractorAngles,
    TemplatePlacement,
    angles_from_rotation,
    normal_from_tilts,
    rotation_from_normal,
    table_axes_from_gravity,
    template_frame,
)
from template_gen.layout import build_default_spec
from tests.strategies import directions, protractor_gravities, tilts_deg

if TYPE_CHECKING:
    from navigator.arrays import Floats

LEFT, POSTERIOR, SUPERIOR = np.eye(3)
SUPINE, PRONE = POSTERIOR, -POSTERIOR
ROUNDING = 1e-12
READABLE_DEG = 2e-7
"""Angles are read to 1e-9 degrees; at 89 degrees an arcsine keeps half of the digits."""


def plate_axes(
    lateral: float, craniocaudal: float, in_plane: float, gravity: Floats = SUPINE
) -> Floats:
    normal = normal_from_tilts(lateral, craniocaudal, gravity)
    return rotation_from_normal(normal, in_plane, gravity)


# hand-made cases


@pytest.mark.hazard(29)
@pytest.mark.parametrize(
    ("lateral", "craniocaudal", "expected"),
    [
        (0, 0, POSTERIOR),
        (90, 0, LEFT),
        (-90, 0, -LEFT),
        (0, 90, SUPERIOR),
        (0, -90, -SUPERIOR),
        (45, 0, (LEFT + POSTERIOR) / np.sqrt(2)),
        (0, 45, (SUPERIOR + POSTERIOR) / np.sqrt(2)),
        (180, 0, -POSTERIOR),
    ],
)
def test_the_way_in_for_a_supine_patient(
    lateral: float, craniocaudal: float, expected: Floats
) -> None:
    assert np.abs(normal_from_tilts(lateral, craniocaudal, SUPINE) - expected).max() <= ROUNDING


@pytest.mark.hazard(29)
@pytest.mark.parametrize("gravity", [SUPINE, PRONE, [0.2, 0.97, -0.1], [-0.3, -0.9, 0.3]])
def test_a_positive_angle_leans_the_tip_to_the_same_side_however_the_patient_lies(
    gravity: Floats,
) -> None:
    """From the level position, on either face of the patient."""
    level = normal_from_tilts(0.0, 0.0, gravity)
    assert normal_from_tilts(10.0, 0.0, gravity) @ LEFT > level @ LEFT
    assert normal_from_tilts(-10.0, 0.0, gravity) @ LEFT < level @ LEFT
    assert normal_from_tilts(0.0, 10.0, gravity) @ SUPERIOR > level @ SUPERIOR
    assert normal_from_tilts(0.0, -10.0, gravity) @ SUPERIOR < level @ SUPERIOR


@pytest.mark.hazard(29)
@given(tilts_deg(), tilts_deg())
def test_the_angles_are_the_formulas_of_the_terms(lateral: float, craniocaudal: float) -> None:
    """For a level table: atan2(n·left, n·down) and asin(n·superior)."""
    x, y, z = normal_from_tilts(lateral, craniocaudal, SUPINE)
    assert np.rad2deg(np.arctan2(x, y)) == pytest.approx(lateral, abs=READABLE_DEG)
    assert np.rad2deg(np.arcsin(z)) == pytest.approx(craniocaudal, abs=1e-5)


@pytest.mark.hazard(29)
def test_a1_is_at_the_operators_top_left_of_a_supine_patient() -> None:
    """Seen from above with the head up, the patient's right is the operator's left."""
    axes = plate_axes(0, 0, 0)
    assert np.abs(axes[:, 0] - LEFT).max() <= ROUNDING  # columns A, B, C run to the left
    assert np.abs(axes[:, 1] + SUPERIOR).max() <= ROUNDING  # rows 1, 2, 3 run to the feet
    assert np.abs(axes[:, 2] - POSTERIOR).max() <= ROUNDING  # bores run into the patient
    first_bore = axes @ [-30.0, -30.0, 0.0]
    assert first_bore @ LEFT < 0 < first_bore @ SUPERIOR  # A1: patient's right, toward the head


def test_on_the_back_of_a_prone_patient_columns_still_run_to_the_left() -> None:
    axes = plate_axes(0, 0, 0, PRONE)
    assert np.abs(axes - np.stack([LEFT, SUPERIOR, -POSTERIOR], axis=1)).max() <= ROUNDING


@pytest.mark.hazard(29)
@pytest.mark.parametrize(
    ("turn", "columns"), [(90, -SUPERIOR), (-90, SUPERIOR), (180, -LEFT), (360, LEFT)]
)
def test_a_turn_in_the_plane_is_right_handed_about_the_way_in(turn: float, columns: Floats) -> None:
    axes = plate_axes(0, 0, turn)
    assert np.abs(axes[:, 0] - columns).max() <= ROUNDING
    assert np.abs(axes[:, 2] - POSTERIOR).max() <= ROUNDING


# round trips


@pytest.mark.hazard(29)
@given(tilts_deg(), tilts_deg(), st.floats(-179.0, 179.0), protractor_gravities())
def test_angles_come_back_from_the_pose(
    lateral: float, craniocaudal: float, in_plane: float, gravity: Floats
) -> None:
    normal = normal_from_tilts(lateral, craniocaudal, gravity)
    _, left, _ = table_axes_from_gravity(gravity)
    assume(abs(normal @ left) < 0.9999)
    read = angles_from_rotation(rotation_from_normal(normal, in_plane, gravity), gravity)
    assert read.lateral_tilt_deg == pytest.approx(lateral, abs=1e-5)
    assert read.craniocaudal_tilt_deg == pytest.approx(craniocaudal, abs=1e-5)
    assert read.in_plane_rotation_deg == pytest.approx(in_plane, abs=1e-5)


@pytest.mark.hazard(29)
@pytest.mark.parametrize("gravity", [SUPINE, PRONE])
@pytest.mark.parametrize(
    "angles",
    list(itertools.product([-130, -30, 0, 30, 130], [-60, 0, 60], [-120, -45, 0, 45, 120])),
)
def test_angles_come_back_in_every_quadrant(
    angles: tuple[float, float, float], gravity: Floats
) -> None:
    read = angles_from_rotation(plate_axes(*angles, gravity), gravity)
    assert read == ProtractorAngles(
        lateral_tilt_deg=pytest.approx(angles[0], abs=1e-7),
        craniocaudal_tilt_deg=pytest.approx(angles[1], abs=1e-7),
        in_plane_rotation_deg=pytest.approx(angles[2], abs=1e-7),
    )


@pytest.mark.hazard(23)
@given(tilts_deg(), tilts_deg(), protractor_gravities(), st.sampled_from([360.0, -360.0]))
def test_a_whole_turn_more_reads_the_same(
    lateral: float, craniocaudal: float, gravity: Floats, whole: float
) -> None:
    once = normal_from_tilts(lateral, craniocaudal, gravity)
    again = normal_from_tilts(lateral + whole, craniocaudal + whole, gravity)
    assert np.abs(once - again).max() <= ROUNDING


@given(directions(), st.floats(-360.0, 360.0), protractor_gravities())
def test_the_plate_is_never_mirrored(normal: Floats, in_plane: float, gravity: Floats) -> None:
    _, left, _ = table_axes_from_gravity(gravity)
    assume(abs(normal @ left) < 0.9999)
    axes = rotation_from_normal(normal, in_plane, gravity)
    assert np.abs(axes.T @ axes - np.eye(3)).max() <= 1e-10
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert np.abs(axes[:, 2] - normal).max() <= ROUNDING


def test_no_reading_is_minus_nought() -> None:
    read = angles_from_rotation(plate_axes(-0.0, -0.0, -0.0), SUPINE)
    for angle in (read.lateral_tilt_deg, read.craniocaudal_tilt_deg, read.in_plane_rotation_deg):
        assert str(angle) == "0.0"


# gravity


@given(protractor_gravities())
def test_the_tables_axes_stand_at_right_angles(gravity: Floats) -> None:
    down, left, superior = table_axes_from_gravity(gravity)
    axes = np.stack([down, left, superior])
    assert np.abs(axes @ axes.T - np.eye(3)).max() <= ROUNDING
    assert down @ gravity == pytest.approx(np.linalg.norm(gravity))
    # left stays left and the head stays the head, prone too
    assert left @ LEFT > 0
    assert superior @ SUPERIOR > 0


@pytest.mark.parametrize(
    "gravity",
    [LEFT, -LEFT, SUPERIOR, -SUPERIOR, [0.95, 0.3, 0.0], [-0.95, 0.2, 0.1], [0.0, 0.2, 0.98]],
    ids=[
        "left side",
        "right side",
        "head down",
        "standing",
        "almost left",
        "almost right",
        "steep",
    ],
)
def test_a_patient_on_the_side_is_refused(gravity: Floats) -> None:
    """In decubitus left is down, so that no lateral tilt is defined."""
    with pytest.raises(InputRefusedError) as caught:
        table_axes_from_gravity(gravity)
    assert caught.value.refusal.code == "gravity-along-protractor-axis"


@pytest.mark.hazard(22)
@pytest.mark.parametrize("gravity", [[0, 0, 0], [0, np.nan, 0], [np.inf, 0, 0], [0, 1]])
def test_no_gravity_is_refused(gravity: list[float]) -> None:
    with pytest.raises(ValueError, match="gravity_lps"):
        table_axes_from_gravity(gravity)


def test_a_normal_along_the_columns_has_no_axes() -> None:
    with pytest.raises(ValueError, match="left in the plate's plane"):
        rotation_from_normal(LEFT, 0.0, SUPINE)


# the pose in a scan


@pytest.mark.hazard(31)
def test_two_plates_of_one_serial_have_two_frames() -> None:
    sizes = (2.1, 2.6)
    first, second = (
        build_default_spec(rows=5, columns=5, pitch_mm=5.0, bore_diameter_mm=size, serial="T-7")
        for size in sizes
    )
    assert template_frame(first) != template_frame(second)
    assert template_frame(first) == template_frame(first)


def test_a_placement_knows_its_normal() -> None:
    scan = Frame(FrameKind.LPS, "1.2.3")
    spec = build_default_spec(rows=5, columns=5, pitch_mm=5.0, bore_diameter_mm=2.1, serial="T-7")
    frame = template_frame(spec)
    assert (frame.kind, frame.uid.startswith("T-7-")) == (FrameKind.TEMPLATE, True)
    placement = TemplatePlacement(
        lps_from_template=RigidTransform(
            matrix=matrix_from_rotation_and_shift(plate_axes(0, 0, 0), [0, -120, 0]),
            target=scan,
            source=template_frame(spec),
        ),
        angles=ProtractorAngles(
            lateral_tilt_deg=0.0, craniocaudal_tilt_deg=0.0, in_plane_rotation_deg=0.0
        ),
        template_hash="0" * 64,
    )
    assert np.abs(placement.normal - POSTERIOR).max() <= ROUNDING
