"""Whether the header of an image file says where the image lies, in millimetres of the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import GeometryRefusedError
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.arrays import Floats

MILLIMETRES = ("", "?", "???", "mm", "millimeter", "millimeters", "millimetre", "millimetres")
"""How headers write the unit, or that they do not know it."""
LEAST_SPACING_MM, NO_SPACING_MM = 0.1, 0.01
"""No CT scanner of patients has smaller voxels than the first: the numbers may be centimetres.
Below the second they are metres."""
FARTHEST_MM = 10_000.0
"""From the scanner's origin. A gantry's table moves 2 m; a flipped digit goes farther."""

SKEW_LIMIT = 1e-4
"""Of the cosine between two axes: 0.03 mm over 300 mm."""
LEAST_SOLID = 0.5
"""Volume between three directions of length one: 0.87 at a gantry's steepest tilt of 30 degrees."""


def check_place(path: Path, *, missing: str, unit: str, lps_from_index: Floats) -> None:
    """Refuse an image whose header says too little, or the wrong thing, about its place.

    Parameters
    ----------
    path : Path
        The file.
    missing : str
        What the header lacks of a place; empty where it lacks nothing.
    unit : str
        The unit of length that it names; empty where it names none.
    lps_from_index : (4, 4) array
        The affine that was read, LPS millimetres.

    Raises
    ------
    GeometryRefusedError
        If origin, directions or spacing are missing, are not in millimetres, or are those of no
        patient.
    """
    if missing:
        raise GeometryRefusedError(
            code="no-spatial-metadata",
            what="The header does not say where the image lies in the patient",
            where=str(path),
            expected="origin, directions and spacing in millimetres of LPS or RAS",
            got=missing,
            next_step="export the scan again from the original DICOM series",
        )
    least_mm = _least_spacing_mm(lps_from_index)
    if unit.lower() in MILLIMETRES and not least_mm >= NO_SPACING_MM:
        unit = f"a spacing of {least_mm:.3g}"
    if unit.lower() not in MILLIMETRES:
        raise GeometryRefusedError(
            code="length-unit-not-mm",
            what="The header does not count lengths in millimetres",
            where=str(path),
            expected=f"millimetres, and a spacing of {NO_SPACING_MM} mm or more",
            got=unit,
            next_step="export the scan again in millimetres, from the original DICOM series",
        )
    _check_possible(path, lps_from_index)


def place_findings(lps_from_index: Floats) -> tuple[Finding, ...]:
    """Say what a person should know about an image's place.

    Parameters
    ----------
    lps_from_index : (4, 4) array
        The affine that was read, which passed `check_place`, LPS millimetres.

    Returns
    -------
    tuple of Finding
        Voxels that are too small; axes that do not stand at right angles.
    """
    findings = []
    least_mm = _least_spacing_mm(lps_from_index)
    if not least_mm >= LEAST_SPACING_MM:
        findings.append(
            Finding(
                code="spacing-below-0.1-mm",
                severity=Severity.CONFIRM,
                what="The voxels are smaller than those of any CT scanner of patients",
                expected=f"a spacing of {LEAST_SPACING_MM} mm or more",
                got=f"{least_mm:.4g} mm",
                next_step="check whether the file counts in centimetres or metres; do not plan "
                "on it before",
            )
        )
    directions = _directions(lps_from_index)
    skew = float(np.abs(directions.T @ directions - np.eye(3)).max())
    if not skew <= SKEW_LIMIT:
        findings.append(
            Finding(
                code="axes-not-orthogonal",
                severity=Severity.CONFIRM,
                what="The axes do not stand at right angles; they were kept as they are",
                expected=f"cosines between them of {SKEW_LIMIT:g} or less",
                got=f"{skew:.4g}",
                next_step="compare it with the original DICOM series; was the gantry tilted?",
            )
        )
    return tuple(findings)


def _check_possible(path: Path, lps_from_index: Floats) -> None:
    """Refuse axes in one plane, and a place far from any scanner's table."""
    solid = float(abs(np.linalg.det(_directions(lps_from_index))))
    if not solid >= LEAST_SOLID:
        raise GeometryRefusedError(
            code="no-such-place",
            what="The axes of the image lie almost in one plane",
            where=str(path),
            expected=f"directions that span {LEAST_SOLID} or more, 1 at right angles",
            got=f"{solid:.3g}",
            next_step="export the scan again from the original DICOM series",
        )
    farthest_mm = float(np.abs(lps_from_index).max())
    if not farthest_mm <= FARTHEST_MM:
        raise GeometryRefusedError(
            code="no-such-place",
            what="The header puts the image where no patient lies",
            where=str(path),
            expected=f"origin and steps of {FARTHEST_MM:g} mm or less",
            got=f"{farthest_mm:.6g} mm",
            next_step="export the scan again from the original DICOM series",
        )


def _directions(lps_from_index: Floats) -> Floats:
    """Scale the three steps to length one; NaN where one has no length."""
    with np.errstate(all="ignore"):
        steps = lps_from_index[:3, :3]
        directions: Floats = steps / np.linalg.norm(steps, axis=0)
    return directions


def _least_spacing_mm(lps_from_index: Floats) -> float:
    """Measure the shortest step between voxels."""
    return float(np.linalg.norm(lps_from_index[:3, :3], axis=0).min())
