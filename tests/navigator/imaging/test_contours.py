"""A mask drawn as outlines and back is the same mask, and what files do to outlines is seen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.errors import StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contour_volume import mask_from_contours
from navigator.imaging.contours import outlines_from_mask
from navigator.model.volume import Grid, Mask

FRAME = Frame(FrameKind.LPS, "scan")
STEPS_MM = np.diag([2.5, 0.8, 0.7])


def grid_of(shape: tuple[int, int, int], axes: np.ndarray, origin: object = (3, -7, 11)) -> Grid:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, origin
    return Grid(shape_kji=shape, lps_from_index=affine, frame=FRAME)


AXIAL = grid_of((20, 40, 44), np.eye(3)[:, ::-1] @ STEPS_MM)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Draw random voxels on a turned grid, sheared ones too."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    members = rng.random((4, 9, 8)) < draw(st.floats(0.05, 0.95))
    members[0, 0, 0] = True
    axes = STEPS_MM.copy()
    axes[1, 0] = draw(st.sampled_from([0.0, 0.9, -0.4]))
    turned = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix() @ axes
    return Mask(members, grid_of((4, 9, 8), turned, rng.uniform(-300, 300, size=3)))


@pytest.mark.hazard(1)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(masks())
def test_a_mask_comes_back_voxel_for_voxel(mask: Mask) -> None:
    """Also when the points are rounded to a tenth of a micrometre, as files round them."""
    outlines = outlines_from_mask(mask)
    points = [outline.points_mm.round(4) for outline in outlines]
    drawn = mask_from_contours(points, mask.grid, is_xor=True)
    np.testing.assert_array_equal(drawn.mask.members, mask.members)
    assert drawn.is_on_slices


def test_a_ring_is_an_outline_and_a_hole_in_its_slice() -> None:
    members = np.zeros(AXIAL.shape_kji, dtype=bool)
    members[3, 5:10, 6:12] = True
    members[3, 7, 8] = False
    outer, hole = outlines_from_mask(Mask(members, AXIAL))
    assert (outer.slice_index, outer.is_hole, len(outer.points_mm)) == (3, False, 4)
    assert (hole.slice_index, hole.is_hole, len(hole.points_mm)) == (3, True, 4)
    indices = AXIAL.indices_from_points(outer.points_mm)
    np.testing.assert_allclose(indices.min(axis=0), [3, 4.5, 5.5])
    np.testing.assert_allclose(indices.max(axis=0), [3, 9.5, 11.5])


def test_nothing_has_no_outline() -> None:
    assert outlines_from_mask(Mask(np.zeros(AXIAL.shape_kji, dtype=bool), AXIAL)) == ()


def rectangle(k: float, j: tuple[float, float], i: tuple[float, float]) -> np.ndarray:
    corners = [[k, j[0], i[0]], [k, j[0], i[1]], [k, j[1], i[1]], [k, j[1], i[0]]]
    return AXIAL.points_from_indices(corners)


def test_a_pixel_belongs_from_one_half_of_its_area() -> None:
    outlines = [rectangle(k, (2.0, 8.51), (3.01, 9.0)) for k in (4, 5)]
    members = mask_from_contours(outlines, AXIAL, is_xor=False).mask.members
    # of an exact half the first row has it, where the outline begins, and the last column not
    expected = np.zeros_like(members)
    expected[4:6, 3:9, 4:9] = True
    shares_j = {2: 0.5, 9: 0.01}
    shares_i = {3: 0.49, 9: 0.499}
    for j in range(2, 10):
        for i in range(3, 10):
            share = shares_j.get(j, 1.0) * shares_i.get(i, 1.0)
            expected[4:6, j, i] = share >= 0.5
    np.testing.assert_array_equal(members, expected)


def test_outlines_within_outlines_are_holes_and_islands() -> None:
    rings = [
        outline
        for k in (4, 5)
        for outline in (
            rectangle(k, (1.5, 20.5), (1.5, 20.5)),
            rectangle(k, (4.5, 14.5), (4.5, 14.5)),
            rectangle(k, (7.5, 9.5), (7.5, 9.5)),
        )
    ]
    drawn = mask_from_contours(rings, AXIAL, is_xor=False)
    assert drawn.mask.members[4].sum() == 19**2 - 10**2 + 2**2
    assert drawn.hole_ml > 0
    np.testing.assert_array_equal(
        drawn.mask.members, mask_from_contours(rings, AXIAL, is_xor=True).mask.members
    )


@pytest.mark.parametrize("second", [((1.5, 20.5), (1.5, 20.5)), ((10.5, 30.5), (10.5, 30.5))])
def test_outlines_that_cross_or_stand_twice_are_refused_unless_the_file_says_xor(
    second: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    outlines = [rectangle(4, (1.5, 20.5), (1.5, 20.5)), rectangle(4, *second)]
    with pytest.raises(StructureRefusedError) as refused:
        mask_from_contours(outlines, AXIAL, is_xor=False)
    assert refused.value.refusal.code == "outlines-cross"
    mask_from_contours(outlines, AXIAL, is_xor=True)


def test_an_outline_that_crosses_itself_is_told() -> None:
    indices = [[4, 2, 2], [4, 2, 12], [4, 12, 2], [4, 12, 12]]
    eight = AXIAL.points_from_indices(indices)
    drawn = mask_from_contours([eight, rectangle(5, (2, 12), (2, 12))], AXIAL, is_xor=False)
    assert drawn.crosses_itself


def test_missing_planes_are_counted_and_left_empty() -> None:
    outlines = [rectangle(k, (2, 12), (2, 12)) for k in (2, 3, 4, 8, 9)]
    drawn = mask_from_contours(outlines, AXIAL, is_xor=False)
    assert drawn.missing_planes == 3
    assert np.flatnonzero(drawn.mask.members.any(axis=(1, 2))).tolist() == [2, 3, 4, 8, 9]


def test_a_plane_between_slices_stands_for_its_slab() -> None:
    """Planes of 1.25 mm on slices of 2.5 mm: a slice holds two of them.

    They reach from 3.5 to 8: slice 4 begins there, and half of slice 8 is one that they end in.
    """
    outlines = [rectangle(k, (2, 12), (2, 12)) for k in np.arange(3.75, 8.0, 0.5)]
    drawn = mask_from_contours(outlines, AXIAL, is_xor=False)
    assert not drawn.is_on_slices
    assert drawn.source_ml == pytest.approx(9 * 1.25 * 8.0 * 7.0 / 1000)
    assert np.flatnonzero(drawn.mask.members.any(axis=(1, 2))).tolist() == [4, 5, 6, 7]


def test_a_lone_plane_is_a_slab_of_the_thickness_given() -> None:
    outline = [rectangle(4, (2, 12), (2, 12))]
    for slab_mm, slices in ((None, [4]), (7.5, [3, 4, 5])):
        drawn = mask_from_contours(outline, AXIAL, is_xor=False, slab_mm=slab_mm)
        assert np.flatnonzero(drawn.mask.members.any(axis=(1, 2))).tolist() == slices


def ball_outlines(centre: np.ndarray, radius_mm: float, normal: np.ndarray) -> list[np.ndarray]:
    """Cut a ball into circles a millimetre apart."""
    normal = normal / np.linalg.norm(normal)
    along = np.cross(normal, [0.3, 0.2, 0.9])
    along /= np.linalg.norm(along)
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)[:, None]
    circle = np.cos(turns) * along + np.sin(turns) * np.cross(normal, along)
    heights = np.arange(-radius_mm + 0.5, radius_mm, 1.0)
    return [
        centre + height * normal + np.sqrt(radius_mm**2 - height**2) * circle for height in heights
    ]


@pytest.mark.parametrize("normal", [*np.eye(3), *itertools.product([1, -0.4], [0.7, 1], [0.05, 1])])
def test_planes_of_any_direction_draw_the_same_ball(normal: object) -> None:
    centre, radius_mm = AXIAL.points_from_indices([10.2, 19.6, 21.7]), 10.0
    drawn = mask_from_contours(
        ball_outlines(centre, radius_mm, np.asarray(normal, dtype=float)), AXIAL, is_xor=False
    )
    voxels = AXIAL.points_from_indices(np.argwhere(drawn.mask.members))
    exact_ml = 4 / 3 * np.pi * radius_mm**3 / 1000
    assert drawn.mask.volume_ml == pytest.approx(exact_ml, rel=0.03)
    assert np.abs(voxels.mean(axis=0) - centre).max() <= 0.1 * 2.5 + drawn.moved_mm
    # no voxel is farther off than half its own diagonal and half a plane's step
    far = np.linalg.norm(voxels - centre, axis=1)
    assert far.max() <= radius_mm + 0.5 * np.linalg.norm([2.5, 0.8, 0.7]) + 0.5


def test_points_lines_and_bent_outlines_are_refused() -> None:
    line = AXIAL.points_from_indices([[4, 2, 2], [4, 8, 8]])
    with pytest.raises(StructureRefusedError) as refused:
        mask_from_contours([line, line[:1]], AXIAL, is_xor=False)
    assert refused.value.refusal.code == "no-closed-outline"
    bent = AXIAL.points_from_indices([[4, 2, 2], [6, 8, 2], [4, 8, 8], [5, 2, 8]])
    with pytest.raises(StructureRefusedError) as refused:
        mask_from_contours([bent], AXIAL, is_xor=False)
    assert refused.value.refusal.code == "outlines-not-parallel"
