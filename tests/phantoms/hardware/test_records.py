"""The truth of a needle is plain numbers that agree with each other."""

from __future__ import annotations

import json

import numpy as np
import pytest

from phantoms.hardware import (
    OUTER_MM,
    DrivenNeedle,
    FreeNeedle,
    PlacedPlate,
    ThreadedNeedle,
    build_needle,
    drive_kit,
    drive_needle,
    find_bore,
    truth_of_needle,
)
from phantoms.motion import inverse_rigid, moved_points


def test_a_bent_driven_needle(plate: PlacedPlate) -> None:
    needle = build_needle(
        "antenna", "A1", gauge=14, length_mm=180.0, bend_radius_mm=250.0, bend_direction_rad=1.0
    )
    driven = drive_needle(needle, plate, "B4", 104.0, np.random.default_rng(3))
    truth = truth_of_needle(driven)
    assert json.loads(json.dumps(truth, allow_nan=False)) == truth
    line = np.array(truth["line_lps_mm"])
    assert line[0] == pytest.approx(truth["tail_lps_mm"])
    assert line[-1] == pytest.approx(truth["tip_lps_mm"])
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).sum() == pytest.approx(180.0, abs=0.01)
    tip, bend = np.array(truth["tip_lps_mm"]), np.array(truth["bend_begins_lps_mm"])
    centre = bend + 250.0 * np.array(truth["bend_towards"])
    assert np.linalg.norm(tip - centre) == pytest.approx(250.0)
    assert (tip - centre) @ truth["direction_at_tip"] == pytest.approx(0.0, abs=1e-9)
    assert truth["arc_length_mm"] == pytest.approx(104.0 - plate.spec.plate.thickness_mm, abs=0.02)
    assert truth["nearest_depth_mark_mm"] == 100.0
    turned = np.arccos(np.dot(truth["direction_at_tail"], truth["direction_at_tip"]))
    assert turned == pytest.approx(truth["arc_length_mm"] / 250.0)
    ends = np.array(truth["active_zone_lps_mm"])
    assert np.linalg.norm(ends - tip, axis=1) == pytest.approx([11.0, 8.0], abs=0.01)


def test_a_straight_needle_has_no_bend_and_a_free_one_no_bore(plate: PlacedPlate) -> None:
    needle = build_needle("locating", "L1", gauge=16, length_mm=120.0)
    straight = truth_of_needle(
        DrivenNeedle(needle=needle, plate=plate, bore="C3", guide_depth_mm=60.0)
    )
    assert straight["bend_radius_mm"] is None
    assert straight["slack_tilt_deg"] == pytest.approx(0.0, abs=1e-6)
    assert straight["plate_serial"] == plate.spec.serial
    free = FreeNeedle(needle=needle, entry_mm=np.zeros(3), tip_mm=np.array([0.0, 50.0, 0.0]))
    assert "bore" not in truth_of_needle(free)
    cannula = FreeNeedle(
        needle=build_needle("coaxial", "C1", gauge=13, length_mm=80.0),
        entry_mm=np.zeros(3),
        tip_mm=np.array([0.0, 50.0, 0.0]),
    )
    inner = truth_of_needle(ThreadedNeedle(needle=needle, carrier=cannula, beyond_mm=10.0))
    assert (inner["cannula"], inner["beyond_cannula_mm"]) == ("C1", 10.0)
    assert inner["tip_lps_mm"] == pytest.approx([0.0, 60.0, 0.0])


def test_a_kit_goes_round_the_target_through_bores_of_its_own(plate: PlacedPlate) -> None:
    target = moved_points(plate.lps_from_template, [4.0, -3.0, 95.0])
    kit = drive_kit(plate, target, np.random.default_rng(1), antenna_bend_mm=500.0)
    assert len({each.bore for each in kit}) == len(kit) == 6
    assert [each.needle.name for each in kit] == ["A1", "F1", "F2", "F3", "F4", "L1"]
    tips = [truth_of_needle(each)["tip_lps_mm"] for each in kit[1:5]]
    local = moved_points(inverse_rigid(plate.lps_from_template), tips)
    # half a pitch of 9 mm off along each axis, and the slack at depth
    assert np.abs(local.mean(axis=0) - [4.0, -3.0, 95.0]).max() <= 4.5 + 3.0
    for each in kit:
        axis = find_bore(plate, each.bore)
        assert OUTER_MM[each.needle.gauge] <= axis.diameter_mm - 0.15
