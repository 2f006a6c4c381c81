"""Clearance is exact for the voxels as boxes, and the quick look never says less than it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.trajectory import Trajectory
from navigator.model.volume import Grid, Mask
from navigator.planning.clearance import (
    bound_clearances_mm,
    build_clearance_field,
    build_obstacle_boxes,
    measure_clearances_mm,
)
from tests.navigator.planning.scenes import FRAME, ball, box, centres_mm, grid, painted

SAMPLE_MM, FLOAT32_MM = 0.1, 1e-3
BLOCK_MM = np.array([[-60.0] * 3, [60.0] * 3])
points = st.tuples(*[st.floats(-50, 50)] * 3).map(np.array)


def brute_mm(mask: Mask, entry: np.ndarray, tip: np.ndarray, diameter_mm: float) -> float:
    """Measure with dense points on the axis and every voxel as a box."""
    axes = mask.grid.lps_from_index[:3, :3] / np.linalg.norm(
        mask.grid.lps_from_index[:3, :3], axis=0
    )
    half = np.linalg.norm(mask.grid.lps_from_index[:3, :3], axis=0) / 2
    centres = np.argwhere(mask.members) @ mask.grid.lps_from_index[:3, :3].T
    centres = (centres + mask.grid.lps_from_index[:3, 3]) @ axes
    count = math.ceil(np.linalg.norm(tip - entry) / SAMPLE_MM) + 1
    axis = (entry + np.linspace(0, 1, count)[:, None] * (tip - entry)) @ axes
    least = np.inf
    for some in np.array_split(centres, len(centres) // 64 + 1):
        beyond = np.maximum(np.abs(axis[:, None] - some[None]) - half, 0.0)
        least = min(least, float(np.sqrt(np.einsum("nmi,nmi->nm", beyond, beyond).min())))
    return least - diameter_mm / 2


def turned_grid() -> Grid:
    """Lay an anisotropic grid along axes that are nobody's."""
    turn, _ = np.linalg.qr(np.array([[1.0, 0.3, -0.2], [0.1, 1.0, 0.4], [-0.3, 0.2, 1.0]]))
    affine = np.eye(4)
    affine[:3, :3] = turn * [4.0, 2.5, 3.0]
    affine[:3, 3] = -affine[:3, :3] @ [9.5, 14.5, 12.5]
    return Grid(shape_kji=(20, 30, 26), lps_from_index=affine, frame=FRAME)


GRIDS = {"upright": grid(), "turned": turned_grid()}
MASKS = {
    name: {
        "ball": ball(of, (10, -5, 8), 7.0),
        "two": Mask(ball(of, (-25, 0, 0), 5.0).members | ball(of, (20, 20, -15), 6.0).members, of),
    }
    for name, of in GRIDS.items()
}


BOXES = {name: build_obstacle_boxes(masks) for name, masks in MASKS.items()}


@pytest.mark.parametrize("name", list(GRIDS))
@settings(max_examples=15, deadline=None)
@given(entry=points, tip=points, diameter=st.sampled_from([0.5, 1.8, 3.0]))
def test_clearance_is_that_of_dense_points(
    name: str, entry: np.ndarray, tip: np.ndarray, diameter: float
) -> None:
    assume(np.linalg.norm(entry - tip) >= 1.0)
    way = Trajectory(entry_mm=entry, tip_mm=tip, frame=FRAME)
    for label, exact in measure_clearances_mm(BOXES[name], way, diameter).items():
        brute = brute_mm(MASKS[name][label], entry, tip, diameter)
        assert brute - SAMPLE_MM <= exact <= brute + FLOAT32_MM


@pytest.mark.parametrize("name", list(GRIDS))
@settings(max_examples=60, deadline=None)
@given(entry=points, tip=points)
def test_the_quick_look_never_says_less_than_the_exact_measure(
    name: str, entry: np.ndarray, tip: np.ndarray
) -> None:
    """A needle that the quick look refuses must be refused by the exact measure too."""
    assume(np.linalg.norm(entry - tip) >= 1.0)
    field = build_clearance_field(MASKS[name], BLOCK_MM)
    way = Trajectory(entry_mm=entry, tip_mm=tip, frame=FRAME)
    exact = measure_clearances_mm(BOXES[name], way, 2.0)
    bound = bound_clearances_mm(field, entry[None], tip[None], 2.0)[0]
    assert (bound >= np.array([exact[label] for label in field.names]) - FLOAT32_MM).all()


