"""A plate stands where its pose says: bores are air, resin is resin, markers are where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms import tissues
from phantoms.detector import blur_and_add_noise
from phantoms.errors import ScanRefusedError
from phantoms.hardware import PlacedPlate, markers_lps_mm, plate_parts
from phantoms.motion import moved_points, rigid_about, rotation_about
from phantoms.painting import ScanGrid, paint_parts
from phantoms.program import signed_distance_mm
from phantoms.tissues import TISSUES
from template_gen.layout import build_default_spec
from template_gen.models import Bore
from template_gen.spec import all_bores, marker_points_mm

if TYPE_CHECKING:
    from template_gen.models import TemplateSpec

POSE = rigid_about(
    rotation_about([1.0, 0.2, 0.1], np.deg2rad(-95.0)), [0.0, 0.0, 0.0], [33.0, -81.0, 47.0]
)
FINE_MM = 0.4
MARKER_LIMIT_MM = 0.02


@pytest.fixture(scope="module")
def spec() -> TemplateSpec:
    return build_default_spec(rows=5, columns=5, pitch_mm=5.0, bore_diameter_mm=2.1)


def cube_round(centre_mm: np.ndarray, half_mm: float, step_mm: float) -> ScanGrid:
    count = int(2 * half_mm / step_mm)
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([step_mm] * 3)[::-1]
    matrix[:3, 3] = centre_mm - 0.5 * step_mm * (count - 1) + [0.07, -0.11, 0.03]
    return ScanGrid(shape_kji=(count,) * 3, lps_from_index=matrix, thickness_mm=step_mm)


def test_the_centroid_of_each_marker_in_a_fine_scan_is_its_place(spec: TemplateSpec) -> None:
    whole = PlacedPlate(spec, POSE)
    for label, truth in markers_lps_mm(whole).items():
        grid = cube_round(truth, 4.4, FINE_MM)

        def seen(plate: PlacedPlate, grid: ScanGrid = grid) -> np.ndarray:
            hu, _ = paint_parts([(part, POSE) for part in plate_parts(plate)], grid)
            blur_and_add_noise(hu, grid, 0.0, np.random.default_rng(0))
            return hu.astype(float)

        # what the marker adds: faces and bores nearby do not pull
        weight = seen(whole) - seen(PlacedPlate(spec, POSE, (label,)))
        index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
        world = moved_points(grid.lps_from_index, index)
        centroid = (world * weight[..., None]).sum(axis=(0, 1, 2)) / weight.sum()
        assert np.linalg.norm(centroid - truth) <= MARKER_LIMIT_MM, label


def test_markers_keep_their_distances_and_lost_ones_are_gone(spec: TemplateSpec) -> None:
    whole = markers_lps_mm(PlacedPlate(spec, POSE))
    distances = np.linalg.norm(np.diff(list(whole.values()), axis=0), axis=1)
    planned = np.linalg.norm(np.diff(marker_points_mm(spec), axis=0), axis=1)
    assert distances == pytest.approx(planned, abs=1e-9)
    lost = next(iter(whole))
    plate = PlacedPlate(spec, POSE, (lost,))
    assert set(markers_lps_mm(plate)) == set(whole) - {lost}
    hu, _ = paint_parts(
        [(part, POSE) for part in plate_parts(plate)], cube_round(whole[lost], 2, 0.5)
    )
    assert hu.max() == pytest.approx(tissues.RESIN.hu, abs=0.01)


def test_bores_are_open_from_face_to_face_and_resin_is_between(spec: TemplateSpec) -> None:
    slanted = Bore(
        label="P1",
        x_mm=14.0,
        y_mm=-13.0,
        diameter_mm=2.4,
        direction=(0.2, 0.0, 0.98),
        sleeve_mm=8.0,
    )
    plate = PlacedPlate(spec.model_copy(update={"bores": (slanted,)}), np.eye(4))
    thickness = spec.plate.thickness_mm

    def tissue_at(point: np.ndarray) -> str:
        found = "air"
        for part in plate_parts(plate):
            if signed_distance_mm(part.shape, [point])[0] <= 0.0:
                found = part.tissue.name
        return found

    for axis in all_bores(plate.spec):
        along = np.linspace(-axis.sleeve_mm + 0.1, axis.guide_length_mm - axis.sleeve_mm - 0.1, 9)
        for reach in along:
            assert tissue_at(axis.entry_mm + reach * axis.direction) == "air", axis.label
    middle_of_four = np.array([2.5, 2.5, 0.5 * thickness])
    assert tissue_at(middle_of_four) == "plate resin"
    assert tissue_at(middle_of_four * [1, 1, 0] + [0, 0, thickness + 0.1]) == "air"
    sleeve = all_bores(plate.spec)[-1]
    beside = sleeve.entry_mm - 5.0 * sleeve.direction + np.array([0.0, 1.2 + 0.7, 0.0])
    assert tissue_at(beside) == "plate resin"


def test_the_slab_has_the_volume_of_its_outline(spec: TemplateSpec) -> None:
    slab = next(part for part in plate_parts(PlacedPlate(spec, np.eye(4))) if part.name == "slab")
    plate = spec.plate
    middle = np.array([0.0, 0.0, 0.5 * plate.thickness_mm])
    grid = cube_round(middle, 0.5 * plate.width_mm + 4.0, 1.0)
    hu, tissue = paint_parts([(slab, np.eye(4))], grid)
    outline = plate.width_mm * plate.height_mm - (4.0 - np.pi) * plate.corner_radius_mm**2
    filled = ((hu + 1000.0) / (tissues.RESIN.hu + 1000.0)).sum(dtype=float)
    assert filled == pytest.approx(outline * plate.thickness_mm, rel=0.002)
    assert set(np.unique(tissue)) == {0, TISSUES.index(tissues.RESIN)}


@pytest.mark.parametrize(
    "pose",
    [
        np.diag([1.0, 1.0, -1.0, 1.0]),
        np.diag([1.1, 1.0, 1.0, 1.0]),
        np.eye(4) + np.eye(4, k=-3) * 0.1,
    ],
)
@pytest.mark.hazard(25)
def test_a_pose_that_mirrors_or_stretches_is_refused(pose: np.ndarray, spec: TemplateSpec) -> None:
    with pytest.raises(ScanRefusedError, match="rigid"):
        PlacedPlate(spec, pose)


def test_a_lost_marker_must_be_on_the_plate(spec: TemplateSpec) -> None:
    with pytest.raises(ScanRefusedError, match="M99"):
        PlacedPlate(spec, np.eye(4), ("M99",))
