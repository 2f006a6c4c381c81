"""A real scan comes in with its pixels and its geometry, or is refused; nothing else comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from phantoms.errors import SourceRefusedError
from phantoms.protocol import ScanProtocol
from phantoms.scans import SyntheticScan
from phantoms.sources import SourceScan, read_source
from phantoms.writer import Subject, write_dicom_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AFFINE = np.array(
    [[0.0, 0.0, 0.8, -31.0], [0.0, 0.9, 0.0, 12.5], [2.5, 0.0, 0.0, -400.25], [0.0, 0.0, 0.0, 1.0]]
)
SHAPE = (5, 12, 14)
NOBODY = Subject(name="SOURCE^ONE", patient_id="1")


def values() -> np.ndarray:
    drawn = np.random.default_rng(1).integers(-1000, 1500, SHAPE).astype(np.int16)
    drawn[0, 0, 0] = -1000
    return drawn


def series(folder: Path) -> Path:
    scan = SyntheticScan(
        values_hu=values(),
        lps_from_index=AFFINE,
        thickness_mm=3.0,
        protocol=ScanProtocol(spacing_kji_mm=(3.0, 0.8, 0.8), thickness_mm=3.0),
        lps_from_couch=np.eye(4),
        labels=None,
        frame_of_reference_uid="2.25.1",
        series_uid="2.25.2",
        study_uid="2.25.3",
        seed=0,
    )
    write_dicom_series(scan, folder, patient=NOBODY, series_description="source")
    return folder


def image(
    *, flips: tuple[int, int, int] = (1, 1, 1), array: np.ndarray | None = None
) -> sitk.Image:
    """Build the same scan as an image whose axes (i, j, k) may run the other way."""
    content = values() if array is None else array
    flipped = content[tuple(slice(None, None, flip) for flip in flips[::-1])]
    made = sitk.GetImageFromArray(np.ascontiguousarray(flipped))
    spacing = np.array([0.8, 0.9, 2.5])
    made.SetSpacing(spacing.tolist())
    made.SetDirection(np.diag(np.array(flips, dtype=float)).ravel().tolist())
    far = spacing * (np.array(SHAPE[::-1]) - 1) * (np.array(flips) < 0)
    made.SetOrigin((np.array([-31.0, 12.5, -400.25]) + far).tolist())
    return made


def agrees(source: SourceScan) -> bool:
    return np.array_equal(source.values_hu, values()) and np.allclose(
        source.grid.lps_from_index, AFFINE, atol=1e-5
    )


def test_a_dicom_series_comes_in_as_it_was_written(tmp_path: Path) -> None:
    source = read_source(series(tmp_path / "ct"))
    assert agrees(source)
    assert source.grid.thickness_mm == 3.0
    assert not source.values_hu.flags.writeable


@pytest.mark.parametrize("ending", ["nii.gz", "nrrd", "mha"])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_files_come_in_with_every_voxel_where_it_was(
    tmp_path: Path, ending: str, flips: tuple[int, int, int]
) -> None:
    path = tmp_path / f"ct.{ending}"
    sitk.WriteImage(image(flips=flips), str(path))
    assert agrees(read_source(path))


def test_the_hash_names_the_files_and_the_values(tmp_path: Path) -> None:
    one, other = (read_source(series(tmp_path / name)) for name in ("a", "b"))
    assert (one.files_sha256, one.values_sha256) == (other.files_sha256, other.values_sha256)
    sitk.WriteImage(image(), str(tmp_path / "ct.nrrd"))
    third = read_source(tmp_path / "ct.nrrd")
    assert third.values_sha256 == one.values_sha256
    assert third.files_sha256 != one.files_sha256


def changed(edit: Callable[[pydicom.Dataset, int], None]) -> Callable[[Path], Path]:
    def spoil(folder: Path) -> Path:
        series(folder)
        for path in folder.iterdir():
            header = pydicom.dcmread(path)
            edit(header, int(header.InstanceNumber))
            header.save_as(path)
        return folder

    return spoil


def _tilt(header: pydicom.Dataset, _: int) -> None:
    header.ImageOrientationPatient = [1, 0, 0, 0, 0.9848, 0.1736]


def _shift_one(header: pydicom.Dataset, number: int) -> None:
    if number == 3:
        header.ImagePositionPatient = [*header.ImagePositionPatient[:2], -393.0]


def _two_series(header: pydicom.Dataset, number: int) -> None:
    header.SeriesInstanceUID = f"2.25.{number % 2 + 7}"


def _no_slope(header: pydicom.Dataset, _: int) -> None:
    del header.RescaleSlope


def _other_unit(header: pydicom.Dataset, _: int) -> None:
    header.RescaleType = "MGML"


def _magnetic(header: pydicom.Dataset, _: int) -> None:
    header.Modality = "MR"


def _missing(folder: Path) -> Path:
    series(folder)
    next(path for path in folder.iterdir() if pydicom.dcmread(path).InstanceNumber == 2).unlink()
    return folder


def _foreign(folder: Path) -> Path:
    (series(folder) / "notes.txt").write_text("hello")
    return folder


def _as_file(content: sitk.Image) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        folder.mkdir()
        sitk.WriteImage(content, str(folder / "ct.nrrd"))
        return folder / "ct.nrrd"

    return write


def _oblique() -> sitk.Image:
    made = image()
    made.SetDirection([1, 0, 0, 0, 0.9998, -0.02, 0, 0.02, 0.9998])
    return made


def _broken(folder: Path) -> Path:
    folder.mkdir()
    (folder / "ct.nrrd").write_text("NRRD0004\nnonsense")
    return folder / "ct.nrrd"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (changed(_tilt), "axial"),
        (changed(_shift_one), "even stack"),
        (changed(_two_series), "SeriesInstanceUID"),
        (changed(_no_slope), "RescaleSlope"),
        (changed(_other_unit), "Hounsfield"),
        (changed(_magnetic), "CT slices"),
        (_missing, "even stack"),
        (_foreign, "DICOM slices only"),
        (_as_file(_oblique()), "axial"),
        (_as_file(image(array=np.abs(values()))), "Hounsfield"),
        (_as_file(image()[:, :, 0]), "one number for each voxel"),
        (_as_file(image()[:, :, :2]), "along each axis"),
        (_broken, "an image"),
        (lambda folder: folder / "nothing.nii", "no such file"),
    ],
)
def test_what_is_no_even_axial_ct_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    with pytest.raises(SourceRefusedError, match=said):
        read_source(make(tmp_path / "source"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("place", "shape", "thickness_mm"),
    [
        ("totalseg_abdomen/example_ct.nii.gz", (112, 101, 122), 3.0),
        ("totalseg_chest_liver/example_ct.nii.gz", (191, 167, 233), 1.5),
        ("totalseg_dicom_j2k/example_ct_dicom", (20, 512, 512), 3.0),
    ],
)
def test_real_scans_come_in(
    real_data: Path, place: str, shape: tuple[int, int, int], thickness_mm: float
) -> None:
    source = read_source(real_data / place)
    assert source.values_hu.shape == shape
    assert source.grid.thickness_mm == pytest.approx(thickness_mm, abs=1e-4)
    steps = source.grid.lps_from_index[:3, :3][::-1]
    assert np.array_equal(steps, np.diag(np.diag(steps)))
    assert (np.diag(steps) > 0.0).all()


@pytest.mark.real_data
@pytest.mark.parametrize(
    "place", ["ge_tilt_variable", "odd_series", "dcmqi_liver_seg/liver_seg.nrrd"]
)
def test_real_scans_that_are_no_even_axial_ct_are_refused(real_data: Path, place: str) -> None:
    with pytest.raises(SourceRefusedError):
        read_source(real_data / place)
