"""Pixels come out of every transfer syntax exactly as they went in, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

from navigator.errors import FileRefusedError
from navigator.io.dicom import decode_frames, find_series, read_headers
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import ct_slices, numbered_voxels, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[5] / "shared" / "data"
CODECS = DATA / "codecs"


def needs_data(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that reads the scans beside the checkout."""
    skip = pytest.mark.skipif(
        not CODECS.is_dir(), reason="the scans beside the checkout (../shared/data) are absent"
    )
    return pytest.mark.real_data(skip(test))


PLAIN = {"CTImage": "CTImage.dcm", "CT0012": "CT0012.explicit_little_endian.dcm"}
LOSSLESS = [
    *("CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm",),
    *("CTImage.dcm_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm",),
    *("CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",),
    *("CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",),
    *("CTImage.dcm_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",),
    *("CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",),
    *("CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm",),
    *("CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm",),
    *("CT0012.fragmented_no_bot_jpeg_lossless.57.dcm",),
    *("CT0012.fragmented_no_bot_jpeg_lossless.70.dcm",),
    *("CT0012.fragmented_no_bot_jpeg_ls.80.dcm", "CT0012.not_fragmented_bot_jpeg_ls.80.dcm"),
    *("CT0012.not_fragmented_no_bot_jpeg_ls.80.dcm", "CT0012.not_fragmented_bot_rle.dcm"),
    *("CT0012.not_fragmented_no_bot_rle.dcm",),
]
LOSSY = {
    "CTImage.dcm_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm": 1.0,
    "CTImage.dcm_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm": 5.0,
    "CT0012.fragmented_no_bot_jpeg_ls.81.dcm": 2.0,
    # eight bits of 32 HU each: half a step, and what the cosine transform adds
    "CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm": 3 * 32.2,
}
"""Lossy files, and how far their Hounsfield units may lie from the original's."""
REFUSED = {
    "CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm": (
        "deflated-transfer-syntax"
    ),
    "CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm": "undecodable-pixels",
    "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm": "undecodable-pixels",
    "CTImage.dcm_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm": "undecodable-pixels",
    "CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm": "undecodable-pixels",
}


def original(name: str) -> pydicom.Dataset:
    return pydicom.dcmread(CODECS / PLAIN[name[: name.index(".")]])


def raw_frames(dataset: pydicom.Dataset) -> np.ndarray:
    """Uncompressed pixels straight from the bytes: the oracle shares nothing with the reader."""
    kind = "<i2" if dataset.PixelRepresentation else "<u2"
    return np.frombuffer(dataset.PixelData, kind).reshape(-1, dataset.Rows, dataset.Columns)


def decoded(path: Path) -> np.ndarray:
    return np.stack(decode_frames([header.source for header in read_headers(path)]))


@needs_data
def test_every_codec_file_has_an_expected_outcome() -> None:
    listed = {*LOSSLESS, *LOSSY, *REFUSED, *PLAIN.values()}
    assert {path.name for path in CODECS.glob("*.dcm")} == listed


@needs_data
@pytest.mark.parametrize("name", [*PLAIN.values(), *LOSSLESS])
def test_lossless_pixels_are_exactly_the_original_ones(name: str) -> None:
    np.testing.assert_array_equal(decoded(CODECS / name), raw_frames(original(name)))


@needs_data
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_pixels_are_near_and_have_to_be_confirmed(name: str) -> None:
    path, truth = CODECS / name, original(name)
    (header, *_) = read_headers(path)
    slope, intercept = header.rescale or (1.0, 0.0)
    (true_header, *_) = read_headers(Path(truth.filename))
    true_slope, true_intercept = true_header.rescale or (1.0, 0.0)
    off = decoded(path) * slope + intercept - (raw_frames(truth) * true_slope + true_intercept)
    assert np.abs(off).max() <= LOSSY[name] * true_slope
    (entry,) = find_series(path).series
    (finding,) = [f for f in entry.findings if f.code == "lossy-compression"]
    assert finding.severity.value == "confirm"


@needs_data
@pytest.mark.hazard(48)
@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_what_cannot_be_decoded_is_refused_by_name(name: str, code: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        decoded(CODECS / name)
    assert refused.value.refusal.code == code
    assert name in refused.value.refusal.where
    assert refused.value.refusal.next_step


@needs_data
@pytest.mark.hazard(55)
@pytest.mark.parametrize("cut", [8, 9, 100, 1000, 50_000])
def test_a_compressed_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    whole = next((DATA / "totalseg_dicom_j2k" / "example_ct_dicom").iterdir())
    path = tmp_path / "cut.dcm"
    path.write_bytes(whole.read_bytes()[:-cut])
    with pytest.raises(FileRefusedError):
        decoded(path)


@needs_data
def test_signed_pixels_in_an_unsigned_stream_keep_their_sign() -> None:
    # the known values that pydicom's own tests hold for this file of theirs
    pixels = decoded(DATA / "pydicom_edge" / "J2K_pixelrep_mismatch.dcm")[0]
    assert pixels[0, 0] == -2000
    known = [621, 412, 138, -193, -520, -767, -907, -966, -988, -995]
    assert pixels[47:57, 279].tolist() == known


@needs_data
def test_one_image_of_pydicom_is_the_same_compressed_and_plain() -> None:
    edge = DATA / "pydicom_edge"
    plain = pydicom.dcmread(edge / "693_UNCR.dcm")
    np.testing.assert_array_equal(decoded(edge / "693_J2KR.dcm"), raw_frames(plain))


@pytest.mark.parametrize(("stored", "expected"), [(0x0FFF, -1), (0xA7FF, 2047), (0x5800, -2048)])
def test_bits_beyond_the_stored_ones_are_not_pixels(
    tmp_path: Path, stored: int, expected: int
) -> None:
    # twelve bits, two's complement, by hand: FFF is -1, 7FF is 2047, 800 is -2048
    slices = ct_slices(numbered_voxels((3, 2, 2)))
    for dataset in slices:
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = np.full((2, 2), stored, dtype="<u2").tobytes()
    write_files(slices, tmp_path)
    assert (load_scan(tmp_path).volume.values_hu == expected - 1024).all()


@needs_data
@pytest.mark.hazard(48)
@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"])
@pytest.mark.parametrize("bits", [8, 12])
def test_cosines_of_twelve_bits_are_refused_without_a_word_of_the_decoder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], uid: str, bits: int
) -> None:
    dataset = pydicom.dcmread(next(CODECS.glob("CTImage.dcm_JPEGProcess2_4*")))
    dataset.file_meta.TransferSyntaxUID = UID(uid)
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(FileRefusedError) as refused:
        decoded(tmp_path / "a.dcm")
    assert refused.value.refusal.code == "undecodable-pixels"
    assert "12 bits" in refused.value.refusal.got
    assert capfd.readouterr().err == ""
