"""Structures agree with the phantoms' truth, and on real CT with what other software drew there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from navigator.geometry.frames import Frame, FrameKind
from navigator.io.volumes import load_scan
from navigator.model.volume import Grid, Volume
from navigator.segmentation.lesions import grow_lesion
from navigator.segmentation.scan import Segmentation, segment_scan
from navigator.segmentation.vessels import grow_vessel
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient
from phantoms.tissues import LABELS
from tests.navigator.segmentation.painted import dice, points_of, surface_distances_mm

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.arrays import Booleans, Labels
    from phantoms.anatomy import Patient

TOTALSEG_BONE = [*range(25, 51), *range(69, 79), *range(91, 117)]
TOTALSEG_LUNG, TOTALSEG_LIVER, TOTALSEG_AORTA = range(10, 15), 5, 52


def phantom(seed: int, spacing: tuple[float, float, float]) -> tuple[Patient, Volume, Labels]:
    patient = build_patient(seed)
    made = scan_patient(
        patient, spacing_kji_mm=spacing, rng=np.random.default_rng(seed), with_labels=True
    )
    assert made.labels is not None
    slices, rows, columns = made.values_hu.shape
    grid = Grid(
        shape_kji=(slices, rows, columns),
        lps_from_index=made.lps_from_index,
        frame=Frame(FrameKind.LPS, "1"),
    )
    return patient, Volume(made.values_hu.astype(np.float32), grid), made.labels


def mask_of(made: Segmentation, name: str) -> Booleans:
    return next(each.mask.members for each in made.found if each.name == name)


def check_phantom(seed: int, spacing: tuple[float, float, float]) -> None:
    """Compare with the truth: body, lung, bone, gas and the tumour."""
    patient, volume, truth = phantom(seed, spacing)
    centre = patient.tumour_centre_mm
    made = segment_scan(volume, lesions_mm=[centre])
    body, lung, bone, gas = (mask_of(made, name) for name in ("body", "lung", "bone", "bowel gas"))
    steps = volume.grid.spacing_mm
    assert dice(body, truth > 0) >= 0.995
    assert dice(lung, truth == LABELS["lung"]) >= 0.975
    for found, true in ((body, truth > 0), (lung, truth == LABELS["lung"])):
        errors = surface_distances_mm(found, true, steps)
        assert errors.mean() <= 1.0
        assert np.percentile(errors, 95) <= max(spacing)
    # cartilage and discs are soft, the canal is enclosed: bone is less, and more, by these
    bony = (truth == LABELS["bone"]) & (volume.values_hu > 250.0)
    assert (bone & bony).sum() >= 0.97 * bony.sum()
    # a rib that touches the liver is blurred into it
    liver = truth == LABELS["liver"]
    assert (bone & liver).sum() <= 0.001 * liver.sum()
    assert (bone & (truth == LABELS["vessel"])).sum() <= 0.03 * (truth == LABELS["vessel"]).sum()
    assert (gas & (truth == LABELS["bowel"])).sum() >= 0.99 * gas.sum()
    check_tumour(patient, made)


def check_tumour(patient: Patient, made: Segmentation) -> None:
    lesion = made.found[-1]
    assert not lesion.refusals
    assert lesion.volume_ml is not None
    assert lesion.surface_uncertainty_mm is not None
    radius = 0.5 * patient.tumour_diameter_mm
    true_ml = 4.0 / 3.0 * np.pi * radius**3 / 1000.0
    error_mm = np.cbrt(lesion.volume_ml.value / true_ml) * radius - radius
    assert abs(error_mm) <= min(lesion.surface_uncertainty_mm, 0.6)


def test_a_phantom_is_found_as_it_is() -> None:
    check_phantom(1, (3.0, 1.6, 1.6))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("spacing", [(1.5, 1.0, 1.0), (2.5, 1.0, 1.0)])
def test_more_phantoms(seed: int, spacing: tuple[float, float, float], *, long_run: bool) -> None:
    if not long_run:
        pytest.skip("six patients more: pytest --long")
    check_phantom(seed, spacing)


def labels_on(path: Path, shape: tuple[int, ...]) -> Labels:
    labels: Labels = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(np.int32)
    assert labels.shape == shape
    return labels


@pytest.fixture(scope="module")
def abdomen(real_data: Path) -> tuple[Volume, Labels, Segmentation]:
    folder = real_data / "totalseg_abdomen"
    volume = load_scan(folder / "example_ct.nii.gz").volume
    labels = labels_on(folder / "example_seg_fast_force_split.nii.gz", volume.grid.shape_kji)
    return volume, labels, segment_scan(volume)


@pytest.mark.real_data
def test_on_a_real_abdomen_lung_and_bone_agree_with_other_software(
    abdomen: tuple[Volume, Labels, Segmentation],
) -> None:
    """Its labels are a network's, at 3 mm: a reference, no truth."""
    _, labels, made = abdomen
    assert dice(mask_of(made, "lung"), np.isin(labels, list(TOTALSEG_LUNG))) >= 0.94
    bone, theirs = mask_of(made, "bone"), np.isin(labels, TOTALSEG_BONE)
    assert (bone & theirs).sum() >= 0.9 * bone.sum()
    assert dice(bone, theirs) >= 0.7
    assert not (bone & (labels == TOTALSEG_LIVER)).any()


