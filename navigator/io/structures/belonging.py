"""Whether a structure belongs to a scan: frame of reference, series and patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.errors import GeometryRefusedError, InputRefusedError
from navigator.io.findings import Finding, Severity
from navigator.io.identity import same_patient

if TYPE_CHECKING:
    from navigator.io.identity import PatientIdentity
    from navigator.io.structures.entries import StructureEntry, StructureFile
    from navigator.model.volume import Grid


def scan_frame_uids(grid: Grid) -> tuple[str, str]:
    """Take the frame of reference and the series out of the name of a scan's frame.

    Parameters
    ----------
    grid : Grid
        Of a scan.

    Returns
    -------
    frame_uid, series_uid : str
        Empty where the scan's file has none: its content stands in for them.

    Examples
    --------
    >>> import numpy as np
    >>> from navigator.geometry.frames import Frame, FrameKind
    >>> from navigator.model.volume import Grid
    >>> scan_frame_uids(Grid(shape_kji=(1, 1, 1), lps_from_index=np.eye(4),
    ...                      frame=Frame(FrameKind.LPS, "1.2/1.3")))
    ('1.2', '1.3')
    """
    frame, _, series = grid.frame.uid.partition("/")
    known = [uid if uid.replace(".", "").isdecimal() else "" for uid in (frame, series)]
    return (known[0], known[1]) if series else ("", "")


def check_belongs(
    file: StructureFile, entry: StructureEntry, grid: Grid, patient: PatientIdentity | None
) -> tuple[Finding, ...]:
    """Compare frame of reference, series and patient of a structure with those of a scan.

    Parameters
    ----------
    file : StructureFile
        One of a format that carries a frame of reference.
    entry : StructureEntry
        The structure.
    grid : Grid
        Of the scan.
    patient : PatientIdentity or None
        The scan's.

    Returns
    -------
    tuple of Finding
        What a person has to confirm.

    Raises
    ------
    GeometryRefusedError
        ``other-frame-of-reference``.
    InputRefusedError
        ``wrong-patient``.
    """
    frame_uid, series_uid = scan_frame_uids(grid)
    whose = _check_patient(file, entry, grid, patient)
    if not (frame_uid and entry.frame_uid):
        return (_frame_unknown(entry, "the structure" if frame_uid else "the scan"),)
    if entry.frame_uid != frame_uid:
        raise GeometryRefusedError(
            code="other-frame-of-reference",
            what=f"The structure {entry.words} was drawn in another frame of reference",
            where=str(file.path),
            expected=f"{frame_uid}, that of the scan",
            got=entry.frame_uid,
            next_step="give the structures of this scan; those of another scan need a registration "
            "of the two that was accepted",
        )
    if series_uid and file.series_uids and series_uid not in file.series_uids:
        return (
            *whose,
            Finding(
                code="drawn-on-other-series",
                severity=Severity.CONFIRM,
                what=f"{entry.words} was drawn on another series of this frame of reference",
                expected=series_uid,
                got=", ".join(file.series_uids[:3]),
                next_step="the patient may have moved or breathed between the two: look whether "
                "the structure lies on this scan",
            ),
        )
    return whose


def _check_patient(
    file: StructureFile, entry: StructureEntry, grid: Grid, patient: PatientIdentity | None
) -> tuple[Finding, ...]:
    """Refuse another patient's structures; ask about those whose identity was taken out."""
    own = file.patient
    if own is None or patient is None or same_patient(own, patient) is not False:
        return ()
    frame_uid, series_uid = scan_frame_uids(grid)
    is_drawn_here = bool(frame_uid) and entry.frame_uid == frame_uid
    is_drawn_here &= bool(series_uid) and set(file.series_uids) == {series_uid}
    is_drawn_here &= bool(own.image_uids) and own.image_uids <= patient.image_uids
    if own.is_removed and is_drawn_here:
        return (
            Finding(
                code="identity-removed",
                severity=Severity.CONFIRM,
                what="The file of structures names no patient: its identity was removed",
                expected="the patient ID of the scan",
                got=f"a pseudonym, and references to {len(own.image_uids)} images of this scan, "
                "by frame of reference, series and each image's own UID",
                next_step="see that it is the export of this patient's scan that you mean",
            ),
        )
    raise InputRefusedError(
        code="wrong-patient",
        what="The scan and the structures are of two patients by their headers",
        where=str(file.path),
        expected="one patient ID and one birth date",
        got="a pseudonym, and references to other images than this scan's"
        if own.is_removed
        else "others in the file of structures",
        next_step="find out whose structures these are before anything else",
    )


def _frame_unknown(entry: StructureEntry, which: str) -> Finding:
    return Finding(
        code="frame-of-reference-unknown",
        severity=Severity.CONFIRM,
        what=f"Nothing says that {entry.words} and the scan are of one frame of reference",
        expected="a Frame of Reference UID in both",
        got=f"none with {which}",
        next_step="look whether the structure lies on this scan",
    )


def own_frame_name(frame_uid: str, series_uids: tuple[str, ...], file_name: str) -> str:
    """Name the frame of structures that are read without a scan, as a scan would name it.

    Parameters
    ----------
    frame_uid : str
        Frame of Reference UID; empty where unknown.
    series_uids : tuple of str
        Series that they were drawn on.
    file_name : str
        Stands in for what is unknown.

    Returns
    -------
    str
        Frame of reference and series.
    """
    return f"{frame_uid or file_name}/{series_uids[0] if series_uids else file_name}"
