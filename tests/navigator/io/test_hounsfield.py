"""What is not in Hounsfield units is refused, what is unlike a body has to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import GeometryRefusedError
from navigator.io.findings import Severity
from navigator.io.hounsfield import LEAST_VOXELS, value_findings
from navigator.io.inspecting import inspect_path
from navigator.io.volumes import load_scan
from tests.navigator.app.tiny_patient import paint, write_image

DATA = Path(__file__).parents[4] / "shared" / "data"
REAL = (
    "totalseg_abdomen/example_ct.nii.gz",
    "totalseg_chest_liver/example_ct.nii.gz",
    "totalseg_dicom_j2k/example_ct_dicom",
)


def body(*, air_hu: float = -1000.0, noise_hu: float = 15.0) -> np.ndarray:
    """Give half air, a tenth of fat, and soft tissue, with noise."""
    values = np.full((40, 40, 40), 60.0)
    values[:, :20], values[:, 20:24] = air_hu, -100.0
    return values + np.random.default_rng(2).normal(0.0, noise_hu, values.shape)


def codes(values: np.ndarray) -> list[str]:
    return [finding.code for finding in value_findings(values)]


def test_a_body_in_air_is_like_ct() -> None:
    assert codes(body()) == []
    assert codes(paint()[0]) == []


def small_field(noise_hu: float = 12.0) -> np.ndarray:
    """Give a body cut by a round field: padded corners, a mattress, lung, and a little air."""
    values = np.full((40, 50, 50), 60.0)
    values[:, 10:16], values[:, 36:40], values[:, 40:46] = -850.0, -100.0, -905.0
    values[:, :3] = -1000.0
    values += np.random.default_rng(4).normal(0.0, noise_hu, values.shape)
    from_middle = np.hypot(*(np.indices((50, 50)) - 24.5))
    values[:, from_middle > 25.0] = -3024.0
    return values


def test_a_field_smaller_than_the_body_is_like_ct() -> None:
    values = small_field()
    least_air, mattress = (values < -950.0) & (values > -1100.0), np.abs(values + 905.0) < 30.0
    assert mattress.sum() > 4 * least_air.sum() > 0
    assert codes(values) == []


@pytest.mark.hazard(22)
@pytest.mark.parametrize("offset_hu", [-100.0, 100.0])
def test_a_wrong_offset_is_seen_in_a_small_field_too(offset_hu: float) -> None:
    assert codes(small_field() + offset_hu) == ["not-like-ct"]


@pytest.mark.hazard(22)
@pytest.mark.parametrize(
    "values",
    [
        paint()[1],
        body() + 1024.0,
        np.clip(body() / 4.0 + 60.0, 0.0, 255.0).round(),
        np.zeros((40, 40, 40)),
        np.full((40, 40, 40), 60.0),
    ],
    ids=["label map", "without offset", "picture", "nothing", "constant"],
)
def test_without_air_lung_and_fat_there_are_no_hounsfield_units(values: np.ndarray) -> None:
    (finding,) = value_findings(values)
    assert (finding.code, finding.severity) == ("not-hounsfield", Severity.REFUSE)


@pytest.mark.hazard(22)
@pytest.mark.parametrize(
    ("values", "named"),
    [
        (body(air_hu=-100.0), "below -900"),
        (np.clip(body(), -128.0, 127.0), "below -900"),
        (np.where(body() > -900.0, body() + 1024.0, -1000.0), "above 700"),
        (10.0 * body() - 3000.0, "from -150 to 250"),
    ],
    ids=["cropped inside the body", "windowed", "padding, and no offset", "another slope"],
)
def test_what_is_unlike_a_body_loads_and_has_to_be_confirmed(
    values: np.ndarray, named: str
) -> None:
    (finding,) = value_findings(values)
    assert (finding.code, finding.severity) == ("not-like-ct", Severity.CONFIRM)
    assert named in finding.got


def test_what_is_too_small_for_a_patient_is_not_judged() -> None:
    assert codes(np.zeros(LEAST_VOXELS - 1)) == []
    assert codes(np.zeros(LEAST_VOXELS)) == ["not-hounsfield"]


@pytest.mark.hazard(22)
def test_a_label_map_given_as_the_scan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.nii.gz"
    write_image(paint()[1], path)
    with pytest.raises(GeometryRefusedError) as refused:
        load_scan(path)
    assert refused.value.refusal.code == "not-hounsfield"
    assert "label map" in refused.value.refusal.next_step
    (row,) = inspect_path(path)["series"]
    assert row["verdict"] == "refused"
    assert [finding["code"] for finding in row["findings"]] == ["not-hounsfield"]


def test_what_has_to_be_confirmed_comes_with_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "scan.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.clip(body(), -128.0, 127.0)), str(path))
    assert [finding.code for finding in load_scan(path).findings] == ["not-like-ct"]
    (row,) = inspect_path(path)["series"]
    assert row["verdict"] == "confirm"


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the scans beside the checkout are absent")
@pytest.mark.hazard(22)
@pytest.mark.parametrize("name", REAL)
def test_real_scans_are_like_ct_and_no_more_without_their_offset(name: str) -> None:
    scan = load_scan(DATA / name)
    assert not {"not-like-ct", "not-hounsfield"} & {finding.code for finding in scan.findings}
    assert codes(scan.volume.values_hu + 1024.0) == ["not-hounsfield"]


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [3e38, -3e38])
def test_values_beyond_all_sums_are_doubted_and_end_nothing(value: float) -> None:
    values = body().astype(np.float32)
    values[7] = value
    assert "slice-values-jump" in codes(values)
    values[8] = -value
    assert "slice-values-jump" in codes(values)
