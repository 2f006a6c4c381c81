"""What may be a damaged slice stops its series; what never ends is not opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from navigator.errors import FileRefusedError, GeometryRefusedError, InputRefusedError
from navigator.io.dicom import find_series
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import (
    AXIAL,
    ct_slices,
    enhanced_ct,
    numbered_voxels,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [f"{number}.dcm" for number in range(5)]
SHAPE = (5, 4, 6)


def codes_of(folder: Path) -> set[str]:
    with pytest.raises(GeometryRefusedError):
        load_scan(folder)
    entries = find_series(folder).series
    return {
        finding.code for entry in entries if not entry.is_set_apart for finding in entry.findings
    }


@pytest.mark.hazard(4)
@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize(
    ("sop_class", "series_uid"),
    [
        ("1.2.840.10008.5.1.4.7.1.2", None),
        ("1.2.840.10008.5.1.4.1.1.99", "1.2.3"),
        ("1.2.84.10008.5.1.4.1.1.2", ""),
        ("", ""),
        ("1.2.840.10008.5.1.4.1.1.88.11", ""),
        ("1.3.12.2.1107.5.9.1", None),
    ],
)
def test_an_object_that_may_be_a_slice_stops_the_series(
    tmp_path: Path, place: int, sop_class: str, series_uid: str | None
) -> None:
    """At the ends of a series nothing else would show that it is gone."""
    slices = ct_slices(numbered_voxels(SHAPE))
    slices[place].SOPClassUID = sop_class
    slices[place].file_meta.MediaStorageSOPClassUID = sop_class or "1.2.3"
    slices[place].Modality = "OT"
    if series_uid is not None:
        slices[place].SeriesInstanceUID = series_uid
    write_files(slices, tmp_path, NAMES)
    assert codes_of(tmp_path) & {"unknown-object", "mixed-objects"}


@pytest.mark.parametrize("sop_class", ["1.3.12.2.1107.5.9.1", "1.2.840.10008.5.1.4.1.1.88.11"])
def test_a_report_or_a_vendor_s_own_object_is_set_apart(tmp_path: Path, sop_class: str) -> None:
    slices = ct_slices(numbered_voxels(SHAPE))
    slices[4].SOPClassUID = slices[4].file_meta.MediaStorageSOPClassUID = sop_class
    slices[4].SeriesInstanceUID = "1.2.3"
    write_files(slices, tmp_path, NAMES)
    assert load_scan(tmp_path).volume.grid.shape_kji == (4, 4, 6)


@pytest.mark.parametrize("change", [("Rows", 0), ("Rows", 9_000), ("Columns", 0)])
def test_a_size_that_no_scanner_makes_is_refused(tmp_path: Path, change: tuple[str, int]) -> None:
    slices = ct_slices(numbered_voxels(SHAPE))
    for dataset in slices:
        setattr(dataset, *change)
    write_files(slices, tmp_path, NAMES)
    assert "no-such-size" in codes_of(tmp_path)


@pytest.mark.parametrize(
    "change", [("Rows", 3), ("Rows", 2), ("Columns", 3), ("NumberOfFrames", 4)]
)
def test_more_pixels_than_announced_are_a_wrong_count(
    tmp_path: Path, change: tuple[str, int]
) -> None:
    dataset = enhanced_ct(numbered_voxels(SHAPE), AXIAL, list(range(5)))
    setattr(dataset, *change)
    write_files([dataset], tmp_path, ["e.dcm"])
    assert "more-pixels-than-announced" in codes_of(tmp_path)


@pytest.mark.hazard(47)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_among_the_slices_does_not_hang_the_reader(tmp_path: Path) -> None:
    write_files(ct_slices(numbered_voxels(SHAPE)), tmp_path, NAMES)
    os.mkfifo(tmp_path / "6.dcm")
    assert load_scan(tmp_path).volume.grid.shape_kji == SHAPE
    with pytest.raises(FileRefusedError, match="pipe"):
        load_scan(tmp_path / "6.dcm")


@pytest.mark.hazard(51)
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    slices = ct_slices(numbered_voxels(SHAPE))
    write_files(slices[:4], tmp_path / "series", NAMES[:4])
    write_files(slices[4:], tmp_path / "elsewhere", NAMES[4:])
    (tmp_path / "series" / "4.dcm").symlink_to(tmp_path / "elsewhere" / "4.dcm")
    with pytest.raises(FileRefusedError, match="path-outside"):
        load_scan(tmp_path / "series")


@pytest.mark.hazard(47)
def test_a_series_that_no_memory_holds_is_refused_before_it_is_asked_for(tmp_path: Path) -> None:
    slices = ct_slices(numbered_voxels((3, 2, 2)))
    for dataset in slices:
        # compressed, so that the length of the pixels says nothing about rows and columns
        dataset.Rows = dataset.Columns = 8192
        dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
        dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    write_files(slices, tmp_path)
    with pytest.raises(FileRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code == "unreadable-file"
    assert "compressed bytes" in refused.value.refusal.got


@pytest.mark.hazard(47)
def test_an_element_larger_than_any_header_is_not_read(tmp_path: Path) -> None:
    slices = ct_slices(numbered_voxels((3, 2, 2)))
    paths = write_files(slices, tmp_path)
    content = bytearray(paths[1].read_bytes())
    # a birth date of a gigabyte: implicit lengths are four bytes, a DA's only two
    start = content.index(b"\x08\x00\x60\x00CS")
    content[start : start + 8] = b"\x08\x00\x60\x00UN\x00\x00"
    content[start + 8 : start + 8] = (1 << 30).to_bytes(4, "little")
    paths[1].write_bytes(bytes(content))
    with pytest.raises(InputRefusedError) as refused:
        load_scan(tmp_path)
    assert refused.value.refusal.code in {"unreadable-file", "missing-slices"}
