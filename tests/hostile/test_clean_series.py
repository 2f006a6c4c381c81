"""No clean series is refused, however it was named, ordered or placed, and none moves a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)
from scipy.spatial.transform import Rotation

from navigator.imaging.upright import rectify
from navigator.io.structures import load_label_map, load_structures
from navigator.io.volumes import load_scan
from tests.hostile.series import DIRECTIONS, SeriesShape, clean_series, geometry_of
from tests.navigator.io.dicom_writer import decimal_strings, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

VARIANTS = 200
WRITTEN_MM = 1e-6
"""A decimal string has sixteen characters: a position of three digits keeps eleven decimals, and a
direction fourteen, which 300 mm do not make visible."""


def draw_shape(rng: np.random.Generator) -> SeriesShape:
    """Draw how a clean series may look: oblique, anisotropic, thin or overlapping."""
    spacing_mm = float(rng.choice([0.5, 0.625, 1.0, 1.25, 2.0, 2.5, 3.0, 5.0]))
    return SeriesShape(
        patient_position=str(rng.choice(list(DIRECTIONS))),
        count=int(rng.integers(12, 24)),
        spacing_mm=spacing_mm,
        thickness_mm=spacing_mm * float(rng.choice([1.0, 1.0, 1.5, 2.0])),
        pixel_spacing_mm=tuple(float(n) for n in rng.uniform(0.4, 2.9, 2).round(4)),
        turn=Rotation.random(random_state=rng).as_matrix() if rng.random() < 0.4 else None,
    )


def rename(slices: list[Dataset], rng: np.random.Generator) -> list[str]:
    """Draw names that say nothing of the order, and are not all of one kind."""
    order = rng.permutation(len(slices))
    style = rng.choice(["number", "words", "suffix", "depth"])
    return [
        {
            "number": f"{int(n)}",
            "words": f"Bild {int(n)} (Kopie)",
            "suffix": f"{int(n):06d}.dcm",
            "depth": f"IM-0001-{int(n):04d}",
        }[str(style)]
        for n in order
    ]


def vary(slices: list[Dataset], rng: np.random.Generator) -> None:
    """Change what may differ between scanners and says nothing of the place."""
    if rng.random() < 0.5:
        for k, dataset in enumerate(slices):
            dataset.InstanceNumber = len(slices) - k
    syntax = rng.choice([None, ImplicitVRLittleEndian, ExplicitVRBigEndian])
    for dataset in slices:
        if syntax is not None:
            dataset.file_meta.TransferSyntaxUID = str(syntax)
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").byteswap().tobytes()
    for keyword in rng.choice(
        ["SpacingBetweenSlices", "ImagesInAcquisition", "GantryDetectorTilt", "ConvolutionKernel"],
        rng.integers(0, 4),
        replace=False,
    ):
        for dataset in slices:
            delattr(dataset, str(keyword))


@pytest.mark.hazard(2, 7, 11, 16)
@pytest.mark.parametrize("seed", range(VARIANTS))
def test_a_clean_series_is_read_as_it_is(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = draw_shape(rng)
    slices = clean_series(shape)
    stored = np.stack([np.frombuffer(d.PixelData, "<i2").reshape(40, 44) for d in slices])
    vary(slices, rng)
    write_files(slices, tmp_path, rename(slices, rng))
    scan = load_scan(tmp_path)
    assert {finding.code for finding in scan.findings} <= {
        "spacing-above-2-mm",
        "patient-position-disagrees" if shape.turn is not None else "",
        "unknown-patient-position" if shape.turn is not None else "",
    }
    np.testing.assert_array_equal(scan.volume.values_hu, stored.astype(np.float32) - 1024)
    geometry = geometry_of(shape)
    corners = [(k, j, i) for k in (0, shape.count - 1) for j in (0, 39) for i in (0, 43)]
    places = np.stack([geometry.place_mm(*corner) for corner in corners])
    read = scan.volume.grid.points_from_indices(corners)
    assert np.abs(read - places).max() <= WRITTEN_MM


def labels_of_another_program(folder: Path, out: Path) -> Path:
    """Draw what is brighter than 0 HU as a program does that takes the series for upright."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    sitk.WriteImage(sitk.Cast(reader.Execute() > 0, sitk.sitkUInt8), str(out))
    return out


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_rounding_in_the_positions_tilts_nothing(tmp_path: Path, decimals: int) -> None:
    slices = clean_series()
    for k, dataset in enumerate(slices):
        place = np.asarray(dataset.ImagePositionPatient, dtype=float)
        # a table that is even to a thousandth of the last decimal, and rounded down, then up
        place[1] += 10.0**-decimals * (0.4995 + 0.001 * k / (len(slices) - 1))
        dataset.ImagePositionPatient = decimal_strings(np.round(place, decimals))
    write_files(slices, tmp_path / "ct")
    scan = load_scan(tmp_path / "ct")
    assert scan.findings == ()
    assert scan.volume.grid.is_rectilinear
    drawn = labels_of_another_program(tmp_path / "ct", tmp_path / "labels.nrrd")
    labels = load_label_map(drawn, {"body": 1}, scan.volume.grid)
    np.testing.assert_array_equal(labels.mask("body").members, scan.volume.values_hu > 0)


@pytest.mark.hazard(3)
@pytest.mark.parametrize("drift_mm", [0.004, 0.02, 0.0912345])
def test_a_drift_that_is_no_rounding_is_kept(tmp_path: Path, drift_mm: float) -> None:
    slices = clean_series()
    for k, dataset in enumerate(slices):
        place = np.asarray(dataset.ImagePositionPatient, dtype=float)
        place[1] += drift_mm * k / (len(slices) - 1)
        dataset.ImagePositionPatient = decimal_strings(place)
    write_files(slices, tmp_path / "ct")
    scan = load_scan(tmp_path / "ct")
    assert scan.findings == ()
    grid = scan.volume.grid
    shift_mm = grid.points_from_indices([len(slices) - 1, 0, 0])[1] - grid.lps_from_index[1, 3]
    assert shift_mm == pytest.approx(drift_mm, abs=WRITTEN_MM)
    # where right angles are needed the very same voxels are called upright
    upright = rectify(scan.volume)
    np.testing.assert_array_equal(upright.values_hu, scan.volume.values_hu)
    moved = upright.grid.points_from_indices([0, 0, 0]) - grid.points_from_indices([0, 0, 0])
    assert np.abs(moved).max() == 0.0
    drawn = labels_of_another_program(tmp_path / "ct", tmp_path / "labels.nrrd")
    labels = load_structures(drawn, {"body": 1}, upright.grid, twin=grid).labels
    np.testing.assert_array_equal(labels.mask("body").members, scan.volume.values_hu > 0)


def test_the_table_of_contents_of_a_disc_is_set_apart(tmp_path: Path) -> None:
    write_files(clean_series(), tmp_path)
    (contents,) = clean_series()[:1]
    for keyword in ("SeriesInstanceUID", "PixelData", "ImagePositionPatient"):
        delattr(contents, keyword)
    contents.SOPClassUID = contents.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    write_files([contents], tmp_path, ["DICOMDIR"])
    assert load_scan(tmp_path).findings == ()
