"""What is doubtful about pixels once they were decoded: loss, padding, a decoder's warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.gate_slices import LOSSY_SYNTAXES
from navigator.io.dicom.wording import SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from navigator.io.dicom.headers import SliceHeader

MOST_PADDING_HU = -1000.0
"""A header that calls more than air padding is not believed: lung and liver have such values."""


def most_padding_hu(header: SliceHeader) -> float:
    """Compute the largest Hounsfield unit that a header calls padding.

    Parameters
    ----------
    header : SliceHeader
        With a padding value.

    Returns
    -------
    float
        NaN where it names none, or lacks its rescale.
    """
    slope, intercept = header.rescale or (np.nan, np.nan)
    return max(slope * end + intercept for end in header.source.padding or (np.nan,))


def findings_from_warnings(messages: list[str]) -> tuple[Finding, ...]:
    """Keep what a decoder warned of, each text once.

    Parameters
    ----------
    messages : list of str
        What it said.

    Returns
    -------
    tuple of Finding
        To be confirmed.
    """
    return tuple(
        Finding(
            code="decoder-warning",
            severity=Severity.CONFIRM,
            what="The decoder of the pixels warned",
            expected="no warning",
            got=message.splitlines()[0],
            next_step="compare the pictures with those on the scanner's screen",
        )
        for message in sorted(set(messages))
        if message
    )


def loss_findings(
    headers: tuple[SliceHeader, ...], lossy: list[SliceHeader]
) -> tuple[Finding, ...]:
    """Say that pixels lost something, where the gate could not read that in the headers.

    Parameters
    ----------
    headers : tuple of SliceHeader
        All slices.
    lossy : list of SliceHeader
        Those whose stream says that it has loss.

    Returns
    -------
    tuple of Finding
        One to be confirmed, or none.
    """
    is_said = any(h.is_lossy or h.source.transfer_syntax_uid in LOSSY_SYNTAXES for h in headers)
    if is_said or not lossy:
        return ()
    return (
        Finding(
            code="lossy-compression",
            severity=Severity.CONFIRM,
            what="The pixels were compressed with loss, and the header does not say so",
            expected="lossless pixels",
            got=f"{len(lossy)} of {len(headers)} slices with loss",
            next_step="look whether small lesions and edges are sharp, or " + SEND_AGAIN,
            files=names_of(lossy),
        ),
    )


def padding_findings(headers: tuple[SliceHeader, ...], doubted: int) -> tuple[Finding, ...]:
    """Say where voxels that the header calls padding were kept as they are.

    Parameters
    ----------
    headers : tuple of SliceHeader
        All slices.
    doubted : int
        How many voxels.

    Returns
    -------
    tuple of Finding
        One to be confirmed, or none.
    """
    if not doubted:
        return ()
    most_hu = max(most_padding_hu(header) for header in headers if header.source.padding)
    return (
        Finding(
            code="padding-like-tissue",
            severity=Severity.CONFIRM,
            what="The header calls values padding that tissue has as well; they were kept",
            expected=f"a Pixel Padding Value of {MOST_PADDING_HU:.0f} HU or less",
            got=f"{most_hu:.0f} HU in {doubted} voxels",
            next_step="look whether the corners beyond the scanned circle are dark as air",
        ),
    )