@pytest.mark.real_data
def test_on_a_real_abdomen_every_organ_lies_in_the_body_and_none_in_gas(
    abdomen: tuple[Volume, Labels, Segmentation],
) -> None:
    _, labels, made = abdomen
    assert (mask_of(made, "body") & (labels > 0)).sum() >= 0.999 * (labels > 0).sum()
    solid = np.isin(labels, [1, 2, 3, TOTALSEG_LIVER])
    assert not (mask_of(made, "bowel gas") & solid).any()


@pytest.mark.real_data
@pytest.mark.hazard(39)
@pytest.mark.parametrize("label", [TOTALSEG_LIVER, TOTALSEG_AORTA, 63, 64])
def test_without_contrast_no_vessel_is_claimed(
    abdomen: tuple[Volume, Labels, Segmentation], label: int
) -> None:
    """Blood of 40 HU beside muscle of 50: a click is refused, in vessels and in the liver."""
    volume, labels, _ = abdomen
    at = np.argwhere(labels == label)
    for index in at[[len(at) // 4, len(at) // 2, 3 * len(at) // 4]]:
        click = volume.grid.points_from_indices(index.astype(float))
        assert grow_vessel(volume, click).refusals


@pytest.mark.real_data
def test_on_a_real_portal_phase_the_aorta_is_grown(real_data: Path) -> None:
    folder = real_data / "totalseg_dicom_j2k"
    volume = load_scan(folder / "example_ct_dicom").volume
    image = sitk.ReadImage(str(folder / "example_seg_dicom.nii.gz"))
    theirs = sitk.GetArrayFromImage(sitk.DICOMOrient(image, "LPS")) == TOTALSEG_AORTA
    assert theirs.shape == volume.grid.shape_kji
    middle = np.argwhere(theirs)[theirs.sum() // 2]
    inside = np.argwhere(theirs[middle[0]]).mean(axis=0)
    click = volume.grid.points_from_indices(np.array([middle[0], *inside]))
    found = grow_vessel(volume, click)
    assert not found.refusals
    assert dice(found.mask.members, theirs) >= 0.8


@pytest.mark.real_data
def test_in_the_texture_of_a_real_liver_a_painted_lesion_is_found_and_the_liver_refused(
    real_data: Path,
) -> None:
    folder = real_data / "totalseg_dicom_j2k"
    volume = load_scan(folder / "example_ct_dicom").volume
    image = sitk.ReadImage(str(folder / "example_seg_dicom.nii.gz"))
    liver = sitk.GetArrayFromImage(sitk.DICOMOrient(image, "LPS")) == TOTALSEG_LIVER
    middle = len(liver) // 2
    deep = ndimage.distance_transform_edt(liver[middle], sampling=volume.grid.spacing_mm[1:])
    row, column = np.unravel_index(int(deep.argmax()), deep.shape)
    centre = volume.grid.points_from_indices(np.array([middle, row, column], dtype=float))
    away = np.linalg.norm(points_of(volume.grid) - centre, axis=-1)
    share = ndimage.gaussian_filter(np.clip(10.5 - away, 0.0, 1.0), [0.0, 0.6, 0.6])
    with_lesion = Volume((volume.values_hu - 60.0 * share).astype(np.float32), volume.grid)
    found = grow_lesion(with_lesion, np.add(centre, [3.0, -2.0, 2.0]))
    assert not found.refusals
    assert found.mask.volume_ml == pytest.approx(4.19, rel=0.15)
    assert grow_lesion(volume, centre).refusals
