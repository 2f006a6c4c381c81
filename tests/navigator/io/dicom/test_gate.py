"""Whatever makes a series other than one even CT stack is refused, each fault by its own code."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.uid import MPEG2MPML

from navigator.errors import FileRefusedError, GeometryRefusedError, InputRefusedError
from navigator.io.dicom import find_series
from navigator.io.inspecting import inspect_path
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import (
    CT,
    ct_slices,
    decimal_strings,
    numbered_voxels,
    set_pixels,
    write_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

SHAPE = (6, 5, 4)
PLACES = (0, 2, 5)
"""First, middle and last slice."""


def series() -> list[Dataset]:
    return ct_slices(numbered_voxels(SHAPE))


def without(keyword: str) -> Callable[[Dataset], None]:
    return lambda dataset: dataset.__delattr__(keyword)


def with_value(keyword: str, value: object) -> Callable[[Dataset], None]:
    return lambda dataset: dataset.__setattr__(keyword, value)


def moved(dataset: Dataset, by_mm: tuple[float, float, float]) -> None:
    position = np.asarray(dataset.ImagePositionPatient, dtype=float) + by_mm
    dataset.ImagePositionPatient = decimal_strings(position)


def with_other_matrix(dataset: Dataset) -> None:
    set_pixels(dataset, np.zeros((5, 3), dtype=np.int16))


def with_syntax(dataset: Dataset) -> None:
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset["PixelData"].is_undefined_length = True
    dataset.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x02\x00\x00\x00\x00\x00"
    dataset["PixelData"].VR = "OB"


FAULTS_OF_ONE_SLICE = [
    pytest.param(without("ImagePositionPatient"), "no-position", marks=pytest.mark.hazard(8)),
    pytest.param(
        with_value("ImagePositionPatient", ["1", "2"]), "no-position", marks=pytest.mark.hazard(8)
    ),
    pytest.param(without("ImageOrientationPatient"), "no-orientation", marks=pytest.mark.hazard(8)),
    pytest.param(
        with_value("ImageOrientationPatient", ["1", "0", "0", "1", "0", "0"]), "bent-orientation"
    ),
    pytest.param(
        with_value("ImageOrientationPatient", ["0", "1", "0", "1", "0", "0"]), "mixed-orientation"
    ),
    pytest.param(without("PixelSpacing"), "no-pixel-spacing", marks=pytest.mark.hazard(8)),
    pytest.param(with_value("PixelSpacing", ["0", "0.7"]), "no-pixel-spacing"),
    pytest.param(
        with_value("PixelSpacing", ["0.7", "0.8"]),
        "varying-pixel-spacing",
        marks=pytest.mark.hazard(10, 11),
    ),
    pytest.param(with_other_matrix, "varying-matrix", marks=pytest.mark.hazard(10)),
    pytest.param(without("RescaleSlope"), "no-rescale", marks=pytest.mark.hazard(9)),
    pytest.param(without("RescaleIntercept"), "no-rescale", marks=pytest.mark.hazard(9)),
    pytest.param(with_value("RescaleSlope", "0"), "no-rescale", marks=pytest.mark.hazard(9)),
    pytest.param(with_value("PatientID", "P2"), "mixed-patients", marks=pytest.mark.hazard(12)),
    pytest.param(
        with_value("PatientBirthDate", "19700101"), "mixed-patients", marks=pytest.mark.hazard(12)
    ),
    pytest.param(
        with_value("StudyInstanceUID", "1.2.3.4"), "mixed-studies", marks=pytest.mark.hazard(12)
    ),
    pytest.param(
        with_value("FrameOfReferenceUID", "1.2.3.4"),
        "mixed-frames-of-reference",
        marks=pytest.mark.hazard(14),
    ),
    pytest.param(with_value("PhotometricInterpretation", "MONOCHROME1"), "odd-pixels"),
    pytest.param(with_value("HighBit", 12), "odd-pixels"),
    pytest.param(with_value("BitsStored", 17), "odd-pixels"),
    pytest.param(with_value("ImageType", ["DERIVED", "PRIMARY", "PERFUSION"]), "derived-map"),
    pytest.param(with_value("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7"), "mixed-objects"),
    pytest.param(with_syntax, "unsupported-transfer-syntax"),
    pytest.param(
        with_value("PixelData", b"\x00\x00" * 19),
        "truncated-pixel-data",
        marks=pytest.mark.hazard(55),
    ),
    pytest.param(lambda dataset: moved(dataset, (0.0, 0.0, 0.05)), "uneven-spacing", id="shifted"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("break_it", "code"), FAULTS_OF_ONE_SLICE)
def test_a_fault_of_one_slice_refuses_the_series(
    tmp_path: Path, break_it: Callable[[Dataset], None], code: str, place: int
) -> None:
    slices = series()
    break_it(slices[place])
    write_files(slices, tmp_path)
    with pytest.raises(InputRefusedError) as refused:
        load_scan(tmp_path)
    codes = {f.code for entry in find_series(tmp_path).series for f in entry.findings}
    assert refused.value.refusal.code in codes
    assert code in codes
    assert refused.value.refusal.next_step
    assert inspect_path(tmp_path)["series"][0]["verdict"] == "refused"


@pytest.mark.hazard(4, 5)
@pytest.mark.parametrize(
    "dropped", [set(c) for n in (1, 2) for c in itertools.combinations(range(1, 7), n)]
)
def test_a_gap_is_found_wherever_slices_are_missing(tmp_path: Path, dropped: set[int]) -> None:
    slices = ct_slices(numbered_voxels((8, 5, 4)))
    write_files([s for k, s in enumerate(slices) if k not in dropped], tmp_path)
    with pytest.raises(GeometryRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "missing-slices"
    assert f"{len(dropped)} missing" in refused.value.refusal.got


@pytest.mark.hazard(6)
@pytest.mark.parametrize("place", range(SHAPE[0]))
def test_a_slice_sent_twice_is_found(tmp_path: Path, place: int) -> None:
    again = series()[place]
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    write_files([*series(), again], tmp_path)
    with pytest.raises(GeometryRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "duplicate-positions"
    assert f"{SHAPE[0] + 1} slices at {SHAPE[0]} positions" in refused.value.refusal.got
    assert f"IM{place:04d}" in refused.value.refusal.where


@pytest.mark.hazard(4)
@pytest.mark.parametrize(("shift_mm", "verdict"), [(0.009, "accepted"), (0.016, "refused")])
def test_a_step_may_differ_by_one_percent_or_a_hundredth_of_a_millimetre(
    tmp_path: Path, shift_mm: float, verdict: str
) -> None:
    slices = series()
    moved(slices[-1], (0.0, 0.0, shift_mm))
    write_files(slices, tmp_path)
    assert inspect_path(tmp_path)["series"][0]["verdict"] == verdict


def test_a_stack_that_bends_sideways_is_refused(tmp_path: Path) -> None:
    slices = series()
    for k, dataset in enumerate(slices):
        moved(dataset, (0.02 * k * k, 0.0, 0.0))
    write_files(slices, tmp_path)
    with pytest.raises(GeometryRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "bent-stack"


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_slices_are_no_volume(tmp_path: Path, count: int) -> None:
    write_files(series()[:count], tmp_path)
    with pytest.raises(GeometryRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "too-few-slices"


@pytest.mark.hazard(36)
@pytest.mark.parametrize("spacing_mm", [0.5, 1.0, 1.5, 2.0, 2.1, 2.5, 3.0, 5.0, 10.0])
def test_spacing_above_two_millimetres_is_always_warned_of(
    tmp_path: Path, spacing_mm: float
) -> None:
    slices = series()
    for k, dataset in enumerate(slices):
        dataset.ImagePositionPatient = decimal_strings([0, 0, k * spacing_mm])
        dataset.SliceThickness = str(spacing_mm)
    write_files(slices, tmp_path)
    scan = load_scan(tmp_path)
    warned = [f.code for f in scan.findings if f.severity.value == "confirm"]
    assert warned == (["spacing-above-2-mm"] if spacing_mm > 2.0 else [])


@pytest.mark.hazard(9)
def test_each_slice_is_rescaled_by_its_own_numbers(tmp_path: Path) -> None:
    slices = series()
    for k, dataset in enumerate(slices):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(0.5 * (k + 1)), str(-10.0 * k)
    write_files(slices, tmp_path)
    values = load_scan(tmp_path).volume.values_hu
    for k in range(SHAPE[0]):
        np.testing.assert_array_equal(
            values[k], numbered_voxels(SHAPE)[k] * (0.5 * (k + 1)) - 10.0 * k
        )


@pytest.mark.hazard(55)
@pytest.mark.parametrize("cut", [1, 100])
def test_a_file_that_was_cut_short_is_refused_by_name(tmp_path: Path, cut: int) -> None:
    paths = write_files(series(), tmp_path)
    paths[3].write_bytes(paths[3].read_bytes()[:-cut])
    with pytest.raises(InputRefusedError, match="IM0003"):
        load_scan(tmp_path)


@pytest.mark.hazard(55)
def test_a_header_that_was_cut_short_is_refused_by_name(tmp_path: Path) -> None:
    paths = write_files(series(), tmp_path)
    paths[3].write_bytes(paths[3].read_bytes()[:200])
    with pytest.raises(InputRefusedError, match="IM0003"):
        load_scan(tmp_path)


def test_a_file_named_dcm_that_is_none_refuses_every_series(tmp_path: Path) -> None:
    write_files(series(), tmp_path)
    (tmp_path / "lost.dcm").write_bytes(b"not a scan")
    with pytest.raises(GeometryRefusedError, match=r"lost\.dcm") as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "unreadable-file"


@pytest.mark.hazard(48)
def test_a_deflated_file_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    slices = series()
    slices[2].file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    write_files(slices, tmp_path)
    with pytest.raises(GeometryRefusedError, match="IM0002") as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "deflated-transfer-syntax"


def test_files_that_are_not_dicom_are_left_out_and_counted(tmp_path: Path) -> None:
    write_files(series(), tmp_path)
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / ".hidden").write_text("hello")
    (finding,) = load_scan(tmp_path).findings
    assert (finding.code, finding.severity.value) == ("not-dicom", "note")
    assert finding.files == ("readme.txt",)


def test_a_localizer_and_a_report_in_the_series_are_set_apart(tmp_path: Path) -> None:
    localizer, report = ct_slices(numbered_voxels((2, 5, 4)))
    localizer.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    localizer.ImageOrientationPatient = decimal_strings([1, 0, 0, 0, 0, -1])
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.67"
    write_files([*series(), localizer, report], tmp_path)
    assert load_scan(tmp_path).volume.grid.shape_kji == SHAPE
    entries = find_series(tmp_path).series
    assert [e.is_set_apart for e in entries] == [False, True, True]
    assert {e.findings[0].code for e in entries[1:]} == {"localizer", "no-image"}


def test_no_name_or_number_of_a_patient_stands_in_a_message(tmp_path: Path) -> None:
    slices = series()
    slices[1].PatientID = "SECRET-7"
    write_files(slices, tmp_path)
    text = repr(find_series(tmp_path)) + repr(inspect_path(tmp_path))
    assert "SECRET-7" not in text
    assert "Test^One" not in text


@pytest.mark.parametrize("content", [[], ["readme.txt"]])
def test_a_folder_without_dicom_is_refused(tmp_path: Path, content: list[str]) -> None:
    for name in content:
        (tmp_path / name).write_text("hello")
    with pytest.raises(FileRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "no-dicom"


def test_a_path_where_nothing_lies_is_refused(tmp_path: Path) -> None:
    for read in (load_scan, inspect_path):
        with pytest.raises(FileRefusedError) as refused:
            read(tmp_path / "nothing")
        assert refused.value.refusal.code == "no-such-path"


def test_several_series_are_listed_and_the_likely_one_proposed(tmp_path: Path) -> None:
    thin, thick = series(), ct_slices(numbered_voxels((3, 5, 4)))
    for dataset in thick:
        dataset.SeriesInstanceUID, dataset.SeriesDescription = "1.2.3.9", "Thick"
    write_files(thin, tmp_path / "a")
    write_files(thick, tmp_path / "b")
    with pytest.raises(FileRefusedError) as refused:
        load_scan(tmp_path)
    refusal = refused.value.refusal
    assert refusal.code == "several-series"
    for part in ("1.2.3.9", "Thick", "3 x 5 x 4", "6 x 5 x 4"):
        assert part in refusal.got
    assert f"--series {thin[0].SeriesInstanceUID}" in refusal.next_step
    assert load_scan(tmp_path, series_uid="1.2.3.9").volume.grid.shape_kji == (3, 5, 4)
    with pytest.raises(FileRefusedError, match="no-such-series"):
        load_scan(tmp_path, series_uid="1.2")


def test_two_series_of_one_frame_of_reference_have_two_frames(tmp_path: Path) -> None:
    first, second = series(), series()
    for dataset in second:
        dataset.SeriesInstanceUID = "1.2.3.9"
    write_files(first, tmp_path / "a")
    write_files(second, tmp_path / "b")
    frames = {load_scan(tmp_path / name).volume.grid.frame for name in ("a", "b")}
    assert len(frames) == 2


def test_a_series_without_uids_is_named_by_its_content(tmp_path: Path) -> None:
    slices = series()
    for dataset in slices:
        dataset.SeriesInstanceUID = dataset.FrameOfReferenceUID = dataset.SOPClassUID = ""
        assert dataset.file_meta.MediaStorageSOPClassUID == CT
    write_files(slices, tmp_path)
    scan = load_scan(tmp_path)
    stand_in = f"sha256-{scan.source_hash[:16]}"
    assert scan.volume.grid.frame.uid == f"{stand_in}/{stand_in}"
    assert {finding.severity.value for finding in scan.findings} == {"note"}


def test_a_damaged_header_is_read_or_refused_and_the_geometry_never_changes_in_silence(
    tmp_path: Path,
) -> None:
    paths = write_files(series(), tmp_path)
    whole, truth = paths[2].read_bytes(), load_scan(tmp_path).volume.grid
    rng = np.random.default_rng(7)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(128, len(whole) - 40, 3):
            damaged[place] = rng.integers(256)
        paths[2].write_bytes(damaged)
        with contextlib.suppress(InputRefusedError):
            assert load_scan(tmp_path).volume.grid.matches(truth)
