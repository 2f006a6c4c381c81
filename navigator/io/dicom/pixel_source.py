"""Where the pixels of a slice are stored, and how."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from navigator.io.dicom.values import number_values, text_value, whole_value

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

PIXEL_DATA_TAG = (0x7FE0, 0x0010)
UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM_TAG, END_TAG = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
"""Each fragment of compressed pixels is an item; a delimiter ends them (PS3.5, A.4)."""
BYTE_ORDER: dict[str, str] = {
    ImplicitVRLittleEndian: "<",
    ExplicitVRLittleEndian: "<",
    ExplicitVRBigEndian: ">",
}
"""The transfer syntaxes that store pixels as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSource:
    """The place and the layout of one slice's stored values.

    Parameters
    ----------
    file : Path
        The file.
    frame : int
        Frame in the file, from 0.
    transfer_syntax_uid : str
        How the pixels are encoded.
    shape_ji : tuple of int
        Rows and columns; 0 where the object is not an image.
    samples, bits_allocated, bits_stored, high_bit : int
        Layout of one pixel.
    is_signed : bool
        Whether stored values are two's complement.
    photometric : str
        How values are meant to be seen.
    padding : (2,) tuple of int or None
        Least and largest stored value that the header calls padding; None where it names none.
    native_start : int or None
        First byte of this frame in the file; None where the pixels are compressed or absent.
    frames_in_file : int
        As the header announces them; 1 for a plain image.
    native_bytes_left : int
        Bytes of pixel data that the file really holds from there on.
    is_cut_short : bool
        Whether the file ends before its compressed pixels do.
    """

    file: Path
    frame: int
    transfer_syntax_uid: str
    shape_ji: tuple[int, int]
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    photometric: str
    padding: tuple[int, int] | None
    native_start: int | None
    frames_in_file: int
    native_bytes_left: int
    is_cut_short: bool = False

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame when not compressed."""
        rows, columns = self.shape_ji
        return rows * columns * self.samples * self.bits_allocated // 8

    @property
    def is_native(self) -> bool:
        """Whether the pixels are stored as they are."""
        return self.transfer_syntax_uid in BYTE_ORDER


@dataclass(frozen=True, slots=True)
class StoredValue:
    """Where the pixel data of a file lie.

    Parameters
    ----------
    start : int or None
        First byte of the value; None where it is compressed.
    bytes_held : int
        Bytes of it that the file holds: less than it announces where the file was cut.
    is_cut_short : bool
        Whether the file ends before the delimiter of its compressed pixels.
    """

    start: int | None
    bytes_held: int
    is_cut_short: bool = False


def find_stored_value(stream: BinaryIO, transfer_syntax_uid: str) -> StoredValue | None:
    """Find the pixel data behind a header that was just read.

    Parameters
    ----------
    stream : binary file
        Standing where the header ended, before the pixel data element.
    transfer_syntax_uid : str
        How the file is encoded.

    Returns
    -------
    StoredValue or None
        None where the file has none.
    """
    order = BYTE_ORDER.get(transfer_syntax_uid, "<")
    element = stream.read(12)
    if len(element) < 12 or struct.unpack(order + "HH", element[:4]) != PIXEL_DATA_TAG:
        return None
    if transfer_syntax_uid not in BYTE_ORDER:
        return StoredValue(None, 0, is_cut_short=not _reaches_delimiter(stream))
    # implicit: tag, 4-byte length; explicit OB and OW: tag, VR, 2 reserved bytes, 4-byte length
    header_bytes = 8 if transfer_syntax_uid == ImplicitVRLittleEndian else 12
    (length,) = struct.unpack(order + "I", element[header_bytes - 4 : header_bytes])
    if length == UNDEFINED_LENGTH:
        return None
    start = stream.tell() - 12 + header_bytes
    held = os.fstat(stream.fileno()).st_size - start
    return StoredValue(start, min(length, held))


def _reaches_delimiter(stream: BinaryIO) -> bool:
    """Walk over the fragments of compressed pixels; a file that was cut ends within one."""
    size = os.fstat(stream.fileno()).st_size
    while len(head := stream.read(8)) == 8:
        *tag, length = struct.unpack("<HHI", head)
        if tuple(tag) == END_TAG:
            return True
        if tuple(tag) != ITEM_TAG or stream.tell() + length > size:
            return False
        stream.seek(length, os.SEEK_CUR)
    return False


def pixel_source_from_dataset(
    path: Path, frame: int, dataset: Dataset, stored: StoredValue | None
) -> PixelSource:
    """Describe how one frame is stored.

    Parameters
    ----------
    path : Path
        The file.
    frame : int
        Frame in the file, from 0.
    dataset : Dataset
        Its header.
    stored : StoredValue or None
        Where its uncompressed pixels lie.

    Returns
    -------
    PixelSource
        Absent values are 0 or empty: the gate refuses them.
    """
    bits_stored = whole_value(dataset, "BitsStored", 0)
    is_signed = whole_value(dataset, "PixelRepresentation", 0) == 1
    source = PixelSource(
        file=path,
        frame=frame,
        transfer_syntax_uid=str(dataset.file_meta.get("TransferSyntaxUID", "")),
        shape_ji=(whole_value(dataset, "Rows", 0), whole_value(dataset, "Columns", 0)),
        samples=whole_value(dataset, "SamplesPerPixel", 1),
        bits_allocated=whole_value(dataset, "BitsAllocated", 0),
        bits_stored=bits_stored,
        high_bit=whole_value(dataset, "HighBit", bits_stored - 1),
        is_signed=is_signed,
        photometric=text_value(dataset, "PhotometricInterpretation"),
        padding=_padding_range(dataset, bits_stored, is_signed=is_signed),
        native_start=None,
        frames_in_file=whole_value(dataset, "NumberOfFrames", 1),
        native_bytes_left=0,
    )
    if stored is None or stored.start is None:
        return replace(source, is_cut_short=stored is not None and stored.is_cut_short)
    skipped = frame * source.frame_bytes
    return replace(
        source,
        native_start=stored.start + skipped,
        native_bytes_left=max(stored.bytes_held - skipped, 0),
    )


def _padding_range(dataset: Dataset, bits: int, *, is_signed: bool) -> tuple[int, int] | None:
    """Read which stored values are padding (PS3.3, C.7.5.1.1.2).

    Some writers put the bits of a negative value down as those of a positive one.
    """
    value = number_values(dataset, "PixelPaddingValue", 1)
    if value is None:
        return None
    limit = number_values(dataset, "PixelPaddingRangeLimit", 1) or value
    ends = [int(value[0]), int(limit[0])]
    if is_signed and bits > 0:
        ends = [end - (1 << bits) if end >= 1 << (bits - 1) else end for end in ends]
    return min(ends), max(ends)
