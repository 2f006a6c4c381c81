"""A room that differs from the plan beyond what mounting explains is told, and never rejected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.app.inputs import load_planning_inputs
from navigator.app.planned_and_now import (
    build_comparison,
    judge_against_plan,
    measure_plate_shift,
)
from navigator.app.steps import plan_case
from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform, rotation_from_axis_angle
from navigator.model.outcome import VerdictStatus
from tests.navigator.app.tiny_patient import write_patient

if TYPE_CHECKING:
    from navigator.model.plan import Plan

ROUNDING = 1e-9


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_case(load_planning_inputs(write_patient(tmp_path_factory.mktemp("now")).request))


def standing(plan: Plan, *, moved_mm: float = 0.0, turned_deg: float = 0.0) -> Plan:
    """Move the plate by hand: a shift along z, a turn about x through its middle."""
    assert plan.placement is not None
    pose = plan.placement.lps_from_template
    matrix = pose.matrix.copy()
    turn = rotation_from_axis_angle([1, 0, 0], float(np.deg2rad(turned_deg)))
    matrix[:3, :3] = turn @ matrix[:3, :3]
    matrix[2, 3] += moved_mm
    moved = RigidTransform(matrix=matrix, target=pose.target, source=pose.source)
    return replace(plan, placement=replace(plan.placement, lps_from_template=moved))


def with_energy(plan: Plan, power_w: float, time_s: float) -> Plan:
    needle = plan.needles[0]
    assert needle.zone is not None
    size = replace(needle.zone.size, power_w=power_w, time_s=time_s)
    return replace(plan, needles=(replace(needle, zone=replace(needle.zone, size=size)),))


@pytest.mark.parametrize(
    ("moved_mm", "turned_deg", "codes"),
    [
        (0.0, 0.0, set()),
        (19.9, 9.9, set()),
        (-20.1, 0.0, {"plate-moved"}),
        (0.0, 10.1, {"plate-turned"}),
        (0.0, 180.0, {"plate-turned"}),
        (25.0, -45.0, {"plate-moved", "plate-turned"}),
    ],
)
def test_a_plate_far_from_its_place_is_a_warning(
    plan: Plan, moved_mm: float, turned_deg: float, codes: set[str]
) -> None:
    now = standing(plan, moved_mm=moved_mm, turned_deg=turned_deg)
    assert plan.placement is not None
    assert now.placement is not None
    shift = measure_plate_shift(plan.placement, now.placement)
    assert shift.moved_mm == pytest.approx(abs(moved_mm), abs=ROUNDING)
    assert shift.turned_deg == pytest.approx(abs(turned_deg), abs=1e-6)
    verdict = judge_against_plan(plan, now)
    assert {reason.code for reason in verdict.reasons} == codes
    assert verdict.status is (VerdictStatus.WARNING if codes else VerdictStatus.ACCEPTED)
    # told even where no bore reaches: it may be the cause
    nothing = replace(now, needles=(), margin=None)
    assert {reason.code for reason in judge_against_plan(plan, nothing).reasons} == codes


def test_another_energy_is_a_warning(plan: Plan) -> None:
    before = with_energy(plan, 60.0, 300.0)
    assert judge_against_plan(before, before).status is VerdictStatus.ACCEPTED
    for after in (with_energy(plan, 75.0, 300.0), with_energy(plan, 60.0, 310.0)):
        (reason,) = judge_against_plan(before, after).reasons
        assert reason.code == "energy-changed"
        assert "60 W for 5 min" in reason.message


def test_the_table_shows_both_plans(plan: Plan) -> None:
    before, after = with_energy(plan, 60.0, 300.0), with_energy(plan, 75.0, 150.0)
    down = np.array([0.0, 1.0, 0.0])
    after = standing(after, moved_mm=3.0)
    table = build_comparison(before, after, gravity_lps=down, with_numbers=True)
    assert table is not None
    rows = {name: (first, second) for name, first, second in table.rows}
    assert rows["Power"] == ("60 W", "75 W")
    assert rows["Time"] == ("5 min", "2 min 30 s")
    assert rows["Bore"] == (plan.needles[0].bore, plan.needles[0].bore)
    assert rows["Plate's origin moved by"] == ("-", "3.0 mm")
    assert {"Guide depth", "Insertion depth", "Lateral tilt", "Craniocaudal tilt",
            "In-plane rotation", "Plate turned by"} < set(rows)  # fmt: skip
    free = replace(plan, placement=None)
    assert build_comparison(free, free, gravity_lps=down, with_numbers=False) is None


def test_poses_in_two_scans_are_not_compared(plan: Plan) -> None:
    assert plan.placement is not None
    pose = plan.placement.lps_from_template
    elsewhere = replace(pose, target=Frame(FrameKind.LPS, "another"))
    with pytest.raises(FrameMismatchError):
        measure_plate_shift(plan.placement, replace(plan.placement, lps_from_template=elsewhere))
