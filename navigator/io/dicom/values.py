"""Values out of DICOM data sets: the right kind of value, or an honest absence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.errors import BytesLengthException
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MACRO_OF_KEYWORD = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "FrameType": "CTImageFrameTypeSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
}
"""Where a multi-frame CT keeps what a plain image has at the top (PS3.3, C.7.6.16)."""

PLAIN_VRS = frozenset({"CS", "DA", "DS", "DT", "IS", "TM", "UI", "US", "FD"})
"""Kinds of value that read the same in any character set."""
TEXT_VRS = frozenset({"LO", "PN", "SH"})
"""Kinds that read the same in any character set as long as they are ASCII without escapes."""
VALUES_REMEMBERED = 4096
"""The slices of a series repeat most of their values: a few hundred differ from slice to slice."""


def uid_name(uid: str) -> str:
    """Name a UID as a person knows it.

    Parameters
    ----------
    uid : str
        Any UID, damaged ones too.

    Returns
    -------
    str
        Its name in the standard, else the UID itself.

    Examples
    --------
    >>> uid_name("1.2.840.10008.1.2.1")
    'Explicit VR Little Endian'
    """
    return UID(uid, validation_mode=IGNORE).name


def raw_value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - DICOM values are of any kind
    """Read one value, or None where it is absent or cannot be parsed.

    Parameters
    ----------
    dataset : Dataset
        A data set or an item of a sequence.
    keyword : str
        DICOM keyword.

    Returns
    -------
    object or None
        As pydicom understands it.
    """
    try:
        element = dataset.get_item(_tag(keyword))
        if element is None:
            return None
        if isinstance(element, RawDataElement) and _reads_the_same(element, keyword):
            # where the bytes stand in the file is no part of the value
            return _converted(*element[:4], *element[5:7])
        return dataset.get(keyword)
    except (ValueError, TypeError, NotImplementedError, OverflowError, BytesLengthException):
        return None


@cache
def _tag(keyword: str) -> BaseTag:
    """Find the tag of a keyword."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise LookupError(f"{keyword} is no DICOM keyword")
    return Tag(number)


@cache
def _usual_vr(keyword: str) -> str:
    """Name the kind of value that the standard gives a keyword; implicit files leave it out."""
    return dictionary_VR(_tag(keyword))


def _reads_the_same(element: RawDataElement, keyword: str) -> bool:
    """Tell whether a value can be understood without the data set around it."""
    vr = element.VR or _usual_vr(keyword)
    if vr in TEXT_VRS:
        stored = element.value or b""
        return stored.isascii() and b"\x1b" not in stored
    return vr in PLAIN_VRS


@lru_cache(maxsize=VALUES_REMEMBERED)
def _converted(  # noqa: PLR0913, PLR0917 - the fields of pydicom's own tuple, in its order
    tag: BaseTag,
    vr: str | None,
    length: int,
    value: bytes | None,
    is_implicit_vr: bool,  # noqa: FBT001 - as above
    is_little_endian: bool,  # noqa: FBT001 - as above
) -> Any:  # noqa: ANN401 - DICOM values are of any kind
    """Let pydicom understand the same bytes once, not once a slice."""
    element = RawDataElement(tag, vr, length, value, 0, is_implicit_vr, is_little_endian)
    return convert_raw_data_element(element).value


def text_value(dataset: Dataset, keyword: str) -> str:
    """Read one value as text, empty where absent.

    Parameters
    ----------
    dataset : Dataset
        A data set or an item of a sequence.
    keyword : str
        DICOM keyword.

    Returns
    -------
    str
        Without the blanks and zeros that pad it.
    """
    value = raw_value(dataset, keyword)
    return "" if value is None else str(value).strip(" \0")


def number_values(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Read a fixed count of finite numbers, or None.

    Parameters
    ----------
    dataset : Dataset
        A data set or an item of a sequence.
    keyword : str
        DICOM keyword.
    count : int
        How many numbers there have to be.

    Returns
    -------
    tuple of float or None
        None where they are absent, too few, too many, or not finite.
    """
    value = raw_value(dataset, keyword)
    try:
        numbers = tuple(float(part) for part in (value if count > 1 else (value,)))
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def whole_value(dataset: Dataset, keyword: str, default: int) -> int:
    """Read a whole number.

    Parameters
    ----------
    dataset : Dataset
        A data set or an item of a sequence.
    keyword : str
        DICOM keyword.
    default : int
        For a value that is absent or not a number.

    Returns
    -------
    int
        The number.
    """
    numbers = number_values(dataset, keyword, 1)
    return default if numbers is None else int(numbers[0])


def words_value(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Read a value of several words.

    Parameters
    ----------
    dataset : Dataset
        A data set or an item of a sequence.
    keyword : str
        DICOM keyword.

    Returns
    -------
    tuple of str
        Empty where absent.
    """
    value = raw_value(dataset, keyword)
    if value is None:
        return ()
    is_one = isinstance(value, str) or not isinstance(value, Sequence)
    words = (value,) if is_one else value
    return tuple(str(word).strip() for word in words)


def frame_item(dataset: Dataset, frame: int | None, keyword: str) -> Dataset:
    """Find the item that holds a value for one frame.

    Parameters
    ----------
    dataset : Dataset
        The whole file's data set.
    frame : int or None
        Frame of a multi-frame CT from 0; None for a plain image.
    keyword : str
        DICOM keyword.

    Returns
    -------
    Dataset
        The frame's own macro, else the shared one, else the data set itself; only the last
        for a plain image.
    """
    if frame is None:
        return dataset
    frames = raw_value(dataset, "PerFrameFunctionalGroupsSequence") or ()
    shared = raw_value(dataset, "SharedFunctionalGroupsSequence") or ()
    for group in (*frames[frame : frame + 1], *shared[:1]):
        items = raw_value(group, MACRO_OF_KEYWORD[keyword])
        if items:
            found: Dataset = items[0]
            return found
    return dataset
