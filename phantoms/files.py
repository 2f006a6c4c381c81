"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from phantoms.errors import OutputRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _refused(path: Path, got: str) -> OutputRefusedError:
    return OutputRefusedError(
        "The output cannot be written",
        where=str(path),
        expected="a new or empty place in a folder that can be written",
        got=got,
        next_step="name another place with --out, or make room",
    )


def check_new_folder(folder: Path) -> None:
    """Refuse a folder that would overwrite something.

    Parameters
    ----------
    folder : Path
        Where something is to be written.

    Raises
    ------
    OutputRefusedError
        If it is a file, or a folder that is not empty.
    """
    if folder.is_dir() and not folder.is_symlink():
        if any(folder.iterdir()):
            raise _refused(folder, "a folder that is not empty")
    elif folder.exists() or folder.is_symlink():
        raise _refused(folder, "something that is not a folder")


def open_folder(folder: Path) -> None:
    """Make a folder with its parents, unless it is there.

    Parameters
    ----------
    folder : Path
        Where files are to be written.

    Raises
    ------
    OutputRefusedError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, str(error)) from error


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Write a folder beside its place and move it there when it is complete.

    Parameters
    ----------
    folder : Path
        New, or an empty folder; parents are made.

    Yields
    ------
    Path
        Where to write; removed again if anything is raised, an interrupt included.

    Raises
    ------
    OutputRefusedError
        If the place is taken or cannot be written.
    """
    check_new_folder(folder)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        raise _refused(folder, str(error)) from error
    try:
        yield draft
        draft.replace(folder)
    except OSError as error:
        raise _refused(folder, str(error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Write a file beside its place and move it there when it is complete.

    Parameters
    ----------
    path : Path
        New, or a file to be replaced in one step; its folder exists.

    Yields
    ------
    Path
        Where to write, with the same suffix; removed again if anything is raised.

    Raises
    ------
    OutputRefusedError
        If the place cannot be written.
    """
    draft = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise _refused(path, str(error)) from error
    finally:
        draft.unlink(missing_ok=True)
