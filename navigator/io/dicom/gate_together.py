"""Whether the slices of a series belong together, and what of them a person should look at."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.gate_slices import LOSSY_SYNTAXES
from navigator.io.dicom.wording import SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navigator.io.dicom.headers import SliceHeader

FEWEST_SLICES = 3
"""Even spacing shows itself in two steps; with fewer it is a guess."""
ORIENTATION_LIMIT = 1e-4
"""Largest difference of a direction cosine: 0.03 mm over 300 mm."""
PIXEL_SPACING_LIMIT_MM = 1e-4
"""Largest difference of pixel spacing: 0.05 mm over 512 pixels."""
SPLIT = "export each acquisition as a series of its own"
ONE_PATIENT = "export the series again, and have the archive look for a mix-up"

LOOK_AT_BOTH = "look at the pictures where it changes: part of the series may be of another scan"

SAME_EVERYWHERE: tuple[tuple[str, Callable[[SliceHeader], object], str, str], ...] = (
    (
        "mixed-patients",
        lambda h: (h.patient, h.patient_name),
        "The series holds several patients",
        ONE_PATIENT,
    ),
    ("mixed-studies", lambda h: h.study_uid, "The series holds several studies", ONE_PATIENT),
    (
        "mixed-frames-of-reference",
        lambda h: h.frame_of_reference_uid,
        "The slices lie in several frames of reference",
        SPLIT,
    ),
    ("varying-matrix", lambda h: h.source.shape_ji, "The slices differ in size", SPLIT),
    (
        "varying-pixel-layout",
        lambda h: (h.source.bits_allocated, h.source.bits_stored, h.source.is_signed),
        "The slices store their values in different ways",
        SEND_AGAIN,
    ),
    (
        "mixed-kernels",
        lambda h: h.acquisition.kernel,
        "The series holds reconstructions with several kernels",
        SPLIT,
    ),
    (
        "mixed-patient-positions",
        lambda h: h.acquisition.patient_position,
        "The patient lay in several ways",
        SPLIT,
    ),
)
"""What has to be the same in every slice: code, value, what is wrong, what to do."""

SAME_OR_CONFIRM: tuple[tuple[str, Callable[[SliceHeader], object], str], ...] = (
    (
        "several-acquisitions",
        lambda h: h.acquisition.acquisition,
        "The series was put together from several acquisitions",
    ),
    ("mixed-dates", lambda h: h.acquisition.date, "The slices are of several days"),
    (
        "varying-rescale",
        # a multi-frame image scales each frame by itself, as its format wants
        lambda h: h.rescale if h.acquisition.frames is None else None,
        "The slices become Hounsfield units in different ways; each was rescaled by its own",
    ),
)
"""What is usually the same, and may differ for a good reason: code, value, what was seen."""

CLOSE_EVERYWHERE: tuple[
    tuple[str, Callable[[SliceHeader], tuple[float, ...] | None], float, str], ...
] = (
    (
        "mixed-orientation",
        lambda h: h.orientation,
        ORIENTATION_LIMIT,
        "The slices face different ways",
    ),
    (
        "varying-pixel-spacing",
        lambda h: h.pixel_spacing_mm,
        PIXEL_SPACING_LIMIT_MM,
        "The slices differ in pixel spacing",
    ),
)
"""What has to be the same up to rounding: code, value, limit, what is wrong."""


def together_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Judge whether slices belong to one series.

    Parameters
    ----------
    headers : tuple of SliceHeader
        Slices of one series, in any order.

    Yields
    ------
    Finding
        Each with the files that differ from the others.
    """
    if len(headers) < FEWEST_SLICES:
        yield Finding(
            code="too-few-slices",
            severity=Severity.REFUSE,
            what="The series is too short to be a volume",
            expected=f"{FEWEST_SLICES} slices or more",
            got=str(len(headers)),
            next_step="give the folder that holds the whole series",
        )
    for code, value_of, what, next_step in SAME_EVERYWHERE:
        yield from _unlike_findings(headers, code, value_of, what, next_step)
    for code, numbers_of, limit, what in CLOSE_EVERYWHERE:
        yield from _spread_findings(headers, code, numbers_of, limit, what)
    yield from _frame_count_findings(headers)


