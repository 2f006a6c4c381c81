"""Whether the numbers of an image look like those of a body in a CT scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_VOXELS = 20_000
"""Fewer hold no patient, and no statistic: 27 voxels along each side."""

DARK_HU = -50.0
"""Air, lung and fat lie below it; every structure of a label map, and all but noise of a scan
that lacks its offset of -1024, above it."""

LEAST_DARK = 1e-3
"""In the real scans at hand 64 % to 73 % of the voxels are dark; 1024 HU higher, 3 in a million."""

AIR_HU, LEAST_AIR = -900.0, 5e-3
"""Air around the patient; 21 % to 61 % in the real scans."""

SOFT_HU, LEAST_SOFT = (-150.0, 250.0), 0.05
"""Fat to enhanced vessels; 32 % to 60 % in the real scans."""

BRIGHT_HU, MOST_BRIGHT = 700.0, 0.1
"""Compact bone and metal; below 1 % in the real scans. Without its offset soft tissue is there."""


def value_findings(values_hu: NDArray[Any]) -> tuple[Finding, ...]:
    """Tell a label map, a picture, or stored values without their offset from a CT scan.

    Parameters
    ----------
    values_hu : (k, j, i) array
        Values that are said to be Hounsfield units.

    Returns
    -------
    tuple of Finding
        At most one: ``not-hounsfield`` refuses where next to nothing is darker than -50 HU;
        ``not-like-ct`` has to be confirmed where air around the patient or soft tissue is
        missing, or a tenth is as bright as compact bone. None for images too small to be told.

    Examples
    --------
    >>> [finding.code for finding in value_findings(np.ones((30, 30, 30)))]
    ['not-hounsfield']
    """
    if values_hu.size < LEAST_VOXELS:
        return ()
    if not _share(values_hu < DARK_HU) >= LEAST_DARK:
        return (_not_hounsfield(values_hu),)
    oddities = _oddities(values_hu)
    if not oddities:
        return ()
    return (
        Finding(
            code="not-like-ct",
            severity=Severity.CONFIRM,
            what="The values are spread unlike those of a body in a CT scan",
            expected="air around the patient near -1000 HU, soft tissue, and little above bone",
            got=", ".join(oddities),
            next_step="see that air reads near -1000 and liver near 60 HU, and that the skin is in",
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
        f"{_share(values_hu < DARK_HU):.4%} below {DARK_HU:g}",
        next_step="give the CT scan itself, not a label map, a picture, or values without their "
        "offset of -1024",
    )


def _oddities(values_hu: NDArray[Any]) -> list[str]:
    """Name what a body in a CT scan does not look like."""
    low, high = SOFT_HU
    air = _share(values_hu < AIR_HU)
    soft = _share((values_hu >= low) & (values_hu <= high))
    bright = _share(values_hu > BRIGHT_HU)
    named = (
        (not air >= LEAST_AIR, f"{air:.1%} below {AIR_HU:g} HU"),
        (not soft >= LEAST_SOFT, f"{soft:.1%} from {low:g} to {high:g} HU"),
        (not bright <= MOST_BRIGHT, f"{bright:.1%} above {BRIGHT_HU:g} HU"),
    )
    return [text for odd, text in named if odd]


def _share(members: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(members)) / members.size
