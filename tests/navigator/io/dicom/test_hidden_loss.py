"""Pixels that lost something are said to have, whatever their header says of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEG2000, UID, JPEG2000Lossless

from navigator.errors import FileRefusedError
from navigator.io.dicom import decode_frames, read_headers
from navigator.io.findings import Severity
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import AXIAL, ct_slices, enhanced_ct, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

pytestmark = pytest.mark.hazard(9)
SHAPE = (4, 32, 32)


@cache
def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(900, 1200, SHAPE).astype(np.int16)


def squeeze(dataset: Dataset, folder: Path, *, is_reversible: bool) -> bytes:
    """Compress one slice with JPEG 2000 by GDCM."""
    folder.mkdir(exist_ok=True)
    (plain,) = write_files([dataset], folder, ["plain.dcm"])
    reader, change = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEG2000))
    codec = gdcm.JPEG2000Codec()
    codec.SetReversible(is_reversible)
    if not is_reversible:
        codec.SetRate(0, 10)
    change.SetUserCodec(codec)
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(folder / "packed.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return get_frame(pydicom.dcmread(folder / "packed.dcm").PixelData, 0, number_of_frames=1)


def put_frames(dataset: Dataset, frames: list[bytes], syntax: str) -> Dataset:
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    return dataset


def series(folder: Path, syntax: str, lossy: set[int], said: str = "") -> Path:
    """Write a series whose slices named lost something; the header says it only where told."""
    slices = ct_slices(noise())
    streams = [
        squeeze(dataset, folder / "work", is_reversible=k not in lossy)
        for k, dataset in enumerate(slices)
    ]
    for dataset, stream in zip(slices, streams, strict=True):
        put_frames(dataset, [stream], syntax)
        if said:
            dataset.LossyImageCompression = said
    (folder / "series").mkdir()
    write_files(slices, folder / "series")
    return folder / "series"


@pytest.mark.parametrize("said", ["", "00", "01"])
def test_loss_in_a_stream_is_confirmed_once(tmp_path: Path, said: str) -> None:
    scan = load_scan(series(tmp_path, JPEG2000, set(range(4)), said))
    found = [f for f in scan.findings if f.code == "lossy-compression"]
    assert [f.severity for f in found] == [Severity.CONFIRM]
    # the oracle: values really differ from those that went in
    assert (scan.volume.values_hu != noise() - 1024.0).any()


def test_one_slice_with_loss_is_named(tmp_path: Path) -> None:
    scan = load_scan(series(tmp_path, JPEG2000, {2}))
    (finding,) = [f for f in scan.findings if f.code == "lossy-compression"]
    assert finding.got == "1 of 4 slices with loss"
    assert len(finding.files) == 1


def test_a_reversible_series_under_the_same_syntax_has_no_such_finding(tmp_path: Path) -> None:
    scan = load_scan(series(tmp_path, JPEG2000, set()))
    assert "lossy-compression" not in {f.code for f in scan.findings}
    np.testing.assert_array_equal(scan.volume.values_hu, noise() - 1024.0)


def test_loss_under_a_syntax_that_has_none_is_refused(tmp_path: Path) -> None:
    folder = series(tmp_path, JPEG2000Lossless, {1})
    with pytest.raises(FileRefusedError) as refused:
        load_scan(folder)
    assert refused.value.refusal.code == "lossy-in-lossless-syntax"


@pytest.mark.parametrize("lossy", [0, 3])
def test_every_frame_of_one_file_is_looked_at(tmp_path: Path, lossy: int) -> None:
    slices = ct_slices(noise())
    frames = [
        squeeze(dataset, tmp_path / "work", is_reversible=k != lossy)
        for k, dataset in enumerate(slices)
    ]
    dataset = enhanced_ct(noise(), AXIAL, [0, 1, 2, 3])
    (path,) = write_files([put_frames(dataset, frames, JPEG2000Lossless)], tmp_path, ["a.dcm"])
    with pytest.raises(FileRefusedError) as refused:
        decode_frames([header.source for header in read_headers(path)])
    assert refused.value.refusal.code == "lossy-in-lossless-syntax"
    assert refused.value.refusal.got == "1 of 4 frames with loss"
