"""Voxels that a DICOM header calls padding come out as not imaged, and no other voxel changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from navigator.imaging.tissue import find_imaged
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import INTERCEPT, ct_slices, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

SHAPE = (4, 12, 10)
VALUE, LIMIT = "PixelPaddingValue", "PixelPaddingRangeLimit"
TAG = {VALUE: 0x00280120, LIMIT: 0x00280121}


def stored_values(padding: int, kind: type = np.int16) -> np.ndarray:
    """Four columns of padding, six of liver and air that is clipped at -1024 HU in places."""
    rng = np.random.default_rng(2)
    stored = rng.integers(1, 1200, size=SHAPE).astype(kind)
    stored[:, :, :4] = padding
    stored[:, 3, 6] = 0
    return stored


def put(dataset: Dataset, keyword: str, value: int, representation: str) -> None:
    dataset.add(DataElement(TAG[keyword], representation, value))


def load(folder: Path, datasets: list[Dataset]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Give the values, what was imaged, and the findings to be confirmed."""
    write_files(datasets, folder)
    scan = load_scan(folder)
    confirm = [f.code for f in scan.findings if f.severity.value == "confirm"]
    return scan.volume.values_hu, find_imaged(scan.volume).members, confirm


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("padding", "named", "padded_hu"),
    [
        # the padding has the value of clipped air: it becomes less than anything measured
        (0, {VALUE: ("SS", 0)}, -1026.0),
        # it is less already, and stays
        (-2000, {VALUE: ("SS", -2000)}, -3024.0),
        (-2000, {VALUE: ("SS", -2100), LIMIT: ("SS", -1900)}, -3024.0),
        (-2000, {VALUE: ("SS", -1900), LIMIT: ("SS", -2100)}, -3024.0),
        # the bits of -2000 as a positive number, as some writers have it
        (-2000, {VALUE: ("US", 63536)}, -3024.0),
    ],
)
def test_padding_that_the_header_names_was_not_imaged(
    tmp_path: Path,
    padding: int,
    named: dict[str, tuple[str, int]],
    padded_hu: float,
    syntax: str,
) -> None:
    stored = stored_values(padding)
    datasets = ct_slices(stored)
    for dataset in datasets:
        dataset.file_meta.TransferSyntaxUID = syntax
        for keyword, (representation, value) in named.items():
            put(dataset, keyword, value, representation)
    values, imaged, confirm = load(tmp_path / "series", datasets)
    expected = np.where(stored == padding, padded_hu, stored + INTERCEPT)
    np.testing.assert_array_equal(values, expected)
    # air that was clipped to the value of padding is one voxel, and stays imaged
    assert not imaged[:, :, :4].any()
    assert imaged[:, :, 4:].all()
    assert confirm == []


@pytest.mark.parametrize("padding", [0, 500])
def test_a_value_that_the_header_does_not_call_padding_stays(tmp_path: Path, padding: int) -> None:
    stored = stored_values(padding)
    values, imaged, confirm = load(tmp_path / "series", ct_slices(stored))
    np.testing.assert_array_equal(values, stored + INTERCEPT)
    assert imaged.all()
    assert confirm == []


@pytest.mark.parametrize("padding", [100, 1024, 1084])
def test_padding_with_a_value_of_tissue_is_kept_and_said(tmp_path: Path, padding: int) -> None:
    """A header that calls 0 HU padding would punch holes into the liver."""
    stored = stored_values(padding)
    datasets = ct_slices(stored)
    for dataset in datasets:
        put(dataset, VALUE, padding, "SS")
    values, imaged, confirm = load(tmp_path / "series", datasets)
    np.testing.assert_array_equal(values, stored + INTERCEPT)
    assert imaged.all()
    assert confirm == ["padding-like-tissue"]


def test_padding_that_is_named_and_not_there_says_nothing(tmp_path: Path) -> None:
    datasets = ct_slices(stored_values(7))
    for dataset in datasets:
        put(dataset, VALUE, 1500, "SS")
    _, imaged, confirm = load(tmp_path / "series", datasets)
    assert imaged.all()
    assert confirm == []


@pytest.mark.parametrize("value", [-2000, 5])
def test_unsigned_pixels_have_padding_of_their_own(tmp_path: Path, value: int) -> None:
    """A negative padding value cannot occur in unsigned pixels, and marks none."""
    stored = stored_values(5, np.uint16)
    datasets = ct_slices(stored)
    for dataset in datasets:
        put(dataset, VALUE, value, "SS")
    values, imaged, _ = load(tmp_path / "series", datasets)
    is_padding = (stored == value) if value == 5 else np.zeros(SHAPE, dtype=bool)
    expected = np.where(is_padding, -1026.0, stored.astype(np.float64) + INTERCEPT)
    np.testing.assert_array_equal(values, expected)
    assert imaged[:, :, :4].any() == (value != 5)
