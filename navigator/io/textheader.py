"""Lines and numbers of text headers, read strictly: what is not understood is refused."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from navigator.io.caps import MOST_TEXT_HEADER_BYTES

if TYPE_CHECKING:
    from pathlib import Path

CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f\\x85\u2028\u2029]")
"""All but the tab; Python itself ends lines at ten different letters."""
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
REAL_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def read_start(path: Path) -> bytes:
    """Read as much of a file as a text header may be long.

    Parameters
    ----------
    path : Path
        A regular file.

    Returns
    -------
    bytes
        Header, and what stands behind it.
    """
    with path.open("rb") as stream:
        return stream.read(MOST_TEXT_HEADER_BYTES)


def header_lines(header: bytes) -> list[str]:
    """Split a header into its lines: at line feeds and nowhere else, as other readers do.

    Parameters
    ----------
    header : bytes
        Up to where the voxels begin.

    Returns
    -------
    list of str
        Decoded from UTF-8, without a carriage return at their ends.

    Raises
    ------
    ValueError
        If it is not text, or holds letters that some programs take for the end of a line.
    """
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("the header is not text") from error
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if CONTROL.search("".join(lines)):
        raise ValueError("the header holds control characters")
    return lines


def whole_numbers(text: str, count: int | None, name: str) -> tuple[int, ...]:
    """Read whole numbers with blanks between them.

    Parameters
    ----------
    text : str
        What a field holds.
    count : int or None
        How many there have to be; None for any number from one.
    name : str
        The field.

    Returns
    -------
    tuple of int
        The numbers.

    Raises
    ------
    ValueError
        If there are more or fewer, or other words.

    Examples
    --------
    >>> whole_numbers("512 512 200", 3, "sizes")
    (512, 512, 200)
    """
    words = text.split()
    fits = text.isascii() and (bool(words) if count is None else len(words) == count)
    if not (fits and all(WHOLE_NUMBER.fullmatch(word) for word in words)):
        raise ValueError(f"{name}: {text[:80]!r} where {count or 'some'} whole numbers belong")
    return tuple(int(word) for word in words)


def real_numbers(text: str, count: int, name: str) -> tuple[float, ...]:
    """Read finite numbers with blanks between them.

    Parameters
    ----------
    text : str
        What a field holds.
    count : int
        How many there have to be.
    name : str
        The field.

    Returns
    -------
    tuple of float
        The numbers.

    Raises
    ------
    ValueError
        If there are more or fewer, or one is no finite decimal number.

    Examples
    --------
    >>> real_numbers("0.75 -1e-2 3", 3, "Offset")
    (0.75, -0.01, 3.0)
    """
    words = text.split()
    if not (
        text.isascii()
        and len(words) == count
        and all(REAL_NUMBER.fullmatch(word) for word in words)
    ):
        raise ValueError(f"{name}: {text[:80]!r} where {count} numbers belong")
    numbers = tuple(float(word) for word in words)
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"{name}: {text[:80]!r} where finite numbers belong")
    return numbers
