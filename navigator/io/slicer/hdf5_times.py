"""HDF5 files without the time and the machine of their writing: equal content, equal bytes.

References
----------
HDF5 File Format Specification 3.0, IV.A.1.b (version 2 object header) and its checksum,
Jenkins' lookup3, "hashlittle" (public domain, 2006).
"""

from __future__ import annotations

import platform

SIGNATURE = b"OHDR"
FLAGS_AT, TIMES_AT, TIMES_LENGTH = 5, 6, 16
HAS_TIMES, HAS_LIMITS, SIZE_BITS = 0x20, 0x10, 0x03
LIMITS_LENGTH, CHECKSUM_LENGTH = 4, 4
WORD = 0xFFFFFFFF
TRIPLE = 12
"""Bytes that the checksum takes in at once."""
MIX = ((0, 1, 2, 4), (1, 2, 0, 6), (2, 0, 1, 8), (0, 1, 2, 16), (1, 2, 0, 19), (2, 0, 1, 4))
FINAL = ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24))
"""Which of the three words change, by which others, turned by how many bits."""


def without_times(content: bytes) -> bytes:
    """Set the times of all object headers to zero, and blank the name of the system.

    Parameters
    ----------
    content : bytes
        An HDF5 file with version 2 object headers.

    Returns
    -------
    bytes
        The same objects, their checksums renewed.
    """
    data = bytearray(content)
    at = content.find(SIGNATURE)
    while at >= 0:
        _clear_header(data, at)
        at = content.find(SIGNATURE, at + 1)
    for word in (platform.release(), platform.version()):
        blank = b"-" * len(word.encode())
        data = bytearray(bytes(data).replace(word.encode(), blank)) if word else data
    return bytes(data)


def _clear_header(data: bytearray, at: int) -> None:
    """Clear one object header in place; one whose checksum does not hold is none."""
    flags = data[at + FLAGS_AT]
    if not flags & HAS_TIMES:
        return
    size_at = at + TIMES_AT + TIMES_LENGTH + (LIMITS_LENGTH if flags & HAS_LIMITS else 0)
    size_length = 1 << (flags & SIZE_BITS)
    end = size_at + size_length
    end += int.from_bytes(data[size_at:end], "little")
    written = int.from_bytes(data[end : end + CHECKSUM_LENGTH], "little")
    if written != lookup3(bytes(data[at:end])):
        return
    data[at + TIMES_AT : at + TIMES_AT + TIMES_LENGTH] = bytes(TIMES_LENGTH)
    data[end : end + CHECKSUM_LENGTH] = lookup3(bytes(data[at:end])).to_bytes(4, "little")


def lookup3(data: bytes) -> int:
    """Compute the checksum of HDF5's metadata.

    Parameters
    ----------
    data : bytes
        Any bytes.

    Returns
    -------
    int
        32 bits.

    Examples
    --------
    The values that its author published:

    >>> hex(lookup3(b"")), hex(lookup3(b"Four score and seven years ago"))
    ('0xdeadbeef', '0x17770551')
    """
    state = [(0xDEADBEEF + len(data)) & WORD] * 3
    at = 0
    while len(data) - at > TRIPLE:
        _take_in(state, data[at : at + TRIPLE])
        for changed, added, mixed, turn in MIX:
            state[changed] = (state[changed] - state[mixed]) & WORD ^ _turned(state[mixed], turn)
            state[mixed] = (state[mixed] + state[added]) & WORD
        at += TRIPLE
    if not data:
        return state[2]
    _take_in(state, data[at:])
    for changed, mixed, turn in FINAL:
        mixed_in = state[changed] ^ state[mixed]
        state[changed] = (mixed_in - _turned(state[mixed], turn)) & WORD
    return state[2]


def _take_in(state: list[int], part: bytes) -> None:
    """Add up to twelve bytes to the three words."""
    whole = part.ljust(TRIPLE, b"\0")
    for word in range(3):
        number = int.from_bytes(whole[4 * word : 4 * word + 4], "little")
        state[word] = (state[word] + number) & WORD


def _turned(word: int, turn: int) -> int:
    """Turn the bits of a word to the left."""
    return (word << turn | word >> (32 - turn)) & WORD
