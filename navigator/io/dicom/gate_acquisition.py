"""Whether what the header tells of the acquisition agrees with where the slices lie.

Nothing here places a voxel. A tag that disagrees with the positions is a witness that a slice is
missing, that two series were merged, or that the positions are wrong: a person has to look.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.rounded_positions import UNEVEN_MM, UNEVEN_SHARE, usual_step_mm
from navigator.io.dicom.stack import SAME_POSITION_MM
from navigator.io.dicom.wording import SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navigator.arrays import Floats
    from navigator.io.dicom.headers import SliceHeader
    from navigator.io.dicom.stack import Stack

TILT_LIMIT_DEG = 1.0
"""The tag is a rounded reading of the gantry; the positions are exact."""
AXIAL_SHARE = 0.8
"""Cosine between the slices' normal and the body's axis down to which a stack counts as axial: no
gantry tilts by more than 30 degrees."""
SAME_AXIS_SHARE = 0.7
"""Cosine beyond which an axis of the picture is the one expected: nearer than 45 degrees."""
MOST_NUMBERS_NAMED = 12

DOWN_LPS = {
    "S": (0.0, 1.0, 0.0),
    "P": (0.0, -1.0, 0.0),
    "DR": (-1.0, 0.0, 0.0),
    "DL": (1.0, 0.0, 0.0),
}
"""The side of the patient that lies on the table, by the second part of Patient Position."""
INTO_GANTRY_LPS = {"HF": (0.0, 0.0, 1.0), "FF": (0.0, 0.0, -1.0)}
"""The way from the table into the gantry, by its first part."""


def directions_of_position(patient_position: str) -> tuple[Floats, Floats] | None:
    """Tell how a picture lies in the patient when it is drawn as the gantry sees it.

    The picture is seen from the table, looking into the gantry; its columns run down to the
    floor.

    Parameters
    ----------
    patient_position : str
        Value of Patient Position.

    Returns
    -------
    row_direction, column_direction : (3,) array
        LPS; None for a word that is none of the eight positions on a table.

    References
    ----------
    DICOM PS3.3, C.7.3.1.1.2 (Patient Position).

    Examples
    --------
    >>> row, column = directions_of_position("FFS")
    >>> row.tolist(), column.tolist()
    ([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    """
    into = INTO_GANTRY_LPS.get(patient_position[:2])
    down = DOWN_LPS.get(patient_position[2:])
    if into is None or down is None:
        return None
    # adding zero turns -0.0 into 0.0
    return np.cross(down, into) + 0.0, np.asarray(down)


def acquisition_findings(stack: Stack) -> Iterator[Finding]:
    """Compare what the headers tell with where the slices lie.

    Parameters
    ----------
    stack : Stack
        Slices in order.

    Yields
    ------
    Finding
        All to be confirmed by a person, or notes.
    """
    yield from _patient_position_findings(stack)
    yield from _number_findings(stack.headers)
    yield from _announced_findings(stack.headers)
    yield from _repeated_uid_findings(stack.headers)
    if (stack.steps_mm >= SAME_POSITION_MM).any():
        yield from _spacing_tag_findings(stack.headers, usual_step_mm(stack))
        yield from _tilt_findings(stack)


def _patient_position_findings(stack: Stack) -> Iterator[Finding]:
    """Compare Patient Position with the directions of an axial picture."""
    word = stack.headers[0].acquisition.patient_position
    if not word or not abs(stack.normal[2]) >= AXIAL_SHARE:
        return
    directions = directions_of_position(word)
    if directions is None:
        yield Finding(
            code="unknown-patient-position",
            severity=Severity.CONFIRM,
            what="The header says that the patient lay in a way that is not known here",
            expected="one of HFS, HFP, HFDR, HFDL, FFS, FFP, FFDR, FFDL",
            got=word,
            next_step="compare the letters beside the picture with the patient",
        )
    elif not _agrees(stack, word, *directions):
        row, column = (_words(direction) for direction in directions)
        yield Finding(
            code="patient-position-disagrees",
            severity=Severity.CONFIRM,
            what="How the patient lay does not agree with how the picture lies; the positions of "
            "the slices were used, the tag was not",
            expected=f"for {word} rows along {row}, columns along {column}",
            got=f"rows along {_words(stack.row_direction)}, columns along "
            + _words(stack.column_direction),
            next_step="check left and right, front and back against the patient: scanners "
            "differ in how they turn such pictures",
        )


def _agrees(stack: Stack, word: str, row: Floats, column: Floats) -> bool:
    """Tell whether a picture lies as it should, or is one of feet first that was turned round.

    Scanners in use draw a patient who lies feet first as if seen from the feet: left stays on
    the right of the picture, and nothing tells that from a patient who lies head first.
    """
    along_row, along_column = stack.row_direction @ row, stack.column_direction @ column
    may_be_turned = word.startswith("FF")
    seen_row = abs(along_row) if may_be_turned else along_row
    return bool(min(seen_row, along_column) >= SAME_AXIS_SHARE)


def _words(direction: Floats) -> str:
    """Name the body's side to which a direction points most."""
    axis = int(np.abs(direction).argmax())
    return (("R", "L"), ("A", "P"), ("F", "H"))[axis][int(direction[axis] > 0)]


def _number_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Look for gaps, repeats and disorder in the numbers of the images."""
    numbers = [header.acquisition.instance_number for header in headers]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or not known:
        return
    unique = sorted(set(known))
    missing = sorted(set(range(unique[0], unique[0] + 2 * MOST_NUMBERS_NAMED)) - set(unique))
    count = unique[-1] - unique[0] + 1 - len(unique)
    if count:
        named = ", ".join(str(n) for n in missing if n < unique[-1])
        yield _number_finding(
            "instance-number-gaps",
            "Numbers are missing between those of the images: slices may be missing",
            f"{unique[0]} to {unique[-1]} without a gap",
            f"{count} missing" + (f", {named} among them" if named else ""),
        )
    if len(unique) < len(known):
        yield _number_finding(
            "instance-numbers-repeat",
            "Images share a number: two series may have been merged",
            "a number for each image",
            f"{len(known)} images with {len(unique)} numbers",
        )
    elif len(set(np.sign(np.diff(known)))) > 1:
        yield _number_finding(
            "instance-numbers-out-of-order",
            "The numbers of the images do not follow their positions: positions may be exchanged",
            "numbers that rise or fall along the stack",
            ", ".join(map(str, known[:MOST_NUMBERS_NAMED])),
        )


def _number_finding(code: str, what: str, expected: str, got: str) -> Finding:
    """Describe numbers that do not fit."""
    return Finding(
        code=code,
        severity=Severity.CONFIRM,
        what=what,
        expected=expected,
        got=got,
        next_step="compare the number of images with the scanner's list, or " + SEND_AGAIN,
    )


def _announced_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Compare the count of images with the one in the header."""
    announced = max((header.acquisition.announced or 0 for header in headers), default=0)
    if announced > len(headers):
        yield Finding(
            code="fewer-instances-than-announced",
            severity=Severity.CONFIRM,
            what="There are fewer images than the header announces",
            expected=f"{announced} images",
            got=str(len(headers)),
            next_step="see whether the ends of the series are there, or " + SEND_AGAIN,
        )


def _repeated_uid_findings(headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Look for images that claim to be one and the same."""
    uids = Counter((header.acquisition.instance_uid, header.source.frame) for header in headers)
    twice = [
        header
        for header in headers
        if header.acquisition.instance_uid
        and uids[header.acquisition.instance_uid, header.source.frame] > 1
    ]
    if twice:
        yield Finding(
            code="repeated-instance-uid",
            severity=Severity.REFUSE,
            what="Images share a SOP Instance UID, which names one image in the world",
            expected="a UID for each image",
            got=f"{len(twice)} images that share one",
            next_step="take copies out of the folder, or " + SEND_AGAIN,
            files=names_of(twice),
        )


def _spacing_tag_findings(headers: tuple[SliceHeader, ...], spacing_mm: float) -> Iterator[Finding]:
    """Compare thickness and spacing in the header with the distance of the slices."""
    allowed = max(UNEVEN_SHARE * spacing_mm, UNEVEN_MM)
    thickness = sorted({h.acquisition.thickness_mm or 0.0 for h in headers} - {0.0})
    if len(thickness) > 1:
        yield _spacing_finding(
            "varying-thickness",
            "The slices differ in thickness",
            "one thickness",
            f"{thickness[0]:g} to {thickness[-1]:g} mm",
        )
    elif thickness and thickness[0] < spacing_mm - allowed:
        yield _spacing_finding(
            "gaps-between-slices",
            "The slices are thinner than their distance: tissue between them was not seen, or "
            "slices are missing",
            f"a thickness of {spacing_mm:.3f} mm or more",
            f"{thickness[0]:g} mm",
        )
    tags = [h.acquisition.spacing_mm for h in headers]
    wrong = [tag for tag in tags if tag is not None and not abs(tag - spacing_mm) <= allowed]
    if wrong:
        yield _spacing_finding(
            "spacing-tag-disagrees",
            "Spacing Between Slices does not agree with the positions; the positions were used",
            f"{spacing_mm:.3f} mm, the distance of the positions",
            f"{wrong[0]:g} mm in {len(wrong)} of {len(headers)} images",
        )


def _spacing_finding(code: str, what: str, expected: str, got: str) -> Finding:
    """Describe a thickness or spacing that does not fit the positions."""
    return Finding(
        code=code,
        severity=Severity.CONFIRM,
        what=what,
        expected=expected,
        got=got,
        next_step="compare with the scan's protocol, or " + SEND_AGAIN,
    )


def _tilt_findings(stack: Stack) -> Iterator[Finding]:
    """Compare the gantry's tilt in the header with the shear of the stack."""
    along = float(np.abs(stack.steps_mm.sum()))
    sheared_deg = float(np.rad2deg(np.arctan2(stack.drift_mm, along)))
    wrong = [
        header
        for header in stack.headers
        if header.acquisition.tilt_deg is not None
        and not abs(abs(header.acquisition.tilt_deg) - sheared_deg) <= TILT_LIMIT_DEG
    ]
    if wrong:
        yield Finding(
            code="tilt-tag-disagrees",
            severity=Severity.CONFIRM,
            what="The gantry's tilt in the header does not agree with the positions of the slices",
            expected=f"{sheared_deg:.1f} degrees, the tilt of the stack",
            got=f"{wrong[0].acquisition.tilt_deg:g} degrees",
            next_step="compare the outline of the patient with the original series; it may have "
            "been straightened without resampling",
            files=names_of(wrong),
        )
