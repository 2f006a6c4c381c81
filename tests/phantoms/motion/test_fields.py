"""A field says voxel by voxel, and pairs say point by point, what the motion does."""

from __future__ import annotations

import numpy as np
import pytest

from phantoms.motion import (
    GROUPS,
    BodyMotion,
    Motion,
    field_on_grid,
    moved_points,
    needle_push,
    point_pairs,
    pulled_back,
    rigid_about,
    rotation_about,
)

PUSH = needle_push([0, -60, 0], [0, 0, 0], push_mm=5.0)
TURNED = Motion((*PUSH.steps, rigid_about(rotation_about([1, 2, 0], 0.1), [0, 0, 0], [3, 0, 1])))
SHAPE = (5, 7, 9)
ROUNDED_MM = 2e-6


def tilted_grid() -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = [[0.0, 0.0, 4.0], [0.2, 5.0, 0.0], [6.0, -0.3, 0.0]]
    matrix[:3, 3] = [-15.0, -30.0, -10.0]
    return matrix


@pytest.mark.parametrize("is_back", [False, True])
def test_a_field_holds_the_way_of_each_voxel(is_back: bool) -> None:  # noqa: FBT001 - a parameter
    grid = tilted_grid()
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    centres = index @ grid[:3, :3].T + grid[:3, 3]
    ends = pulled_back(TURNED, centres) if is_back else moved_points(TURNED, centres)
    field = field_on_grid(TURNED, SHAPE, grid, is_back=is_back)
    assert field.shape == (*SHAPE, 3)
    assert np.abs(field - (ends - centres)).max() <= ROUNDED_MM


def test_a_field_composed_with_its_inverse_stays_in_place() -> None:
    grid = tilted_grid()
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    centres = index @ grid[:3, :3].T + grid[:3, 3]
    there = centres + field_on_grid(TURNED, SHAPE, grid)
    assert np.abs(pulled_back(TURNED, there) - centres).max() <= 1e-5


def test_pairs_carry_each_group_by_its_own_motion() -> None:
    body = BodyMotion(dict.fromkeys(GROUPS, Motion()) | {"liver": PUSH})
    named = {"liver": {"tip": np.zeros(3), "far": np.full(3, 90.0)}, "wall": {"rib": np.zeros(3)}}
    tip, far, rib = point_pairs(body, named)
    assert (tip.group, tip.label) == ("liver", "tip")
    assert np.array_equal(tip.target_mm, moved_points(PUSH, np.zeros(3)))
    assert np.linalg.norm(tip.target_mm) > 4.0
    assert np.array_equal(far.target_mm, far.source_mm)
    assert np.array_equal(rib.target_mm, rib.source_mm)
