"""Every voxel of a DICOM series lies where position and orientation put it, in any orientation."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import (
    AXIAL,
    FRAME_OF_REFERENCE,
    INTERCEPT,
    SERIES,
    StackGeometry,
    ct_slices,
    enhanced_ct,
    numbered_voxels,
    write_files,
)

PLACE_LIMIT_MM = 1e-6
"""Sixteen characters of a decimal string hold ten decimals; a metre away that is nothing."""
SHAPE = (4, 5, 3)


@st.composite
def geometries(draw: st.DrawFn) -> StackGeometry:
    """Stacks in any orientation, tilted up to 45 degrees either way."""
    turn = Rotation.from_quat(
        draw(
            st.tuples(*[st.floats(-1, 1) for _ in range(4)]).filter(
                lambda q: np.linalg.norm(q) > 0.1
            )
        )
    ).as_matrix()
    spacing = st.floats(0.3, 5.0)
    sideways = st.floats(-1.0, 1.0)
    step = draw(spacing) * (turn[:, 2] + draw(sideways) * turn[:, 0] + draw(sideways) * turn[:, 1])
    return StackGeometry(
        origin_mm=np.array(draw(st.tuples(*[st.floats(-500, 500) for _ in range(3)]))),
        slice_step_mm=step,
        row_direction=turn[:, 0],
        column_direction=turn[:, 1],
        row_step_mm=draw(spacing),
        column_step_mm=draw(spacing),
    )


def worst_place_error_mm(path: Path, geometry: StackGeometry) -> float:
    """Find each numbered voxel by its value, and compare its place with the definition."""
    volume = load_scan(path).volume
    stored = np.rint(volume.values_hu - INTERCEPT).astype(int)
    errors = []
    for (k, j, i), number in np.ndenumerate(numbered_voxels(SHAPE)):
        found = np.argwhere(stored == number)
        assert len(found) == 1
        place = volume.grid.points_from_indices(found[0])
        errors.append(np.linalg.norm(place - geometry.place_mm(k, j, i)))
    return float(max(errors))


@pytest.mark.hazard(1, 2, 3, 7, 11, 16)
@settings(max_examples=60, deadline=None)
@given(geometry=geometries(), order=st.permutations(range(SHAPE[0])), seed=st.integers(0, 2**16))
def test_every_voxel_is_right_whatever_the_orientation_and_the_order_of_files(
    geometry: StackGeometry, order: list[int], seed: int
) -> None:
    slices = ct_slices(numbered_voxels(SHAPE), geometry)
    rng = np.random.default_rng(seed)
    for dataset in slices:
        dataset.InstanceNumber = int(rng.integers(1, 1000))
    names = [f"{position:02d}" for position in order]
    with tempfile.TemporaryDirectory() as folder:
        write_files(slices, Path(folder), names)
        assert worst_place_error_mm(Path(folder), geometry) < PLACE_LIMIT_MM


@pytest.mark.hazard(2)
@settings(max_examples=20, deadline=None)
@given(geometry=geometries())
def test_slices_run_along_the_normal_and_the_axes_are_those_of_the_header(
    geometry: StackGeometry,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_files(ct_slices(numbered_voxels(SHAPE), geometry), Path(folder))
        grid = load_scan(Path(folder)).volume.grid
    k_step, j_step, i_step = grid.lps_from_index[:3, :3].T
    assert k_step @ np.cross(i_step, j_step) > 0
    np.testing.assert_allclose(i_step, geometry.column_step_mm * geometry.row_direction, atol=1e-9)
    np.testing.assert_allclose(j_step, geometry.row_step_mm * geometry.column_direction, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(geometry=geometries(), order=st.permutations(range(SHAPE[0])))
def test_an_enhanced_file_is_read_frame_by_frame(geometry: StackGeometry, order: list[int]) -> None:
    stored = numbered_voxels(SHAPE)
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_files([enhanced_ct(stored, geometry, order)], Path(folder))
        volume = load_scan(path).volume
    slopes = np.arange(1, SHAPE[0] + 1)[:, None, None]
    truth = stored.astype(float) * slopes + INTERCEPT
    for k in range(SHAPE[0]):
        place = geometry.place_mm(k, 2, 1)
        index = np.rint(volume.grid.indices_from_points(place)).astype(int)
        error_mm = np.linalg.norm(volume.grid.points_from_indices(index) - place)
        assert error_mm < PLACE_LIMIT_MM
        assert volume.values_hu[tuple(index)] == truth[k, 2, 1]


def test_a_hand_counted_stack(tmp_path: Path) -> None:
    write_files(ct_slices(numbered_voxels(SHAPE)), tmp_path)
    scan = load_scan(tmp_path)
    # the last slice, second row, third column: 3 x 1.5, 1 x 0.8 and 2 x 0.7 mm from the first
    np.testing.assert_allclose(
        scan.volume.grid.points_from_indices([3, 1, 2]), [-12 + 1.4, -20 + 0.8, 100 + 4.5]
    )
    assert scan.volume.values_hu[3, 1, 2] == (3 * 15 + 1 * 3 + 2 + 1) - 1024
    assert scan.volume.grid.frame.uid == f"{FRAME_OF_REFERENCE}/{SERIES}"
    assert scan.findings == ()


@pytest.mark.hazard(3)
@pytest.mark.parametrize("drift_mm", [0.0, 0.09, 0.11, 5.0])
def test_a_tilt_is_kept_and_said_where_the_stack_drifts(tmp_path: Path, drift_mm: float) -> None:
    geometry = StackGeometry(
        origin_mm=AXIAL.origin_mm,
        slice_step_mm=np.array([0.0, drift_mm / (SHAPE[0] - 1), 1.5]),
        row_direction=AXIAL.row_direction,
        column_direction=AXIAL.column_direction,
        row_step_mm=0.8,
        column_step_mm=0.7,
    )
    write_files(ct_slices(numbered_voxels(SHAPE), geometry), tmp_path)
    scan = load_scan(tmp_path)
    said = "tilted-stack" in [finding.code for finding in scan.findings]
    assert said == (drift_mm > 0.1)
    assert worst_place_error_mm(tmp_path, geometry) < PLACE_LIMIT_MM
