"""Whether the slices of a series belong together, and what of them a person should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.gate_slices import LOSSY_SYNTAXES, SEND_AGAIN, names_of
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
)
"""What has to be the same in every slice: code, value, what is wrong, what to do."""

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
        values = [value_of(header) for header in headers]
        if len(set(values)) > 1:
            usual = max(values, key=values.count)
            yield Finding(
                code=code,
                severity=Severity.REFUSE,
                what=what,
                expected="the same in every slice",
                got=f"{len(set(values))} different ones",
                next_step=next_step,
                files=names_of(header for header in headers if value_of(header) != usual),
            )
    for code, numbers_of, limit, what in CLOSE_EVERYWHERE:
        yield from _spread_findings(headers, code, numbers_of, limit, what)


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
            got=f"{len(lossy)} of {len(headers)} slices with loss",
            next_step="look whether small lesions and edges are sharp, or " + SEND_AGAIN,
            files=names_of(lossy),
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
