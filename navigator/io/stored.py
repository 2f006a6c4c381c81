"""Voxels as image files store them: announced by a header, then read and never more than that."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.io.caps import check_announced

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.arrays import Floats
    from navigator.io.findings import Finding

CHUNK_BYTES = 1 << 20
GZIP_START = b"\x1f\x8b"


class Packing(Enum):
    """How the voxels are compressed; the value tells zlib what container to expect."""

    NONE = 0
    GZIP = 16 + zlib.MAX_WBITS
    ZLIB = zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What the header of an image file announces.

    Parameters
    ----------
    shape_ijk : tuple of int
        Voxels along the axes of the file, the fastest first.
    stored : dtype
        Of one number, byte order included.
    values_a_voxel : int
        Numbers of one voxel: 1 for a grey image, 3 for colours.
    kind : str
        The type in the file's own word.
    start : int
        First byte of the voxels; where the whole file is packed, after unpacking.
    packing : Packing
        How they are compressed.
    is_packed_whole : bool
        Whether the header is compressed together with the voxels.
    lps_from_index : (4, 4) array
        Affine from (k, j, i, 1) to LPS millimetres; meaningless where `missing` says so.
    missing : str
        What the header lacks of a place in the patient; empty where it lacks nothing.
    unit : str
        The unit of length in the header; empty where it is the millimetre or unknown.
    tags : mapping of str to str
        Keys and values that the format itself gives no meaning.
    findings : tuple of Finding
        What a person should know about the place.
    rescale : (2,) tuple of float or None
        Slope and intercept from stored to real values.
    """

    shape_ijk: tuple[int, ...]
    stored: np.dtype[Any]
    values_a_voxel: int
    kind: str
    start: int
    packing: Packing
    is_packed_whole: bool = False
    lps_from_index: Floats
    missing: str
    unit: str
    tags: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    rescale: tuple[float, float] | None = None


def read_voxels(path: Path, announced: Announced) -> NDArray[Any]:
    """Read the voxels that a header announces: all of them, and nothing else.

    Parameters
    ----------
    path : Path
        The file.
    announced : Announced
        Its header.

    Returns
    -------
    (k, j, i) array
        As stored, in the machine's byte order, or rescaled.

    Raises
    ------
    FileRefusedError
        If the header announces too much, or more than the file can hold.
    ValueError, zlib.error, OSError
        If the bytes are fewer or more than announced, or their checksum is wrong.
    """
    is_packed = announced.packing is not Packing.NONE
    with path.open("rb") as stream:
        skipped = 0 if announced.is_packed_whole else announced.start
        expected = check_announced(
            str(path),
            announced.shape_ijk,
            bytes_a_voxel=announced.stored.itemsize * announced.values_a_voxel,
            held_bytes=stream.seek(0, 2) - skipped,
            is_packed=is_packed,
        )
        stream.seek(skipped)
        if is_packed:
            head = announced.start if announced.is_packed_whole else 0
            content = _inflated(stream, announced.packing, head, expected)
        else:
            content = np.fromfile(stream, np.uint8, expected)
    if content.size != expected:
        raise ValueError(f"{content.size} bytes of voxels instead of {expected}")
    values = content.view(announced.stored).reshape(announced.shape_ijk[::-1])
    values = values.astype(announced.stored.newbyteorder("="), copy=False)
    return values if announced.rescale is None else _rescaled(values, *announced.rescale)


def inflate_start(stream: BufferedReader, count: int) -> bytes:
    """Unpack the first bytes of a gzip file.

    Parameters
    ----------
    stream : binary file
        At its start.
    count : int
        How many bytes.

    Returns
    -------
    bytes
        So many, or fewer where there are no more.

    Raises
    ------
    zlib.error
        If it is no gzip stream.
    """
    inflater = zlib.decompressobj(Packing.GZIP.value)
    start = b""
    while len(start) < count and not inflater.eof:
        chunk = inflater.unconsumed_tail or stream.read(CHUNK_BYTES)
        if not chunk:
            break
        start += inflater.decompress(chunk, count - len(start))
    return start


def _inflated(
    stream: BufferedReader, packing: Packing, head: int, expected: int
) -> NDArray[np.uint8]:
    """Unpack a stream to its end, checksum included, and stop where it holds too much.

    The first `head` bytes are left out.
    """
    content = np.empty(head + expected, np.uint8)
    target = memoryview(content)  # type: ignore[arg-type]  # an array is a buffer
    filled = 0
    rest = b""
    while True:
        inflater = zlib.decompressobj(packing.value)
        while not inflater.eof:
            chunk = inflater.unconsumed_tail or rest or stream.read(CHUNK_BYTES)
            rest = b""
            if not chunk:
                raise ValueError("the compressed voxels end too early")
            piece = inflater.decompress(chunk, CHUNK_BYTES)
            if filled + len(piece) > content.size:
                raise ValueError(f"the voxels unpack to more than the {expected} bytes announced")
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        rest = inflater.unused_data or stream.read(CHUNK_BYTES)
        if not rest:
            break
        if packing is not Packing.GZIP or not rest.startswith(GZIP_START):
            raise ValueError("there are other bytes behind the compressed voxels")
    return content[head:filled]


def _rescaled(values: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Turn stored values into real ones, slice by slice: the sum is formed in doubles."""
    kind = np.float64 if values.dtype.itemsize >= 4 and values.dtype.kind != "f" else np.float32
    kind = np.float64 if values.dtype == np.float64 else kind
    real = np.empty(values.shape, kind)
    with np.errstate(all="ignore"):
        for place, stored in zip(real, values, strict=True):
            place[...] = stored * np.float64(slope) + np.float64(intercept)
    return real
