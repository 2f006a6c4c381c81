"""Every real scan beside the checkout has the outcome that is written down here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import InputRefusedError
from navigator.io.dicom import find_series
from navigator.io.structures import load_label_map, load_mask
from navigator.io.volumes import load_scan

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the scans beside the checkout (../shared/data) are absent"
    ),
]

ODD = "odd_series/dicom2nifti_failing"
REFUSED = [
    pytest.param("ge_tilt_variable", "uneven-spacing", marks=pytest.mark.hazard(3, 4)),
    pytest.param(f"{ODD}/notavolume/001", "duplicate-positions", marks=pytest.mark.hazard(6)),
    pytest.param(f"{ODD}/sliceincrement/001", "missing-slices", marks=pytest.mark.hazard(4)),
    pytest.param(f"{ODD}/sliceincrement/002", "missing-slices", marks=pytest.mark.hazard(4)),
    (f"{ODD}/sliceorientation/001", "mixed-orientation"),
    (f"{ODD}/sliceorientation/001", "not-ct"),
    (f"{ODD}/slicecount/001", "not-ct"),
    ("codecs/CTImage.dcm", "too-few-slices"),
    ("codecs/CT0012.explicit_little_endian.dcm", "derived-map"),
    ("pydicom_edge/CT_small.dcm", "too-few-slices"),
    ("pydicom_edge/693_UNCR.dcm", "too-few-slices"),
    ("pydicom_edge/693_J2KR.dcm", "too-few-slices"),
    ("pydicom_edge/J2K_pixelrep_mismatch.dcm", "too-few-slices"),
    ("pydicom_edge/explicit_VR-UN.dcm", "too-few-slices"),
    ("pydicom_edge/eCT_Supplemental.dcm", "derived-map"),
    ("pydicom_edge/liver_1frame.dcm", "no-image"),
    ("pydicom_edge/meta_missing_tsyntax.dcm", "no-image"),
    ("pydicom_edge/no_meta.dcm", "unreadable-file"),
    ("pydicom_edge/charset_files/chrRuss.dcm", "not-ct"),
    ("pydicom_edge/charset_files/FileInfo.txt", "unknown-format"),
    ("dcmqi_liver_seg/liver.dcm", "no-image"),
    ("dcmqi_liver_seg", "several-series"),
    ("antenna_zones.csv", "unknown-format"),
]


@pytest.mark.parametrize(("name", "code"), REFUSED)
def test_what_is_no_even_ct_stack_is_refused_with_its_code(name: str, code: str) -> None:
    path = DATA / name
    with pytest.raises(InputRefusedError) as refused:
        load_scan(path)
    codes = {refused.value.refusal.code}
    if code not in codes:
        codes |= {f.code for entry in find_series(path).series for f in entry.findings}
    assert code in codes


def test_two_slices_at_one_position_in_a_real_series(tmp_path: Path) -> None:
    with zipfile.ZipFile(DATA / "odd_series" / "dupe-positions.zip") as archive:
        archive.extractall(tmp_path)
    with pytest.raises(InputRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "duplicate-positions"
    assert "11 slices at 10 positions" in refused.value.refusal.got


@pytest.mark.hazard(3)
def test_a_real_tilted_stack_keeps_its_shear() -> None:
    scan = load_scan(DATA / ODD / "gantrytilting" / "001")
    assert "tilted-stack" in [finding.code for finding in scan.findings]
    # straight from the headers: 14 degrees of tilt, 5 mm along the table
    np.testing.assert_allclose(scan.volume.grid.lps_from_index[:3, 0], [0, 0, 5], atol=1e-9)
    assert not scan.volume.grid.is_rectilinear


def test_a_jpeg_2000_series_equals_the_reading_of_itk() -> None:
    scan = load_scan(DATA / "totalseg_dicom_j2k")
    folder = DATA / "totalseg_dicom_j2k" / "example_ct_dicom"
    by_height = sorted(
        (sitk.ReadImage(str(path)) for path in folder.iterdir()), key=lambda im: im.GetOrigin()[2]
    )
    truth = np.concatenate([sitk.GetArrayFromImage(image) for image in by_height])
    np.testing.assert_array_equal(scan.volume.values_hu, truth)
    first = by_height[0]
    np.testing.assert_allclose(
        scan.volume.grid.points_from_indices([0, 7, 30]),
        first.TransformIndexToPhysicalPoint((30, 7, 0)),
    )


@pytest.mark.hazard(1)
def test_labels_of_a_flipped_file_lie_on_the_organs_of_the_dicom_series() -> None:
    volume = load_scan(DATA / "totalseg_dicom_j2k").volume
    path = DATA / "totalseg_dicom_j2k" / "example_seg_dicom.nii.gz"
    labels = load_label_map(path, {"liver": 5, "body": [1, 5]}, volume.grid)
    members = labels.mask("liver").members
    image = sitk.ReadImage(str(path))
    stored = sitk.GetArrayFromImage(image)
    rng = np.random.default_rng(1)
    for k, j, i in rng.integers(0, stored.shape, size=(500, 3)):
        place = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        index = np.rint(volume.grid.indices_from_points(place)).astype(int)
        assert members[tuple(index)] == (stored[k, j, i] == 5)
    # portal-venous liver: soft tissue, neither air nor bone
    assert 60 < float(np.median(volume.values_hu[members])) < 130


def test_the_enhanced_file_equals_the_plain_series_that_it_was_made_from() -> None:
    for size in ("23x38x3", "24x38x3"):
        folder = DATA / "dcmqi_liver_seg" / size
        plain, enhanced = load_scan(folder / "image"), load_scan(folder / "multiframe" / "mf.dcm")
        np.testing.assert_array_equal(plain.volume.values_hu, enhanced.volume.values_hu)
        assert plain.volume.grid.matches(enhanced.volume.grid)
        assert plain.volume.grid.frame != enhanced.volume.grid.frame


@pytest.mark.parametrize("name", ["totalseg_abdomen", "totalseg_chest_liver"])
def test_a_nifti_scan_lies_where_its_header_puts_it(name: str) -> None:
    path = DATA / name / "example_ct.nii.gz"
    volume = load_scan(path).volume
    image = sitk.ReadImage(str(path))
    for index in ((0, 0, 0), (5, 60, 90), (100, 3, 7)):
        place = image.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose(volume.grid.points_from_indices(index[::-1]), place)
        assert volume.values_hu[index[::-1]] == image[index]


def test_the_real_patient_has_his_labels() -> None:
    folder = DATA / "totalseg_abdomen"
    volume = load_scan(folder / "example_ct.nii.gz").volume
    labels = load_label_map(
        folder / "example_seg_fast_force_split.nii.gz", {"liver": 5}, volume.grid
    )
    mask = load_mask(folder / "example_seg_fast_force_split.nii.gz", label=5)
    np.testing.assert_array_equal(labels.mask("liver").members, mask.members)
    assert 0 < float(np.median(volume.values_hu[mask.members])) < 150