def test_the_quick_look_lets_a_needle_through_the_middle_of_a_gap() -> None:
    """Half way between two walls the interpolated distance is least true: nobody may refuse."""
    of = grid()
    walls = painted(of, lambda at: np.abs(at[..., 0]) >= 4.0)
    field = build_clearance_field({"bone": walls}, BLOCK_MM)
    way = Trajectory(entry_mm=[0.0, -40, 0], tip_mm=[0.0, 0, 0], frame=FRAME)
    exact = measure_clearances_mm(build_obstacle_boxes({"bone": walls}), way, 2.0)["bone"]
    assert exact == pytest.approx(2.0)
    bound = bound_clearances_mm(field, way.entry_mm[None], way.tip_mm[None], 2.0)[0, 0]
    assert bound >= exact - FLOAT32_MM


def test_a_needle_that_touches_has_no_clearance() -> None:
    of = grid()
    boxes = build_obstacle_boxes({"bone": box(of, (-6, -6, -6), (6, 6, 6))})
    way = Trajectory(entry_mm=[0, -40, 0], tip_mm=[0, 0, 0], frame=FRAME)
    assert measure_clearances_mm(boxes, way, 2.0)["bone"] == -1.0


@pytest.mark.hazard(39)
def test_a_patient_without_any_structure_is_refused() -> None:
    with pytest.raises(ValueError, match="one segmented obstacle or more"):
        build_clearance_field({}, np.zeros((1, 3)))
    with pytest.raises(ValueError, match="one segmented obstacle or more"):
        build_obstacle_boxes({})


@pytest.mark.hazard(3)
def test_a_tilted_stack_is_refused() -> None:
    of = grid()
    sheared = np.array(of.lps_from_index)
    sheared[1, 0] = 0.8
    tilted = Grid(shape_kji=of.shape_kji, lps_from_index=sheared, frame=FRAME)
    mask = Mask(np.ones(of.shape_kji, bool), tilted)
    with pytest.raises(GeometryRefusedError):
        build_clearance_field({"bone": mask}, np.zeros((1, 3)))
    with pytest.raises(GeometryRefusedError):
        build_obstacle_boxes({"bone": mask})


def test_a_structure_beyond_the_block_is_as_far_as_it_is() -> None:
    of = grid(count=60)
    masks = {"bone": box(of, (-70, -9, -9), (-50, 9, 9))}
    field = build_clearance_field(masks, np.zeros((1, 3)))
    way = Trajectory(entry_mm=[0, -5, 0], tip_mm=[0, 0, 0], frame=FRAME)
    # the outermost painted voxel centre, less half a voxel and the needle's radius
    centres = centres_mm(of)[masks["bone"].members]
    face = -centres[:, 0].max() - 1.5
    exact = measure_clearances_mm(build_obstacle_boxes(masks), way, 2.0)["bone"]
    assert exact == pytest.approx(face - 1.0, abs=1e-6)
    assert np.isinf(bound_clearances_mm(field, way.entry_mm[None], way.tip_mm[None], 2.0)).all()


def test_a_needle_wholly_within_a_structure_touches_it() -> None:
    of = grid()
    boxes = build_obstacle_boxes({"organ": box(of, (-40,) * 3, (40,) * 3)})
    way = Trajectory(entry_mm=[0, -5, 0], tip_mm=[0, 0, 0], frame=FRAME)
    assert measure_clearances_mm(boxes, way, 2.0)["organ"] == -1.0


def test_the_frame_s_name_does_not_matter_to_distances() -> None:
    other = Frame(FrameKind.LPS, "other")
    of = grid()
    renamed = Grid(shape_kji=of.shape_kji, lps_from_index=of.lps_from_index, frame=other)
    block = np.array([[-30.0] * 3, [30.0] * 3])
    way = [np.array([[5.0, -40, 3]]), np.array([[2.0, 0, 9]])]
    bounds = [
        bound_clearances_mm(build_clearance_field({"b": ball(g, (9, 0, 0), 6)}, block), *way, 2.0)
        for g in (of, renamed)
    ]
    assert np.array_equal(*bounds)
