"""A trajectory is straight from the skin to the tip, and moves with its frame."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given

from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.trajectory import Trajectory, map_trajectory
from tests.strategies import points_mm, rigid_transforms

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.geometry.rigid import RigidTransform

PLANNING, INTRAOP = Frame(FrameKind.LPS, "planning"), Frame(FrameKind.LPS, "intraop")


@given(points_mm(), points_mm())
def test_depth_and_direction_lead_from_entry_to_tip(entry: Floats, tip: Floats) -> None:
    assume(np.linalg.norm(tip - entry) > 1e-3)
    way = Trajectory(entry_mm=entry, tip_mm=tip, frame=PLANNING)
    reached = way.entry_mm + way.insertion_depth_mm * way.direction
    assert np.abs(reached - tip).max() <= 1e-9
    assert np.linalg.norm(way.direction) == pytest.approx(1.0)


@given(rigid_transforms(target=INTRAOP, source=PLANNING), points_mm(), points_mm())
def test_a_mapped_trajectory_keeps_its_depth(
    intraop_from_planning: RigidTransform, entry: Floats, tip: Floats
) -> None:
    assume(np.linalg.norm(tip - entry) > 1e-3)
    planned = Trajectory(entry_mm=entry, tip_mm=tip, frame=PLANNING)
    mapped = map_trajectory(planned, intraop_from_planning)
    assert mapped.frame == INTRAOP
    assert mapped.insertion_depth_mm == pytest.approx(planned.insertion_depth_mm, abs=1e-9)
    assert mapped.tip_mm == pytest.approx(intraop_from_planning.map_points(tip))


@pytest.mark.hazard(20)
@given(rigid_transforms(target=INTRAOP, source=PLANNING))
def test_a_trajectory_is_not_mapped_twice(intraop_from_planning: RigidTransform) -> None:
    planned = Trajectory(entry_mm=[0, -80, 0], tip_mm=[0, 0, 0], frame=PLANNING)
    mapped = map_trajectory(planned, intraop_from_planning)
    with pytest.raises(FrameMismatchError, match="mapping a trajectory"):
        map_trajectory(mapped, intraop_from_planning)
    with pytest.raises(FrameMismatchError, match="mapping a trajectory"):
        map_trajectory(planned, intraop_from_planning.inverse())


def test_a_tip_at_the_entry_is_no_trajectory() -> None:
    with pytest.raises(ValueError, match="same point"):
        Trajectory(entry_mm=[1, 2, 3], tip_mm=[1, 2, 3], frame=PLANNING)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("name", ["entry_mm", "tip_mm"])
def test_ends_that_are_no_numbers_are_refused(name: str) -> None:
    ends = {"entry_mm": [0.0, -80.0, 0.0], "tip_mm": [0.0, 0.0, 0.0]}
    ends[name][1] = np.nan
    with pytest.raises(ValueError, match=name):
        Trajectory(**ends, frame=PLANNING)  # type: ignore[arg-type]  # lists become arrays


def test_a_trajectory_cannot_be_changed() -> None:
    way = Trajectory(entry_mm=[0, -80, 0], tip_mm=[0, 0, 0], frame=PLANNING)
    with pytest.raises(ValueError, match="read-only"):
        way.tip_mm[2] = 5.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        way.tip_mm = way.entry_mm  # type: ignore[misc]  # the very thing that must fail
