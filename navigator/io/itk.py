"""SimpleITK's reader, kept from printing and from passing damage over."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import SimpleITK as sitk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


class ReaderComplaint(Exception):  # noqa: N818 - not an error of ours: the reader's own words
    """What the reader said when it failed, in one line."""


class _WarningsOfITK(sitk.LoggerBase):
    """Collects what ITK would print on standard error."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # SimpleITK ships no types
        self.texts: list[str] = []

    def DisplayText(self, t: str) -> None:  # noqa: N802 - ITK's name
        self.texts.append(t)

    DisplayErrorText = DisplayText
    DisplayWarningText = DisplayText
    DisplayGenericOutputText = DisplayText
    DisplayDebugText = DisplayText


def read_with_itk(path: Path) -> tuple[Any, dict[str, str], tuple[str, ...]]:
    """Read an image with SimpleITK.

    Parameters
    ----------
    path : Path
        An image file.

    Returns
    -------
    image : SimpleITK.Image
        As ITK understands it.
    tags : dict of str to str
        The header's keys and values.
    warnings : tuple of str
        What ITK warned of.

    Raises
    ------
    ReaderComplaint
        If it cannot be read. A complaint that a library below ITK only prints counts as well:
        after "Uncompress failed" MetaIO goes on with voxels that were never read.
    """
    logger = _WarningsOfITK()
    before = logger.SetAsGlobalITKLogger()  # type: ignore[no-untyped-call]  # SimpleITK ships no types
    try:
        with _output_captured() as captured:
            image = sitk.ReadImage(str(path))
            tags = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
            os.fsync(captured.fileno())
            captured.seek(0)
            printed = captured.read().decode("utf-8", "replace")
    except RuntimeError as error:
        raise ReaderComplaint(last_line(str(error))) from error
    except TypeError as error:
        raise ReaderComplaint("the header is not text") from error
    finally:
        before.SetAsGlobalITKLogger()
    if printed.strip():
        raise ReaderComplaint(last_line(printed))
    return image, tags, tuple(" ".join(text.split()) for text in logger.texts if text.strip())


def last_line(text: str) -> str:
    r"""Take the reason out of a report of several lines.

    Parameters
    ----------
    text : str
        What a native library reported.

    Returns
    -------
    str
        Its last line that says something, shortened.

    Examples
    --------
    >>> last_line("Exception thrown\nsitk::ERROR: Unable to determine ImageIO reader\n\n")
    'sitk::ERROR: Unable to determine ImageIO reader'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"


@contextmanager
def _output_captured() -> Iterator[IO[bytes]]:
    """Catch what native code writes on standard output and standard error."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(STANDARD_OUTPUT), os.dup(STANDARD_ERROR)]
    try:
        with tempfile.TemporaryFile() as captured:
            os.dup2(captured.fileno(), STANDARD_OUTPUT)
            os.dup2(captured.fileno(), STANDARD_ERROR)
            try:
                yield captured
            finally:
                os.dup2(saved[0], STANDARD_OUTPUT)
                os.dup2(saved[1], STANDARD_ERROR)
    finally:
        for descriptor in saved:
            os.close(descriptor)
