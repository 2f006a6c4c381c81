"""The place where a file shall be: room on the disk, no link, no leftovers, names that last."""

from __future__ import annotations

import errno
import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from pathlib import Path

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""With less free no work is started: its result might not fit, and nor would a report of it."""

CANNOT_SYNC_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF)
"""Answers of file systems, and of Windows, that keep the names of files in their own way."""


def check_is_no_link(path: Path) -> None:
    """Refuse to write where a symbolic link stands.

    Writing through it changes a file somewhere else, replacing it leaves that file stale: the
    person has to say which of the two is meant.

    Parameters
    ----------
    path : Path
        Where a file shall be.

    Raises
    ------
    FileRefusedError
        ``output-is-link``.
    """
    if not path.is_symlink():
        return
    raise FileRefusedError(
        code="output-is-link",
        what="The output is a symbolic link to another place",
        where=str(path),
        expected="a file, or a name that is free",
        got=f"a link to {path.readlink()}",
        next_step="write to the place that it leads to, or choose another name",
    )


def check_room(folder: Path, needed_bytes: int = LEAST_FREE_BYTES) -> None:
    """Refuse to start where the disk is nearly full.

    Parameters
    ----------
    folder : Path
        An existing folder, or one that shall be made.
    needed_bytes : int
        What has to be free.

    Raises
    ------
    FileRefusedError
        ``disk-full``.
    """
    there = next((each for each in (folder, *folder.absolute().parents) if each.is_dir()), None)
    try:
        free_bytes = None if there is None else shutil.disk_usage(there).free
    except OSError:
        # a place that does not say: writing itself will tell
        free_bytes = None
    if free_bytes is not None and free_bytes < needed_bytes:
        raise FileRefusedError(
            code="disk-full",
            what="The disk is nearly full",
            where=str(folder),
            expected=f"{needed_bytes / 1e6:.0f} MB free or more",
            got=f"{free_bytes / 1e6:.1f} MB",
            next_step="free some room, or choose another place",
        )


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder: a file that was put in place stays there.

    Parameters
    ----------
    folder : Path
        An existing folder.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in CANNOT_SYNC_FOLDERS:
            return
        raise
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in CANNOT_SYNC_FOLDERS:
            raise
    finally:
        os.close(handle)


def remove_leftovers(path: Path) -> None:
    """Take away the unfinished files or folders that killed writers of one left beside it.

    Parameters
    ----------
    path : Path
        The file or folder that they were to become.
    """
    unfinished = re.compile(rf"\.{re.escape(path.name)}\.([0-9]{{1,10}})\.part.*")
    for each in path.parent.iterdir():
        match = unfinished.fullmatch(each.name)
        if match is not None and not _may_be_writing(int(match[1])):
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
                continue
            with suppress(OSError):
                each.unlink()


def _may_be_writing(process: int) -> bool:
    """Tell whether the process that names an unfinished file may still be at work."""
    if process == os.getpid():
        return True
    if os.name == "nt":
        # asking for a process there is done by ending it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
