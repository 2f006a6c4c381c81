"""A perfect answer scores zero, and an answer that is off by a known way scores just that."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from phantoms.errors import MethodRefusedError
from phantoms.leaderboard.judging import distances_in_patient
from phantoms.leaderboard.planning import score_plan, union_margin_mm
from phantoms.leaderboard.scoring import (
    score_margin,
    score_needles,
    score_pose,
    score_registration,
)
from phantoms.motion import moved_points
from phantoms.program import signed_distance_mm

if TYPE_CHECKING:
    from phantoms.anatomy import Patient

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


@pytest.mark.parametrize(
    "claimed",
    [None, "4", True, False, [4], {}, {"value": "x"}, {"value": True}, 10**400, 1e12, -1e300,
     math.inf, math.nan],
)  # fmt: skip
def test_half_an_answer_is_none(claimed: object) -> None:
    for answer in ({}, {"mam_mm": claimed}):
        with pytest.raises(MethodRefusedError):
            score_margin(answer, {"ablation": {"mam_mm": 0.0}})


@pytest.mark.parametrize("way", [[0, 0, 0], [0, 0, 1e-9], [0, 0], [0, 0, True], [0, 0, 1e12], "z"])
def test_a_needle_that_points_nowhere_is_refused(way: object) -> None:
    found = {"tip_lps_mm": [0, 0, 0], "direction_lps": way}
    with pytest.raises(MethodRefusedError):
        score_needles({"needles": [found]}, {"intraop": {"needles": []}})


def ball_at(centre_mm: list[float], diameter_mm: float) -> dict[str, object]:
    """Write a sphere down as the truth does."""
    pose = np.eye(4)
    pose[:3, 3] = centre_mm
    return {"lps_from_lesion": pose.tolist(), "radii_mm": [0.5 * diameter_mm] * 3}


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
    lesion = ball_at([offset_mm, 0, 0], diameter_mm)
    margin = union_margin_mm([zone(0.0)], lesion)
    # the point of the lesion farthest from the zone's centre decides, inside and outside
    assert margin == pytest.approx(15.0 - offset_mm - 0.5 * diameter_mm, abs=0.02)


def test_two_zones_are_one_where_they_overlap() -> None:
    lesion = ball_at([0, 0, 0], 10.0)
    apart = 12.0
    # two spheres of radius 15 meet in a circle of this radius about the middle
    waist_mm = math.sqrt(15.0**2 - apart**2)
    margin = union_margin_mm([zone(-apart), zone(apart)], lesion)
    assert margin == pytest.approx(waist_mm - 5.0, abs=0.05)


def test_a_long_zone_lies_along_its_axis() -> None:
    lesion = ball_at([0, 0, 0], 10.0)
    assert union_margin_mm([zone(0.0, 40.0, 20.0)], lesion) == pytest.approx(5.0, abs=0.05)


def test_a_plan_through_bone_is_a_hit() -> None:
    # bone is everything beyond x = 5
    def clearance(points: np.ndarray) -> np.ndarray:
        return 5.0 - points[:, 0]

    free = {"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10], "zone": zone(0.0)}
    bad = {"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [8, 0, 10]}
    truth = {"lesions": [ball_at([0, 0, 0], 10.0)]}
    scores = score_plan({"trajectories": [free, bad]}, truth, clearance, clearance)
    assert scores["needles"] == 2.0
    assert scores["hits"] == 1.0
    assert scores["clearance_mm"] == pytest.approx(-3.0)
    assert scores["mam_mm"] == pytest.approx(10.0, abs=0.02)
    # the ball of 15 mm reaches 10 mm into it
    assert scores["zone_to_bowel_mm"] == pytest.approx(-10.0, abs=0.02)
    assert json.dumps(scores, allow_nan=False)


def test_tumour_that_lives_on_in_the_middle_counts() -> None:
    lesion = ball_at([0, 0, 0], 24.0)
    away = 12.0 + 3.0
    # six balls round the lesion cover its whole surface and leave its middle free
    ways = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    diagonals = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    centres = [away * np.array(way) / np.linalg.norm(way) for way in ways + diagonals]
    zones = [zone(0.0, 24.0, 24.0) | {"centre_lps_mm": centre.tolist()} for centre in centres]
    surface = 12.0 * np.random.default_rng(1).normal(size=(2000, 3))
    surface = 12.0 * surface / np.linalg.norm(surface, axis=1)[:, None]
    to_zone = np.min([np.linalg.norm(surface - centre, axis=1) for centre in centres], axis=0)
    assert to_zone.max() < 12.0
    # the middle is as far from the nearest ball as its centre is, less its radius
    assert union_margin_mm(zones, lesion) == pytest.approx(-(away - 12.0), abs=0.02)


def clear_of_all(points: np.ndarray) -> np.ndarray:
    return np.full(len(points), 50.0)


def test_bowel_that_a_zone_swallows_whole_is_reached() -> None:
    def loop(points: np.ndarray) -> np.ndarray:
        away: np.ndarray = np.hypot(np.hypot(points[:, 0], points[:, 1]), points[:, 2] - 9.0)
        return away - 3.0

    free = {"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10], "zone": zone(0.0)}
    truth = {"lesions": [ball_at([0, 0, 0], 10.0)]}
    scores = score_plan({"trajectories": [free]}, truth, clear_of_all, loop)
    # the least distance inside is that of its middle, which the shells come near
    assert -3.0 - RESIDUAL <= scores["zone_to_bowel_mm"] < -1.0


def test_bowel_is_where_the_patient_is_painted_as_bowel(patient: Patient) -> None:
    field = 0.5 * patient.field_size_kji_mm[::-1]
    dice = np.random.default_rng(1)
    points = patient.field_centre_mm + dice.uniform(-field, field, size=(4000, 3))
    here = moved_points(np.linalg.inv(patient.lps_from_body), points)
    painted = np.full(len(points), "", dtype=object)
    for part in patient.parts:
        painted[signed_distance_mm(part.shape, here) <= 0.0] = part.tissue.structure
    _, bowel_mm = distances_in_patient("easy", patient.seed)
    measured = bowel_mm(points)
    inside = painted == "bowel"
    assert inside.sum() > 40
    assert (measured[inside] <= RESIDUAL).all()
    # tumour and liver are never bowel; other organs may be painted over some of it
    assert (measured[(painted == "liver") | (painted == "gtv")] >= -RESIDUAL).all()


def test_a_zone_beside_bowel_keeps_its_distance() -> None:
    def bowel(points: np.ndarray) -> np.ndarray:
        away: np.ndarray = np.hypot(np.hypot(points[:, 0] - 40.0, points[:, 1]), points[:, 2])
        return away - 18.0

    free = {"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10], "zone": zone(0.0)}
    truth = {"lesions": [ball_at([0, 0, 0], 10.0)]}
    scores = score_plan({"trajectories": [free]}, truth, clear_of_all, bowel)
    assert scores["zone_to_bowel_mm"] == pytest.approx(40.0 - 18.0 - 15.0, abs=0.02)


@pytest.mark.parametrize(
    "change",
    [{"long_axis_mm": 9.9}, {"long_axis_mm": 100.1}, {"short_axis_mm": 1e4}, {"short_axis_mm": -30},
     {"axis_lps": [0, 0, 0]}, {"axis_lps": None}, {"centre_lps_mm": [0, 0, 1e12]},
     {"centre_lps_mm": [0, 0, 10**400]}, {"long_axis_mm": True}, {"long_axis_mm": "30"}],
)  # fmt: skip
def test_a_zone_that_no_antenna_makes_is_refused(change: dict[str, Any]) -> None:
    lesion = ball_at([0, 0, 0], 10.0)
    with pytest.raises(MethodRefusedError):
        union_margin_mm([zone(0.0) | change], lesion)


@pytest.mark.parametrize(("long", "short"), [(10.0, 10.0), (100.0, 100.0)])
def test_the_smallest_and_the_largest_zone_are_judged(long: float, short: float) -> None:
    lesion = ball_at([0, 0, 0], 6.0)
    assert union_margin_mm([zone(0.0, long, short)], lesion) == pytest.approx(
        0.5 * long - 3.0, abs=0.02
    )


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, "4", "\ud800", 10**400, 1e300, -1e12, 0, 1, 7.5, {}, [], [0, 0, 0], [0, 0, 1],
     [0, 0, 10**400], [True, 1, 2], [[1, 0], [0, 1]]]
)  # fmt: skip
KEYS = st.sampled_from(
    ["needles", "trajectories", "mam_mm", "value", "zone", "entry_lps_mm", "tip_lps_mm", "axis_lps",
     "direction_lps", "lps_from_template", "centre_lps_mm", "long_axis_mm", "short_axis_mm"]
)  # fmt: skip
ANSWERS = st.dictionaries(
    KEYS,
    st.recursive(
        ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=12
    ),
)
TRUTH = {
    "plate": {"lps_from_template": np.eye(4).tolist(), "thickness_mm": 15.0},
    "intraop": {"needles": [needle((0, 0, 0), (0, 0, 1))]},
    "ablation": {"mam_mm": 1.0},
    "lesions": [ball_at([0, 0, 0], 10.0)],
}


@settings(deadline=None, max_examples=300)
@given(ANSWERS)
def test_whatever_is_answered_is_scored_in_numbers_or_refused(answer: dict[str, Any]) -> None:
    def plan(answer: dict[str, Any], truth: dict[str, Any]) -> dict[str, float]:
        return score_plan(answer, truth, clear_of_all, clear_of_all)

    for score in (score_pose, score_needles, score_margin, plan):
        try:
            scores = score(answer, TRUTH)
        except MethodRefusedError as error:
            assert json.dumps(str(error))  # noqa: PT017 - it has to be writable, nothing else
        else:
            assert json.dumps(scores, allow_nan=False)


@pytest.mark.parametrize(
    "listed",
    [None, [], [1], [None], ["x"], [{}], {"entry_lps_mm": [0, 0, 0]}, "x",
     [{"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10]}],
     [{"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10], "zone": 5}],
     [{"entry_lps_mm": [0, 0, -80], "tip_lps_mm": [0, 0, 10], "zone": zone(0.0)}] * 21],
)  # fmt: skip
def test_half_a_plan_is_none(listed: object) -> None:
    with pytest.raises(MethodRefusedError):
        score_plan({"trajectories": listed}, TRUTH, clear_of_all, clear_of_all)


def test_an_oval_lesion_is_judged_by_its_own_axes() -> None:
    # 4 x 6 x 9 mm, its longest axis along x, in a ball of 15 mm: 6 mm are left at its poles
    turn = [[0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    lesion = {"lps_from_lesion": turn, "radii_mm": [4.0, 6.0, 9.0]}
    assert union_margin_mm([zone(0.0)], lesion) == pytest.approx(6.0, abs=0.05)
    # with the zone 8 mm off across it, the farthest point (9 cos t, -4 sin t) decides, at sin t
    # = 32 / 65: the square of its distance is 145 + 64 sin t - 65 sin² t
    farthest = np.sqrt(145.0 + 32.0**2 / 65.0)
    assert union_margin_mm([zone(8.0)], lesion) == pytest.approx(15.0 - farthest, abs=0.05)
    # along its own longest axis the pole looks out by 2 mm
    upright = {"lps_from_lesion": np.eye(4).tolist(), "radii_mm": [4.0, 6.0, 9.0]}
    assert union_margin_mm([zone(8.0)], upright) == pytest.approx(-2.0, abs=0.05)
