"""Putting a plate into a scan gives what scanning with the plate gives, and keeps the noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from phantoms import tissues
from phantoms._resample_kernels import read_between
from phantoms.detector import blur_and_add_noise
from phantoms.field import field_grid
from phantoms.hardware import (
    PlacedPlate,
    drive_kit,
    needle_metals,
    needle_parts,
    plate_parts,
)
from phantoms.inserting import change_of, insert_parts, resampled, with_rows_in_front
from phantoms.motion import inverse_rigid, moved_points, rigid_about, rotation_about
from phantoms.painting import ScanGrid, paint_parts
from phantoms.placing import draw_level_pose
from phantoms.protocol import ScanProtocol, dose_for_noise
from phantoms.scanner import scan_patient
from phantoms.shapes import HalfSpace, RoundedBox, sphere
from phantoms.tissues import Part
from template_gen.layout import build_default_spec

if TYPE_CHECKING:
    from phantoms.anatomy import Patient

SPACING_MM = (2.5, 1.0, 1.0)
NOISE_HU = 12.0
SOFT_SPREAD_MM = 0.55
"""What the soft kernel blurs by: a Gaussian of this standard deviation."""


def standing(patient: Patient) -> PlacedPlate:
    spec = build_default_spec(rows=9, columns=9, pitch_mm=8.0, bore_diameter_mm=2.1)
    pose = draw_level_pose(patient, spec, np.eye(4), np.random.default_rng(2))
    return PlacedPlate(spec, pose)


@pytest.fixture(scope="module")
def plate(patient: Patient) -> PlacedPlate:
    return standing(patient)


@pytest.fixture(scope="module")
def slab(patient: Patient, plate: PlacedPlate) -> ScanGrid:
    """Cut the slices round the plate out of the patient's field."""
    whole = field_grid(patient, SPACING_MM)
    matrix = whole.lps_from_index.copy()
    matrix[2, 3] = plate.lps_from_template[2, 3] - 30.0
    return ScanGrid(
        shape_kji=(24, *whole.shape_kji[1:]), lps_from_index=matrix, thickness_mm=SPACING_MM[0]
    )


def scanned(
    patient: Patient, grid: ScanGrid, plate: PlacedPlate | None, noise_hu: float, seed: int
) -> np.ndarray:
    protocol = ScanProtocol(
        spacing_kji_mm=SPACING_MM,
        thickness_mm=SPACING_MM[0],
        dose=dose_for_noise(noise_hu, thickness_mm=SPACING_MM[0]),
        with_streaks=False,
    )
    scan = scan_patient(
        patient, protocol=protocol, rng=np.random.default_rng(seed), plate=plate, grid=grid
    )
    return scan.values_hu.astype(float)


def inserted(values: np.ndarray, grid: ScanGrid, plate: PlacedPlate) -> np.ndarray:
    placed = [(part, plate.lps_from_template) for part in plate_parts(plate)]
    return insert_parts(values, placed, grid, point_spread_mm=SOFT_SPREAD_MM).astype(float)


def test_without_noise_it_is_the_scan_with_the_plate(
    patient: Patient, plate: PlacedPlate, slab: ScanGrid
) -> None:
    there = scanned(patient, slab, plate, 0.0, 1)
    put_in = inserted(scanned(patient, slab, None, 0.0, 1), slab, plate)
    assert np.abs(put_in - there).max() <= 1.0  # each was rounded once


def test_with_noise_it_differs_from_the_scan_with_the_plate_by_noise_alone(
    patient: Patient, plate: PlacedPlate, slab: ScanGrid
) -> None:
    silent = scanned(patient, slab, plate, 0.0, 1)
    put_in = inserted(scanned(patient, slab, None, NOISE_HU, 5), slab, plate)
    resin = np.abs(silent - tissues.RESIN.hu) < 2.0
    left = put_in - silent
    assert resin.sum() > 5000
    # air below -1024 is cut off by the scale, so that resin in its place comes out a little darker
    assert left[resin].mean() == pytest.approx(0.0, abs=0.5)
    # before the body there is less noise than within it; a plate that was scanned takes photons
    # away and has a little more of it than one that was put in
    there = scanned(patient, slab, plate, NOISE_HU, 6) - silent
    assert 0.8 <= left[resin].std() / there[resin].std() <= 1.0


