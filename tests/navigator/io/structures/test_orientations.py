"""However the voxels of a structure file run, each marker arrives at its own place on the scan."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contours import outlines_from_mask
from navigator.io.structures import load_structure
from navigator.model.volume import Grid, Mask
from tests.navigator.io.dicom_writer import FRAME_OF_REFERENCE, SERIES
from tests.navigator.io.structures.writers import save, seg_nrrd, segmentation, structure_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAME = Frame(FrameKind.LPS, f"{FRAME_OF_REFERENCE}/{SERIES}")
AFFINE = np.array(
    [[0, 0, 0.7, -20.0], [0, 0.8, 0, 30.0], [2.5, 0, 0, 40.0], [0, 0, 0, 1.0]], dtype=float
)
GRID = Grid(shape_kji=(6, 9, 11), lps_from_index=AFFINE, frame=FRAME)
MARKERS_KJI = ((1, 1, 2), (4, 2, 8), (2, 6, 3), (5, 7, 9))
"""Four places that no turn or mirror maps onto each other; each is of another size."""
FLIPS = list(itertools.product([False, True], repeat=3))


def phantom() -> np.ndarray:
    members = np.zeros(GRID.shape_kji, dtype=bool)
    for size, (k, j, i) in enumerate(MARKERS_KJI):
        members[k, j : j + 1 + size % 2, i : i + 1 + size // 2] = True
    return members


def turned(order: tuple[int, ...], flips: tuple[bool, ...]) -> Mask:
    """Store the phantom with its axes in another order; its place in the world stays."""
    members, affine = phantom().transpose(order), np.eye(4)
    steps = AFFINE[:3, :3][:, list(order)]
    first = np.zeros(3)
    for axis, is_flipped in enumerate(flips):
        if is_flipped:
            first += steps[:, axis] * (members.shape[axis] - 1)
            steps[:, axis] *= -1
            members = np.flip(members, axis)
    affine[:3, :3], affine[:3, 3] = steps, AFFINE[:3, 3] + first
    shape = members.shape
    grid = Grid(shape_kji=(shape[0], shape[1], shape[2]), lps_from_index=affine, frame=FRAME)
    return Mask(members, grid)


def write_seg(mask: Mask, folder: Path) -> Path:
    return save(segmentation({"markers": mask}), folder / "seg.dcm")


def write_rtstruct(mask: Mask, folder: Path) -> Path:
    outlines = [("CLOSED_PLANAR", each.points_mm) for each in outlines_from_mask(mask)]
    return save(structure_set({"markers": outlines}), folder / "rt.dcm")


def write_seg_nrrd(mask: Mask, folder: Path) -> Path:
    layer = mask.members.astype(np.uint8)
    segments = [("other", 1, 0), ("markers", 1, 1)]
    other = np.zeros_like(layer)
    other[0, 0, 0] = 1
    return seg_nrrd([other, layer], segments, mask.grid.lps_from_index, folder / "s.seg.nrrd")


@pytest.mark.hazard(1)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("write", [write_seg, write_rtstruct, write_seg_nrrd])
def test_markers_arrive_in_any_of_48_orientations(
    tmp_path: Path,
    write: Callable[[Mask, Path], Path],
    order: tuple[int, ...],
    flips: tuple[bool, ...],
) -> None:
    loaded = load_structure(write(turned(order, flips), tmp_path), "markers", grid=GRID)
    np.testing.assert_array_equal(loaded.mask.members, phantom())
    assert not [each for each in loaded.findings if each.code == "structure-resampled"]


@pytest.mark.hazard(1)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", FLIPS)
def test_a_segmentation_alone_lies_where_its_markers_are(
    tmp_path: Path, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    """Without a scan: the voxels' own places, within a millionth of a millimetre."""
    mask = load_structure(write_seg(turned(order, flips), tmp_path), 1).mask
    found = mask.grid.points_from_indices(np.argwhere(mask.members))
    wanted = GRID.points_from_indices(np.argwhere(phantom()))
    assert len(found) == len(wanted)
    order_of = [np.lexsort(points.round(3).T) for points in (found, wanted)]
    assert np.abs(found[order_of[0]] - wanted[order_of[1]]).max() <= 1e-6


SAMPLE, LONG = 25, 10_000
"""Random geometries in CI, and in the long run."""


def random_mask(rng: np.random.Generator) -> Mask:
    """Mark random voxels on a grid of any direction, spacing and tilt."""
    steps = np.diag(rng.uniform(0.5, 5.0, size=3)) @ np.eye(3)
    steps[1, 0] = rng.choice([0.0, rng.uniform(-0.6, 0.6)]) * steps[0, 0]
    affine = np.eye(4)
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    affine[:3, :3], affine[:3, 3] = turn @ steps, rng.uniform(-500, 500, size=3)
    members = rng.random((4, 5, 6)) < 0.4
    members[1:3, 1, 1] = True
    grid = Grid(shape_kji=(4, 5, 6), lps_from_index=affine, frame=FRAME)
    return Mask(members, grid)


@pytest.mark.hazard(1, 3, 11)
@pytest.mark.parametrize("write", [write_seg, write_rtstruct])
def test_any_geometry_comes_back_voxel_for_voxel(
    tmp_path: Path, write: Callable[[Mask, Path], Path], *, long_run: bool
) -> None:
    rng = np.random.default_rng(4)
    for _ in range(LONG if long_run else SAMPLE):
        mask = random_mask(rng)
        loaded = load_structure(write(mask, tmp_path), "markers", grid=mask.grid)
        np.testing.assert_array_equal(loaded.mask.members, mask.members)
