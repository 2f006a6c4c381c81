"""Headers of compressed pixels, read before a native decoder sees them.

GDCM ends the whole process where a JPEG-LS or JPEG 2000 stream has another size than the DICOM
header, or a header of its own that is damaged. So these headers are read here first: ISO/IEC
10918-1 (JPEG), 14495-1 (JPEG-LS) and 15444-1 (JPEG 2000), annexes on syntax.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

JPEG_START, JPEG2000_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
FRAME_MARKERS = {*range(0xFFC0, 0xFFD0), 0xFFF7} - {0xFFC4, 0xFFC8, 0xFFCC}
"""Start of frame, baseline to lossless, and JPEG-LS; the three left out are tables."""
LOSSLESS_MARKERS = {0xFFC3, 0xFFCB}
"""Start of a lossless frame, Huffman or arithmetic (10918-1, table B.1)."""
LS_MARKER = 0xFFF7
COSINE_BITS = 8
"""A JPEG frame with loss has 8 bits or 12. Those of 12 are refused here: pydicom gives them to GDCM
only where a header says 8 bits or another syntax, and GDCM then writes to the screen."""
SCAN_MARKER = 0xFFDA
SIZE_MARKER, STYLE_MARKER, TILE_MARKER = 0xFF51, 0xFF52, 0xFF90
COMPONENT_MARKER = 0xFF53
"""Style of one component, which stands above the style of all."""
IRREVERSIBLE, REVERSIBLE = b"\0", b"\1"
"""Wavelets 9-7 and 5-3."""
LARGEST_BITS = 16
MOST_TILES = 4_096
MOST_LEVELS = 32
MOST_BLOCK = 8
"""Exponents of a code block, less two: each, and both together (15444-1, table A.18)."""


def check_codestream(code: bytes, shape_ji: tuple[int, int], where: str) -> bool:
    """Refuse a JPEG, JPEG-LS or JPEG 2000 stream that is not one grey image of the size announced.

    Parameters
    ----------
    code : bytes
        The compressed frame.
    shape_ji : tuple of int
        Rows and columns in the DICOM header.
    where : str
        The file, for the message.

    Returns
    -------
    bool
        Whether the stream says that it lost something: any frame of JPEG but a lossless one, a
        point transform, NEAR of JPEG-LS above 0, or the irreversible 9-7 wavelet of JPEG 2000.
        False is no proof. A reversible JPEG 2000 stream whose last layers were cut off has the
        same main header as a whole one, and styles of single tiles are not read.

    Raises
    ------
    FileRefusedError
        ``undecodable-pixels``.

    References
    ----------
    ISO/IEC 10918-1, B.2.2 and B.2.3; 14495-1, C.2.3; 15444-1, A.6.1, A.6.2 and table A.20.
    """
    try:
        if code.startswith(JPEG2000_START):
            *found, is_lossy = _jpeg2000(code)
        elif code.startswith(JPEG_START):
            *found, is_lossy = _jpeg(code)
        else:
            raise ValueError(f"a stream that begins with {code[:4].hex() or 'nothing'}")  # noqa: TRY301 - one refusal
        if tuple(found) != shape_ji:
            raise ValueError(f"a stream of {found[0]} rows and {found[1]} columns")  # noqa: TRY301 - one refusal
    except (ValueError, struct.error) as error:
        raise FileRefusedError(
            code="undecodable-pixels",
            what="The compressed pixels are not those that the header announces",
            where=where,
            expected=f"one grey image of {shape_ji[0]} rows and {shape_ji[1]} columns",
            got=str(error)[:200],
            next_step="send or export the series again",
        ) from error
    return is_lossy


def _segments(code: bytes, start: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Walk marker segments up to the one behind which the coded data begin."""
    at = start
    while True:
        marker, length = struct.unpack_from(">HH", code, at)
        if not (marker >= 0xFF01 and length >= 2 and at + 2 + length <= len(code)):
            raise ValueError(f"a damaged segment at byte {at}")
        yield marker, code[at + 4 : at + 2 + length]
        if marker == last:
            return
        at += 2 + length


def _jpeg(code: bytes) -> tuple[int, int, bool]:
    """Read rows, columns and loss of a JPEG or JPEG-LS stream."""
    segments = list(_segments(code, 2, SCAN_MARKER))
    frames = [(mark, body) for mark, body in segments if mark in FRAME_MARKERS]
    if len(frames) != 1:
        raise ValueError(f"{len(frames)} frame headers in one stream")
    ((mark, frame),) = frames
    bits, rows, columns, components = struct.unpack_from(">BHHB", frame)
    if not (2 <= bits <= LARGEST_BITS and components == 1 and len(frame) == 6 + 3):
        raise ValueError(f"{bits} bits in {components} components")
    is_cosine = mark not in {*LOSSLESS_MARKERS, LS_MARKER}
    if is_cosine and bits != COSINE_BITS:
        raise ValueError(f"a JPEG frame with loss of {bits} bits, which is not decoded")
    scanned, near, shifts = struct.unpack_from(">B2xBxB", segments[-1][1])
    if scanned != 1:
        raise ValueError(f"a scan of {scanned} components")
    is_cut = bool(shifts & 0x0F) or (mark == LS_MARKER and near > 0)
    return rows, columns, is_cut or is_cosine


def _jpeg2000(code: bytes) -> tuple[int, int, bool]:
    """Read rows, columns and loss of a JPEG 2000 stream."""
    segments = list(_segments(code, 2, TILE_MARKER))
    marks = [mark for mark, _ in segments]
    if marks.count(SIZE_MARKER) != 1 or marks.count(STYLE_MARKER) != 1:
        raise ValueError("a main header without one size and one style")
    style = dict(segments)[STYLE_MARKER]
    wavelets = [body[6:7] for mark, body in segments if mark == COMPONENT_MARKER] + [style[9:10]]
    if not set(wavelets) <= {IRREVERSIBLE, REVERSIBLE}:
        raise ValueError("a wavelet that is neither 9-7 nor 5-3")
    return *_size(dict(segments)[SIZE_MARKER], style), wavelets[0] == IRREVERSIBLE


def _size(size: bytes, style: bytes) -> tuple[int, int]:
    """Check the two segments that a decoder takes its memory from."""
    numbers = struct.unpack_from(">H8IH", size)
    columns, rows, left, top, tile_columns, tile_rows, tile_left, tile_top = numbers[1:9]
    if numbers[9] != 1 or len(size) != 36 + 3 or any((left, top, tile_left, tile_top)):
        raise ValueError(f"{numbers[9]} components, or an image beside its canvas")
    bits, step_i, step_j = size[36:39]
    if not ((bits & 0x7F) < LARGEST_BITS and step_i == step_j == 1):
        raise ValueError(f"{(bits & 0x7F) + 1} bits, every {step_i} x {step_j} voxels")
    if not (tile_columns and tile_rows):
        raise ValueError("tiles of no size")
    tiles = -(-columns // tile_columns) * -(-rows // tile_rows)
    order, layers, levels, wide, high = struct.unpack_from(">xBHxBBB", style)
    if not (tiles <= MOST_TILES and order <= 4 and layers >= 1 and levels <= MOST_LEVELS):
        raise ValueError(f"{tiles} tiles, {layers} layers, {levels} levels")
    if not (wide <= MOST_BLOCK and high <= MOST_BLOCK and wide + high <= MOST_BLOCK):
        raise ValueError(f"code blocks of 2^{wide + 2} x 2^{high + 2}")
    return rows, columns
