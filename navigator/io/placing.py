"""Whether the header of an image file says where the image lies, in millimetres of the patient.

ITK takes numbers for millimetres whatever unit stands beside them, and any axis for one of space.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import GeometryRefusedError
from navigator.io.findings import Finding, Severity
from navigator.io.nifti_transforms import read_nifti_transforms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.arrays import Floats

NRRD_SPACES = ("left-posterior-superior", "right-anterior-superior", "left-anterior-superior")
"""The spaces whose axes ITK knows how to turn into LPS; in any other it keeps the numbers."""
HEADER_BYTES = 262_144
"""A text header stands at the start of the file, and is much shorter than this."""
MILLIMETRES = ("", "?", "???", "mm", "millimeter", "millimeters", "millimetre", "millimetres")
"""How headers write the unit, or that they do not know it."""
SPACE_KINDS = ("domain", "space", "???")
"""Kinds of an NRRD axis that may run through space; an axis without a kind has to have a vector."""
NIFTI_UNIT_BITS, NIFTI_UNKNOWN, NIFTI_MM = 7, 0, 2
LEAST_SPACING_MM, NO_SPACING_MM = 0.1, 0.01
"""No CT scanner of patients has smaller voxels than the first: the numbers may be centimetres.
Below the second they are metres."""
META_PLACE = ("ElementSpacing", "TransformMatrix", "Offset")


def check_place(path: Path, suffix: str, tags: Mapping[str, str], lps_from_index: Floats) -> None:
    """Refuse an image whose header says too little, or the wrong thing, about its place.

    Parameters
    ----------
    path : Path
        The file.
    suffix : str
        Its kind: .nrrd, .nii, .nii.gz or .mha.
    tags : mapping of str to str
        The header as ITK read it.
    lps_from_index : (4, 4) array
        The affine that was read, LPS millimetres.

    Raises
    ------
    GeometryRefusedError
        If origin, directions or spacing are missing, or are not in millimetres.
    """
    missing, unit = _missing_and_unit(path, suffix, tags)
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


def place_findings(path: Path, suffix: str, lps_from_index: Floats) -> tuple[Finding, ...]:
    """Say what a person should know about an image's place.

    Parameters
    ----------
    path : Path
        The file, which passed `check_place`.
    suffix : str
        Its kind.
    lps_from_index : (4, 4) array
        The affine that was read, LPS millimetres.

    Returns
    -------
    tuple of Finding
        Two transforms that disagree; a unit that was taken for granted; voxels that are too
        small.
    """
    findings: list[Finding] = []
    if suffix in {".nii", ".nii.gz"}:
        transforms = read_nifti_transforms(path)
        findings += transforms.findings(lps_from_index)
        if transforms.length_unit == NIFTI_UNKNOWN:
            findings.append(UNIT_UNKNOWN)
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
    return tuple(findings)


UNIT_UNKNOWN = Finding(
    code="length-unit-unknown",
    severity=Severity.NOTE,
    what="The header does not say in which unit lengths are; millimetres were assumed",
    expected=f"length unit code {NIFTI_MM} (mm)",
    got=f"code {NIFTI_UNKNOWN} (unknown)",
    next_step="nothing if the spacing is that of the scan",
)


def _missing_and_unit(path: Path, suffix: str, tags: Mapping[str, str]) -> tuple[str, str]:
    """Find what a header lacks of a place, and the unit that it names."""
    if suffix == ".nrrd":
        fields = _text_header(path, ":")
        return _nrrd_fault(tags, fields), _nrrd_unit(fields)
    if suffix == ".mha":
        fields = _text_header(path, "=")
        absent = [f"no {key}" for key in META_PLACE if key.lower() not in fields]
        return ", ".join(absent), fields.get("distanceunits", "")
    return _nifti_fault(tags), _nifti_unit(tags)


def _least_spacing_mm(lps_from_index: Floats) -> float:
    """Measure the shortest step between voxels."""
    return float(np.linalg.norm(lps_from_index[:3, :3], axis=0).min())


def _text_header(path: Path, mark: str) -> dict[str, str]:
    """Read the fields of a text header, their names in small letters and without blanks."""
    with path.open("rb") as stream:
        start = stream.read(HEADER_BYTES)
    end = re.search(rb"\r?\n\r?\n", start) if mark == ":" else None
    lines = start[: end.start() if end else None].decode("latin-1").splitlines()
    fields: dict[str, str] = {}
    for line in lines:
        name, found, value = line.partition(mark)
        if found and not line.startswith("#"):
            # the first of a name counts: behind a MetaImage header stand its voxels
            fields.setdefault(re.sub(r"\s", "", name).lower(), value.strip())
    return fields


def _nrrd_fault(tags: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Find what an NRRD header lacks: a space, or an axis of it."""
    space = tags.get("NRRD_space", "none")
    if space not in NRRD_SPACES:
        return f"space: {space}"
    if "none" in fields.get("spacedirections", "none").lower():
        return f"space directions: {fields.get('spacedirections', 'none')}"
    kinds = fields.get("kinds", "").split()
    return "" if set(kinds) <= set(SPACE_KINDS) else f"kinds: {' '.join(kinds)}"


def _nrrd_unit(fields: Mapping[str, str]) -> str:
    """Find the first unit of an NRRD header that is not the millimetre."""
    written = f"{fields.get('spaceunits', '')} {fields.get('units', '')}"
    try:
        units = shlex.split(written)
    except ValueError:
        return written
    return next((unit for unit in units if unit.lower() not in MILLIMETRES), "")


def _nifti_fault(tags: Mapping[str, str]) -> str:
    """Find what a NIfTI header lacks: a code of its transform, or right angles."""
    codes = [tags.get(key, "0") for key in ("qform_code", "sform_code")]
    if all(code == "0" for code in codes):
        return "qform_code 0 and sform_code 0"
    is_corrected = tags.get("ITK_sform_corrected", "NO") != "NO"
    return "an sform whose axes are not orthogonal" if is_corrected else ""


def _nifti_unit(tags: Mapping[str, str]) -> str:
    """Name the length unit of a NIfTI header, empty where it is the millimetre or unknown."""
    unit = int(tags.get("xyzt_units", "0") or 0) & NIFTI_UNIT_BITS
    names = {NIFTI_UNKNOWN: "", NIFTI_MM: "", 1: "metres", 3: "micrometres"}
    return names.get(unit, f"length unit code {unit}")
