"""Which series of a folder to read: the one named, or the only one, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.dicom import FolderContents, SeriesEntry


def choose_series(contents: FolderContents, series_uid: str | None, path: Path) -> SeriesEntry:
    """Choose a series, or refuse with the list and a proposal.

    Parameters
    ----------
    contents : FolderContents
        What lies in the folder.
    series_uid : str or None
        The series asked for.
    path : Path
        The folder, for the message.

    Returns
    -------
    SeriesEntry
        The one named, else the only CT series, else the only one at all.

    Raises
    ------
    FileRefusedError
        If there is none of that name, or several and no name.
    """
    if series_uid is not None:
        named = [entry for entry in contents.series if entry.uid == series_uid]
        if not named:
            raise FileRefusedError(
                code="no-such-series",
                what="The folder has no series of this UID",
                where=str(path),
                expected=f"one of {_listed(contents.series)}",
                got=series_uid,
                next_step="give one of the UIDs listed with --series",
            )
        return named[0]
    scans = [entry for entry in contents.series if not entry.is_set_apart]
    candidates = scans or list(contents.series)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise FileRefusedError(
            code="no-readable-dicom",
            what="No DICOM file of the folder can be read",
            where=str(path),
            expected="one CT series",
            got="; ".join(sorted({finding.message for finding in contents.findings}))[:500],
            next_step="send or export the series again",
        )
    raise FileRefusedError(
        code="several-series",
        what="The folder holds several series",
        where=str(path),
        expected="one series, or its UID with --series",
        got=_listed(tuple(candidates)),
        next_step=_proposal(candidates),
    )


def _listed(entries: tuple[SeriesEntry, ...]) -> str:
    """List series with their sizes and descriptions."""
    return "; ".join(
        f"{entry.uid} ({' x '.join(map(str, entry.shape_kji))}, "
        f"{entry.description or 'no description'}, {entry.verdict})"
        for entry in entries
    )


def _proposal(entries: list[SeriesEntry]) -> str:
    """Propose the readable series of most slices, the thinner where they tie, and say why."""
    readable = [entry for entry in entries if entry.verdict != "refused"]
    if not readable:
        return "none of them can be read; run `navigator inspect` to see why"

    def spacing_mm(entry: SeriesEntry) -> float:
        steps = entry.stack.steps_mm if entry.stack is not None else np.asarray([np.inf])
        return float(np.median(steps))

    likely = max(readable, key=lambda entry: (len(entry.headers), -spacing_mm(entry)))
    return (
        f"name one; the likely one is --series {likely.uid}, which can be read and has the most "
        f"slices ({len(likely.headers)} at {spacing_mm(likely):.2f} mm)"
    )
