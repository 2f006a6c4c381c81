"""Structures as a file lists them, and one chosen among them by name or number."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from navigator.errors import StructureRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.errors import FileRefusedError
    from navigator.io.findings import Finding
    from navigator.io.identity import PatientIdentity
    from navigator.model.volume import Grid, Mask

MOST_LISTED = 40
"""A refusal lists this many of the structures that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureEntry:
    """One structure of a file.

    Parameters
    ----------
    number : int
        Label value, segment number or ROI number.
    name : str
        As the file names it; empty where it has none.
    layer : int
        Of an image whose structures overlap.
    frame_uid : str
        Frame of Reference UID of its coordinates; empty where the file gives none.
    outlines : str
        Geometric types of its contours where it is made of any that enclose no volume.
    """

    number: int
    name: str
    layer: int = 0
    frame_uid: str = ""
    outlines: str = ""

    @property
    def words(self) -> str:
        """How a person is told of it."""
        return f"{_composed(self.name)} = {self.number}" if self.name else str(self.number)


@dataclass(frozen=True, slots=True)
class PlacedMask:
    """A structure on a grid, and what was seen while it was laid there.

    Parameters
    ----------
    mask : Mask
        At least one voxel.
    findings : tuple of Finding
        Notes, and things that a person has to confirm.
    """

    mask: Mask
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureFile:
    """A file of structures, opened; no structure is decoded yet.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What it is, in words.
    entries : tuple of StructureEntry
        What it holds.
    carries_frame : bool
        Whether files of its kind name a frame of reference.
    series_uids : tuple of str
        Series that it says it was drawn on.
    patient : PatientIdentity or None
        To be compared with the scan's, and never shown; None for a file without one.
    findings : tuple of Finding
        What was seen when it was opened.
    draw : callable
        Makes a structure, on a grid or on voxels of the file's own.
    lies_on : callable
        Tells whether a structure's voxels are those of a grid, so that nothing is resampled; with
        True, whether it has all of them, not a part alone.
    unnamed : FileRefusedError or None
        Why its names could not be read; its numbers hold.
    """

    path: Path
    kind: str
    entries: tuple[StructureEntry, ...]
    carries_frame: bool
    series_uids: tuple[str, ...]
    patient: PatientIdentity | None = field(repr=False)
    findings: tuple[Finding, ...]
    draw: Callable[[StructureEntry, Grid | None], PlacedMask] = field(repr=False)
    lies_on: Callable[[StructureEntry, Grid, bool], bool] = field(repr=False)
    unnamed: FileRefusedError | None = None


def choose_entry(file: StructureFile, wanted: int | str, role: str) -> StructureEntry:
    """Find a structure by its number or its name.

    A name counts as written, however its accents are encoded; where none is written so, a name
    that differs only in the size of its letters or in blanks around it.

    Parameters
    ----------
    file : StructureFile
        Opened.
    wanted : int or str
        Number or name.
    role : str
        What it is wanted for, in a refusal.

    Returns
    -------
    StructureEntry
        The only one that fits.

    Raises
    ------
    StructureRefusedError
        ``label-not-there`` or ``ambiguous-structure``.
    FileRefusedError
        If it is wanted by a name, and the names could not be read.
    """
    if file.unnamed is not None and isinstance(wanted, str):
        raise file.unnamed
    if isinstance(wanted, int):
        fitting = [entry for entry in file.entries if entry.number == wanted]
    else:
        fitting = [entry for entry in file.entries if _composed(entry.name) == _composed(wanted)]
        if not fitting:
            fitting = [entry for entry in file.entries if _folded(entry.name) == _folded(wanted)]
    if not fitting:
        raise label_not_there(file.path, role, repr(wanted), [e.words for e in file.entries])
    if len(fitting) > 1:
        raise StructureRefusedError(
            code="ambiguous-structure",
            what=f"Several structures of the file are meant by {wanted!r}",
            where=str(file.path),
            expected="one structure of that name or number",
            got=", ".join(entry.words for entry in fitting[:MOST_LISTED]),
            next_step="give the other of name and number, or rename one in the program it is from",
        )
    return fitting[0]


def _composed(name: str) -> str:
    """Write each accented letter as one character: programs differ in that, people do not."""
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    """Drop what a person may write otherwise: the size of letters, and blanks around a name."""
    return _composed(_composed(name).strip().casefold())


def label_not_there(path: Path, name: str, got: str, present: list[str]) -> StructureRefusedError:
    """Refuse a structure that a file does not hold, and list those that it does.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What the structure is wanted for.
    got : str
        What was asked for.
    present : list of str
        What is there.

    Returns
    -------
    StructureRefusedError
        To be raised.
    """
    listed = ", ".join(present[:MOST_LISTED]) or "none at all"
    more = " ..." if len(present) > MOST_LISTED else ""
    return StructureRefusedError(
        code="label-not-there",
        what=f"The file has no voxel for {name}",
        where=str(path),
        expected=f"one of the labels that are there: {listed}{more}",
        got=got,
        next_step="correct the label value or the name, or leave the structure out",
    )


def empty_structure(path: Path, entry: StructureEntry, got: str) -> StructureRefusedError:
    """Refuse a structure of which nothing is left.

    Parameters
    ----------
    path : Path
        The file.
    entry : StructureEntry
        The structure.
    got : str
        What was found in place of voxels.

    Returns
    -------
    StructureRefusedError
        To be raised.
    """
    return StructureRefusedError(
        code="empty-structure",
        what=f"The structure {entry.words} has no voxel on the scan",
        where=str(path),
        expected="one voxel or more",
        got=got,
        next_step="see whether it was drawn on this scan; leave it out if it is empty on purpose",
    )
