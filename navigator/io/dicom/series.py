"""The series in a folder: what lies there, what each is, and which to use."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError
from navigator.io.dicom.gate import judge_series
from navigator.io.dicom.headers import looks_like_dicom, read_headers
from navigator.io.dicom.strangers import ObjectKind, kind_of, stranger_findings
from navigator.io.dicom.values import uid_name
from navigator.io.dicom.wording import CHOOSE_CT, names_of
from navigator.io.findings import Finding, Severity, grave_first, verdict_word
from navigator.io.paths import files_below
from navigator.io.progress import tell_nobody, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from navigator.io.dicom.headers import SliceHeader
    from navigator.io.dicom.stack import Stack

NO_UID = "no-uid"
"""Stands for the UID of series that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEntry:
    """One series as it lies on disk.

    Parameters
    ----------
    uid : str
        Series Instance UID, or ``no-uid``.
    description : str
        As stored.
    headers : tuple of SliceHeader
        Its slices: in order along their normal where they have an order.
    stack : Stack or None
        Its geometry; None where it has none.
    findings : tuple of Finding
        Everything seen, the grave first.
    is_set_apart : bool
        True for localizers and for objects that are no CT image: a CT series beside them is
        read without them.
    """

    uid: str
    description: str
    headers: tuple[SliceHeader, ...]
    stack: Stack | None
    findings: tuple[Finding, ...]
    is_set_apart: bool

    @property
    def verdict(self) -> str:
        """``accepted``, ``confirm`` or ``refused``."""
        return verdict_word(self.findings)

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return (len(self.headers), *self.headers[0].source.shape_ji)


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What was found in a folder or file.

    Parameters
    ----------
    series : tuple of SeriesEntry
        In order of UID; those set apart last.
    findings : tuple of Finding
        About files that belong to no series.
    """

    series: tuple[SeriesEntry, ...]
    findings: tuple[Finding, ...]


def find_series(path: Path, *, tell: Callable[[str], None] = tell_nobody) -> FolderContents:
    """List the series in a folder with everything below it, or in one file.

    Parameters
    ----------
    path : Path
        Folder or DICOM file.
    tell : callable of str
        Told the progress.

    Returns
    -------
    FolderContents
        Every series judged by the gate. A file that claims to be DICOM and cannot be read
        refuses every CT series: it may be the one that is missing.

    Raises
    ------
    FileRefusedError
        If nothing there is DICOM, or there are too many files.
    """
    if not path.is_dir():
        return FolderContents(_entries(read_headers(path), ()), ())
    files = files_below(path)
    dicom = [file for file in files if looks_like_dicom(file)]
    if not dicom:
        raise _no_dicom(path, len(files))
    headers: list[SliceHeader] = []
    broken: list[Finding] = []
    with _cycles_left():
        for file in told(dicom, "reading headers", len(dicom), tell):
            try:
                headers.extend(read_headers(file))
            except FileRefusedError as error:
                broken.append(_broken_file(file, error))
    entries = _entries(tuple(headers), tuple(broken))
    return FolderContents(entries, (*broken, *_ignored(files, dicom)))


@contextmanager
def _cycles_left() -> Iterator[None]:
    """Let the collector of cycles rest: it would go through every header again and again.

    What has no cycle is freed as ever, and the headers of plain images have none: 6,000 of them
    leave nothing to collect. It took 18 % of the time of reading them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _entries(
    headers: tuple[SliceHeader, ...], broken: tuple[Finding, ...]
) -> tuple[SeriesEntry, ...]:
    """Group slices by series and by kind, and judge each group."""
    groups: dict[tuple[str, ObjectKind], list[SliceHeader]] = {}
    for header in headers:
        key = (header.series_uid or NO_UID, kind_of(header))
        groups.setdefault(key, []).append(header)
    entries = []
    for (uid, kind), group in groups.items():
        if kind is ObjectKind.CT_SLICE:
            doubts = (*broken, *stranger_findings(uid, group[0], headers))
            entries.append(_ct_entry(uid, tuple(group), doubts))
        else:
            entries.append(_apart_entry(uid, kind, tuple(group)))
    return tuple(sorted(entries, key=lambda entry: (entry.is_set_apart, entry.uid)))


def _ct_entry(uid: str, headers: tuple[SliceHeader, ...], more: tuple[Finding, ...]) -> SeriesEntry:
    """Judge a CT series."""
    stack, findings = judge_series(headers)
    return SeriesEntry(
        uid=uid,
        description=headers[0].description,
        headers=stack.headers if stack is not None else headers,
        stack=stack,
        findings=grave_first((*more, *findings)),
        is_set_apart=False,
    )


def _apart_entry(uid: str, kind: ObjectKind, headers: tuple[SliceHeader, ...]) -> SeriesEntry:
    """List objects that are not read as a scan, and say why."""
    if kind is ObjectKind.OTHER_IMAGE:
        entry = _ct_entry(uid, headers, ())
        findings = entry.findings
    else:
        name = uid_name(headers[0].sop_class_uid) or "an object without a class"
        findings = (
            Finding(
                code=kind.value.replace(" ", "-"),
                severity=Severity.REFUSE,
                what="These objects are set apart: they are no slices of a scan",
                expected="slices of a CT",
                got=f"{len(headers)} x {name[:80]}, "
                f"type {'/'.join(headers[0].image_type)[:80] or 'none'}",
                next_step=CHOOSE_CT,
                files=names_of(headers),
            ),
        )
    return SeriesEntry(
        uid=uid,
        description=headers[0].description,
        headers=headers,
        stack=None,
        findings=findings,
        is_set_apart=True,
    )


def _broken_file(file: Path, error: FileRefusedError) -> Finding:
    """Turn the refusal of a file into a finding of its folder."""
    refusal = error.refusal
    return Finding(
        code=refusal.code,
        severity=Severity.REFUSE,
        what=refusal.what,
        expected=refusal.expected,
        got=refusal.got,
        next_step=refusal.next_step,
        files=(file.name,),
    )


def _ignored(files: list[Path], dicom: list[Path]) -> Iterator[Finding]:
    """Say how many files were left out because they are not DICOM."""
    taken = set(dicom)
    others = [file for file in files if file not in taken]
    if others:
        yield Finding(
            code="not-dicom",
            severity=Severity.NOTE,
            what="Files that are not DICOM were left out",
            expected="DICOM files",
            got=f"{len(others)} other files",
            next_step="nothing, unless a slice is among them",
            files=tuple(sorted(file.name for file in others)),
        )


def _no_dicom(folder: Path, count: int) -> FileRefusedError:
    """Refuse a folder without DICOM."""
    return FileRefusedError(
        code="no-dicom",
        what="The folder holds no DICOM file",
        where=str(folder),
        expected="one DICOM file or more",
        got=f"{count} other files" if count else "an empty folder",
        next_step="give the folder of the series, or a .nrrd, .nii, .nii.gz or .mha file",
    )
