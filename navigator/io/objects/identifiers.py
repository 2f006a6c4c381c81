"""Identifiers that follow from content: the same plan makes the same bytes."""

from __future__ import annotations

import hashlib
import uuid

VERSION_8 = 0x8
"""Of a UUID whose bits are made in a way of the maker's own (RFC 9562, 5.8)."""


def uid_from_content(*parts: str | bytes) -> str:
    """Make a DICOM UID from what it names.

    Parameters
    ----------
    *parts : str or bytes
        Content; a part's end counts, so that ("ab", "c") and ("a", "bc") have two UIDs.

    Returns
    -------
    str
        ``2.25.`` and a UUID as one whole number: at most 44 characters.

    References
    ----------
    DICOM PS3.5, B.2 (UUID derived UID); RFC 9562, 5.8 (UUID version 8).

    Examples
    --------
    >>> uid_from_content("plan")
    '2.25.261891098157927470788732530854354402635'
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    number = int.from_bytes(digest.digest()[:16], "big")
    number = (number & ~(0xF << 76)) | (VERSION_8 << 76)
    number = (number & ~(0x3 << 62)) | (0x2 << 62)
    return f"2.25.{uuid.UUID(int=number).int}"
