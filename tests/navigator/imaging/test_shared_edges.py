"""Two outlines that share an edge share its pixels out: none belongs to both, none to neither."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contour_volume import mask_from_contours
from navigator.model.volume import Grid

SHAPE = (6, 12, 12)
HALF = Fraction(1, 2)
Box = tuple[int, int, int, int]
"""First and last row, first and last column, at pixel centres."""


def grid_of(step_mm: tuple[float, float, float]) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * step_mm
    affine[:3, 3] = (-113.7, 42.1, -905.3)
    return Grid(shape_kji=SHAPE, lps_from_index=affine, frame=Frame(FrameKind.LPS, "scan"))


GRID = grid_of((2.5, 0.78125, 0.78125))


def drawn(corners: list[tuple[float, float]], planes: tuple[float, ...] = (2.0, 3.0)) -> np.ndarray:
    lines = [GRID.points_from_indices([[k, j, i] for j, i in corners]) for k in planes]
    return mask_from_contours(lines, GRID, is_xor=False).mask.members


def rectangle(box: Box) -> list[tuple[float, float]]:
    first_j, last_j, first_i, last_i = box
    return [(first_j, first_i), (first_j, last_i), (last_j, last_i), (last_j, first_i)]


def expected(box: Box) -> np.ndarray:
    """Count by exact fractions: more than half, or half with the area on the far side."""
    members = np.zeros(SHAPE[1:], dtype=bool)
    for j, i in np.ndindex(*members.shape):
        lengths = []
        for at, first, last in ((j, box[0], box[1]), (i, box[2], box[3])):
            low, high = max(Fraction(first), at - HALF), min(Fraction(last), at + HALF)
            lengths.append(max(high - low, Fraction(0)))
        share = lengths[0] * lengths[1]
        begins_here = (j == box[0]) + (i == box[2]) == 1
        members[j, i] = share > HALF or (share == HALF and begins_here)
    return members


PAIRS = [
    (((1, 1 + height, 2, 2 + width)), beside)
    for height, width in itertools.product((1, 2, 4), (1, 3))
    for beside in (
        (1, 1 + height, 2 + width, 5 + width),  # to the right, the whole edge
        (0, 3 + height, 2 + width, 4 + width),  # to the right, and longer
        (1 + height, 3 + height, 2, 2 + width),  # below
        (1 + height, 4 + height, 3, 7),  # below, and aside
    )
]


@pytest.mark.hazard(39)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_squares_on_pixel_centres_are_dealt_out_by_hand(one: Box, other: Box) -> None:
    masks = [drawn(rectangle(box)) for box in (one, other)]
    for mask, box in zip(masks, (one, other), strict=True):
        for k in (2, 3):
            np.testing.assert_array_equal(mask[k], expected(box))
        assert not mask[[0, 1, 4, 5]].any()
    assert not (masks[0] & masks[1]).any()
    inside = np.zeros(SHAPE[1:], dtype=bool)
    for j, i in np.ndindex(*inside.shape):
        # a centre is within the union where all four quarters of its pixel are
        quarters = itertools.product((j - 0.25, j + 0.25), (i - 0.25, i + 0.25))
        inside[j, i] = all(
            any(b[0] < y < b[1] and b[2] < x < b[3] for b in (one, other)) for y, x in quarters
        )
    assert (masks[0] | masks[1])[2][inside].all()


@pytest.mark.hazard(39)
@pytest.mark.parametrize("slope", [1, -1, 2, -2])
def test_a_slanting_edge_through_pixel_centres_leaves_none_out(slope: int) -> None:
    run, rise = (8, 8) if abs(slope) == 1 else (4, 8)
    left, right, top, low = 1, 1 + run, 1, 1 + rise
    start, end = ((top, left), (low, right)) if slope > 0 else ((low, left), (top, right))
    third = {(top, left), (top, right), (low, left), (low, right)} - {start, end}
    one, other = (drawn([start, end, corner]) for corner in sorted(third))
    assert not (one & other).any()
    assert (one | other)[2, top + 1 : low, left + 1 : right].all()


@pytest.mark.hazard(39)
def test_structures_one_above_the_other_share_out_the_slice_between_them() -> None:
    """Their planes lie half-way between slices: each fills half of the slice where they meet."""
    box = rectangle((2, 8, 2, 8))
    one, other = drawn(box, (0.5, 1.5)), drawn(box, (2.5, 3.5))
    assert not (one & other).any()
    np.testing.assert_array_equal((one | other).any(axis=(1, 2)), [1, 1, 1, 1, 0, 0])


@pytest.mark.hazard(39)
def test_a_structure_in_the_hole_of_another_fills_it() -> None:
    hole = rectangle((3, 8, 3, 8))
    lines = [
        GRID.points_from_indices([[k, j, i] for j, i in corners])
        for k in (2.0, 3.0)
        for corners in (rectangle((1, 10, 1, 10)), hole)
    ]
    ring = mask_from_contours(lines, GRID, is_xor=False).mask.members
    inner = drawn(hole)
    # the corners of the hole are three quarters of the ring
    assert not (ring & inner).any()
    assert (ring | inner)[2, 2:10, 2:10].all()
