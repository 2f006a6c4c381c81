"""A tilted planning series is resampled, which is said, and planned on as its upright twin is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from navigator.app.choices import MaskChoice, ScanChoice, twin_grid
from navigator.app.inputs import load_planning_inputs
from navigator.app.margins import margin_document
from navigator.app.steps import plan_case
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.upright import rectify
from navigator.io.structures import load_structures
from navigator.io.volumes import load_scan
from navigator.model.volume import Grid, Mask
from tests.navigator.app.tiny_patient import (
    COUNT,
    FIRST_MM,
    LABELS,
    SPACING_MM,
    TinyPatient,
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
from tests.navigator.io.structures.writers import save, seg_nrrd, segmentation

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


def sheared_grid(geometry: StackGeometry) -> Grid:
    """Name the voxels of the tilted stack."""
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
    frame = Frame(FrameKind.LPS, f"{FRAME_OF_REFERENCE}/{SERIES}")
    return Grid(shape_kji=(COUNT + 2 * EXTRA, COUNT, COUNT), lps_from_index=affine, frame=frame)


@pytest.fixture(scope="module")
def tilted_patient(tmp_path_factory: pytest.TempPathFactory) -> TinyPatient:
    """Write the tiny patient as a tilted series, with structures drawn on its own voxels."""
    tiny = write_patient(tmp_path_factory.mktemp("tilted") / "patient")
    hounsfield, labels = paint()
    geometry = tilted_geometry()
    stored = as_tilted(hounsfield, geometry, -1000) + 1024
    write_files(ct_slices(stored.astype(np.int16), geometry), tiny.folder / "ct")
    drawn, grid = as_tilted(labels, geometry, 0), sheared_grid(geometry)
    masks = {name.upper(): Mask(drawn == label, grid) for name, label in LABELS.items()}
    save(segmentation(masks), tiny.folder / "seg.dcm")
    affine = grid.lps_from_index
    seg_nrrd([drawn], [], affine, tiny.folder / "sheared.nrrd")
    named = [(name.upper(), label, 0) for name, label in LABELS.items()]
    seg_nrrd([drawn], named, affine, tiny.folder / "sheared.seg.nrrd")
    return tiny


def request_for(tiny: TinyPatient, structures: str) -> Path:
    is_named = structures in {"seg.dcm", "sheared.seg.nrrd"}
    names = {name: name.upper() if is_named else label for name, label in LABELS.items()}
    file = f"{structures}.json"
    return write_request(tiny, file, scan="ct", structures=structures, labels=names)


def centre_mm(mask: Mask) -> np.ndarray:
    return mask.grid.points_from_indices(np.argwhere(mask.members)).mean(axis=0)


@pytest.mark.hazard(3)
@pytest.mark.parametrize("structures", ["seg.dcm", "sheared.nrrd", "sheared.seg.nrrd"])
def test_structures_on_the_raw_voxels_of_a_tilted_series_lie_as_on_its_upright_twin(
    tilted_patient: TinyPatient, structures: str
) -> None:
    inputs = load_planning_inputs(request_for(tilted_patient, structures))
    upright = load_planning_inputs(tilted_patient.request)
    assert inputs.scan.volume.grid.is_rectilinear
    assert "stack-resampled" in {finding.code for finding in inputs.scan.findings}
    for name in LABELS:
        one, other = inputs.labels.mask(name), upright.labels.mask(name)
        assert one.grid.matches(inputs.scan.volume.grid)
        # the tumour has 40 voxels: drawn twice on two grids, four of them more or less are chance
        share = 0.15 if name == "gtv" else 0.05
        assert abs(one.volume_ml / other.volume_ml - 1.0) <= share
        assert np.abs(centre_mm(one) - centre_mm(other)).max() <= 0.5 * SPACING_MM


@pytest.mark.hazard(3)
def test_a_tilted_planning_series_is_resampled_and_planned_on(tilted_patient: TinyPatient) -> None:
    inputs = load_planning_inputs(request_for(tilted_patient, "seg.dcm"))
    upright = load_planning_inputs(tilted_patient.request)
    plan, twin = plan_case(inputs), plan_case(upright)
    (needle,), (other_needle,) = plan.needles, twin.needles
    # both read the same painted patient, one through slices that lean: within a voxel
    for way in ("entry_mm", "tip_mm"):
        apart = getattr(needle.trajectory, way) - getattr(other_needle.trajectory, way)
        assert np.linalg.norm(apart) <= 3.0 * SPACING_MM


@pytest.mark.hazard(3)
def test_a_margin_is_measured_on_a_tilted_scan(tilted_patient: TinyPatient) -> None:
    """From the raw voxels, through the scan, as without it from the twin's label map."""
    folder = tilted_patient.folder
    scan = ScanChoice(folder / "ct")
    values = []
    for file, given in (("sheared.nrrd", scan), ("seg.dcm", scan), ("labels.nii.gz", None)):
        chosen = [
            MaskChoice(folder / file, name.upper() if file == "seg.dcm" else str(LABELS[name]))
            for name in ("gtv", "liver")
        ]
        found = margin_document(
            tumour=chosen[0],
            ablation=chosen[1],
            zones=None,
            organ=None,
            wanted_margin_mm=None,
            scan=given,
        )
        values.append(found["mam_mm"])
    for other in values[:2]:
        assert other["value"] == pytest.approx(values[2]["value"], abs=SPACING_MM)


@pytest.mark.hazard(3)
def test_structures_on_either_grid_go_out_on_the_voxels_of_the_tilted_series(
    tilted_patient: TinyPatient,
) -> None:
    folder = tilted_patient.folder
    scan = load_scan(folder / "ct").volume
    upright = rectify(scan)
    drawn = load_planning_inputs(request_for(tilted_patient, "sheared.nrrd")).labels
    seg_nrrd([drawn.values], [], upright.grid.lps_from_index, folder / "upright.nrrd")
    ours = load_planning_inputs(request_for(tilted_patient, "upright.nrrd")).labels
    np.testing.assert_array_equal(ours.values, drawn.values)
    twin = twin_grid(scan.grid)
    for file in ("upright.nrrd", "sheared.nrrd"):
        back = load_structures(folder / file, LABELS, scan.grid, twin=twin).labels
        expected = load_structures(folder / "sheared.nrrd", LABELS, scan.grid).labels
        np.testing.assert_array_equal(back.values, expected.values)
