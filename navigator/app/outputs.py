"""Folders that appear as a whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUMMARY_FILE = "summary.json"
OUR_SCHEMAS = ("demo-summary/1", "run-summary/1")


@contextmanager
def folder_when_complete(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a hidden sibling folder to fill, and put it in place when everything is in it.

    Parameters
    ----------
    out : Path
        Where the folder shall be.
    overwrite : bool
        Whether an earlier result of this program may be replaced; nothing else ever is.

    Yields
    ------
    Path
        The folder to fill.

    Raises
    ------
    FileRefusedError
        If `out` holds something else, or may not be replaced, or cannot be written.
    """
    check_may_write(out, overwrite=overwrite)
    part = out.absolute().with_name(f".{out.absolute().name}.{os.getpid()}.part")
    missing = [folder for folder in part.parents if not folder.exists()]
    try:
        part.mkdir(parents=True)
        yield part
        old = out.absolute().with_name(f".{out.absolute().name}.{os.getpid()}.old")
        _put_in_place(part, out, old)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise FileRefusedError(
            code="unwritable",
            what="The output folder cannot be written",
            where=str(error.filename or out),
            expected="a place that may be written to and has room",
            got=str(error.strerror or error),
            next_step="choose another --out, or free some room",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if not out.exists():
            _remove_empty(missing)


def _put_in_place(part: Path, out: Path, old: Path) -> None:
    """Rename the complete folder; where that fails, an earlier result comes back."""
    if out.exists():
        out.replace(old)
    try:
        part.replace(out)
    except BaseException:
        if old.exists():
            old.replace(out)
        raise


def _remove_empty(folders: list[Path]) -> None:
    """Take away the folders that were made on the way to an output that did not come."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def check_may_write(out: Path, *, overwrite: bool) -> None:
    """Refuse an output folder that holds what is not ours to replace.

    Parameters
    ----------
    out : Path
        Where the folder shall be.
    overwrite : bool
        Whether an earlier result of this program may be replaced.

    Raises
    ------
    FileRefusedError
        If it may not be written.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    ours = _is_ours(out)
    if overwrite and ours:
        return
    raise FileRefusedError(
        code="output-exists",
        what="The output folder is not empty",
        where=str(out),
        expected="a new or empty folder" + (", or --overwrite" if ours else ""),
        got="an earlier result" if ours else "files that this program did not write",
        next_step="add --overwrite to replace it" if ours else "choose another --out",
    )


def _is_ours(out: Path) -> bool:
    try:
        schema = json.loads((out / SUMMARY_FILE).read_text("utf-8"))["schema"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return schema in OUR_SCHEMAS
