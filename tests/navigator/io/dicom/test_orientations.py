"""Landmarks of a DICOM series keep their places in all axis orientations, and sheared at random."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import (
    INTERCEPT,
    StackGeometry,
    ct_slices,
    enhanced_ct,
    numbered_voxels,
    write_files,
)

PLACE_LIMIT_MM = 1e-6
SHAPE = (4, 5, 3)
LANDMARKS = ((0, 0, 0), (3, 0, 1), (1, 4, 0), (2, 3, 2))
"""Four voxels of which no turn and no mirror image carries one onto another."""
AXES = [np.eye(3)[axis] * sign for axis in range(3) for sign in (1.0, -1.0)]
ORIENTATIONS = [
    (row, column) for row, column in itertools.permutations(AXES, 2) if abs(row @ column) < 0.5
]
"""The 24 ways in which a picture can lie along the body's axes; with the slices written from
either end they are the 48 ways of an array."""


def aligned(row: np.ndarray, column: np.ndarray, way: float) -> StackGeometry:
    """Lay a stack along the body's axes, its first file at one end or the other."""
    return StackGeometry(
        origin_mm=np.array([-31.25, 12.5, 140.0]),
        slice_step_mm=way * 2.5 * np.cross(row, column),
        row_direction=row,
        column_direction=column,
        row_step_mm=0.8,
        column_step_mm=0.7,
    )


def at_random(rng: np.random.Generator) -> StackGeometry:
    """Turn a stack anyhow, and shear it by up to 45 degrees."""
    turn = Rotation.random(random_state=rng).as_matrix()
    sideways = rng.uniform(-0.7, 0.7, 2)
    step = turn[:, 2] + sideways[0] * turn[:, 0] + sideways[1] * turn[:, 1]
    return StackGeometry(
        origin_mm=rng.uniform(-500, 500, 3),
        slice_step_mm=float(rng.choice([-1.0, 1.0])) * rng.uniform(0.3, 5.0) * step,
        row_direction=turn[:, 0],
        column_direction=turn[:, 1],
        row_step_mm=float(rng.uniform(0.3, 3.0)),
        column_step_mm=float(rng.uniform(0.3, 3.0)),
    )


def worst_error_mm(path: Path, geometry: StackGeometry, slopes: np.ndarray) -> float:
    """Find each landmark by its value, and compare its place with the equation of PS3.3."""
    volume = load_scan(path).volume
    numbers = numbered_voxels(SHAPE)
    worst = 0.0
    for k, j, i in LANDMARKS:
        (found,) = np.argwhere(volume.values_hu == numbers[k, j, i] * slopes[k] + INTERCEPT)
        place = volume.grid.points_from_indices(found)
        worst = max(worst, float(np.linalg.norm(place - geometry.place_mm(k, j, i))))
    return worst


@pytest.mark.hazard(1, 2, 16)
@pytest.mark.parametrize("way", [1.0, -1.0])
@pytest.mark.parametrize(("row", "column"), ORIENTATIONS)
def test_a_series_in_48_orientations(
    tmp_path: Path, row: np.ndarray, column: np.ndarray, way: float
) -> None:
    geometry = aligned(row, column, way)
    write_files(ct_slices(numbered_voxels(SHAPE), geometry), tmp_path)
    assert worst_error_mm(tmp_path, geometry, np.ones(4)) <= PLACE_LIMIT_MM


@pytest.mark.hazard(1, 2, 16)
@pytest.mark.parametrize("way", [1.0, -1.0])
@pytest.mark.parametrize(("row", "column"), ORIENTATIONS)
def test_a_multi_frame_file_in_48_orientations(
    tmp_path: Path, row: np.ndarray, column: np.ndarray, way: float
) -> None:
    geometry = aligned(row, column, way)
    dataset = enhanced_ct(numbered_voxels(SHAPE), geometry, [2, 0, 3, 1])
    (path,) = write_files([dataset], tmp_path)
    assert worst_error_mm(path, geometry, np.arange(1, 5)) <= PLACE_LIMIT_MM


@pytest.mark.hazard(3)
def test_random_geometries_sheared_ones_too(*, long_run: bool) -> None:
    rng = np.random.default_rng(33)
    for _ in range(10_000 if long_run else 300):
        geometry = at_random(rng)
        with tempfile.TemporaryDirectory() as folder:
            write_files(ct_slices(numbered_voxels(SHAPE), geometry), Path(folder))
            assert worst_error_mm(Path(folder), geometry, np.ones(4)) <= PLACE_LIMIT_MM
