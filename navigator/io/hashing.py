"""Scans named by their content: what a plan or a registration is bound to."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from navigator.arrays import Floats
    from navigator.model.volume import Volume

HASH_DIGITS = 16
"""Hexadecimal digits of a content hash in a frame's name: 64 bits tell any two scans apart."""


def hash_of_values(values: NDArray[Any], lps_from_index: Floats) -> str:
    """Name a scan by its content.

    Parameters
    ----------
    values : (k, j, i) array
        Its values.
    lps_from_index : (4, 4) array
        Its affine, LPS millimetres.

    Returns
    -------
    str
        SHA-256 over element type, shape, affine and the SHA-256 of each slice, hexadecimal.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return hash_of_slices(values, lps_from_index, pool.map(hash_of_slice, values))


def hash_of_slices(values: NDArray[Any], lps_from_index: Floats, parts: Iterable[bytes]) -> str:
    """Put the hashes of slices together with what they are slices of.

    Parameters
    ----------
    values : (k, j, i) array
        All slices.
    lps_from_index : (4, 4) array
        Their affine, LPS millimetres.
    parts : iterable of bytes
        Hash of each slice, in order.

    Returns
    -------
    str
        As of :func:`hash_of_values`.
    """
    digest = hashlib.sha256()
    digest.update(f"{values.dtype.str} {values.shape}".encode())
    digest.update(np.ascontiguousarray(lps_from_index, dtype="<f8").tobytes())
    digest.update(b"".join(parts))
    return digest.hexdigest()


def hash_of_slice(values: NDArray[Any]) -> bytes:
    """Hash one slice; hashlib lets other threads run meanwhile.

    Whole numbers of 16 bits, as scanners store them, are hashed as such: half the bytes of the
    same numbers as 32-bit floats. Either way equal numbers have equal hashes, and -0.0 is 0.0.

    Parameters
    ----------
    values : (j, i) array
        A slice.

    Returns
    -------
    bytes
        SHA-256 over the kind of number and the numbers, little-endian.
    """
    whole = whole_numbers(values)
    plain = values + values.dtype.type(0) if whole is None else whole
    kind = plain.dtype.newbyteorder("<")
    digest = hashlib.sha256(kind.str.encode())
    digest.update(np.ascontiguousarray(plain, dtype=kind).data)
    return digest.digest()


def whole_numbers(values: NDArray[Any]) -> NDArray[np.int16] | None:
    """Give the same numbers in 16 bits, where that loses nothing.

    Parameters
    ----------
    values : (j, i) array
        Any numbers.

    Returns
    -------
    (j, i) array of int16 or None
        None where one of them is no whole number, or none of 16 bits.
    """
    with np.errstate(invalid="ignore"):
        # what has no 16-bit value becomes anything, and is found to differ
        whole = values.astype(np.int16)
    return whole if np.array_equal(whole, values) else None


def hash_of_volume(volume: Volume) -> str:
    """Name a volume by its content, whatever frame it is in.

    Parameters
    ----------
    volume : Volume
        A scan.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hash_of_values(volume.values_hu, volume.grid.lps_from_index)


def uid_from_hash(content_hash: str) -> str:
    """Name a frame by content, so that two different scans never share one.

    Parameters
    ----------
    content_hash : str
        SHA-256, hexadecimal.

    Returns
    -------
    str
        Its first digits.

    Examples
    --------
    >>> uid_from_hash("00112233445566778899aabbccddeeff")
    'sha256-0011223344556677'
    """
    return f"sha256-{content_hash[:HASH_DIGITS]}"
