"""Pixels of a DICOM segmentation, one frame at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.pixels.utils import pixel_array

from navigator.io.structures.dicom_objects import reading, unreadable
from navigator.io.structures.segmentation import fraction_out_of_range

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.arrays import Booleans
    from navigator.io.structures.entries import StructureEntry
    from navigator.io.structures.segmentation import SegmentationHeader

MOST_DECODED_BYTES = 2**31
"""Of compressed frames together: the ratio of what they hold to their size has no other limit."""


def frame_members(
    dataset: Dataset, header: SegmentationHeader, index: int, entry: StructureEntry, path: Path
) -> Booleans:
    """Decode which pixels of a frame belong to a segment.

    Parameters
    ----------
    dataset : Dataset
        The object.
    header : SegmentationHeader
        Its header.
    index : int
        The frame, from 0.
    entry : StructureEntry
        The segment.
    path : Path
        Its file.

    Returns
    -------
    (j, i) array of bool
        A fractional pixel belongs from one half.

    Raises
    ------
    FileRefusedError
        If the pixels are not all there or cannot be decoded.
    StructureRefusedError
        If a fraction is above that of a whole pixel.
    """
    if header.kind == "BINARY":
        return _bits(dataset, header, index, path)
    values = _numbers(dataset, header, index, path)
    if header.kind == "FRACTIONAL" and values.max() > header.most_fraction:
        expected = f"values up to {header.most_fraction}"
        raise fraction_out_of_range(path, expected, f"{values.max()} in frame {index + 1}")
    members: Booleans = (
        2 * values.astype(np.int64) >= header.most_fraction
        if header.kind == "FRACTIONAL"
        else values == entry.number
    )
    return members


def check_pixels(dataset: Dataset, header: SegmentationHeader, path: Path) -> None:
    """Refuse pixel data that are not as long as the header says, before any is decoded.

    Parameters
    ----------
    dataset : Dataset
        The object.
    header : SegmentationHeader
        Its header.
    path : Path
        Its file.

    Raises
    ------
    FileRefusedError
        If bytes are missing or left over, or compressed frames would fill the memory.
    """
    wanted_bits = len(header.frames) * header.rows * header.columns * header.bits
    with reading(path):
        syntax = dataset.file_meta.TransferSyntaxUID
        stored = len(dataset.PixelData)
        is_encapsulated, is_little_endian = syntax.is_compressed, syntax.is_little_endian
    if is_encapsulated:
        if wanted_bits / 8 > MOST_DECODED_BYTES:
            raise unreadable(path, f"at most {MOST_DECODED_BYTES} bytes", f"{wanted_bits // 8}")
        return
    wanted = -(-wanted_bits // 8)
    if not wanted <= stored <= wanted + 1:
        raise unreadable(path, f"{wanted} bytes of pixels", f"{stored}")
    if not is_little_endian:
        raise unreadable(path, "pixels in little endian order", "big endian")


def _bits(dataset: Dataset, header: SegmentationHeader, index: int, path: Path) -> Booleans:
    """Unpack a frame (j, i) of single bits: no gap lies between frames (PS3.5, 8.1.1)."""
    shape = (header.rows, header.columns)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        with reading(path):
            decoded = np.asarray(pixel_array(dataset, index=index))
        return _of_shape(decoded, shape, path).astype(bool)
    count = header.rows * header.columns
    first = index * count
    stored = np.frombuffer(dataset.PixelData, dtype=np.uint8)[first // 8 : (first + count + 7) // 8]
    bits = np.unpackbits(stored, bitorder="little")[first % 8 : first % 8 + count]
    return bits.reshape(shape).astype(bool)


def _numbers(dataset: Dataset, header: SegmentationHeader, index: int, path: Path) -> np.ndarray:
    """Take a frame (j, i) of numbers."""
    shape = (header.rows, header.columns)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        with reading(path):
            return _of_shape(np.asarray(pixel_array(dataset, index=index)), shape, path)
    kind = np.dtype("u1" if header.bits == 8 else "<u2")
    count = header.rows * header.columns
    return np.frombuffer(
        dataset.PixelData, dtype=kind, count=count, offset=index * count * kind.itemsize
    ).reshape(shape)


def _of_shape(decoded: np.ndarray, shape: tuple[int, int], path: Path) -> np.ndarray:
    """Refuse a decoded frame (j, i) of another size."""
    if decoded.shape != shape:
        raise unreadable(path, f"frames of {shape}", f"{decoded.shape}")
    return decoded
