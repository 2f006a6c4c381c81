"""What the findings of a series have in common: what to do next, and the files concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navigator.io.dicom.headers import SliceHeader

SEND_AGAIN = "send or export the whole series again from the scanner or archive"
CHOOSE_CT = "choose the original CT series of the exam"


def names_of(headers: Iterable[SliceHeader]) -> tuple[str, ...]:
    """Name the files of slices, each once.

    Parameters
    ----------
    headers : iterable of SliceHeader
        Slices.

    Returns
    -------
    tuple of str
        File names, sorted.
    """
    return tuple(sorted({header.source.file.name for header in headers}))
