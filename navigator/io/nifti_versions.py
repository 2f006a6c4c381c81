"""The two versions of the NIfTI header, told apart by its first number."""

from __future__ import annotations

import struct

HEADER_BYTES = {348: 1, 540: 2}
"""Size of the header and the version of the format that it tells."""


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
        If they are no NIfTI header, or not the whole of it.
    """
    for order in "<>":
        if len(header) >= 4:
            (size,) = struct.unpack(order + "i", header[:4])
            if size in HEADER_BYTES and len(header) >= size:
                return order, HEADER_BYTES[size]
    raise ValueError("the first bytes are not a NIfTI header")