def _unlike_findings(  # noqa: PLR0913 - the parts of one rule
    headers: tuple[SliceHeader, ...],
    code: str,
    value_of: Callable[[SliceHeader], object],
    what: str,
    next_step: str,
    *,
    severity: Severity = Severity.REFUSE,
) -> Iterator[Finding]:
    """Judge a value that has to be the same in every slice."""
    counts = Counter(value_of(header) for header in headers)
    if len(counts) > 1:
        ((usual, _),) = counts.most_common(1)
        yield Finding(
            code=code,
            severity=severity,
            what=what,
            expected="the same in every slice",
            got=f"{len(counts)} different ones",
            next_step=next_step,
            files=names_of(header for header in headers if value_of(header) != usual),
        )


def _frame_count_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Compare the frames that multi-frame files announce with those that they describe."""
    described = Counter(header.source.file for header in headers)
    wrong = [
        header
        for header in headers
        if (header.acquisition.frames or header.source.frames_in_file)
        != described[header.source.file]
    ]
    if wrong:
        first = wrong[0]
        yield Finding(
            code="frame-count-disagrees",
            severity=Severity.REFUSE,
            what="A file does not describe as many frames as it announces",
            expected=f"{first.acquisition.frames or first.source.frames_in_file} frames",
            got=f"{described[first.source.file]} described",
            next_step=SEND_AGAIN,
            files=names_of(wrong),
        )


def _spread_findings(
    headers: tuple[SliceHeader, ...],
    code: str,
    numbers_of: Callable[[SliceHeader], tuple[float, ...] | None],
    limit: float,
    what: str,
) -> Iterator[Finding]:
    """Judge numbers that have to agree up to rounding; absent ones have their own finding."""
    known = [header for header in headers if numbers_of(header) is not None]
    if not known:
        return
    rows = np.asarray([numbers_of(header) for header in known], dtype=np.float64)
    spread = np.abs(rows - np.median(rows, axis=0)).max(axis=1)
    if not spread.max() <= limit:
        yield Finding(
            code=code,
            severity=Severity.REFUSE,
            what=what,
            expected=f"the same in every slice within {limit:g}",
            got=f"a difference of {spread.max():.6g}",
            next_step=SPLIT,
            files=names_of(
                header for header, far in zip(known, spread, strict=True) if not far <= limit
            ),
        )


def look_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Say what a person should look at, or know.

    Parameters
    ----------
    headers : tuple of SliceHeader
        Slices of one series, in any order.

    Yields
    ------
    Finding
        To confirm, or as a note.
    """
    lossy = [h for h in headers if h.is_lossy or h.source.transfer_syntax_uid in LOSSY_SYNTAXES]
    if lossy:
        yield Finding(
            code="lossy-compression",
            severity=Severity.CONFIRM,
            what="The pixels were compressed with loss",
            expected="lossless pixels",
            got=f"{len(lossy)} of {len(headers)} slices with loss{_ratio_words(lossy)}",
            next_step="look whether small lesions and edges are sharp, or " + SEND_AGAIN,
            files=names_of(lossy),
        )
    for code, value_of, what in SAME_OR_CONFIRM:
        yield from _unlike_findings(
            headers, code, value_of, what, LOOK_AT_BOTH, severity=Severity.CONFIRM
        )
    units = sorted({header.rescale_type for header in headers} - {"", "HU"})
    if units:
        yield Finding(
            code="rescale-type-not-hu",
            severity=Severity.CONFIRM,
            what="The header does not say that the values are Hounsfield units",
            expected="Rescale Type HU",
            got=", ".join(units),
            next_step="check that air is near -1000 and liver near 60",
        )
    for keyword, values in (
        ("Series Instance UID", [header.series_uid for header in headers]),
        ("SOP Class UID", [header.sop_class_uid for header in headers]),
        ("Frame of Reference UID", [header.frame_of_reference_uid for header in headers]),
    ):
        if not all(values):
            yield Finding(
                code="no-" + keyword.lower().replace(" ", "-"),
                severity=Severity.NOTE,
                what=f"The header has no {keyword}",
                expected="one in every slice",
                got="none in some or all",
                next_step="nothing; the scan's own content names its frame",
            )


def _ratio_words(lossy: list[SliceHeader]) -> str:
    """Say how strongly the pixels were compressed, where the header tells."""
    ratios = [header.acquisition.compression_ratio for header in lossy]
    known = [ratio for ratio in ratios if ratio is not None]
    return f", up to {max(known):g} times smaller" if known else ", by how much is not said"
