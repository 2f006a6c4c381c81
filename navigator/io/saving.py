"""Files that appear as a whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError
from navigator.io.disk import check_is_no_link, remove_leftovers, sync_folder
from navigator.io.earlier_versions import keep_earlier_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replaced_when_complete(path: Path, suffix: str = "") -> Iterator[Path]:
    """Give a temporary sibling to write, and put it in place when it is complete.

    What a killed writer left behind under this name is taken away first.

    Parameters
    ----------
    path : Path
        Where the file shall be; an earlier one stays until the new one is complete.
    suffix : str
        End of the temporary name, for writers that choose the format by it.

    Yields
    ------
    Path
        The sibling to write.

    Raises
    ------
    FileRefusedError
        If the folder cannot be written or the disk is full; nothing is left behind. If the path
        is a symbolic link: the file behind it may be somebody else's.
    """
    check_is_no_link(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{suffix}")
    try:
        with refused_if_unwritable(path):
            remove_leftovers(path)
            yield temporary
            flush_to_disk(temporary)
            temporary.replace(path)
            sync_folder(path.parent)
    finally:
        # where nothing could be made there is nothing to take away
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def refused_if_unwritable(path: Path) -> Iterator[None]:
    """Say in our words what the disk did not let happen.

    Parameters
    ----------
    path : Path
        The file that was to be written or kept.

    Raises
    ------
    FileRefusedError
        ``unwritable``, in place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise FileRefusedError(
            code="unwritable",
            what="The file cannot be written",
            where=str(path),
            expected="a folder that exists, may be written to, and has room",
            got=str(error.strerror or error),
            next_step="make the folder, free some room, or choose another place",
        ) from error


def flush_to_disk(path: Path) -> None:
    """Wait until the disk has the bytes: a replaced name must not outlive them.

    Parameters
    ----------
    path : Path
        A file that was written.
    """
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def save_text(text: str, path: Path, *, keep_earlier: bool = False) -> Path | None:
    """Write a text file as a whole or not at all.

    Parameters
    ----------
    text : str
        Its content, written as UTF-8 with newlines as they are.
    path : Path
        Where it shall be; replaced if there.
    keep_earlier : bool
        Whether a file that is replaced is kept in the folder ``earlier`` beside it.

    Returns
    -------
    Path or None
        Where the earlier file is kept; None where there was none, or the same.

    Raises
    ------
    FileRefusedError
        If it cannot be written.
    """
    content = text.encode("utf-8")
    kept = None
    with replaced_when_complete(path) as temporary:
        temporary.write_bytes(content)
        if keep_earlier:
            # the new one is whole on the disk before anything happens to the old one
            flush_to_disk(temporary)
            kept = keep_earlier_version(path, content)
    return kept
