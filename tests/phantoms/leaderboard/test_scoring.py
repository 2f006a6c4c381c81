"""A perfect answer scores zero, and an answer that is off by a known way scores just that."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from phantoms.errors import MethodRefusedError
from phantoms.leaderboard.planning import score_plan, union_margin_mm
from phantoms.leaderboard.scoring import (
    score_margin,
    score_needles,
    score_pose,
    score_registration,
)

RESIDUAL = 1e-9


def pose(turn_deg: float, shift_mm: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


def plate_truth(matrix: np.ndarray) -> dict[str, Any]:
    return {"plate": {"lps_from_template": matrix.tolist(), "thickness_mm": 15.0}}


def needle(tip: tuple[float, ...], way: tuple[float, ...]) -> dict[str, Any]:
    return {"tip_lps_mm": list(tip), "direction_lps": list(way), "direction_at_tip": list(way)}


def test_registration_groups_and_percentiles() -> None:
    true = {f"liver-{n}": np.array([float(n), 0.0, 0.0]) for n in range(101)}
    true["bone-0"] = np.zeros(3)
    # the n-th point is n hundredths of a millimetre off: mean 0.5, 95th percentile 0.95
    mapped = {label: place + np.array([0.0, 0.01 * place[0], 0.0]) for label, place in true.items()}
    scores = score_registration(mapped, true)
    assert scores["liver_mean_mm"] == pytest.approx(0.5, abs=RESIDUAL)
    assert scores["liver_p95_mm"] == pytest.approx(0.95, abs=RESIDUAL)
    assert scores["liver_max_mm"] == pytest.approx(1.0, abs=RESIDUAL)
    assert scores["bone_max_mm"] == 0.0


@pytest.mark.parametrize("change", ["left out", "invented"])
def test_points_that_are_not_the_same_are_not_scored(change: str) -> None:
    true = {"liver-1": np.zeros(3), "liver-2": np.zeros(3)}
    mapped = {"liver-1": np.zeros(3)} if change == "left out" else true | {"x": np.zeros(3)}
    with pytest.raises(MethodRefusedError):
        score_registration(mapped, true)


@given(st.floats(0.0, 179.0), st.floats(-50.0, 50.0))
def test_a_pose_that_is_shifted_and_turned(turn_deg: float, shift_mm: float) -> None:
    truth = pose(33.0, (10.0, -20.0, 30.0))
    found = truth @ pose(turn_deg, (shift_mm, 0.0, 0.0))
    scores = score_pose({"lps_from_template": found.tolist()}, plate_truth(truth))
    assert scores["origin_mm"] == pytest.approx(abs(shift_mm), abs=1e-7)
    # a turn about the axis through the plate moves nothing on that axis
    assert scores["below_mm"] == pytest.approx(abs(shift_mm), abs=1e-7)
    assert scores["angle_deg"] == pytest.approx(turn_deg, abs=1e-5)


def test_a_tilted_pose_is_worse_below_the_plate() -> None:
    tilt = np.eye(4)
    tilt[:3, :3] = Rotation.from_euler("x", 1.0, degrees=True).as_matrix()
    scores = score_pose({"lps_from_template": tilt.tolist()}, plate_truth(np.eye(4)))
    # a chord: twice the radius of 115 mm times the sine of half a degree
    assert scores["below_mm"] == pytest.approx(230.0 * math.sin(math.radians(0.5)), abs=1e-9)
    assert scores["origin_mm"] == 0.0


def test_needles_are_matched_whatever_their_order() -> None:
    there = [needle((0, 0, 0), (0, 0, 1)), needle((10, 0, 0), (0, 1, 0))]
    found = [needle((10, 0.3, 0.4), (0, 2, 0)), needle((0, 0, 0), (0, 0, 5))]
    scores = score_needles({"needles": found}, {"intraop": {"needles": there}})
    assert scores["missed"] == scores["invented"] == 0.0
    assert scores["tip_max_mm"] == pytest.approx(0.5)
    assert scores["tip_mean_mm"] == pytest.approx(0.25)
    assert scores["angle_max_deg"] == pytest.approx(0.0, abs=1e-9)


def test_a_needle_far_off_is_missed_and_invented_at_once() -> None:
    truth = {"intraop": {"needles": [needle((0, 0, 0), (0, 0, 1))]}}
    scores = score_needles({"needles": [needle((15.1, 0, 0), (0, 0, 1))]}, truth)
    assert scores == {"missed": 1.0, "invented": 1.0}
    assert score_needles({"needles": []}, truth) == {"missed": 1.0, "invented": 0.0}


def test_a_needle_the_wrong_way_round_is_180_degrees_off() -> None:
    truth = {"intraop": {"needles": [needle((0, 0, 0), (0, 0, 1))]}}
    scores = score_needles({"needles": [needle((0, 0, 0), (0, 0, -1))]}, truth)
    assert scores["angle_max_deg"] == pytest.approx(180.0)


@pytest.mark.parametrize(
    ("claimed", "true", "too_good", "wrong"),
    [(3.0, 1.0, 2.0, 0.0), (1.0, 3.0, 0.0, 0.0), (0.5, -0.5, 1.0, 1.0), (-2.0, 1.0, 0.0, 1.0)],
)
def test_a_margin_that_is_too_good_is_told_apart(
    claimed: float, true: float, too_good: float, wrong: float
) -> None:
    for answer in ({"mam_mm": claimed}, {"mam_mm": {"value": claimed}}):
        scores = score_margin(answer, {"ablation": {"mam_mm": true}})
        assert scores["mam_error_mm"] == pytest.approx(abs(claimed - true))
        assert scores["mam_too_good_mm"] == pytest.approx(too_good)
        assert scores["verdict_wrong"] == wrong


@pytest.mark.parametrize("answer", [{}, {"mam_mm": None}, {"mam_mm": {"value": "x"}}])
def test_half_an_answer_is_none(answer: dict[str, Any]) -> None:
    with pytest.raises(MethodRefusedError):
        score_margin(answer, {"ablation": {"mam_mm": 0.0}})


def zone(z: float, long: float = 30.0, short: float = 30.0) -> dict[str, Any]:
    return {
        "centre_lps_mm": [0, 0, z],
        "axis_lps": [0, 0, 2],
        "long_axis_mm": long,
        "short_axis_mm": short,
    }


@settings(deadline=None, max_examples=8)
@given(st.floats(0.0, 20.0), st.floats(4.0, 20.0))
def test_a_sphere_in_a_sphere(offset_mm: float, diameter_mm: float) -> None:
    lesion = {"centre_lps_mm": [offset_mm, 0, 0], "diameter_mm": diameter_mm}
    margin = union_margin_mm([zone(0.0)], lesion)
    # the point of the lesion farthest from the zone's centre decides, inside and outside
    assert margin == pytest.approx(15.0 - offset_mm - 0.5 * diameter_mm, abs=0.02)


def test_two_zones_are_one_where_they_overlap() -> None:
    lesion = {"centre_lps_mm": [0, 0, 0], "diameter_mm": 10.0}
    apart = 12.0
    # two spheres of radius 15 meet in a circle of this radius about the middle
    waist_mm = math.sqrt(15.0**2 - apart**2)
    margin = union_margin_mm([zone(-apart), zone(apart)], lesion)
    assert margin == pytest.approx(waist_mm - 5.0, abs=0.05)


def test_a_long_zone_lies_along_its_axis() -> None:
    lesion = {"centre_lps_mm": [0, 0, 0], "diameter_mm": 10.0}
    assert union_margin_mm([zone(0.0, 40.0, 20.0)], lesion) == pytest.approx(5.0, abs=0.05)


def test_a_plan_through_bone_is_a_hit() -> None:
    # bone is everything beyond x = 5
    def clearance(points: np.ndarray) -> np.ndarray:
        return 5.0 - points[:, 0]

    free = {"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10], "zone": zone(0.0)}
    bad = {"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [8, 0, 10]}
    truth = {"lesions": [{"centre_lps_mm": [0, 0, 0], "diameter_mm": 10.0}]}
    scores = score_plan({"trajectories": [free, bad]}, truth, clearance)
    assert scores["needles"] == 2.0
    assert scores["hits"] == 1.0
    assert scores["clearance_mm"] == pytest.approx(-3.0)
    assert scores["mam_mm"] == pytest.approx(10.0, abs=0.02)
    assert json.dumps(scores, allow_nan=False)
