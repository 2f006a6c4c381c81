"""What each slice has to be on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.caps import MOST_ALONG_AXIS
from navigator.io.dicom.headers import CT_IMAGE, MULTIFRAME_CT, SliceHeader
from navigator.io.dicom.image_types import is_derived_map
from navigator.io.dicom.stack import FARTHEST_MM
from navigator.io.dicom.values import uid_name
from navigator.io.dicom.wording import CHOOSE_CT, SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIT_LIMIT = 1e-3
"""Largest deviation of directions from length one and a right angle that rounding explains."""
LOSSLESS_SYNTAXES = (
    *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"),
    *("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"),
    *("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"),
)
LOSSY_SYNTAXES = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81")
READABLE_SYNTAXES = (*LOSSLESS_SYNTAXES, *LOSSY_SYNTAXES, "1.2.840.10008.1.2.4.91")
"""JPEG 2000 (.91) is either: the file itself says whether it lost anything."""
READABLE_BITS = (8, 16, 32)
PIXEL_SPACING_RANGE_MM = (0.05, 5.0)
"""A matrix of 2048 on a wrist, and one of 128 on a field of view of 64 cm: no scanner of patients
goes beyond either; a thousandth of a usual value is one written in metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRule:
    """One condition that every slice has to meet.

    Parameters
    ----------
    code : str
        Stable name of the finding.
    is_broken : callable
        Tells whether a slice breaks the rule.
    what, expected, next_step : str
        Parts of the finding.
    got : callable
        Says what a slice shows instead.
    """

    code: str
    is_broken: Callable[[SliceHeader], bool]
    what: str
    expected: str
    got: Callable[[SliceHeader], str]
    next_step: str


