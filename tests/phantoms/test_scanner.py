"""A scan shows each tissue at its Hounsfield units within the noise asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from phantoms.breathing import breathing_motion, draw_breathing
from phantoms.errors import ScanRefusedError
from phantoms.field import draw_intraop_grid, field_grid
from phantoms.motion import moved_points, rigid_motion
from phantoms.recipes import INTRAOP
from phantoms.scanner import scan_patient
from phantoms.tissues import LABELS, LIVER, METASTASIS

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.scans import SyntheticScan

COARSE_MM = (5.0, 2.0, 2.0)


def scanned(patient: Patient, **options: object) -> SyntheticScan:
    usual = {"spacing_kji_mm": COARSE_MM, "rng": np.random.default_rng(5), "with_labels": True}
    settings = {**usual, **options}
    return scan_patient(patient, **settings)  # type: ignore[arg-type]  # settings of the test


@pytest.fixture(scope="module")
def silent(patient: Patient) -> SyntheticScan:
    return scanned(patient, noise_hu=0.0)


def test_a_homogeneous_organ_has_its_hounsfield_units(patient: Patient) -> None:
    """The liver without the twigs in it, which count as liver and are brighter."""
    plain = tuple(part for part in patient.parts if part.name != "hepatic twig")
    scan = scanned(replace(patient, parts=plain), noise_hu=12.0)
    assert scan.labels is not None
    inside = binary_erosion(scan.labels == LABELS["liver"], iterations=2)
    values = scan.values_hu[inside].astype(float)
    assert values.mean() == pytest.approx(LIVER.hu, abs=1.0)
    assert 11.0 <= values.std() <= np.hypot(12.0, LIVER.texture_hu) + 1.5


def test_noise_has_the_deviation_asked_for_inside_and_less_at_the_rim(
    patient: Patient, silent: SyntheticScan
) -> None:
    noisy = scanned(patient, noise_hu=20.0)
    difference = noisy.values_hu.astype(float) - silent.values_hu
    assert silent.labels is not None
    body = silent.labels > 0
    liver = binary_erosion(silent.labels == LABELS["liver"], iterations=2)
    rim = body & ~binary_erosion(body, structure=np.ones((1, 3, 3)), iterations=6)
    # voxels at the end of the scale are cut off
    free = (silent.values_hu > -900) & (silent.values_hu < 2500)
    assert difference[liver].std() == pytest.approx(20.0, rel=0.12)
    assert difference[free & body].mean() == pytest.approx(0.0, abs=0.2)
    assert difference[free & rim].std() < 0.85 * difference[liver].std()


def test_the_tumour_is_where_the_truth_says(patient: Patient) -> None:
    scan = scanned(patient, noise_hu=0.0, spacing_kji_mm=(2.0, 1.0, 1.0))
    assert scan.labels is not None
    index = np.argwhere(scan.labels == LABELS["gtv"])
    found = moved_points(scan.lps_from_index, index)
    assert np.linalg.norm(found.mean(axis=0) - patient.tumour_centre_mm) <= 0.25
    analytic_mm3 = np.pi * patient.tumour_diameter_mm**3 / 6.0
    assert len(index) * 2.0 == pytest.approx(analytic_mm3, rel=0.05)
    middle = np.rint(np.linalg.inv(scan.lps_from_index) @ [*patient.tumour_centre_mm, 1.0])[:3]
    k, j, i = middle.astype(int)
    assert scan.values_hu[k, j, i] == pytest.approx(METASTASIS.hu, abs=15.0)


@pytest.mark.hazard(1)
def test_the_liver_is_on_the_right_of_the_body_and_labels_exclude_each_other(
    silent: SyntheticScan,
) -> None:
    assert silent.labels is not None
    centre = {
        name: moved_points(
            silent.lps_from_index, np.argwhere(silent.labels == LABELS[name]).mean(axis=0)
        )
        for name in ("body", "liver")
    }
    assert centre["liver"][0] < centre["body"][0] - 20.0
    assert set(np.unique(silent.labels)) == {0, *LABELS.values()}


def test_air_lung_and_bone_look_like_themselves(silent: SyntheticScan) -> None:
    assert silent.labels is not None
    corner = silent.values_hu[:, :12, :12]
    assert corner.mean() == pytest.approx(-1000.0, abs=1.0)
    lung = binary_erosion(silent.labels == LABELS["lung"], iterations=2)
    assert silent.values_hu[lung].mean() == pytest.approx(-850.0, abs=25.0)
    bone = silent.values_hu[silent.labels == LABELS["bone"]]
    assert 150.0 < bone.mean() < 500.0


def test_the_couch_is_as_high_as_the_back_and_stays_otherwise(
    patient: Patient, silent: SyntheticScan
) -> None:
    motion = rigid_motion(
        np.random.default_rng(1),
        shift_mm=(15, 20),
        turn_deg=(1, 3),
        about_mm=patient.tumour_centre_mm,
    ).copy()
    back = [patient.field_centre_mm[0], patient.back_y_mm, patient.field_centre_mm[2]]
    motion[1, 3] += patient.back_y_mm - moved_points(motion, back)[1]  # along and across alone
    moved = scanned(patient, noise_hu=0.0, motion=motion)
    assert silent.labels is not None
    assert moved.labels is not None
    room = binary_erosion((silent.labels == 0) & (moved.labels == 0), iterations=3)
    couch = room & (silent.values_hu > -980)
    assert np.count_nonzero(couch) > 5000
    assert np.array_equal(moved.values_hu[couch], silent.values_hu[couch])
    up, rows = np.eye(4), 4
    up[1, 3] = -rows * COARSE_MM[1]
    lifted = scanned(patient, noise_hu=0.0, motion=up)
    apart = lifted.values_hu[:, :-rows].astype(int) - silent.values_hu[:, rows:]
    assert np.abs(apart).max() <= 1  # what rounding leaves


def test_texture_moves_with_the_patient(patient: Patient, silent: SyntheticScan) -> None:
    shift = np.eye(4)
    shift[:3, 3] = [4.0, -6.0, 10.0]  # whole voxels of the coarse grid
    moved = scanned(patient, noise_hu=0.0, motion=shift)
    assert silent.labels is not None
    liver = binary_erosion(silent.labels == LABELS["liver"], iterations=2)
    there = np.roll(liver, (2, -3, 2), axis=(0, 1, 2))
    assert np.abs(moved.values_hu[there].astype(int) - silent.values_hu[liver]).max() <= 1


@pytest.mark.hazard(21)
def test_a_breath_moves_the_tumour_by_its_motion_and_leaves_the_spine(
    patient: Patient, silent: SyntheticScan
) -> None:
    motion = breathing_motion(patient, draw_breathing(np.random.default_rng(2)))
    breathed = scanned(patient, noise_hu=0.0, motion=motion)
    assert silent.labels is not None
    assert breathed.labels is not None
    expected = moved_points(motion.of("liver"), patient.tumour_centre_mm)
    assert np.linalg.norm(expected - patient.tumour_centre_mm) > 6.0
    index = np.argwhere(breathed.labels == LABELS["gtv"]).mean(axis=0)
    seen = (breathed.lps_from_index @ np.append(index, 1.0))[:3]
    assert np.linalg.norm(seen - expected) <= 1.0
    rows = np.arange(silent.values_hu.shape[1])
    behind = rows * COARSE_MM[1] > 0.5 * rows[-1] * COARSE_MM[1]
    spine = (slice(None), behind, slice(90, 110))
    still, after = silent.labels[spine], breathed.labels[spine]
    # the great vessels lie against the vertebrae, and slide along them
    free = (still != LABELS["vessel"]) & (after != LABELS["vessel"])
    changed = free & ((still == LABELS["bone"]) != (after == LABELS["bone"]))
    assert np.count_nonzero(changed) <= 0.01 * np.count_nonzero(still == LABELS["bone"])


def test_the_same_seed_gives_the_same_values_and_names(patient: Patient) -> None:
    first, second = scanned(patient), scanned(patient)
    assert first.sha256 == second.sha256
    assert first.series_uid == second.series_uid
    other = scanned(patient, rng=np.random.default_rng(6))
    assert other.sha256 != first.sha256
    assert other.series_uid != first.series_uid
    assert other.frame_of_reference_uid != first.frame_of_reference_uid


def test_an_intraoperative_field_keeps_what_must_be_seen(patient: Patient) -> None:
    planning = field_grid(patient, (2.5, 1.0, 1.0))
    for seed in range(20):
        keep = patient.tumour_centre_mm + np.array([[0.0, 0, 0], [0, 0, -60.0]])
        grid = draw_intraop_grid(
            patient, np.random.default_rng(seed), protocol=INTRAOP, keep_lps_mm=keep
        )
        index = moved_points(np.linalg.inv(grid.lps_from_index), keep)
        assert (index >= 0).all()
        assert (index <= np.array(grid.shape_kji) - 1).all()
        assert 0 <= planning.shape_kji[0] - grid.shape_kji[0] <= 11
        assert not np.allclose(grid.lps_from_index[:2, 3], planning.lps_from_index[:2, 3])


@pytest.mark.parametrize(
    "options",
    [
        {"noise_hu": -1.0},
        {"noise_hu": float("nan")},
        {"spacing_kji_mm": (0.0, 1.0, 1.0)},
        {"spacing_kji_mm": (1.0, 1.0)},
        {"spacing_kji_mm": (1.0, float("nan"), 1.0)},
        {"motion": np.diag([1.0, -1.0, 1.0, 1.0])},
    ],
)
def test_what_cannot_be_scanned_is_refused(patient: Patient, options: dict[str, object]) -> None:
    with pytest.raises(ScanRefusedError, match="do next:"):
        scanned(patient, **options)


def test_a_crop_that_leaves_nothing_is_refused(patient: Patient) -> None:
    with pytest.raises(ScanRefusedError, match="cropped"):
        field_grid(patient, COARSE_MM, feet_crop_mm=150.0)
