"""Folders that appear as a whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from navigator.errors import FileRefusedError
from navigator.io.disk import check_room, remove_leftovers
from navigator.io.documents import save_json
from navigator.io.earlier_versions import carry_earlier_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUMMARY_FILE = "summary.json"
MANIFEST_FILE = "manifest.json"
"""What an export has in the place of a summary."""
OUR_SCHEMAS = ("demo-summary/1", "run-summary/1", "export/1")
WRITTEN = "written"
"""Field of the summary on disk: every file of the folder, so that what came later is told apart."""
KEPT_DOCUMENTS = ("plan.json", "plan_in_room.json", "registration.json", "placement.json")
"""Of a folder that is replaced these stay, in its folder ``earlier``."""
MOST_NAMED = 5
"""Foreign files named in a refusal: enough to know what they are."""


@contextmanager
def folder_when_complete(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a hidden sibling folder to fill, and put it in place when everything is in it.

    Parameters
    ----------
    out : Path
        Where the folder shall be.
    overwrite : bool
        Whether an earlier result of this program may be replaced; nothing else ever is. Its
        plans, registrations and placements are kept in the folder ``earlier``.

    Yields
    ------
    Path
        The folder to fill. Its summary is completed with the list of all its files.

    Raises
    ------
    FileRefusedError
        If `out` holds something else, or may not be replaced, or cannot be written.
    """
    check_may_write(out, overwrite=overwrite)
    place = _resolved(out)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    missing = [folder for folder in part.parents if not folder.exists()]
    try:
        part.mkdir(parents=True)
        remove_leftovers(place)
        yield part
        for name in KEPT_DOCUMENTS:
            carry_earlier_versions(place / name, part / name)
        _list_files(part)
        # the work took its time: somebody may have put a file there
        check_may_write(out, overwrite=overwrite)
        old = place.with_name(f".{place.name}.{os.getpid()}.old")
        _put_in_place(part, place, old)
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
        if not place.exists():
            _remove_empty(missing)


def read_summary(out: Path) -> dict[str, Any]:
    """Read the summary or manifest of a folder that was just put in place.

    What a command prints is what it wrote: there is no second account of it.

    Parameters
    ----------
    out : Path
        The folder.

    Returns
    -------
    dict
        As it lies on the disk, with the list of the folder's files in ``written``.

    Raises
    ------
    FileRefusedError
        If it cannot be read back.
    """
    found = _summary(out / SUMMARY_FILE) or _summary(out / MANIFEST_FILE)
    if found is None:
        raise FileRefusedError(
            code="not-read-back",
            what="The summary of what was written cannot be read back",
            where=str(out),
            expected=f"{SUMMARY_FILE} or {MANIFEST_FILE}",
            got="neither",
            next_step="check the disk, then give the command again",
        )
    return found


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


def check_may_write(out: Path, *, overwrite: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse an output folder that holds what is not ours to replace.

    Parameters
    ----------
    out : Path
        Where the folder shall be.
    overwrite : bool
        Whether an earlier result of this program may be replaced.
    inputs : iterable of Path
        What the command reads: never replaced.

    Raises
    ------
    FileRefusedError
        If it may not be written.
    """
    try:
        _check_place(out, inputs)
        is_free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
        foreign = [] if is_free else _foreign(out)
    except FileRefusedError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise _bad_place(out, "unwritable", "a name that a disk can hold", str(error)) from error
    ours = foreign is not None and not foreign
    if is_free or (overwrite and ours):
        check_room(out)
        return
    raise FileRefusedError(
        code="output-exists",
        what="The output folder is not empty",
        where=str(out),
        expected="a new or empty folder" + (", or --overwrite" if ours else ""),
        got="an earlier result" if ours else _named(foreign),
        next_step="add --overwrite to replace it"
        if ours
        else "choose another --out, or move these files away yourself",
    )


def _check_place(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse what cannot be exchanged for a folder in one step."""
    place = _resolved(out)
    if out.is_symlink():
        raise _bad_place(out, "output-is-link", "a folder of its own", "a symbolic link")
    if Path.cwd().is_relative_to(place):
        got = "the folder that the command runs in, or one above it"
        raise _bad_place(out, "output-is-here", "a folder that nobody stands in", got)
    blocking = next((each for each in place.parents if each.exists()), place)
    if not blocking.is_dir():
        raise _bad_place(out, "unwritable", "a place in a folder", f"{blocking} is a file")
    held = next((each for each in inputs if each.resolve().is_relative_to(place)), None)
    if held is not None:
        got = f"the folder that holds {held}"
        raise _bad_place(out, "output-is-input", "a folder apart from the input", got)


def _resolved(out: Path) -> Path:
    """Find where a folder really is; its own name is kept where it is a link."""
    whole = Path(os.path.normpath(out.absolute())) if out.name == ".." else out.absolute()
    return whole.parent.resolve() / whole.name


def _bad_place(out: Path, code: str, expected: str, got: str) -> FileRefusedError:
    return FileRefusedError(
        code=code,
        what="The output folder cannot be made here",
        where=str(out),
        expected=expected,
        got=got,
        next_step="choose another --out: a new folder beside the data",
    )


def _list_files(folder: Path) -> None:
    """Write into the summary which files belong to it; without a summary nothing is claimed."""
    for name in (SUMMARY_FILE, MANIFEST_FILE):
        summary = _summary(folder / name)
        if summary is not None:
            save_json({**summary, WRITTEN: sorted({*_files(folder), name})}, folder / name)


def _files(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    ]


def _summary(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("schema") in OUR_SCHEMAS else None


def _foreign(out: Path) -> list[str] | None:
    """List what this program did not write into a folder; None where nothing in it is ours."""
    summary = _summary(out / SUMMARY_FILE) or _summary(out / MANIFEST_FILE)
    written = None if summary is None else summary.get(WRITTEN)
    if not isinstance(written, list):
        return None
    ours = {str(name) for name in written}
    ours |= {str(parent) for name in ours for parent in PurePosixPath(name).parents}
    found = (path.relative_to(out).as_posix() for path in out.rglob("*"))
    return sorted(name for name in found if name not in ours)


def _named(foreign: list[str] | None) -> str:
    if foreign is None:
        return "files that this program did not write"
    more = ", ..." if len(foreign) > MOST_NAMED else ""
    return f"files that this program did not write: {', '.join(foreign[:MOST_NAMED])}{more}"