def slice_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Judge each slice by every rule.

    Parameters
    ----------
    headers : tuple of SliceHeader
        Slices of one series, in any order.

    Yields
    ------
    Finding
        One for each rule that is broken, with the files that break it.
    """
    for rule in SLICE_RULES:
        wrong = [header for header in headers if rule.is_broken(header)]
        if wrong:
            yield Finding(
                code=rule.code,
                severity=Severity.REFUSE,
                what=rule.what,
                expected=rule.expected,
                got=f"{len(wrong)} of {len(headers)} slices {rule.got(wrong[0])}",
                next_step=rule.next_step,
                files=names_of(wrong),
            )


def is_ct(header: SliceHeader) -> bool:
    """Tell whether an object is a CT image, by its class, else by its modality.

    Parameters
    ----------
    header : SliceHeader
        Any object.

    Returns
    -------
    bool
        True for a plain or multi-frame CT image.
    """
    known = (CT_IMAGE, *MULTIFRAME_CT)
    return header.sop_class_uid in known or (not header.sop_class_uid and header.modality == "CT")


def _is_bent(header: SliceHeader) -> bool:
    """Tell whether directions are not two unit vectors at a right angle."""
    if header.orientation is None:
        return False
    axes = np.reshape(np.asarray(header.orientation), (2, 3))
    return not bool(np.abs(axes @ axes.T - np.eye(2)).max() <= UNIT_LIMIT)


def _is_implausibly_spaced(header: SliceHeader) -> bool:
    """Tell whether pixels are far too small or too large; absent and zero have their own rule."""
    least, most = PIXEL_SPACING_RANGE_MM
    spacing = header.pixel_spacing_mm or (1.0,)
    return min(spacing) > 0 and not least <= min(spacing) <= max(spacing) <= most


def _is_cut_short(header: SliceHeader) -> bool:
    """Tell whether a file holds less than its header announces."""
    source = header.source
    if not source.is_native:
        return source.is_cut_short
    return source.native_bytes_left < max(source.frame_bytes, 1)


def _is_too_long(header: SliceHeader) -> bool:
    """Tell whether an uncompressed file holds more than frames and padding to an even length."""
    source = header.source
    if not (source.is_native and source.frame_bytes > 0):
        return False
    frames_left = source.frames_in_file - source.frame
    return source.native_bytes_left > frames_left * source.frame_bytes + 1


def _is_odd_pixel(header: SliceHeader) -> bool:
    """Tell whether a pixel is anything but one grey number of whole bytes."""
    source = header.source
    is_grey = source.samples == 1 and source.photometric == "MONOCHROME2"
    fits = 0 < source.bits_stored <= source.bits_allocated
    is_whole = source.bits_allocated in READABLE_BITS and source.high_bit == source.bits_stored - 1
    return not (is_grey and fits and is_whole)


def _pixel_words(header: SliceHeader) -> str:
    """Say how a pixel is stored."""
    source = header.source
    return (
        f"with {source.samples} x {source.photometric or 'unknown'}, "
        f"{source.bits_stored} of {source.bits_allocated} bits, high bit {source.high_bit}"
    )


def _syntax_words(header: SliceHeader) -> str:
    """Name a transfer syntax."""
    uid = header.source.transfer_syntax_uid
    return f"in {uid_name(uid)} ({uid})" if uid else "without a transfer syntax"


SLICE_RULES = (
    SliceRule(
        code="not-ct",
        is_broken=lambda header: not is_ct(header),
        what="The series is not a CT image",
        expected="CT Image Storage or Enhanced CT Image Storage",
        got=lambda header: f"of {uid_name(header.sop_class_uid) or header.modality or 'no kind'}",
        next_step=CHOOSE_CT,
    ),
    SliceRule(
        code="derived-map",
        is_broken=is_derived_map,
        what="The numbers of the series are not attenuation",
        expected="an image type that names no derived map, in Hounsfield units",
        got=lambda header: f"of type {'/'.join(header.image_type)}, unit {header.rescale_type}",
        next_step=CHOOSE_CT,
    ),
    SliceRule(
        code="no-position",
        is_broken=lambda header: header.position_mm is None,
        what="A slice does not say where it lies",
        expected="Image Position (Patient) with three numbers in every slice",
        got=lambda _: "without it",
        next_step=CHOOSE_CT + "; nothing can be measured in a secondary capture",
    ),
    SliceRule(
        code="implausible-position",
        is_broken=lambda header: not max(map(abs, header.position_mm or (0.0,))) <= FARTHEST_MM,
        what="A slice lies where no scanner reaches",
        expected=f"Image Position (Patient) within {FARTHEST_MM:g} mm of the origin",
        got=lambda header: f"at {header.position_mm}",
        next_step=SEND_AGAIN,
    ),
    SliceRule(
        code="no-orientation",
        is_broken=lambda header: header.orientation is None,
        what="A slice does not say which way it faces",
        expected="Image Orientation (Patient) with six numbers in every slice",
        got=lambda _: "without it",
        next_step=CHOOSE_CT + "; nothing can be measured in a secondary capture",
    ),
    SliceRule(
        code="bent-orientation",
        is_broken=_is_bent,
        what="The directions of a slice are not at right angles, or not of length one",
        expected=f"unit vectors at right angles within {UNIT_LIMIT}",
        got=lambda header: f"with {header.orientation}",
        next_step=SEND_AGAIN,
    ),
    SliceRule(
        code="no-pixel-spacing",
        is_broken=lambda header: (
            not (header.pixel_spacing_mm is not None and min(header.pixel_spacing_mm) > 0)
        ),
        what="A slice does not say how large its pixels are",
        expected="Pixel Spacing with two positive numbers in every slice",
        got=lambda header: f"with {header.pixel_spacing_mm or 'none'}",
        next_step=SEND_AGAIN,
    ),
    SliceRule(
        code="implausible-pixel-spacing",
        is_broken=_is_implausibly_spaced,
        what="The pixels have a size that no scanner of patients makes",
        expected="Pixel Spacing from {} to {} mm".format(*PIXEL_SPACING_RANGE_MM),
        got=lambda header: f"with {header.pixel_spacing_mm}",
        next_step=SEND_AGAIN + "; look whether it was written in metres or centimetres",
    ),
    SliceRule(
        code="no-rescale",
        is_broken=lambda header: header.rescale is None or header.rescale[0] == 0,
        what="A slice does not say how its values become Hounsfield units",
        expected="Rescale Slope, not 0, and Rescale Intercept in every slice",
        got=lambda header: f"with {header.rescale or 'none'}",
        next_step=SEND_AGAIN,
    ),
    SliceRule(
        code="odd-pixels",
        is_broken=_is_odd_pixel,
        what="The pixels are not single grey values of whole bytes",
        expected="1 x MONOCHROME2 of 8, 16 or 32 bits, the high bit the last of those stored",
        got=_pixel_words,
        next_step=CHOOSE_CT,
    ),
    SliceRule(
        code="no-such-size",
        is_broken=lambda header: (
            not 0 < min(header.source.shape_ji) <= max(header.source.shape_ji) <= MOST_ALONG_AXIS
        ),
        what="The slices have no size that a CT scanner makes",
        expected=f"1 to {MOST_ALONG_AXIS} rows and columns",
        got=lambda header: f"with {header.source.shape_ji[0]} x {header.source.shape_ji[1]}",
        next_step=SEND_AGAIN,
    ),
    SliceRule(
        code="unsupported-transfer-syntax",
        is_broken=lambda header: header.source.transfer_syntax_uid not in READABLE_SYNTAXES,
        what="The pixels are encoded in a way that is not read here",
        expected="uncompressed, RLE, JPEG lossless, JPEG-LS or JPEG 2000",
        got=_syntax_words,
        next_step="export the series again as Explicit VR Little Endian",
    ),
    SliceRule(
        code="truncated-pixel-data",
        is_broken=_is_cut_short,
        what="A file ends before its pixels do",
        expected="as many bytes as rows and columns announce",
        got=lambda header: (
            f"with {header.source.native_bytes_left} of {header.source.frame_bytes} bytes"
            if header.source.is_native
            else "that end within a compressed image"
        ),
        next_step=SEND_AGAIN,
    ),
    SliceRule(
        code="more-pixels-than-announced",
        is_broken=_is_too_long,
        what="A file holds more pixels than its rows, columns and frames announce",
        expected="as many bytes as rows, columns and frames announce",
        got=lambda header: (
            f"with {header.source.native_bytes_left} bytes from a frame of "
            f"{header.source.frame_bytes} on"
        ),
        next_step=SEND_AGAIN,
    ),
)
"""Every rule, the most telling first."""
