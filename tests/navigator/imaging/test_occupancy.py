"""A structure on another grid stays where it is and keeps its volume, as far as voxels can."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.occupancy import grow_grid, resample_mask, resample_shares
from navigator.model.volume import Grid, Mask

FRAME = Frame(FrameKind.LPS, "scan")
RADIUS_MM, CENTRE_MM = 12.0, np.array([1.3, -0.8, 2.1])


def grid_with(spacing_mm: float, offset_voxels: float = 0.0, shear: float = 0.0) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = spacing_mm * np.eye(3)[:, ::-1]
    affine[1, 0] = shear * spacing_mm
    affine[:3, 3] = -25.0 + offset_voxels * spacing_mm
    affine[1, 3] -= 25.0 * shear
    count = int(50 / spacing_mm)
    return Grid(
        shape_kji=(count, int(count * (1 + abs(shear))), count), lps_from_index=affine, frame=FRAME
    )


def ball_on(grid: Grid) -> Mask:
    centres = grid.points_from_indices(np.moveaxis(np.indices(grid.shape_kji), 0, -1))
    return Mask(np.linalg.norm(centres - CENTRE_MM, axis=-1) <= RADIUS_MM, grid)


def centroid_mm(mask: Mask) -> np.ndarray:
    return mask.grid.points_from_indices(np.argwhere(mask.members)).mean(axis=0)


def test_half_a_voxel_of_offset_moves_nothing() -> None:
    """The centre of a ball moves by less than a twentieth of a voxel."""
    ball = ball_on(grid_with(1.0))
    moved = resample_mask(ball, grid_with(1.0, offset_voxels=0.5))
    assert np.abs(centroid_mm(moved.mask) - centroid_mm(ball)).max() <= 0.05
    there = resample_mask(moved.mask, ball.grid).mask
    assert np.abs(centroid_mm(there) - centroid_mm(ball)).max() <= 0.05


@pytest.mark.parametrize(
    ("source_mm", "target_mm"), [(1.0, 2.5), (0.7, 2.0), (2.5, 1.0), (2.0, 0.7)]
)
@pytest.mark.parametrize("shear", [0.0, 0.33])
def test_coarse_to_fine_and_back_keep_place_and_volume(
    source_mm: float, target_mm: float, shear: float
) -> None:
    ball = ball_on(grid_with(source_mm, shear=shear))
    moved = resample_mask(ball, grid_with(target_mm, offset_voxels=0.21))
    coarse_mm = max(source_mm, target_mm)
    assert np.abs(centroid_mm(moved.mask) - centroid_mm(ball)).max() <= 0.1 * coarse_mm
    assert moved.mask.volume_ml == pytest.approx(ball.volume_ml, rel=0.04)
    assert moved.kept_ml == pytest.approx(moved.source_ml, rel=1e-3)


def test_the_same_grid_changes_no_voxel() -> None:
    ball = ball_on(grid_with(1.3))
    np.testing.assert_array_equal(resample_mask(ball, ball.grid).mask.members, ball.members)


def test_a_thin_sheet_is_not_stepped_over() -> None:
    """A sheet of two voxels between the centres of coarse ones is counted by its share."""
    fine = grid_with(0.5)
    members = np.zeros(fine.shape_kji, dtype=bool)
    members[40:44] = True
    moved = resample_mask(Mask(members, fine), grid_with(2.0, offset_voxels=0.375))
    assert moved.mask.members.any()


def test_what_lies_outside_is_measured() -> None:
    ball = ball_on(grid_with(1.0))
    half = Grid(shape_kji=(27, 50, 50), lps_from_index=ball.grid.lps_from_index, frame=FRAME)
    moved = resample_mask(ball, half)
    share = ball.members[:27].sum() / ball.members.sum()
    assert moved.kept_ml / moved.source_ml == pytest.approx(share, rel=1e-6)


def test_another_frame_is_refused() -> None:
    ball = ball_on(grid_with(1.0))
    other = Grid(
        shape_kji=ball.grid.shape_kji,
        lps_from_index=ball.grid.lps_from_index,
        frame=Frame(FrameKind.LPS, "another"),
    )
    with pytest.raises(FrameMismatchError):
        resample_mask(ball, other)


def test_a_grown_grid_keeps_its_voxels() -> None:
    grid = grid_with(1.0, shear=0.2)
    grown = grow_grid(grid, [[40.0, 0.0, 0.0]])
    start = grown.indices_from_points(grid.points_from_indices([[0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(start, np.rint(start), atol=1e-9)
    assert (grown.indices_from_points([[40.0, 0.0, 0.0]]) <= np.array(grown.shape_kji) - 1).all()
    assert (start >= 1).all()


@pytest.mark.parametrize("spacing_mm", [0.6, 1.0, 1.7, 2.6])
@pytest.mark.parametrize("offset", [0.0, 0.37, -30.0, 60.0])
def test_parallel_axes_are_read_as_slanting_ones(spacing_mm: float, offset: float) -> None:
    """The quick way for parallel axes is the general one, sample by sample."""
    source, target = grid_with(1.0), grid_with(spacing_mm, offset_voxels=offset)
    shares = np.random.default_rng(2).random(source.shape_kji).astype(np.float32)
    shares = ndimage.gaussian_filter(shares, 2.0)
    shares = np.pad((shares - shares.min())[2:-2, 2:-2, 2:-2] / np.ptp(shares), 2)
    quick = resample_shares(shares, source, target)
    slanting = np.array(target.lps_from_index)
    slanting[0, 0] += 1e-4  # 5 um over the grid: too little to matter, too much to be parallel
    slow_grid = Grid(shape_kji=target.shape_kji, lps_from_index=slanting, frame=FRAME)
    slow = resample_shares(shares, source, slow_grid)
    differ = np.mean(quick.mask.members != slow.mask.members)
    assert differ <= 2e-3
    assert quick.kept_ml == pytest.approx(slow.kept_ml, rel=1e-3)
