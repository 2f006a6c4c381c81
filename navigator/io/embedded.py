"""Whether the voxels behind a text header (NRRD, MetaImage) are whole.

The libraries below ITK do not compare the checksum of a compressed file, and follow a header
that names another file.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

HEADER_BYTES = 262_144
"""A header is text at the start of the file, much shorter than this."""
CHUNK_BYTES = 1 << 20
ANY_CONTAINER = 32 + zlib.MAX_WBITS
"""Lets zlib find out itself whether a stream is of gzip or of zlib."""
NRRD_END = re.compile(rb"\r?\n\r?\n")
META_END = re.compile(rb"(?m)^ElementDataFile\s*=\s*(.*?)\s*?\n")
NRRD_COMPRESSED = re.compile(rb"(?mi)^encoding:\s*(gz|gzip)\s*$")
META_COMPRESSED = re.compile(rb"(?mi)^CompressedData\s*=\s*true\s*$")
NRRD_ELSEWHERE = re.compile(rb"(?mi)^data ?file:")


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where voxels lie behind a text header.

    Parameters
    ----------
    start : int
        First byte behind the header.
    is_compressed : bool
        Whether they are a gzip or zlib stream.
    """

    start: int
    is_compressed: bool


def check_embedded_whole(path: Path) -> None:
    """Refuse an NRRD or MetaImage file whose voxels lie elsewhere, or are damaged.

    Parameters
    ----------
    path : Path
        .nrrd or .mha.

    Raises
    ------
    FileRefusedError
        If the voxels are in another file, or their compressed stream does not end as it
        should, checksum included.
    """
    try:
        with path.open("rb") as stream:
            header = stream.read(HEADER_BYTES)
            embedded = _after_nrrd(header) if header.startswith(b"NRRD") else _after_meta(header)
            if embedded.is_compressed:
                stream.seek(embedded.start)
                _inflate_to_the_end(stream)
    except (OSError, ValueError, zlib.error) as error:
        raise FileRefusedError(
            code="unreadable-file",
            what="The image file is not whole",
            where=str(path),
            expected="a header with its voxels behind it, undamaged",
            got=str(error)[:200],
            next_step="copy or export the file again, as one file",
        ) from error


def _after_nrrd(header: bytes) -> Embedded:
    """Find the voxels of an NRRD file: behind the first blank line."""
    end = NRRD_END.search(header)
    text = header[: end.start()] if end else header
    if NRRD_ELSEWHERE.search(text):
        raise ValueError("the header names another file for the voxels")
    if end is None:
        raise ValueError("the header has no end")
    return Embedded(end.end(), NRRD_COMPRESSED.search(text) is not None)


def _after_meta(header: bytes) -> Embedded:
    """Find the voxels of a MetaImage: behind the line that names their file."""
    end = META_END.search(header)
    if end is None:
        raise ValueError("the header has no end")
    if end.group(1).upper() != b"LOCAL":
        raise ValueError("the header names another file for the voxels")
    return Embedded(end.end(), META_COMPRESSED.search(header[: end.start()]) is not None)


def _inflate_to_the_end(stream: BufferedReader) -> None:
    """Inflate a stream for its checksum alone; nothing of it is kept."""
    inflater = zlib.decompressobj(ANY_CONTAINER)
    while not inflater.eof:
        chunk = inflater.unconsumed_tail or stream.read(CHUNK_BYTES)
        if not chunk:
            raise ValueError("the compressed voxels end too early")
        inflater.decompress(chunk, CHUNK_BYTES)
