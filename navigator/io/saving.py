"""Files that appear as a whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replaced_when_complete(path: Path, suffix: str = "") -> Iterator[Path]:
    """Give a temporary sibling to write, and put it in place when it is complete.

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
        If the folder cannot be written or the disk is full; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{suffix}")
    try:
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
    except OSError as error:
        raise FileRefusedError(
            code="unwritable",
            what="The file cannot be written",
            where=str(path),
            expected="a folder that exists, may be written to, and has room",
            got=str(error.strerror or error),
            next_step="make the folder, free some room, or choose another place",
        ) from error
    finally:
        # where nothing could be made there is nothing to take away
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    """Wait until the disk has the bytes: a replaced name must not outlive them."""
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def save_text(text: str, path: Path) -> None:
    """Write a text file as a whole or not at all.

    Parameters
    ----------
    text : str
        Its content, written as UTF-8 with newlines as they are.
    path : Path
        Where it shall be; replaced if there.

    Raises
    ------
    FileRefusedError
        If it cannot be written.
    """
    with replaced_when_complete(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
