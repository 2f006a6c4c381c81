"""Paths made of names that a file brings along, and the files below a folder: none leaves it."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError
from navigator.io.caps import MOST_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_PART_BYTES = 200
"""File systems end at 255; a temporary sibling's name needs some of them."""
LONGEST_NAME_BYTES = 1_000
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices, in any folder and whatever follows a dot."""
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Unicode classes of what a person does not see, among them the marks that turn text round."""
NEXT_STEP = "do not use the file that brings this name; ask where it comes from"


def path_inside(folder: Path, name: str) -> Path:
    """Make a path of a name that came from outside, or refuse a name that could leave the folder.

    A name of the operator's own, from the command line or from a request, is not for this: it
    may lead anywhere.

    Parameters
    ----------
    folder : Path
        Where the file has to lie.
    name : str
        Relative, with slashes: from a header, an archive, a manifest, or a UID.

    Returns
    -------
    Path
        Inside `folder`, links followed.

    Raises
    ------
    FileRefusedError
        ``unsafe-name`` for a name that some system reads in another way; ``path-outside`` for
        one that leads out of the folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> path_inside(Path("/scans"), "1.2.840/slice_001.dcm").as_posix()
    '/scans/1.2.840/slice_001.dcm'
    """
    fault = _fault_of_name(name)
    if fault:
        raise FileRefusedError(
            code="unsafe-name",
            what="A name in the file is not safe as a path",
            where=str(folder),
            expected="a plain relative name that every system reads alike",
            got=f"{ascii(name)[:120]}: {fault}",
            next_step=NEXT_STEP,
        )
    path = folder / name
    check_inside(folder, path)
    return path


def check_inside(folder: Path, path: Path) -> None:
    """Refuse a path that leads out of a folder, through a link too.

    Parameters
    ----------
    folder : Path
        A folder.
    path : Path
        Something that should lie in it.

    Raises
    ------
    FileRefusedError
        ``path-outside`` where it does not, or where links go in a circle.
    """
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        is_inside = False
    if not is_inside:
        raise FileRefusedError(
            code="path-outside",
            what="A name or link leads out of the folder",
            where=ascii(str(path))[1:-1][:400],
            expected=f"something inside {folder}",
            got="a place outside, or a link that goes in a circle",
            next_step="copy the files themselves into the folder, without links",
        )


def files_below(folder: Path) -> list[Path]:
    """List the files of a folder and of all below it, in a fixed order.

    Hidden files, pipes, sockets and devices are left out; no linked folder is walked.

    Parameters
    ----------
    folder : Path
        A folder.

    Returns
    -------
    list of Path
        Regular files, each once, however many links lead to it.

    Raises
    ------
    FileRefusedError
        ``too-many-files`` above 20,000; ``path-outside`` where a link leads out of the folder or
        nowhere: it may stand for a slice.
    """
    by_place: dict[Path, Path] = {}
    for count, path in enumerate(_entries(folder)):
        if count >= MOST_FILES:
            raise _too_many(folder)
        if path.is_symlink():
            check_inside(folder, path)
            if not path.exists():
                raise _leads_nowhere(path)
        if _is_regular(path):
            by_place.setdefault(path.resolve(), path)
    return sorted(by_place.values())


def _entries(folder: Path) -> Iterator[Path]:
    """Walk a folder: everything that is no folder, and links whatever they lead to."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from (here / name for name in (*links, *sorted(files)) if not name.startswith("."))


def _is_regular(path: Path) -> bool:
    """Tell whether a path leads to a regular file."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _fault_of_name(name: str) -> str:
    """Say why a name is not safe; empty where it is."""
    if not name or len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME_BYTES:
        return "empty, or too long"
    if any(unicodedata.category(letter) in INVISIBLE for letter in name):
        return "letters that are not seen"
    # a full-width dot or slash becomes a plain one on some systems
    if unicodedata.normalize("NFKC", name) != unicodedata.normalize("NFC", name):
        return "letters that some systems change into others"
    if FORBIDDEN.search(name):
        return "a letter with a meaning of its own"
    faults = (_fault_of_part(part) for part in name.split("/"))
    return next((fault for fault in faults if fault), "")


def _fault_of_part(part: str) -> str:
    """Say why one part of a name is not safe; empty where it is."""
    if part in ("", ".", ".."):
        return "absolute, or with parts that lead elsewhere"
    if part != part.strip() or part.endswith("."):
        return "a blank or dot at an end, which some systems drop"
    if DEVICES.fullmatch(part):
        return "the name of a device"
    if len(part.encode("utf-8")) > LONGEST_PART_BYTES:
        return "a part that is too long"
    return ""


def _too_many(folder: Path) -> FileRefusedError:
    """Refuse a folder that is no exam."""
    return FileRefusedError(
        code="too-many-files",
        what="The folder holds too many files to be one exam",
        where=str(folder),
        expected=f"{MOST_FILES} files or fewer",
        got="more",
        next_step="give the folder of the exam or of the series",
    )


def _leads_nowhere(path: Path) -> FileRefusedError:
    """Refuse a link without a file: it may stand for the missing slice."""
    return FileRefusedError(
        code="path-outside",
        what="A link leads nowhere",
        where=ascii(str(path))[1:-1][:400],
        expected="a file",
        got="a link to nothing",
        next_step="fetch or copy the file it stands for, or take the link away",
    )
