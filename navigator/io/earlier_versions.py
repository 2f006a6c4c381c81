"""Earlier versions of a document: kept beside it, numbered, never written over."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from itertools import count
from typing import TYPE_CHECKING

from navigator.io.disk import check_is_no_link, remove_leftovers, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

EARLIER = "earlier"
"""Name of the folder beside a document that holds the versions before: `plan.0001.json` is the
oldest."""


def keep_earlier_version(path: Path, coming: bytes | None = None) -> Path | None:
    """Give the file at a path a second name among its earlier versions.

    The file itself stays where it is, so that there is no moment without one. None of the
    versions is ever taken away: they are some kilobytes each, and a person may delete them.

    Parameters
    ----------
    path : Path
        A document that is about to be replaced; it need not be there.
    coming : bytes or None
        What will replace it: where that is the same, there is nothing to keep.

    Returns
    -------
    Path or None
        The version that was kept; None where there was nothing to keep.

    Raises
    ------
    OSError
        If the folder cannot be written.
    FileRefusedError
        If ``earlier`` is a symbolic link.
    """
    if not path.is_file():
        return None
    content = path.read_bytes()
    if content == coming:
        return None
    folder = path.parent / EARLIER
    check_is_no_link(folder)
    folder.mkdir(exist_ok=True)
    versions = earlier_versions(path)
    # a writer that was killed between keeping and replacing has kept it already
    if versions and versions[-1].read_bytes() == content:
        return versions[-1]
    kept = _under_next_number(path, folder, number_of(versions[-1], path) if versions else 0)
    sync_folder(folder)
    sync_folder(path.parent)
    return kept


def keep_part(path: Path, sha256: str) -> Path:
    """Copy a file that a document names by its content to the earlier versions.

    Parameters
    ----------
    path : Path
        The file; it stays where it is.
    sha256 : str
        Of its content.

    Returns
    -------
    Path
        Where it is kept (:func:`kept_part`).

    Raises
    ------
    OSError
        If the folder cannot be written.
    FileRefusedError
        If ``earlier`` is a symbolic link.
    """
    kept = kept_part(path, sha256)
    check_is_no_link(kept.parent)
    kept.parent.mkdir(exist_ok=True)
    whole = kept.is_file() and hashlib.sha256(kept.read_bytes()).hexdigest() == sha256
    if not whole:
        # a copy that was damaged is replaced, and a link is no second name of what it leads to
        _copy(path, kept)
        sync_folder(kept.parent)
        sync_folder(path.parent)
    return kept


def kept_part(path: Path, sha256: str) -> Path:
    """Say under which name a part of this content is kept: one name for one content.

    Examples
    --------
    >>> from pathlib import Path
    >>> kept_part(Path("r.field.nrrd"), "0123456789abcdef" * 4).as_posix()
    'earlier/r.field.0123456789ab.nrrd'
    """
    return path.parent / EARLIER / f"{path.stem}.{sha256[:12]}{path.suffix}"


def carry_earlier_versions(old: Path, new: Path) -> None:
    """Take the versions of a document along into the folder that replaces its own.

    Parameters
    ----------
    old : Path
        The document in the folder that is about to go; it counts as a version, where it differs
        from `new`.
    new : Path
        The document in the folder that comes; it need not be there.

    Raises
    ------
    OSError
        If the new folder cannot be written.
    """
    versions = earlier_versions(old)
    last = versions[-1].read_bytes() if versions else b""
    current = old.read_bytes() if old.is_file() else last
    coming = new.read_bytes() if new.is_file() else b""
    if not versions and current in (b"", coming):
        return
    folder = new.parent / EARLIER
    folder.mkdir(exist_ok=True)
    for version in versions:
        shutil.copyfile(version, folder / version.name)
    if current not in (last, coming):
        _under_next_number(old, folder, number_of(versions[-1], old) if versions else 0)


def earlier_versions(path: Path) -> tuple[Path, ...]:
    """List the versions that came before the one at a path.

    Parameters
    ----------
    path : Path
        A document.

    Returns
    -------
    tuple of Path
        The oldest first.
    """
    folder = path.parent / EARLIER
    if not folder.is_dir():
        return ()
    found = [each for each in folder.iterdir() if number_of(each, path)]
    return tuple(sorted(found, key=lambda each: number_of(each, path)))


def number_of(version: Path, path: Path) -> int:
    """Read the number of an earlier version.

    Parameters
    ----------
    version : Path
        A file in the folder of earlier versions.
    path : Path
        The document.

    Returns
    -------
    int
        From 1; 0 for a file that is no version of this document.

    Examples
    --------
    >>> from pathlib import Path
    >>> number_of(Path("earlier/plan.0012.json"), Path("plan.json"))
    12
    >>> number_of(Path("earlier/other.0012.json"), Path("plan.json"))
    0
    """
    pattern = rf"{re.escape(path.stem)}\.([0-9]{{4,9}}){re.escape(path.suffix)}"
    match = re.fullmatch(pattern, version.name)
    return 0 if match is None else int(match[1])


def _under_next_number(path: Path, folder: Path, last: int) -> Path:
    """Take the first number that is free; a version that somebody else kept is not touched."""
    for number in count(last + 1):
        version = folder / f"{path.stem}.{number:04d}{path.suffix}"
        if version.exists():
            continue
        try:
            os.link(path, version)
        except FileExistsError:
            continue
        except OSError:
            # a disk that gives a file one name only, or refuses a second one for another reason
            _copy(path, version)
        return version
    raise AssertionError("numbers do not end")


def _copy(path: Path, version: Path) -> None:
    """Copy a file to a name that is free, as a whole or not at all."""
    remove_leftovers(version)
    part = version.with_name(f".{version.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(path, part)
        with part.open("r+b") as stream:
            os.fsync(stream.fileno())
        part.replace(version)
    finally:
        part.unlink(missing_ok=True)
