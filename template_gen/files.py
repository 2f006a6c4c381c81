"""How files are read with a bound and written in one step."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from template_gen.errors import FileRefusedError


def read_bounded(path: Path, largest_bytes: int) -> bytes:
    """Read a whole file, unless it is too long to be what it should be.

    Parameters
    ----------
    path : Path
    largest_bytes : int
        The longest length that is still believed.

    Returns
    -------
    bytes

    Raises
    ------
    FileRefusedError
        If the file is not there, not a file, not readable, or too long.
    """
    try:
        if not path.is_file():
            raise _refused(path, "no-such-file", "a file", "a folder" if path.is_dir() else "none")
        length = path.stat().st_size
        if not length <= largest_bytes:
            raise _refused(
                path, "file-too-long", f"at most {largest_bytes} bytes", f"{length} bytes"
            )
        return path.read_bytes()
    except OSError as error:
        raise _refused(path, "unreadable-file", "a readable file", str(error)) from error


def _refused(path: Path, code: str, expected: str, got: str) -> FileRefusedError:
    return FileRefusedError(
        code=code,
        what="The file cannot be read",
        where=str(path),
        expected=expected,
        got=got,
        next_step="correct the path",
    )


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one step: a reader finds the old or the new content, never a part.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    content : bytes

    Raises
    ------
    FileRefusedError
        If the folder is not there or cannot be written to.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _not_writable(path, error) from error
    sibling = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        sibling.chmod(0o644)
        sibling.replace(path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        sibling.unlink(missing_ok=True)


def _not_writable(path: Path, error: OSError) -> FileRefusedError:
    return FileRefusedError(
        code="not-writable",
        what="The file cannot be written",
        where=str(path),
        expected="a folder that exists and can be written to",
        got=str(error),
        next_step="make the folder, or choose another one",
    )
