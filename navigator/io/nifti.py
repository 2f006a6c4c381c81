"""Whether a NIfTI file is whole: ITK reads one that was cut short, and says nothing."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from io import BufferedIOBase
    from pathlib import Path

HEADER_BYTES = {348: 1, 540: 2}
"""Size of the header and the version of the format that it tells."""
CHUNK_BYTES = 1 << 20
MOST_BYTES_BEHIND = 1 << 20
"""More than this behind the last voxel is another file, or a compressed flood."""


@dataclass(frozen=True, slots=True)
class NiftiLayout:
    """What a NIfTI header announces.

    Parameters
    ----------
    voxel_start : int
        First byte of the voxels.
    voxel_bytes : int
        Bytes of all voxels.
    """

    voxel_start: int
    voxel_bytes: int

    @property
    def file_bytes(self) -> int:
        """Bytes of the whole file before compression."""
        return self.voxel_start + self.voxel_bytes


def check_nifti_whole(path: Path) -> None:
    """Refuse a NIfTI file that holds less, or far more, than its header announces.

    A compressed file is read to its end, so that its checksum is compared as well.

    Parameters
    ----------
    path : Path
        .nii or .nii.gz.

    Raises
    ------
    FileRefusedError
        If bytes are missing or damaged, or the header is none of NIfTI.
    """
    try:
        with open_nifti(path) as stream:
            announced = _layout(stream).file_bytes
            stream.seek(0)
            held = _count_bytes(stream, announced + MOST_BYTES_BEHIND)
    except (OSError, EOFError, zlib.error, struct.error, ValueError) as error:
        raise _refused(path, "a complete NIfTI file", str(error)[:200] or "damage") from error
    if not announced <= held <= announced + MOST_BYTES_BEHIND:
        more = "more than " if held > announced else ""
        raise _refused(path, f"{announced} bytes before compression", f"{more}{held}")


def open_nifti(path: Path) -> BufferedIOBase:
    """Open a NIfTI file, unpacked.

    Parameters
    ----------
    path : Path
        .nii or .nii.gz.

    Returns
    -------
    binary file
        To be closed by the caller.
    """
    is_packed = path.name.lower().endswith(".gz")
    return gzip.open(path, "rb") if is_packed else path.open("rb")


def order_and_version(header: bytes) -> tuple[str, int]:
    """Tell how a NIfTI header is to be read.

    Parameters
    ----------
    header : bytes
        The first bytes of a file.

    Returns
    -------
    order : str
        Byte order as :mod:`struct` writes it.
    version : int
        1 or 2.

    Raises
    ------
    ValueError
        If they are no NIfTI header.
    """
    for order in "<>":
        (size,) = struct.unpack(order + "i", header[:4])
        if size in HEADER_BYTES:
            return order, HEADER_BYTES[size]
    raise ValueError("the first bytes are not a NIfTI header")


def _layout(stream: BufferedIOBase) -> NiftiLayout:
    """Read from a header where the voxels lie (nifti1.h, nifti2.h)."""
    header = stream.read(max(HEADER_BYTES))
    order, version = order_and_version(header)
    if version == 1:
        dimensions = struct.unpack_from(order + "8h", header, 40)
        (bits,) = struct.unpack_from(order + "h", header, 72)
        (start,) = struct.unpack_from(order + "f", header, 108)
    else:
        (bits,) = struct.unpack_from(order + "h", header, 14)
        dimensions = struct.unpack_from(order + "8q", header, 16)
        (start,) = struct.unpack_from(order + "q", header, 168)
    counts = dimensions[1 : 1 + dimensions[0]]
    if not (0 < dimensions[0] <= 7 and min(counts) > 0 and bits > 0 and math.isfinite(start)):
        raise ValueError(f"the header announces {list(dimensions)} voxels of {bits} bits")
    return NiftiLayout(max(int(start), 0), math.prod(counts) * bits // 8)


def _count_bytes(stream: BufferedIOBase, most: int) -> int:
    """Count the bytes to the end, and stop beyond a limit."""
    count = 0
    while count <= most and (chunk := stream.read(CHUNK_BYTES)):
        count += len(chunk)
    return count


def _refused(path: Path, expected: str, got: str) -> FileRefusedError:
    """Refuse a file that is not whole."""
    return FileRefusedError(
        code="unreadable-file",
        what="The NIfTI file is not whole",
        where=str(path),
        expected=expected,
        got=got,
        next_step="copy or export the file again",
    )