def test_far_from_what_is_put_in_nothing_changes(
    patient: Patient, plate: PlacedPlate, slab: ScanGrid
) -> None:
    before = scanned(patient, slab, None, NOISE_HU, 5)
    change = np.abs(inserted(before, slab, plate) - before)
    size = plate.spec.plate
    half = 0.5 * np.array([size.width_mm, size.height_mm, size.thickness_mm])
    # a kernel in the frequency domain rings: 1 HU beside an edge of 1100 HU
    for least_hu, reach_mm in ((0.0, 12.0), (1.0, 6.0)):
        places = moved_points(slab.lps_from_index, np.argwhere(change > least_hu))
        local = moved_points(inverse_rigid(plate.lps_from_template), places)
        beyond = np.abs(local - [0.0, 0.0, half[2]]) - half
        assert beyond.max() <= reach_mm


def test_most_of_the_noise_of_tissue_stays_under_what_is_put_in() -> None:
    grid = small_grid()
    ground = np.full(grid.shape_kji, tissues.MUSCLE.hu, dtype=np.float32)
    blur_and_add_noise(ground, grid, NOISE_HU, np.random.default_rng(6))
    lesion = Part(name="lesion", shape=sphere([0, 0, 0], 16.0), tissue=tissues.METASTASIS)
    values = insert_parts(ground, [(lesion, np.eye(4))], grid, point_spread_mm=SOFT_SPREAD_MM)
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    within = np.linalg.norm(moved_points(grid.lps_from_index, index), axis=-1) < 13.0
    assert values[within].mean() == pytest.approx(tissues.METASTASIS.hu, abs=1.0)
    assert 0.7 * NOISE_HU <= values[within].std() <= 1.05 * NOISE_HU


def small_grid() -> ScanGrid:
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([2.0, 0.9, 0.8])[::-1]
    matrix[:3, 3] = [-30.0, -25.0, -20.0]
    return ScanGrid(shape_kji=(20, 60, 75), lps_from_index=matrix, thickness_mm=2.0)


