"""Painting by blocks gives each voxel the share of its box that a shape fills."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantoms import tissues
from phantoms._paint_kernels import flat_share
from phantoms.errors import ScanRefusedError
from phantoms.motion import Lattice, Motion, pulled_back, rigid_about, rotation_about
from phantoms.painting import MOST_KINDS, ScanGrid, label_map, paint_moved, paint_parts
from phantoms.program import signed_distance_mm
from phantoms.shapes import Cut, Offset, Shape, Tube, Union, ellipsoid, sphere
from phantoms.tissues import LABELS, TISSUES, Part

TILTED = rigid_about(rotation_about([1.0, 1.0, 0.0], 0.3), [0.0, 0.0, 0.0], [0.0, 0.0, 0.0])

BENT = Lattice(
    origin_mm=np.array([-35.0, -30.0, -28.0]),
    pitch_mm=14.0,
    coefficients_mm=np.random.default_rng(6).uniform(-2.5, 2.5, (6, 5, 5, 3)),
)
POSES = {"as it is": np.eye(4), "tilted": TILTED, "warped": Motion((BENT, TILTED, BENT))}


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
@pytest.mark.parametrize("pose", POSES.values(), ids=POSES)
def test_blocks_find_the_same_tissue_as_every_voxel_asked_by_itself(
    shape: Shape, pose: np.ndarray | Motion
) -> None:
    grid = grid_of((2.5, 1.1, 0.9), (13, 45, 61), 2.5)
    shells = ((1.5, tissues.SPONGY_BONE), (4.0, tissues.FAT))
    part = Part(name="thing", shape=shape, tissue=tissues.CORTICAL_BONE, shells=shells)
    hu, tissue = paint_parts([(part, pose)], grid)
    value = signed_distance_mm(shape, pulled_back(pose, centres_mm(grid))).reshape(grid.shape_kji)
    expected = np.zeros(grid.shape_kji, dtype=int)
    for depth, kind in ((0.0, part.tissue), *shells):
        expected[value + depth <= 0.0] = TISSUES.index(kind)
    assert np.array_equal(tissue, expected)
    reach = 0.5 * np.linalg.norm([2.5, 1.1, 0.9])
    reach *= pose.stretch_factor if isinstance(pose, Motion) else 1.0
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


def test_a_shell_keeps_its_depth_in_the_tissue_where_tissue_is_stretched() -> None:
    nodes = 12.0 * (np.indices((9, 9, 9)).transpose(1, 2, 3, 0) - 4.0)
    fade = np.prod(np.clip(2.2 - np.abs(nodes) / 24.0, 0.0, 1.0), axis=3)[..., None]
    swollen = Lattice(
        origin_mm=np.full(3, -48.0), pitch_mm=12.0, coefficients_mm=-0.2 * nodes * fade
    )
    grid = grid_of((1.0, 1.0, 1.0), (60, 60, 60), 1.0)
    shells = ((4.0, tissues.FAT),)
    part = Part(name="ball", shape=sphere([0, 0, 0], 16.0), tissue=tissues.MUSCLE, shells=shells)
    _, tissue = paint_parts([(part, Motion((swollen,)))], grid)
    came_from = np.linalg.norm(pulled_back(Motion((swollen,)), centres_mm(grid)), axis=1)
    came_from = came_from.reshape(grid.shape_kji)
    assert (
        tissue[(came_from > 12.05) & (came_from < 15.95)] == TISSUES.index(tissues.MUSCLE)
    ).all()
    assert (tissue[came_from < 11.95] == TISSUES.index(tissues.FAT)).all()
    # the source is smaller by a fifth: the ball has grown to 20 mm
    assert np.count_nonzero(tissue) / 1000.0 == pytest.approx(4.0 / 3.0 * np.pi * 8.0, rel=0.01)


def test_each_voxel_knows_what_moved_its_tissue() -> None:
    grid = grid_of((2.0, 2.0, 2.0), (20, 20, 20), 2.0)
    shift = rigid_about(np.eye(3), [0, 0, 0], [6.0, 0.0, 0.0])
    parts = [
        (Part(name="a", shape=sphere([0, 0, 0], 14.0), tissue=tissues.LIVER), np.eye(4)),
        (Part(name="b", shape=sphere([0, 0, 0], 5.0), tissue=tissues.LIVER), Motion((shift,))),
    ]
    painted = paint_moved(parts, grid)
    assert [motion.is_rigid for motion in painted.motions] == [True, True]
    near = np.linalg.norm(centres_mm(grid) - [6.0, 0, 0], axis=1).reshape(grid.shape_kji) <= 5.0
    assert (painted.carrier[near] == 1).all()
    assert (painted.carrier[~near] == 0).all()


def test_more_motions_than_can_be_told_apart_are_refused() -> None:
    part = Part(name="ball", shape=sphere([0, 0, 0], 3.0), tissue=tissues.LIVER)
    placed = [
        (part, rigid_about(np.eye(3), [0, 0, 0], [0.01 * step, 0, 0]))
        for step in range(MOST_KINDS + 1)
    ]
    with pytest.raises(ScanRefusedError, match="Too many"):
        paint_parts(placed, grid_of((2.0, 2.0, 2.0), (4, 4, 4), 2.0))
