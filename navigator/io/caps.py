"""What a file may announce before anything is decoded or allocated: each limit, and its reason."""

from __future__ import annotations

import math
import stat
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST_FILES = 20_000
"""Files below a folder. A folder with more is not one exam."""
MOST_ALONG_AXIS = 8_192
"""Voxels along an axis. CT matrices end at 2,048; a whole body at 0.4 mm has 5,000 slices."""
MOST_VOXELS = 1 << 29
"""Voxels of an image: 2,048 slices of 512 x 512, or 512 of 1,024 x 1,024; 2 GiB as float32."""
DEFLATE_LIMIT = 1_032
"""Deflate cannot shrink further: 258 bytes for two bits (zlib, technical details). A header that
announces more than this many times the bytes that are there lies."""
LIKELY_RATIO = 250
"""A scan has noise and packs to a third or a tenth. Label maps reach some hundred, empty ones the
limit of deflate: they are believed up to the next number."""
MOST_VOXELS_PACKED_HARD = 1 << 28
"""Voxels of an image that is packed harder than that: 1,024 slices of 512 x 512."""
MOST_BYTES_PACKED_HARD = 1 << 29
"""And its bytes: these slices in 16 bits. Labels need no more, and in 64 bits as many voxels are
2 GiB out of two megabytes."""
MOST_TEXT_HEADER_BYTES = 1 << 18
"""Header of an NRRD or MetaImage. A segmentation of 100 named segments needs 60 kB."""
MOST_NIFTI_EXTENSION_BYTES = 1 << 24
"""Between the header of a NIfTI file and its voxels; other programs store notes there."""
MOST_DICOM_ELEMENT_BYTES = 1 << 26
"""One element of a DICOM header. The frames of an enhanced CT of 3,000 need 8 MB."""
PIXEL_BITS = (8, 16, 32)
"""What one sample of a CT may be stored in."""
DECODE_SECONDS = 5.0
"""Wall time for a foreign reader in its child process; a transform needs a tenth of it."""
CHILD_BYTES = 1 << 30
"""Address space of that child."""
MOST_ANSWER_BYTES = 1 << 20
"""What the child may answer; twelve numbers are a kilobyte."""
MOST_TRANSFORM_BYTES = 1 << 20
"""A file of rigid transforms. Displacement fields are larger, and are not read."""


def check_announced(
    where: str,
    shape: Sequence[int],
    *,
    bytes_a_voxel: int,
    held_bytes: int,
    is_packed: bool,
) -> int:
    """Refuse an image that announces more than an exam has, or more than its file can hold.

    Parameters
    ----------
    where : str
        The file, for the message.
    shape : sequence of int
        Voxels along each axis.
    bytes_a_voxel : int
        Bytes of one voxel, all its values together.
    held_bytes : int
        Bytes that the file holds for the voxels.
    is_packed : bool
        Whether these are compressed.

    Returns
    -------
    int
        Bytes of all voxels when unpacked.

    Raises
    ------
    FileRefusedError
        ``too-large`` where a limit is passed, ``unreadable-file`` where the bytes that are
        there cannot be the voxels announced.

    Examples
    --------
    >>> check_announced("a.nrrd", (512, 512, 2), bytes_a_voxel=2, held_bytes=2**20, is_packed=False)
    1048576
    """
    voxels = math.prod(shape)
    least, most = min(shape, default=0), max(shape, default=0)
    words = " x ".join(map(str, shape))
    if not 0 < least <= most <= MOST_ALONG_AXIS:
        raise too_large(where, f"1 to {MOST_ALONG_AXIS} voxels along each axis", words)
    if not voxels <= MOST_VOXELS:
        raise too_large(where, f"{MOST_VOXELS} voxels or fewer", f"{voxels} ({words})")
    announced = voxels * bytes_a_voxel
    if not is_packed:
        if announced != held_bytes:
            raise _not_whole(where, f"{announced} bytes for {words} voxels", str(held_bytes))
        return announced
    if not announced <= DEFLATE_LIMIT * (held_bytes + 1):
        raise _not_whole(
            where, f"{announced} bytes for {words} voxels", f"{held_bytes} compressed bytes"
        )
    if announced > LIKELY_RATIO * held_bytes:
        _check_packed_hard(where, voxels, announced, f"{announced} bytes ({words}) in {held_bytes}")
    return announced


def _check_packed_hard(where: str, voxels: int, announced: int, got: str) -> None:
    """Refuse what is packed so hard that it may be nothing but zeros, where it is no label map."""
    if not (voxels <= MOST_VOXELS_PACKED_HARD and announced <= MOST_BYTES_PACKED_HARD):
        expected = (
            f"{MOST_VOXELS_PACKED_HARD} voxels and {MOST_BYTES_PACKED_HARD} bytes or fewer where"
            f" packed {LIKELY_RATIO} : 1 (labels need 8 or 16 bits a voxel)"
        )
        raise too_large(where, expected, got)


def check_announced_frames(
    where: str, frames_kji: tuple[int, int, int], *, bits: int, held_bytes: int
) -> None:
    """Refuse a DICOM image that announces more than an exam has, before a decoder is called.

    Parameters
    ----------
    where : str
        The file, for the message.
    frames_kji : tuple of int
        Frames, rows and columns, as the header announces them.
    bits : int
        Bits allocated for one pixel.
    held_bytes : int
        Bytes of the file behind its header.

    Raises
    ------
    FileRefusedError
        ``too-large`` where a limit is passed, ``unreadable-file`` where the file cannot hold
        that many frames however they are compressed.
    """
    if bits not in PIXEL_BITS:
        raise too_large(where, f"{', '.join(map(str, PIXEL_BITS))} bits a pixel", str(bits))
    # no lossless code of CT pixels packs harder than deflate does an empty image
    check_announced(
        where, frames_kji, bytes_a_voxel=bits // 8, held_bytes=held_bytes, is_packed=True
    )


def check_regular_file(path: Path, most_bytes: int | None = None) -> int:
    """Refuse what would never end when it is read: a pipe, a device; and what is too long.

    Parameters
    ----------
    path : Path
        What shall be opened.
    most_bytes : int, optional
        The longest length that is still believed.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    FileRefusedError
        ``unreadable-file`` or ``too-large``.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, socket or device"
        raise _unreadable(path, kind)
    if most_bytes is not None and not found.st_size <= most_bytes:
        raise too_large(str(path), f"{most_bytes} bytes or fewer", f"{found.st_size} bytes")
    return found.st_size


def too_large(where: str, expected: str, got: str) -> FileRefusedError:
    """Refuse a file beyond a limit.

    Parameters
    ----------
    where : str
        The file or folder.
    expected, got : str
        The limit, and what is announced or there.

    Returns
    -------
    FileRefusedError
        To be raised, code ``too-large``.
    """
    return FileRefusedError(
        code="too-large",
        what="The file announces more than one exam has",
        where=where,
        expected=expected,
        got=got,
        next_step="check whether it is the file you meant; if it is, give a part of it",
    )


def _not_whole(where: str, expected: str, got: str) -> FileRefusedError:
    """Refuse a file that cannot hold what it announces."""
    return FileRefusedError(
        code="unreadable-file",
        what="The image file is not whole",
        where=where,
        expected=expected,
        got=got,
        next_step="copy or export the file again",
    )


def _unreadable(path: Path, got: str) -> FileRefusedError:
    """Refuse what is no file that can be read."""
    return FileRefusedError(
        code="unreadable-file",
        what="The file cannot be read",
        where=str(path),
        expected="a file that is there and may be read",
        got=got,
        next_step="correct the path",
    )