def test_parts_off_the_field_and_half_spaces_are_no_trouble() -> None:
    grid = small_grid()
    ground = np.full(grid.shape_kji, 40, dtype=np.int16)
    off = Part(name="off", shape=sphere([500.0, 0, 0], 5.0), tissue=tissues.STEEL)
    assert np.array_equal(
        insert_parts(ground, [(off, np.eye(4))], grid, point_spread_mm=0.5), ground
    )
    half = HalfSpace(np.array([0.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    part = Part(name="half", shape=half, tissue=tissues.FAT)
    values = insert_parts(ground, [(part, np.eye(4))], grid, point_spread_mm=0.5)
    assert values[5, 2, 5] == tissues.FAT.hu
    assert values[5, -2, 5] == 40


def test_a_shell_is_put_in_as_it_is_painted() -> None:
    grid = small_grid()
    box = RoundedBox(centre_mm=[0, 0, 0], half_extent_mm=[18, 14, 11], edge_radius_mm=3)
    shells = ((2.0, tissues.SPONGY_BONE), (5.0, tissues.FAT))
    part = Part(name="bone", shape=box, tissue=tissues.CORTICAL_BONE, shells=shells)
    ground = RoundedBox(centre_mm=[0, 0, 0], half_extent_mm=[200, 200, 200])
    whole, _ = paint_parts(
        [(Part(name="ground", shape=ground, tissue=tissues.MUSCLE), np.eye(4)), (part, np.eye(4))],
        grid,
    )
    flat = np.full(grid.shape_kji, tissues.MUSCLE.hu, dtype=np.float32)
    box_of_it, change = change_of(flat, [(part, np.eye(4))], grid, margin_mm=0.0)
    flat[box_of_it] += change
    assert flat == pytest.approx(whole, abs=0.02)


def test_the_metals_are_handed_to_the_streaks(plate: PlacedPlate) -> None:
    target = moved_points(plate.lps_from_template, [0.0, 0.0, 90.0])
    kit = drive_kit(plate, target, np.random.default_rng(1))
    metals = [metal for needle in kit for metal in needle_metals(needle)]
    parts = [(part, np.eye(4)) for needle in kit for part in needle_parts(needle)]
    grid = small_grid()
    seen = []

    def darken(hu: np.ndarray, where: ScanGrid, what: object) -> None:
        seen.append((where, what))
        hu -= 50.0

    ground = np.zeros(grid.shape_kji, dtype=np.int16)
    values = insert_parts(ground, parts, grid, point_spread_mm=0.5, metals=metals, streaks=darken)
    assert seen == [(grid, metals)]
    assert len(metals) == 7  # an antenna's shaft and tip, and five needles
    assert values.min() == -50


def smooth(points: np.ndarray) -> np.ndarray:
    """Give a band-limited picture: waves of 12 mm and longer."""
    x, y, z = np.moveaxis(points, -1, 0)
    wave: np.ndarray = 100.0 * np.sin(0.4 * x + 0.2) * np.cos(0.3 * y) + 40.0 * np.sin(0.25 * z)
    return wave


def test_a_moved_picture_shows_each_point_where_the_field_brings_it() -> None:
    grid = small_grid()
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    world = moved_points(grid.lps_from_index, index)
    motion = rigid_about(rotation_about([0.2, 0.3, 1.0], 0.06), [0.0, 0.0, 0.0], [2.1, -1.3, 0.7])

    def bent_back(points: np.ndarray) -> np.ndarray:
        bulge = 1.5 * np.exp(-np.square(points / 15.0).sum(axis=-1, keepdims=True))
        return moved_points(inverse_rigid(motion), points + bulge * [0.0, 1.0, 0.5])

    onto = with_rows_in_front(grid, 4)
    moved = resampled(smooth(world), grid, onto, bent_back)
    inner = (slice(4, -4), slice(12, -12), slice(8, -8))
    further = moved_points(
        onto.lps_from_index,
        np.stack(np.meshgrid(*map(np.arange, onto.shape_kji), indexing="ij"), axis=-1),
    )
    truth = smooth(bent_back(further.reshape(-1, 3))).reshape(onto.shape_kji)
    assert moved[inner] == pytest.approx(truth[inner], abs=1.0)
    assert moved[:, 0].max() == tissues.AIR.hu


def test_a_matrix_moves_a_picture_as_its_points_move() -> None:
    grid = small_grid()
    picture = np.random.default_rng(3).normal(0.0, 100.0, grid.shape_kji).astype(np.float32)
    back = rigid_about(rotation_about([0.2, 0.3, 1.0], 0.06), [3.0, 0.0, 0.0], [2.1, -1.3, 0.7])
    at_once = resampled(picture, grid, grid, back)
    by_points = resampled(picture, grid, grid, lambda points: moved_points(back, points))
    # a place on the very rim may fall to either side of it
    assert np.mean(np.abs(at_once - by_points) > 0.01) < 1e-4


def test_reading_between_voxels_is_that_of_another_program() -> None:
    rng = np.random.default_rng(9)
    picture = rng.normal(0.0, 300.0, (7, 9, 11)).astype(np.float32)
    index = rng.uniform(-1.0, 12.0, (4000, 3))
    index[:3] = [[6.0, 8.0, 10.0], [0.0, 0.0, 0.0], [5.999, 7.5, 0.5]]
    coefficients = ndimage.spline_filter(picture, 3, np.float64, mode="mirror")
    found = np.empty(4000, dtype=np.float32)
    read_between(coefficients.astype(np.float32), index, -7.0, found)
    truth = ndimage.map_coordinates(coefficients, index.T, order=3, prefilter=False, mode="mirror")
    inside = ((index >= 0.0) & (index <= [6.0, 8.0, 10.0])).all(axis=1)
    assert found[inside] == pytest.approx(truth[inside], abs=1e-2)
    assert (found[~inside] == -7.0).all()
    assert found[0] == pytest.approx(picture[6, 8, 10], abs=1e-2)


def test_rows_in_front_leave_every_voxel_in_its_place() -> None:
    grid = small_grid()
    wider = with_rows_in_front(grid, 7)
    assert moved_points(wider.lps_from_index, [3, 7 + 5, 9]) == pytest.approx(
        moved_points(grid.lps_from_index, [3, 5, 9])
    )
