"""A needle in a bore touches its wall and never enters it, and its tip is where its depth says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantoms.errors import HardwareRefusedError
from phantoms.hardware import (
    OUTER_MM,
    DrivenNeedle,
    FreeNeedle,
    Needle,
    PlacedPlate,
    ThreadedNeedle,
    build_needle,
    course_of,
    directions_along,
    drive_needle,
    find_bore,
    guide_ends_mm,
    play_mm,
    points_along,
    slack_tilt_rad,
)
from phantoms.motion import inverse_rigid, moved_points
from template_gen.bores import bore_axis
from template_gen.models import Bore

BORES = ("C3", "A1", "E5", "S1", "S2")
TOUCH_MM = 0.003
"""The offsets allow for the widest cut of any lean, the needle may lean less."""

ISO_LIMITS_MM = {  # ISO 9626:2016, table 1: least and most outer diameter
    10: (3.3, 3.5), 11: (2.95, 3.15), 12: (2.65, 2.85), 13: (2.3, 2.5), 14: (1.95, 2.15),
    15: (1.75, 1.9), 16: (1.6, 1.69), 17: (1.4, 1.51), 18: (1.2, 1.3),
}  # fmt: skip


def test_outer_diameters_lie_in_the_limits_of_the_standard() -> None:
    assert OUTER_MM.keys() == ISO_LIMITS_MM.keys()
    for gauge, (least, most) in ISO_LIMITS_MM.items():
        assert least <= OUTER_MM[gauge] <= most, gauge


def surface_mm(driven: DrivenNeedle) -> np.ndarray:
    """Lay points over the shaft's surface in the template frame, without the course's own laws."""
    course = course_of(driven)
    along = np.arange(0.0, course.length_mm, 0.05)
    axis = points_along(course, along)
    ahead = np.gradient(axis, along, axis=0, edge_order=2)
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    side = np.cross(ahead, [0.3, -0.5, 0.81])
    side /= np.linalg.norm(side, axis=1)[:, None]
    other = np.cross(ahead, side)
    turns = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)[:, None, None]
    ring = axis + 0.5 * driven.needle.diameter_mm * (np.cos(turns) * side + np.sin(turns) * other)
    return moved_points(inverse_rigid(driven.plate.lps_from_template), ring.reshape(-1, 3))


@settings(max_examples=60, deadline=None)
@given(
    bore=st.sampled_from(BORES),
    gauge=st.sampled_from([14, 16, 18]),
    seed=st.integers(0, 10_000),
    bend_mm=st.sampled_from([80.0, 300.0, np.inf]),
)
def test_a_driven_needle_touches_the_wall_and_never_enters_it(
    plate: PlacedPlate, bore: str, gauge: int, seed: int, bend_mm: float
) -> None:
    needle = build_needle("fixing", "F1", gauge=gauge, length_mm=150.0, bend_radius_mm=bend_mm)
    driven = drive_needle(needle, plate, bore, 90.0, np.random.default_rng(seed))
    axis = find_bore(plate, bore)
    points = surface_mm(driven) - axis.entry_mm
    along = points @ axis.direction
    off = np.linalg.norm(points - along[:, None] * axis.direction, axis=1)
    thickness = plate.spec.plate.thickness_mm
    in_slab = (points[:, 2] >= 0.0) & (points[:, 2] <= thickness)
    in_sleeve = (points[:, 2] < 0.0) & (along >= -axis.sleeve_mm)
    walled = off[in_slab | (in_sleeve if axis.sleeve_mm else False)]
    assert walled.max() <= 0.5 * axis.diameter_mm + 1e-6
    ends = guide_ends_mm(axis)
    least = play_mm(axis, needle.diameter_mm)
    assert least == pytest.approx(0.5 * (axis.diameter_mm - needle.diameter_mm), abs=TOUCH_MM)
    tilt = np.arccos(
        np.clip(
            (plate.lps_from_template[:3, :3] @ axis.direction) @ course_of(driven).direction, -1, 1
        )
    )
    assert tilt <= slack_tilt_rad(axis.diameter_mm, needle.diameter_mm, ends[1] - ends[0]) + 1e-7
    near_end = np.abs(along - ends[1]) < 0.2
    assert off[near_end].max() >= 0.5 * axis.diameter_mm - TOUCH_MM


def test_slack_tilt_of_a_straight_bore_is_that_of_the_glossary() -> None:
    # a needle of 1.8 mm in a bore of 2.0 mm: 1.15 degrees over 10 mm, 0.38 over 30 mm
    for guide, expected in ((10.0, 1.15), (15.0, 0.76), (30.0, 0.38)):
        assert np.rad2deg(slack_tilt_rad(2.0, 1.8, guide)) == pytest.approx(expected, abs=0.005)


def test_the_greatest_lean_is_reached_and_throws_the_tip_off(plate: PlacedPlate) -> None:
    needle = build_needle("locating", "L", gauge=14, length_mm=150.0)
    axis = find_bore(plate, "C3")
    free = play_mm(axis, needle.diameter_mm)
    driven = DrivenNeedle(
        needle=needle,
        plate=plate,
        bore="C3",
        guide_depth_mm=100.0,
        at_entry_mm=(-free, 0.0),
        at_exit_mm=(free, 0.0),
    )
    tip = moved_points(
        inverse_rigid(plate.lps_from_template), points_along(course_of(driven), [150.0])
    )
    most = slack_tilt_rad(axis.diameter_mm, needle.diameter_mm, axis.guide_length_mm)
    assert tip[0, 0] - axis.entry_mm[0] == pytest.approx(
        np.tan(most) * (100.0 - 0.5 * axis.guide_length_mm), rel=0.01
    )


@given(bore=st.sampled_from(BORES), depth=st.floats(40.0, 130.0))
@settings(max_examples=30, deadline=None)
def test_a_centred_straight_needle_ends_at_its_guide_depth_on_the_bores_axis(
    plate: PlacedPlate, bore: str, depth: float
) -> None:
    needle = build_needle("fixing", "F", gauge=16, length_mm=160.0)
    driven = DrivenNeedle(needle=needle, plate=plate, bore=bore, guide_depth_mm=depth)
    axis = find_bore(plate, bore)
    wanted = moved_points(plate.lps_from_template, axis.entry_mm + depth * axis.direction)
    tip = points_along(course_of(driven), [160.0])[0]
    assert tip == pytest.approx(wanted, abs=1e-9)


@given(radius=st.floats(80.0, 900.0), angle=st.floats(-3.0, 3.0))
@settings(max_examples=30, deadline=None)
def test_a_bent_needle_runs_round_one_circle_that_begins_at_the_patient_face(
    plate: PlacedPlate, radius: float, angle: float
) -> None:
    needle = build_needle("antenna", "A", gauge=14, length_mm=180.0, bend_radius_mm=radius,
                          bend_direction_rad=angle)  # fmt: skip
    driven = DrivenNeedle(needle=needle, plate=plate, bore="B2", guide_depth_mm=110.0)
    course = course_of(driven)
    thickness = plate.spec.plate.thickness_mm
    leaving = points_along(course, [180.0 - 110.0 + thickness])[0]
    depth = moved_points(inverse_rigid(plate.lps_from_template), leaving)[2]
    assert depth == pytest.approx(thickness, abs=1e-9)
    along = np.linspace(180.0 - 110.0 + thickness, 180.0, 50)
    points = points_along(course, along)
    centre = leaving + radius * course.bend_towards
    assert np.linalg.norm(points - centre, axis=1) == pytest.approx(radius, rel=1e-9)
    # the arc's length, by adding up many chords
    fine = points_along(course, np.linspace(along[0], along[-1], 20_001))
    assert np.linalg.norm(np.diff(fine, axis=0), axis=1).sum() == pytest.approx(
        110.0 - thickness, abs=1e-5
    )
    # the bend leads toward the side asked for: columns at 0, rows at a quarter turn
    aside = plate.lps_from_template[:3, :3].T @ course.bend_towards
    assert aside == pytest.approx([np.cos(angle), np.sin(angle), 0.0], abs=1e-9)
    steps = np.diff(points, axis=0)
    steps /= np.linalg.norm(steps, axis=1)[:, None]
    assert directions_along(course, [180.0])[0] @ steps[-1] == pytest.approx(1.0, abs=1e-3)


@given(radius=st.sampled_from([90.0, 250.0, np.inf]), angle=st.floats(-3.0, 3.0))
@settings(max_examples=30, deadline=None)
def test_a_needle_by_hand_passes_its_entry_and_ends_at_its_tip(radius: float, angle: float) -> None:
    needle = build_needle("fixing", "H", gauge=17, length_mm=200.0, bend_radius_mm=radius,
                          bend_direction_rad=angle)  # fmt: skip
    entry, tip = np.array([12.0, -70.0, 5.0]), np.array([-20.0, 30.0, 14.0])
    course = course_of(FreeNeedle(needle=needle, entry_mm=entry, tip_mm=tip))
    assert points_along(course, [200.0])[0] == pytest.approx(tip, abs=1e-9)
    assert points_along(course, [course.straight_mm])[0] == pytest.approx(entry, abs=1e-9)


def test_an_antenna_in_a_cannula_keeps_to_its_middle_line(plate: PlacedPlate) -> None:
    cannula = build_needle("coaxial", "C", gauge=13, length_mm=100.0, bend_radius_mm=150.0)
    slim = replace(cannula, gauge=14, lumen_mm=1.6)
    carrier = DrivenNeedle(needle=slim, plate=plate, bore="C3", guide_depth_mm=80.0)
    antenna = build_needle("antenna", "A", gauge=17, length_mm=160.0)
    course = course_of(ThreadedNeedle(needle=antenna, carrier=carrier, beyond_mm=20.0))
    outer = course_of(carrier)
    along = np.linspace(0.0, 100.0, 41)
    behind = 160.0 - 100.0 - 20.0
    assert points_along(course, along + behind) == pytest.approx(
        points_along(outer, along), abs=1e-9
    )
    assert course.length_mm == 160.0


def driven(plate: PlacedPlate, needle: Needle, **changes: object) -> DrivenNeedle:
    usual = {"bore": "C3", "guide_depth_mm": 80.0, **changes}
    return DrivenNeedle(needle=needle, plate=plate, **usual)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "placing", "said"),
    [
        ({"gauge": 13}, {}, "pass the bore"),
        ({}, {"bore": "Z9"}, "no such bore"),
        ({}, {"at_entry_mm": (0.4, 0.0)}, "wall of its bore"),
        ({}, {"guide_depth_mm": 151.0}, "too short"),
        ({}, {"guide_depth_mm": 5.0}, "ends in the plate"),
        ({}, {"guide_depth_mm": float("nan")}, "too short"),
        ({"gauge": 30}, {}, "no such needle"),
        ({"bend_radius_mm": 10.0}, {}, "no such needle"),
        ({"tip": "open"}, {}, "no such needle"),
        ({"slot_mm": 3.0, "slot_from_tip_mm": 1.0}, {}, "no such needle"),
    ],
)
@pytest.mark.hazard(37)
def test_what_does_not_fit_is_refused(
    plate: PlacedPlate, change: dict[str, object], placing: dict[str, object], said: str
) -> None:
    needle = build_needle("fixing", "F1", gauge=16, length_mm=150.0)
    with pytest.raises(HardwareRefusedError, match=said):
        driven(plate, replace(needle, **change), **placing)  # type: ignore[arg-type]


def test_free_and_threaded_needles_that_do_not_reach_are_refused(plate: PlacedPlate) -> None:
    needle = build_needle("fixing", "F1", gauge=16, length_mm=100.0)
    with pytest.raises(HardwareRefusedError, match="reach"):
        FreeNeedle(needle=needle, entry_mm=np.zeros(3), tip_mm=np.array([0.0, 101.0, 0.0]))
    cannula = driven(plate, replace(needle, gauge=14, tip="open", lumen_mm=1.6))
    with pytest.raises(HardwareRefusedError, match="pass the cannula"):
        ThreadedNeedle(needle=needle, carrier=cannula, beyond_mm=5.0)
    with pytest.raises(HardwareRefusedError, match="too short for its cannula"):
        ThreadedNeedle(needle=replace(needle, gauge=17), carrier=cannula, beyond_mm=5.0)


def test_chance_comes_from_the_generator_alone(plate: PlacedPlate) -> None:
    needle = build_needle("fixing", "F1", gauge=16, length_mm=150.0)
    one, same, other = (
        drive_needle(needle, plate, "A2", 70.0, np.random.default_rng(seed)).at_exit_mm
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_leaning_bore_without_a_sleeve_guides_as_far_as_its_wall_reaches() -> None:
    axis = bore_axis(Bore(label="P", x_mm=0, y_mm=0, diameter_mm=2, direction=(0.6, 0, 0.8)), 12.0)
    # the lip reaches one radius times the tangent of the lean beyond the axis' end
    assert guide_ends_mm(axis) == pytest.approx((-0.75, 15.75))
