"""Whether the numbers of an image look like those of a body in a CT scan."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.io.findings import Finding, Severity
from navigator.io.peaks import peak_oddities

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The limits are whole numbers, so that 16-bit slices are not widened to be compared with them.
LEAST_VOXELS = 20_000
"""Fewer hold no patient, and no statistic: 27 voxels along each side."""

DARK_HU = -50
"""Air, lung and fat lie below it; every structure of a label map, and all but noise of a scan
that lacks its offset of -1024, above it."""

LEAST_DARK = 1e-3
"""In the real scans at hand 64 % to 73 % of the voxels are dark; 1024 HU higher, 3 in a million."""

AIR_HU, LEAST_AIR = -900, 5e-3
"""Air around the patient; 21 % to 61 % in the real scans."""

SOFT_HU, LEAST_SOFT = (-150, 250), 0.05
"""Fat to enhanced vessels; 32 % to 60 % in the real scans."""

BRIGHT_HU, MOST_BRIGHT = 700, 0.1
"""Compact bone and metal; below 1 % in the real scans. Without its offset soft tissue is there."""

OUTLIER_HU, JUMP_HU = 150.0, 400.0
"""A slice whose mean is farther than the first from both its neighbours, or the second from one,
was not rescaled as they were, or is blank. In the real scans at hand axial slices 5 mm apart
differ by 28 HU at most, coronal ones by 116 HU from both neighbours and by 245 HU from one."""

MOST_REPEATED = 0.25
"""Two slices of a scanner never have the same noise. Where more than this share of the slices
repeat their neighbour, the scan was drawn and has none."""


@dataclass(frozen=True, slots=True)
class SliceTally:
    """What was counted in one slice.

    Parameters
    ----------
    dark, air, soft, bright : int
        Voxels of each kind.
    sum_hu : float
        Sum of its values, rounded: equal for equal slices.
    """

    dark: int
    air: int
    soft: int
    bright: int
    sum_hu: float


def value_findings(values_hu: NDArray[Any]) -> tuple[Finding, ...]:
    """Tell a label map, a picture, or stored values without their offset from a CT scan.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Values that are said to be Hounsfield units.

    Returns
    -------
    tuple of Finding
        ``not-hounsfield`` refuses where next to nothing is darker than -50 HU. To be confirmed
        are ``not-like-ct`` where air around the patient or soft tissue is missing or has its peak
        elsewhere, or a tenth is as bright as compact bone; ``slice-values-jump`` where a slice is
        far darker or brighter than its neighbours; and ``repeated-pictures``. None for images too
        small to be told.

    Examples
    --------
    >>> [finding.code for finding in value_findings(np.ones((30, 30, 30)))]
    ['not-hounsfield']
    """
    return findings_from_tallies(tuple(map(tally_slice, values_hu)), values_hu)


def findings_from_tallies(
    tallies: tuple[SliceTally, ...], values_hu: NDArray[Any]
) -> tuple[Finding, ...]:
    """Judge slices that were counted already.

    Parameters
    ----------
    tallies : tuple of SliceTally
        Of each slice, in order.
    values_hu : (k, j, i) array
        The slices.

    Returns
    -------
    tuple of Finding
        As of :func:`value_findings`.
    """
    if values_hu.size < LEAST_VOXELS:
        return ()
    size = values_hu.size
    if not sum(tally.dark for tally in tallies) >= LEAST_DARK * size:
        return (_not_hounsfield(values_hu),)
    return (
        *_unlike_ct_findings(tallies, values_hu),
        *_jump_findings(tallies, values_hu[0].size),
        *_repeated_findings(tallies, values_hu),
    )


def tally_slice(values_hu: NDArray[Any]) -> SliceTally:
    """Count what one slice holds.

    Parameters
    ----------
    values_hu : (j, i) array
        Hounsfield units; quickest as 16-bit whole numbers.

    Returns
    -------
    SliceTally
        Voxels of each kind.
    """
    low, high = SOFT_HU
    up_to_high, below_low = values_hu <= high, values_hu < low
    with np.errstate(all="ignore"):
        # values that are no Hounsfield units at all may add up to infinity
        sum_hu = float(values_hu.sum())
    return SliceTally(
        dark=_count(values_hu < DARK_HU),
        air=_count(values_hu < AIR_HU),
        soft=_count(up_to_high) - _count(below_low),
        bright=_count(values_hu > BRIGHT_HU),
        sum_hu=sum_hu,
    )


def _count(members: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(members))


def _unlike_ct_findings(
    tallies: tuple[SliceTally, ...], values_hu: NDArray[Any]
) -> tuple[Finding, ...]:
    """Name what a body in a CT scan does not look like."""
    (low, high), size = SOFT_HU, values_hu.size
    air = sum(tally.air for tally in tallies) / size
    soft = sum(tally.soft for tally in tallies) / size
    bright = sum(tally.bright for tally in tallies) / size
    named = (
        (not air >= LEAST_AIR, f"{air:.1%} below {AIR_HU:g} HU"),
        (not soft >= LEAST_SOFT, f"{soft:.1%} from {low:g} to {high:g} HU"),
        (not bright <= MOST_BRIGHT, f"{bright:.1%} above {BRIGHT_HU:g} HU"),
    )
    oddities = [*(text for odd, text in named if odd), *peak_oddities(values_hu)]
    if not oddities:
        return ()
    return (
        Finding(
            code="not-like-ct",
            severity=Severity.CONFIRM,
            what="The values are spread unlike those of a body in a CT scan",
            expected="air around the patient near -1000 HU, fat near -100 or soft tissue from 0 "
            "to 140 HU, and little above bone",
            got=", ".join(oddities),
            next_step="see that air reads near -1000 and liver near 60 HU, and that the skin is in",
        ),
    )


def _jump_findings(tallies: tuple[SliceTally, ...], slice_size: int) -> tuple[Finding, ...]:
    """Find slices that are far darker or brighter than those beside them."""
    means = np.asarray([tally.sum_hu / slice_size for tally in tallies])
    with np.errstate(invalid="ignore"):
        steps = np.nan_to_num(np.abs(np.diff(means)), nan=np.inf)
    lone = np.flatnonzero(np.minimum(steps[:-1], steps[1:]) > OUTLIER_HU) + 1
    torn = np.flatnonzero(steps > JUMP_HU)
    if not lone.size + torn.size:
        return ()
    places = sorted({*lone.tolist(), *torn.tolist()})
    return (
        Finding(
            code="slice-values-jump",
            severity=Severity.CONFIRM,
            what="A slice is far darker or brighter than its neighbours",
            expected=f"means of neighbours within {JUMP_HU:g} HU, and none off both by "
            f"{OUTLIER_HU:g} HU",
            got=f"a step of {steps.max():.0f} HU at slice {places[0]}"
            + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            next_step="look at this slice: it may be blank, or rescaled in another way",
        ),
    )


def _repeated_findings(
    tallies: tuple[SliceTally, ...], values_hu: NDArray[Any]
) -> tuple[Finding, ...]:
    """Find pictures that stand in two slices: one of them is not what lies there."""
    by_sum: dict[float, list[int]] = {}
    for place, tally in enumerate(tallies):
        by_sum.setdefault(tally.sum_hu, []).append(place)
    twice = [
        (one, other)
        for places in by_sum.values()
        for one, other in pairwise(places)
        if np.array_equal(values_hu[one], values_hu[other]) and np.ptp(values_hu[one]) > 0
    ]
    if not 0 < len(twice) <= MOST_REPEATED * len(tallies):
        return ()
    return (
        Finding(
            code="repeated-pictures",
            severity=Severity.CONFIRM,
            what="One picture stands in two slices, noise and all",
            expected="a picture of its own in every slice",
            got=f"slices {twice[0][0]} and {twice[0][1]}"
            + (f", and {len(twice) - 1} more pairs" if len(twice) > 1 else ""),
            next_step="send or export the series again; one of the slices is missing",
        ),
    )


def _not_hounsfield(values_hu: NDArray[Any]) -> Finding:
    """Refuse values among which there is neither air nor lung nor fat."""
    return Finding(
        code="not-hounsfield",
        severity=Severity.REFUSE,
        what="The values are not Hounsfield units: there is neither air nor lung nor fat",
        expected=f"air near -1000 HU, and {LEAST_DARK:.1%} or more below {DARK_HU:g} HU",
        got=f"values {float(values_hu.min()):g} to {float(values_hu.max()):g}, "
        f"{np.count_nonzero(values_hu < DARK_HU) / values_hu.size:.4%} below {DARK_HU:g}",
        next_step="give the CT scan itself, not a label map, a picture, or values without their "
        "offset of -1024",
    )
