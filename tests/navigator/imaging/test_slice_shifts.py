"""Between sheared and upright voxels each slice is moved by whole pixels, to the nearest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.slice_shifts import shift_slices
from navigator.imaging.upright import rectified_grid
from navigator.model.volume import Grid

FRAME = Frame(FrameKind.LPS, "1.2/1.3")
SHAPE = (6, 9, 7)


def leaning(aside: float, along: float) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * (2.5, 0.9, 0.7)
    affine[:3, 0] += (along, aside, 0.0)
    affine[:3, 3] = (-11.0, 4.0, 30.0)
    return Grid(shape_kji=SHAPE, lps_from_index=affine, frame=FRAME)


@pytest.mark.hazard(3)
@given(aside=st.floats(-1.5, 1.5), along=st.floats(-1.0, 1.0), seed=st.integers(0, 99))
@example(aside=0.75, along=0.0, seed=0)
@example(aside=-0.15, along=0.35, seed=1)
def test_no_voxel_is_lost_or_far_from_its_place_there_and_back(
    aside: float, along: float, seed: int
) -> None:
    grid = leaning(aside, along)
    upright = rectified_grid(grid)
    values = np.random.default_rng(seed).integers(0, 2**31 - 1, SHAPE).astype(np.int32)
    there = shift_slices(values, grid, upright)
    # each label stands once: it can be followed one by one
    for index in np.argwhere(values > 0)[::17]:
        (found,) = np.argwhere(there.values == values[tuple(index)])
        way = upright.points_from_indices(found) - grid.points_from_indices(index)
        assert (np.abs(way) <= np.array([0.35, 0.45, 0.0]) + 1e-9).all()
        np.testing.assert_allclose(there.rounding_mm[found[0]], way, atol=1e-9)
    assert (there.values > 0).sum() == (values > 0).sum()
    back = shift_slices(there.values, upright, grid)
    np.testing.assert_array_equal(back.values, values)
    np.testing.assert_allclose(back.rounding_mm, -there.rounding_mm, atol=1e-9)


def test_the_way_of_a_structure_is_that_of_its_slices() -> None:
    shifted = shift_slices(np.ones(SHAPE, dtype=np.int32), leaning(0.3, 0.0), leaning(0.0, 0.0))
    members = np.zeros(SHAPE, dtype=bool)
    assert shifted.moved_mm(members) == 0.0
    # 0.3 mm and 0.6 mm aside are rounded to 0 and to one pixel of 0.9 mm: opposite ways
    members[1:3, 4, 4] = True
    assert shifted.moved_mm(members) == pytest.approx(0.0, abs=1e-9)
    members[2] = False
    assert shifted.moved_mm(members) == pytest.approx(0.3)


def test_other_slices_and_other_frames_are_a_mistake() -> None:
    values = np.zeros(SHAPE, dtype=np.int32)
    affine = np.array(leaning(0.3, 0.0).lps_from_index)
    affine[2, 3] += 0.4
    moved = Grid(shape_kji=SHAPE, lps_from_index=affine, frame=FRAME)
    with pytest.raises(ValueError, match="same slices"):
        shift_slices(values, leaning(0.3, 0.0), moved)
    other = Grid(
        shape_kji=SHAPE,
        lps_from_index=leaning(0.3, 0.0).lps_from_index,
        frame=Frame(FrameKind.LPS, "9"),
    )
    with pytest.raises(FrameMismatchError):
        shift_slices(values, leaning(0.3, 0.0), other)
