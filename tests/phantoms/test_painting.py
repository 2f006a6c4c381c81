"""Painting by blocks gives each voxel the share of its box that a shape fills."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantoms import tissues
from phantoms._paint_kernels import flat_share
from phantoms.motion import rigid_about, rotation_about
from phantoms.painting import ScanGrid, label_map, paint_parts
from phantoms.program import signed_distance_mm
from phantoms.shapes import Cut, Offset, Shape, Tube, Union, ellipsoid, sphere
from phantoms.tissues import LABELS, TISSUES, Part

TILTED = rigid_about(rotation_about([1.0, 1.0, 0.0], 0.3), [0.0, 0.0, 0.0], [0.0, 0.0, 0.0])


def grid_of(
    spacing_kji: tuple[float, float, float], shape: tuple[int, int, int], thickness_mm: float
) -> ScanGrid:
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(spacing_kji)[::-1]
    matrix[:3, 3] = -matrix[:3, :3] @ (0.5 * (np.array(shape) - 1.0)) + [0.21, -0.13, 0.34]
    return ScanGrid(shape_kji=shape, lps_from_index=matrix, thickness_mm=thickness_mm)


def centres_mm(grid: ScanGrid) -> np.ndarray:
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    return index.reshape(-1, 3) @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]


def filled_ml(hu: np.ndarray, grid: ScanGrid, inside_hu: float) -> float:
    share = (hu.astype(float) + 1000.0) / (inside_hu + 1000.0)
    return float(share.sum() * abs(np.linalg.det(grid.lps_from_index[:3, :3])) / 1000.0)


@pytest.mark.parametrize(
    ("diameter_mm", "samples"), [(5.0, 9), (12.0, 5), (17.0, 5), (80.0, 2), (80.0, 0)]
)
def test_a_painted_sphere_has_its_analytic_volume(diameter_mm: float, samples: int) -> None:
    count = int(diameter_mm) + 8
    grid = grid_of((1.5, 1.0, 1.0), (count, count, count), 1.5)
    ball = sphere([0.0, 0.0, 0.0], 0.5 * diameter_mm)
    part = Part(name="ball", shape=ball, tissue=tissues.METASTASIS, samples=samples)
    hu, _ = paint_parts([(part, np.eye(4))], grid)
    analytic_ml = np.pi * diameter_mm**3 / 6000.0
    assert filled_ml(hu, grid, tissues.METASTASIS.hu) == pytest.approx(analytic_ml, rel=0.002)


SHAPES: list[Shape] = [
    Cut(
        Union((ellipsoid([0, 0, 0], [20, 14, 9]), sphere([12, 6, 0], 9.0)), 6.0),
        sphere([0, 9, 4], 6.0),
    ),
    Tube(np.array([[-20.0, -5, -9], [0, 4, 0], [15, -8, 9]]), np.array([4.0, 2.0, 1.0])),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pose", [np.eye(4), TILTED])
def test_blocks_find_the_same_tissue_as_every_voxel_asked_by_itself(
    shape: Shape, pose: np.ndarray
) -> None:
    grid = grid_of((2.5, 1.1, 0.9), (13, 45, 61), 2.5)
    shells = ((1.5, tissues.SPONGY_BONE), (4.0, tissues.FAT))
    part = Part(name="thing", shape=shape, tissue=tissues.CORTICAL_BONE, shells=shells)
    hu, tissue = paint_parts([(part, pose)], grid)
    back = np.linalg.inv(pose)
    local = centres_mm(grid) @ back[:3, :3].T + back[:3, 3]
    value = signed_distance_mm(shape, local).reshape(grid.shape_kji)
    expected = np.zeros(grid.shape_kji, dtype=int)
    for depth, kind in ((0.0, part.tissue), *shells):
        expected[value + depth <= 0.0] = TISSUES.index(kind)
    assert np.array_equal(tissue, expected)
    reach = 0.5 * np.linalg.norm([2.5, 1.1, 0.9])
    assert (hu[value > reach] == -1000.0).all()
    assert (hu[value < -4.0 - reach] == tissues.FAT.hu).all()


def test_a_thick_slice_averages_over_its_thickness() -> None:
    grid = grid_of((1.0, 1.0, 1.0), (31, 24, 24), 5.0)
    part = Part(name="ball", shape=sphere([0, 0, 0], 6.0), tissue=tissues.METASTASIS, samples=9)
    hu, _ = paint_parts([(part, np.eye(4))], grid)
    # the box profile of 5 mm widens the sphere by 2.5 mm to each side and keeps its content
    seen = np.flatnonzero((hu > -999.0).any(axis=(1, 2)))
    assert (len(seen) - 1) * 1.0 == pytest.approx(12.0 + 5.0 - 1.0, abs=1.0)
    assert filled_ml(hu, grid, tissues.METASTASIS.hu) == pytest.approx(0.9048, rel=0.004)


@settings(max_examples=60, deadline=None)
@given(
    normal=st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3).filter(
        lambda v: float(np.linalg.norm(v)) > 0.1
    ),
    distance=st.floats(-2.0, 2.0),
)
def test_the_share_behind_a_plane_is_that_of_many_samples(
    normal: list[float], distance: float
) -> None:
    edges = np.diag([1.0, 1.2, 2.5])
    direction = np.array(normal) / np.linalg.norm(normal)
    steps = (np.arange(40) + 0.5) / 40 - 0.5
    inside = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) @ edges.T
    counted = np.mean(inside @ direction + distance <= 0.0)
    x, y, z = direction.tolist()
    # 40 samples an edge: one layer of them is 1/40; the kernel widens vanishing edges by 2 %
    assert flat_share(distance, (x, y, z), edges) == pytest.approx(counted, abs=0.03)


def test_labels_are_those_of_the_structures() -> None:
    numbers = np.arange(len(TISSUES), dtype=np.uint8)
    labels = label_map(numbers)
    for tissue, label in zip(TISSUES, labels.tolist(), strict=True):
        assert label == (LABELS[tissue.structure] if tissue.structure else 0)
    assert not labels.flags.writeable


def test_a_grown_ellipsoid_is_painted_whole() -> None:
    grid = grid_of((1.0, 1.0, 1.0), (40, 40, 64), 1.0)
    shape = Offset(ellipsoid([0, 0, 0], [20, 5, 5]), 3.0)
    part = Part(name="grown", shape=shape, tissue=tissues.MUSCLE)
    _, tissue = paint_parts([(part, np.eye(4))], grid)
    value = signed_distance_mm(shape, centres_mm(grid)).reshape(grid.shape_kji)
    assert np.array_equal(tissue > 0, value <= 0.0)
