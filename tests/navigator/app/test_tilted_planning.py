"""A tilted planning series is resampled, which is said, and planned on as its upright twin is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from navigator.app.inputs import load_planning_inputs
from navigator.app.steps import plan_case
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Mask
from tests.navigator.app.tiny_patient import (
    COUNT,
    FIRST_MM,
    LABELS,
    SPACING_MM,
    paint,
    write_patient,
    write_request,
)
from tests.navigator.io.dicom_writer import (
    FRAME_OF_REFERENCE,
    SERIES,
    StackGeometry,
    ct_slices,
    write_files,
)
from tests.navigator.io.structures.writers import save, segmentation

if TYPE_CHECKING:
    from pathlib import Path

TILT_RAD = np.deg2rad(12.0)
EXTRA = 12
"""More slices, so that the leaning stack holds the whole patient."""


def tilted_geometry() -> StackGeometry:
    """Lean the slices: their rows stay level, the table moves along the body."""
    column = np.array([0.0, np.cos(TILT_RAD), np.sin(TILT_RAD)])
    feed = np.array([0.0, 0.0, SPACING_MM / np.cos(TILT_RAD)])
    middle = FIRST_MM + 0.5 * SPACING_MM * (COUNT - 1)
    half = 0.5 * (COUNT - 1)
    origin = middle - half * SPACING_MM * (column + np.array([1.0, 0, 0])) - (half + EXTRA) * feed
    return StackGeometry(
        origin_mm=origin,
        slice_step_mm=feed,
        row_direction=np.array([1.0, 0.0, 0.0]),
        column_direction=column,
        row_step_mm=SPACING_MM,
        column_step_mm=SPACING_MM,
    )


def as_tilted(values: np.ndarray, geometry: StackGeometry, outside: float) -> np.ndarray:
    """Read a painted array at the voxels of the tilted stack, the nearest voxel each."""
    shape = (COUNT + 2 * EXTRA, COUNT, COUNT)
    k, j, i = np.indices(shape).reshape(3, -1)
    places = (
        geometry.origin_mm
        + k[:, None] * geometry.slice_step_mm
        + j[:, None] * geometry.row_step_mm * geometry.column_direction
        + i[:, None] * geometry.column_step_mm * geometry.row_direction
    )
    indices = ((places - FIRST_MM) / SPACING_MM)[:, ::-1].T
    read = ndimage.map_coordinates(values, indices, order=0, mode="constant", cval=outside)
    return read.reshape(shape)


@pytest.mark.hazard(3)
def test_a_tilted_planning_series_is_resampled_and_planned_on(tmp_path: Path) -> None:
    tiny = write_patient(tmp_path / "patient")
    hounsfield, labels = paint()
    geometry = tilted_geometry()
    stored = as_tilted(hounsfield, geometry, -1000) + 1024
    write_files(ct_slices(stored.astype(np.int16), geometry), tiny.folder / "ct")
    affine = np.eye(4)
    affine[:3, :3] = np.stack(
        [
            geometry.slice_step_mm,
            SPACING_MM * geometry.column_direction,
            SPACING_MM * geometry.row_direction,
        ],
        axis=1,
    )
    affine[:3, 3] = geometry.origin_mm
    drawn = as_tilted(labels, geometry, 0)
    frame = Frame(FrameKind.LPS, f"{FRAME_OF_REFERENCE}/{SERIES}")
    grid = Grid(shape_kji=drawn.shape, lps_from_index=affine, frame=frame)
    masks = {name.upper(): Mask(drawn == label, grid) for name, label in LABELS.items()}
    save(segmentation(masks), tiny.folder / "seg.dcm")
    names = {name: name.upper() for name in LABELS}
    request = write_request(tiny, "tilted.json", scan="ct", structures="seg.dcm", labels=names)

    inputs, upright = load_planning_inputs(request), load_planning_inputs(tiny.request)
    assert inputs.scan.volume.grid.is_rectilinear
    assert "stack-resampled" in {finding.code for finding in inputs.scan.findings}
    for name in LABELS:
        one, other = inputs.labels.mask(name), upright.labels.mask(name)
        # the tumour has 40 voxels: drawn twice on two grids, four of them more or less are chance
        share = 0.15 if name == "gtv" else 0.05
        assert abs(one.volume_ml / other.volume_ml - 1.0) <= share
    plan, twin = plan_case(inputs), plan_case(upright)
    (needle,), (other_needle,) = plan.needles, twin.needles
    # both read the same painted patient, one through slices that lean: within a voxel
    for way in ("entry_mm", "tip_mm"):
        apart = getattr(needle.trajectory, way) - getattr(other_needle.trajectory, way)
        assert np.linalg.norm(apart) <= 3.0 * SPACING_MM
