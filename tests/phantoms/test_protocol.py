"""A protocol decides how a scan is taken, and refuses what no scanner can do."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from scipy.ndimage import binary_erosion

from phantoms import tissues
from phantoms.contrast import ENHANCEMENT, PHASES, hu_in_phase
from phantoms.developing import PADDING_HU
from phantoms.errors import ScanRefusedError
from phantoms.field import couch_roll, field_grid, protocol_grid
from phantoms.metal import Metal
from phantoms.motion import moved_points
from phantoms.painting import ScanGrid
from phantoms.protocol import ScanProtocol
from phantoms.rings import CORE_MM, add_rings
from phantoms.scanner import scan_patient
from phantoms.shapes import sphere
from phantoms.tissues import LABELS, Part
from phantoms.writer import write_dicom_series
from tests.phantoms.analytic import flat_grid

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.anatomy import Patient
    from phantoms.scans import SyntheticScan

COARSE = ScanProtocol(spacing_kji_mm=(5.0, 2.0, 2.0), thickness_mm=5.0, dose=np.inf)


def slab(patient: Patient, protocol: ScanProtocol, slices: int = 5) -> ScanGrid:
    """Lay a few slices about the tumour."""
    whole = protocol_grid(patient, protocol)
    matrix = np.array(whole.lps_from_index)
    middle = np.linalg.inv(matrix) @ [*patient.tumour_centre_mm, 1.0]
    matrix[:3, 3] += matrix[:3, 0] * (round(float(middle[0])) - slices // 2)
    return ScanGrid(
        shape_kji=(slices, *whole.shape_kji[1:]),
        lps_from_index=matrix,
        thickness_mm=whole.thickness_mm,
    )


def scanned(patient: Patient, protocol: ScanProtocol, **options: object) -> SyntheticScan:
    settings = {"rng": np.random.default_rng(5), "grid": slab(patient, protocol), **options}
    return scan_patient(patient, protocol=protocol, **settings)  # type: ignore[arg-type]  # settings


@pytest.mark.parametrize(
    "setting",
    [
        {"spacing_kji_mm": (0.0, 1.0, 1.0)},
        {"spacing_kji_mm": (1.0, float("nan"), 1.0)},
        {"spacing_kji_mm": (1.0, 1.0)},
        {"thickness_mm": 0.0},
        {"thickness_mm": float("nan")},
        {"kernel": "lung"},
        {"dose": 0.0},
        {"dose": float("nan")},
        {"phase": "venous"},
        {"gantry_tilt_deg": 31.0},
        {"couch_roll_deg": float("nan")},
        {"field_of_view_mm": 600.0},
        {"rings_hu": -1.0},
    ],
)
def test_what_no_scanner_does_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ScanRefusedError, match=next(iter(setting))):
        replace(COARSE, **setting)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(FrozenInstanceError):
        COARSE.dose = 2.0  # type: ignore[misc]  # frozen


def test_a_scan_takes_a_protocol_or_a_spacing_and_a_grid_that_fits(patient: Patient) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ScanRefusedError, match="either"):
        scan_patient(patient, rng=rng)
    with pytest.raises(ScanRefusedError, match="either"):
        scan_patient(patient, rng=rng, protocol=COARSE, spacing_kji_mm=(5, 2, 2))
    with pytest.raises(ScanRefusedError, match="either"):
        scan_patient(patient, rng=rng, protocol=COARSE, noise_hu=3.0)
    for wrong in ((5.0, 2.0, 1.9), (4.0, 2.0, 2.0)):
        with pytest.raises(ScanRefusedError, match="not the protocol"):
            scan_patient(patient, rng=rng, protocol=COARSE, grid=field_grid(patient, wrong))


@pytest.mark.parametrize("phase", PHASES)
def test_the_liver_shows_its_value_in_each_phase(patient: Patient, phase: str) -> None:
    # the twigs in it count as liver, and are brighter
    plain = tuple(part for part in patient.parts if part.name != "hepatic twig")
    bare = replace(patient, parts=plain)
    scan = scanned(bare, replace(COARSE, phase=phase), with_labels=True)
    assert scan.labels is not None
    liver = binary_erosion(scan.labels == LABELS["liver"], np.ones((1, 3, 3)), iterations=2)
    wanted = hu_in_phase(tissues.LIVER, phase)
    assert scan.values_hu[liver].mean() == pytest.approx(wanted, abs=1.5)


def test_contrast_runs_through_the_body_as_it_does_in_people() -> None:
    def hu(tissue: tissues.Tissue) -> dict[str, float]:
        return {phase: hu_in_phase(tissue, phase) for phase in PHASES}

    liver, lesion = hu(tissues.LIVER), hu(tissues.METASTASIS)
    aorta, vein = hu(tissues.ARTERIAL_BLOOD), hu(tissues.BLOOD)
    gap = {phase: liver[phase] - lesion[phase] for phase in PHASES}
    # a hypovascular metastasis is darker in every phase, and stands out most in the portal one
    assert all(value > 10.0 for value in gap.values())
    assert max(gap, key=lambda phase: gap[phase]) == "portal venous"
    assert max(aorta, key=lambda phase: aorta[phase]) == "arterial"
    assert max(vein, key=lambda phase: vein[phase]) == "portal venous"
    assert aorta["arterial"] > 250.0
    assert liver["portal venous"] - liver["none"] >= 50.0
    # without contrast vessels are darker than the liver, so they show as dark branches
    assert vein["none"] < liver["none"]
    names = {each.name for each in tissues.TISSUES}
    assert set(ENHANCEMENT) <= names
    assert hu(tissues.FAT) == dict.fromkeys(PHASES, tissues.FAT.hu)


def test_outside_a_small_circle_is_padding_that_the_file_names(
    patient: Patient, tmp_path: Path
) -> None:
    protocol = replace(COARSE, field_of_view_mm=240.0)
    scan = scanned(patient, protocol)
    assert scan.values_hu.shape[1:] == (120, 120)
    middle = (np.arange(120) - 59.5) * 2.0
    outside = np.hypot(middle[:, None], middle[None, :]) > 120.0
    assert (scan.values_hu[:, outside] == PADDING_HU).all()
    assert (scan.values_hu[:, ~outside] >= -1024).all()
    # the body goes on beyond the circle
    assert (scan.values_hu[:, ~outside & (np.abs(middle) > 100.0)[None, :]] > -200).any()
    write_dicom_series(scan, tmp_path / "scan", patient=patient, series_description="small")
    image = pydicom.dcmread(next((tmp_path / "scan").iterdir()))
    assert image.PixelRepresentation == 1
    assert image.PixelPaddingValue + image.RescaleIntercept == PADDING_HU
    assert image.ReconstructionDiameter == 240.0
    assert image.pixel_array.min() == image.PixelPaddingValue


@pytest.mark.hazard(28)
def test_a_rolled_couch_turns_patient_and_couch_and_gravity_with_them(patient: Patient) -> None:
    level = scanned(patient, COARSE)
    rolled = scanned(patient, replace(COARSE, couch_roll_deg=10.0), with_labels=True)
    assert rolled.labels is not None
    assert level.gravity_couch == pytest.approx([0.0, 1.0, 0.0])
    assert rolled.gravity_couch == pytest.approx(
        [np.sin(np.deg2rad(10.0)), np.cos(np.deg2rad(10.0)), 0.0]
    )
    # the patient's left side, +x, goes down, +y
    left = moved_points(
        rolled.lps_from_couch, patient.field_centre_mm + np.array([100.0, 0.0, 0.0])
    )
    assert left[1] - patient.field_centre_mm[1] == pytest.approx(100 * np.sin(np.deg2rad(10)))
    tumour = np.argwhere(rolled.labels == LABELS["gtv"])
    found = moved_points(rolled.lps_from_index, tumour).mean(axis=0)
    truth = moved_points(rolled.lps_from_couch, patient.tumour_centre_mm)
    assert np.linalg.norm((found - truth)[:2]) < 1.0
    assert np.allclose(couch_roll(patient, 10.0), rolled.lps_from_couch)


def test_a_tilted_protocol_leans_its_slices(patient: Patient) -> None:
    grid = protocol_grid(patient, replace(COARSE, gantry_tilt_deg=12.0, thickness_mm=4.0))
    normal = np.cross(grid.lps_from_index[:3, 2], grid.lps_from_index[:3, 1])
    lean = normal / np.linalg.norm(normal) @ [0.0, 0.0, 1.0]
    assert np.rad2deg(np.arccos(abs(lean))) == pytest.approx(12.0)
    assert grid.thickness_mm == 4.0


def test_devices_are_painted_and_throw_streaks_only_where_asked(patient: Patient) -> None:
    place = patient.tumour_centre_mm
    ball = Part(name="ball", shape=sphere(place, 2.0), tissue=tissues.STEEL, samples=5)
    metal = Metal(points_mm=place[None], radius_mm=2.0, material="steel")
    plain = scanned(patient, COARSE).values_hu.astype(int)
    still = replace(COARSE, with_streaks=False)
    painted = scanned(patient, still, devices=[ball], metals=[metal]).values_hu.astype(int)
    streaky = scanned(patient, COARSE, devices=[ball], metals=[metal]).values_hu.astype(int)
    index = np.stack(np.meshgrid(*map(np.arange, plain.shape), indexing="ij"), axis=-1)
    world = moved_points(slab(patient, COARSE).lps_from_index, index)
    far = np.linalg.norm((world - place)[..., :2], axis=-1) > 15.0
    assert (painted - plain).max() > 1000
    assert np.abs(painted - plain)[far].max() <= 1
    assert np.abs(streaky - plain)[far].max() > 20


def test_rings_are_round_of_the_height_asked_for_and_differ_by_row() -> None:
    grid = flat_grid(8, 128, 1.0, distance_mm=1.25, thickness_mm=1.25)
    axis = np.array([6.0, -9.0, 0.0])
    hu = np.zeros(grid.shape_kji, dtype=np.float32)
    add_rings(hu, grid, 50.0, np.random.default_rng(2), axis)
    x = np.arange(128) - 63.5
    radius = np.hypot(x[None, :] - axis[0], x[:, None] - axis[1])
    far = radius > CORE_MM + 1.0
    # between two pixels the crest may be missed
    assert np.abs(hu[:, far]).max() <= 50.001
    assert (np.abs(hu[:, far]).max(axis=1) > 15.0).all()
    order = np.argsort(radius.ravel())
    along = hu[0].ravel()[order]
    assert np.abs(np.diff(along)[np.diff(radius.ravel()[order]) < 1e-9]).max() < 1e-3
    assert not np.allclose(hu[0], hu[1])
