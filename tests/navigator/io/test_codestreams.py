"""The header of compressed pixels is that of the slice, or no native decoder is called."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame

from navigator.errors import FileRefusedError
from navigator.io.codestreams import JPEG2000_START, check_codestream
from tests.navigator.io.dicom_writer import ct_slices, write_files

if TYPE_CHECKING:
    from pathlib import Path

SYNTAXES = ("JPEG2000Lossless", "JPEGLSLossless", "JPEGLosslessProcess14_1")
SHAPE = (12, 10)
pytestmark = pytest.mark.hazard(46, 47)


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One slice of 12 rows and 10 columns in each compression, by GDCM."""
    folder: Path = tmp_path_factory.mktemp("streams")
    stored = np.arange(120, dtype=np.int16).reshape(1, *SHAPE)
    (plain,) = write_files(ct_slices(stored), folder, ["plain.dcm"])
    found = {}
    for syntax in SYNTAXES:
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), None
        reader.SetFileName(str(plain))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(folder / syntax))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        dataset = pydicom.dcmread(folder / syntax)
        found[syntax] = get_frame(dataset.PixelData, 0, number_of_frames=1)
    return found


def refused(code: bytes, shape: tuple[int, int] = SHAPE) -> str:
    with pytest.raises(FileRefusedError) as error:
        check_codestream(code, shape, "slice.dcm")
    assert error.value.refusal.code == "undecodable-pixels"
    return error.value.refusal.got


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_whole_stream_passes_and_one_of_another_size_does_not(
    streams: dict[str, bytes], syntax: str
) -> None:
    check_codestream(streams[syntax], SHAPE, "slice.dcm")
    assert refused(streams[syntax], (12, 26)) == "a stream of 12 rows and 10 columns"
    assert refused(streams[syntax], (10, 12)) == "a stream of 12 rows and 10 columns"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_stream_cut_anywhere_in_its_header_is_refused(
    streams: dict[str, bytes], syntax: str
) -> None:
    code = streams[syntax]
    end = code.index(b"\xff\x90" if syntax.startswith("JPEG2000") else b"\xff\xda")
    for length in range(end + 2):
        refused(code[:length])


@pytest.mark.parametrize("junk", [b"", b"\xff", b"RLE", JPEG2000_START, b"\xff\xd8\xff\xff\0\2"])
def test_what_is_no_stream_is_refused(junk: bytes) -> None:
    refused(junk)


@pytest.mark.parametrize(
    ("kind", "at", "value"),
    [
        (">I", 8, 2**32 - 1),
        (">I", 16, 4),
        (">I", 24, 0),
        (">I", 24, 1),
        (">H", 40, 399),
        (">B", 42, 37),
        (">B", 43, 0),
        (">B", 43, 255),
    ],
)
def test_a_size_of_jpeg_2000_that_ends_the_decoder_is_refused(
    streams: dict[str, bytes], kind: str, at: int, value: int
) -> None:
    """Offsets from ISO/IEC 15444-1, table A.9, the two bytes of the marker before it."""
    code = bytearray(streams["JPEG2000Lossless"])
    struct.pack_into(kind, code, at, value)
    if (kind, at, value) == (">I", 24, 1):
        # tiles of one column are many, and still fewer than any decoder minds
        check_codestream(bytes(code), SHAPE, "slice.dcm")
        return
    refused(bytes(code))


@pytest.mark.parametrize(("at", "value"), [(1, 9), (5, 40), (6, 9), (7, 200)])
def test_a_style_of_jpeg_2000_that_no_encoder_writes_is_refused(
    streams: dict[str, bytes], at: int, value: int
) -> None:
    """Bytes of the style segment, ISO/IEC 15444-1, tables A.12 to A.15, behind its length."""
    code = bytearray(streams["JPEG2000Lossless"])
    code[code.index(b"\xff\x52") + 4 + at] = value
    refused(bytes(code))


def changed(code: bytes, marker: bytes, at: int, value: int) -> bytes:
    """Change one byte of the segment behind a marker, counted behind its length."""
    other = bytearray(code)
    other[code.index(marker) + 4 + at] = value
    return bytes(other)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_stream_without_loss_says_none(streams: dict[str, bytes], syntax: str) -> None:
    assert check_codestream(streams[syntax], SHAPE, "slice.dcm") is False


@pytest.mark.hazard(9)
@pytest.mark.parametrize(
    ("syntax", "marker", "at", "value"),
    [
        ("JPEG2000Lossless", b"\xff\x52", 9, 0),
        ("JPEGLSLossless", b"\xff\xda", 3, 1),
        ("JPEGLSLossless", b"\xff\xda", 5, 1),
        ("JPEGLosslessProcess14_1", b"\xff\xda", 5, 1),
    ],
)
def test_a_stream_with_loss_says_so(
    streams: dict[str, bytes], syntax: str, marker: bytes, at: int, value: int
) -> None:
    """Wavelet 9-7, NEAR, and point transforms."""
    assert check_codestream(changed(streams[syntax], marker, at, value), SHAPE, "a.dcm") is True


@pytest.mark.hazard(9)
def test_the_wavelet_of_the_component_stands_above_that_of_all(streams: dict[str, bytes]) -> None:
    code = streams["JPEG2000Lossless"]
    at = code.index(b"\xff\x52")
    own = b"\xff\x53\0\x09\0\0" + code[at + 9 : at + 13]
    assert check_codestream(code[:at] + own + b"\0" + code[at:], SHAPE, "a.dcm") is True
    assert check_codestream(code[:at] + own + b"\1" + code[at:], SHAPE, "a.dcm") is False
    refused(code[:at] + own + b"\2" + code[at:])


@pytest.mark.hazard(9)
@pytest.mark.parametrize("frame", [0xC0, 0xC1, 0xC2, 0xC9])
def test_cosines_lose_something_and_have_eight_bits(streams: dict[str, bytes], frame: int) -> None:
    """Twelve bits of cosines are not decoded, and GDCM writes to the screen where it meets them."""
    code = changed(streams["JPEGLosslessProcess14_1"], b"\xff\xc3", -3, frame)
    marker = bytes([0xFF, frame])
    assert check_codestream(changed(code, marker, 0, 8), SHAPE, "a.dcm") is True
    for bits in (12, 16):
        assert f"{bits} bits" in refused(changed(code, marker, 0, bits))
