"""Free words in the narrow fields of DICOM."""

from __future__ import annotations

import numpy as np

LONG_STRING, SHORT_STRING = 64, 16
"""What LO and SH hold (PS3.5, 6.2): characters, but some programs count bytes, so bytes here."""
LONGEST_DECIMAL = 16
"""Characters of a DS."""
SUBSTITUTES = str.maketrans({"\\": "/"})
"""A backslash parts values in DICOM: it may not stand in one."""


def field_text(text: str, longest: int = LONG_STRING) -> str:
    r"""Fit words into a DICOM field.

    Parameters
    ----------
    text : str
        Any words.
    longest : int
        Bytes of UTF-8 that every reader takes.

    Returns
    -------
    str
        Without control characters; a backslash becomes a slash; what is cut off is shown by an
        ellipsis; a dash where nothing is left.

    Examples
    --------
    >>> field_text("seg\\2\n left lobe")
    'seg/2 left lobe'
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    clean = clean.translate(SUBSTITUTES)
    return _cut(clean, longest) or "-"


def _cut(text: str, longest: int) -> str:
    """Shorten a text to some bytes of UTF-8; no letter is cut in two."""
    data = text.encode("utf-8")
    if len(data) <= longest:
        return text
    end = "…"
    return data[: longest - len(end.encode("utf-8"))].decode("utf-8", "ignore") + end


def unlike_texts(names: list[str], longest: int = LONG_STRING) -> list[str]:
    r"""Fit names into a field so that they stay different.

    Parameters
    ----------
    names : list of str
        Names that differ.
    longest : int
        Bytes of UTF-8 that every reader takes.

    Returns
    -------
    list of str
        In the same order; where two would be the same, the later one bears a number.

    Examples
    --------
    >>> unlike_texts(["a/b", "a\\b"])
    ['a/b', 'a/b (2)']
    """
    found: list[str] = []
    for name in names:
        text, count = field_text(name, longest), 1
        while text in found:
            count += 1
            number = f" ({count})"
            text = field_text(name, longest - len(number)) + number
        found.append(text)
    return found


def decimal_text(value: float) -> str:
    """Write a number as a decimal string: at most 16 characters, so up to 14 digits.

    Parameters
    ----------
    value : float
        Any finite number.

    Returns
    -------
    str
        Never a negative zero.

    References
    ----------
    DICOM PS3.5, Table 6.2-1, Decimal String.

    Examples
    --------
    >>> decimal_text(-1 / 3), decimal_text(9.999999999999998)
    ('-0.3333333333333', '10')
    """
    number = float(np.float64(value)) + 0.0
    # the most digits that fit: fewer by one where rounding adds a digit before the point
    written = (f"{number:.{digits}g}" for digits in range(LONGEST_DECIMAL, 0, -1))
    return next(text for text in (repr(number), *written) if len(text) <= LONGEST_DECIMAL)
