"""The comparison drives the needle where the plate truly stands, by arithmetic of its own."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from navigator.model.plan import PlannedNeedle
from navigator.model.trajectory import Trajectory
from phantoms.comparison import (
    Truth,
    compare_with_truth,
    drive_needle,
    driven_margin_mm,
    sphere_margin_mm,
)
from phantoms.motion import rigid_about, rotation_about
from template_gen import all_bores, build_default_spec
from tests.navigator.ablation.placed import zone_at
from tests.navigator.imaging.digitised import FRAME

SPEC = build_default_spec(rows=3, columns=3, pitch_mm=5.0, bore_diameter_mm=2.6)
BORE = next(bore for bore in all_bores(SPEC) if bore.label == "B2")
DEPTH_MM = 100.0
RADIUS_MM, ZONE_MM = 8.0, 40.0
TIP_MM = BORE.entry_mm + DEPTH_MM * BORE.direction
TUMOUR_MM = TIP_MM - 10.0 * BORE.direction
EXACT = Truth(
    intraop_from_planning=np.eye(4),
    intraop_from_template=np.eye(4),
    tumour_centre_mm=TUMOUR_MM,
    tumour_diameter_mm=2 * RADIUS_MM,
)
"""The plate's frame is the planning scan's; a round zone about the tumour's centre."""


def needle() -> PlannedNeedle:
    """Plan a needle straight through the middle bore, the zone centred in the tumour."""
    way = Trajectory(entry_mm=TIP_MM - 60.0 * BORE.direction, tip_mm=TIP_MM, frame=FRAME)
    zone = zone_at(TUMOUR_MM, axis=BORE.direction, long_mm=ZONE_MM, short_mm=ZONE_MM)
    return PlannedNeedle(
        name="N1", role="antenna", bore="B2", trajectory=way, guide_depth_mm=DEPTH_MM, zone=zone,
        clearance_mm={},
    )  # fmt: skip


def shifted(shift_mm: tuple[float, float, float]) -> Truth:
    pose = np.eye(4)
    pose[:3, 3] = shift_mm
    return replace(EXACT, intraop_from_template=pose)


def margin_mm(truth: Truth) -> float:
    planned = needle()
    driven = drive_needle(planned, SPEC, truth)
    assert driven is not None
    assert planned.zone is not None
    return driven_margin_mm(planned, planned.zone, driven, truth)


def test_a_plate_that_stands_as_planned_gives_the_planned_margin() -> None:
    driven = drive_needle(needle(), SPEC, EXACT)
    assert driven is not None
    assert np.allclose(driven.tip_mm, TIP_MM)
    assert np.allclose(driven.direction, BORE.direction)
    assert margin_mm(EXACT) == pytest.approx(12.0, abs=1e-3)


@pytest.mark.parametrize("shift_mm", [(3.0, 0.0, 0.0), (0.0, -3.0, 0.0), (0.0, 0.0, 3.0)])
def test_a_plate_three_millimetres_off_costs_three_of_the_margin(
    shift_mm: tuple[float, float, float],
) -> None:
    assert margin_mm(shifted(shift_mm)) == pytest.approx(9.0, abs=1e-3)


def test_patient_and_plate_that_move_together_cost_nothing() -> None:
    motion = rigid_about(rotation_about(np.array([0.0, 1.0, 0.0]), 0.3), np.zeros(3), [20, -9, 4])
    truth = replace(EXACT, intraop_from_planning=motion, intraop_from_template=motion)
    assert margin_mm(truth) == pytest.approx(12.0, abs=1e-3)


def test_a_tilted_plate_turns_the_zone_with_the_shaft() -> None:
    """About the tip: the centre, 10 mm behind it, moves by 20 sin(a/2)."""
    angle = 0.2
    pose = rigid_about(rotation_about(np.array([1.0, 0.0, 0.0]), angle), TIP_MM, np.zeros(3))
    expected = 12.0 - 20.0 * np.sin(angle / 2)
    truth = replace(EXACT, intraop_from_template=pose)
    assert margin_mm(truth) == pytest.approx(expected, abs=1e-3)


def test_a_long_zone_is_turned_and_not_only_moved() -> None:
    pose = rigid_about(rotation_about(np.array([1.0, 0.0, 0.0]), 0.3), TUMOUR_MM, np.zeros(3))
    planned = needle()
    long_zone = zone_at(TUMOUR_MM, axis=BORE.direction, long_mm=60.0, short_mm=40.0)
    truth = replace(
        EXACT, intraop_from_template=pose, tumour_centre_mm=np.add(TUMOUR_MM, [0, 3, 9])
    )
    driven = drive_needle(planned, SPEC, truth)
    assert driven is not None
    assert planned.zone is not None
    zone = replace(planned.zone, size=long_zone.size)
    expected = sphere_margin_mm(
        zone_centre_mm=TUMOUR_MM, zone_axis=pose[:3, :3] @ BORE.direction,
        half_axes_mm=(30.0, 20.0), tumour_centre_mm=truth.tumour_centre_mm,
        tumour_radius_mm=RADIUS_MM,
    )  # fmt: skip
    assert driven_margin_mm(planned, zone, driven, truth) == pytest.approx(expected, abs=1e-6)


def case(plan: Any, room_plan: Any) -> Any:  # noqa: ANN401 - the parts that the comparison reads
    """Give a case with a room check."""
    eye = SimpleNamespace(matrix=np.eye(4))
    room = SimpleNamespace(
        registration=SimpleNamespace(intraop_from_planning=eye),
        located=SimpleNamespace(lps_from_template=eye),
        plan=room_plan,
    )
    return SimpleNamespace(room=room, plan=plan, inputs=SimpleNamespace(spec=SPEC))


def test_the_table_tells_the_margin_of_the_needle_as_it_lies() -> None:
    plan = SimpleNamespace(
        needles=(needle(),), margin=SimpleNamespace(mam_mm=SimpleNamespace(value=11.5))
    )
    rows = {
        row["quantity"]: row
        for row in compare_with_truth(case(plan, plan), shifted((3.0, 0.0, 0.0)))
    }
    row = rows["least margin, needle as it lies"]
    assert (row["engine"], row["truth"], row["error"]) == ("11.50 mm", "9.00 mm", "+2.50 mm")
    assert rows["least margin of the plan"]["truth"] == "12.00 mm"
    assert rows["tip, lateral error in the patient"]["error"] == "3.00 mm"


@pytest.mark.hazard(18)
def test_where_the_room_has_no_plan_nothing_is_driven() -> None:
    plan = SimpleNamespace(
        needles=(needle(),), margin=SimpleNamespace(mam_mm=SimpleNamespace(value=11.5))
    )
    empty = SimpleNamespace(needles=(), margin=None)
    for room_plan in (None, empty):
        rows = compare_with_truth(case(plan, room_plan), EXACT)
        assert not [row for row in rows if "margin" in row["quantity"] or "tip" in row["quantity"]]
        assert rows, "registration and pose are compared all the same"
