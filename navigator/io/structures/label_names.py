"""Names of labels, in a file beside a label map."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError
from navigator.io.findings import Finding, Severity
from navigator.io.images import image_suffix

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1 << 20
"""A thousand names take a twentieth of it."""
SUFFIXES = (".txt", ".label", ".ctbl", ".json")
LOOSE_SUFFIXES = (".txt", ".json")
"""Of files that may hold anything."""
SNAP_LINE = re.compile(r'^\s*(\d+)(?:\s+[\d.]+){6}\s+"(.*)"\s*$')
"""ITK-SNAP's label description: index, three colours, opacity, two switches, name in quotes."""
TABLE_LINE = re.compile(r"^\s*(\d+)\s+(\S+)(?:\s+\d+){3,4}\s*$")
"""3D Slicer's colour table: index, name with underscores for blanks, colours."""


@dataclass(frozen=True, slots=True)
class NamesBeside:
    """Names in a file beside a label map, or why there are none.

    Parameters
    ----------
    names : tuple of (str, int)
        Name and label value.
    error : FileRefusedError or None
        To be raised where a label is asked for by its name.
    """

    names: tuple[tuple[str, int], ...]
    error: FileRefusedError | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A note that the labels have no names, or none."""
        if self.error is None:
            return ()
        refusal = self.error.refusal
        return (
            Finding(
                code=refusal.code,
                severity=Severity.NOTE,
                what=f"{refusal.what}; they go by their numbers",
                expected=refusal.expected,
                got=refusal.got,
                next_step="nothing, if the labels are given by number",
            ),
        )


def names_beside(path: Path) -> NamesBeside:
    """Read the names of a label map from the file beside it.

    Parameters
    ----------
    path : Path
        The label map.

    Returns
    -------
    NamesBeside
        From the file of the same name that ends in .label (ITK-SNAP) or .ctbl (3D Slicer), or in
        .txt or .json where that names labels: converters and people put other things there.
        Without names where there are several: they may disagree.
    """
    stem = path.name[: -len(image_suffix(path))].removesuffix(".seg")
    found = [each for suffix in SUFFIXES if (each := path.with_name(stem + suffix)).is_file()]
    read = {each: _read_beside(each) for each in found}
    meant = [each for each in found if not (read[each].error and each.suffix in LOOSE_SUFFIXES)]
    if len(meant) > 1:
        return NamesBeside((), _several(path, meant))
    if meant or found:
        return read[(meant or found)[0]]
    return NamesBeside((), None)


def _read_beside(path: Path) -> NamesBeside:
    """Read a file, or keep why it cannot be read."""
    try:
        return NamesBeside(load_label_names(path), None)
    except FileRefusedError as error:
        return NamesBeside((), error)


def _several(path: Path, found: list[Path]) -> FileRefusedError:
    return FileRefusedError(
        code="several-name-files",
        what="Several files beside the label map may name its labels",
        where=str(path),
        expected="one of them",
        got=", ".join(each.name for each in found),
        next_step="take all but the right one away, or give the label by its number",
    )


def load_label_names(path: Path) -> tuple[tuple[str, int], ...]:
    """Read names of labels.

    Parameters
    ----------
    path : Path
        ITK-SNAP label description, 3D Slicer colour table, or a JSON object of names with whole
        numbers.

    Returns
    -------
    tuple of (str, int)
        Name and label value; 0 is the background and left out.

    Raises
    ------
    FileRefusedError
        If a line or value is not of that form.
    """
    try:
        names = _read_names(path)
    except (OSError, ValueError, RecursionError) as error:
        raise FileRefusedError(
            code="label-names-unreadable",
            what="The file beside the label map does not name its labels",
            where=str(path),
            expected='an ITK-SNAP label description, a .ctbl table, or JSON {"name": number}',
            got=str(error)[:200],
            next_step="mend the file, take it away, or give the label by its number",
        ) from error
    return tuple((name, number) for name, number in names if number > 0)


def _read_names(path: Path) -> list[tuple[str, int]]:
    """Read names and numbers, or fail with a reason."""
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    text = content.decode("utf-8-sig")
    names = _from_json(text) if path.suffix.lower() == ".json" else _from_lines(text)
    if not names:
        raise ValueError("no name at all")
    return names


def _from_json(text: str) -> list[tuple[str, int]]:
    """Read an object of names; a name that stands twice is kept twice."""
    # as pairs, so that a name that stands twice is seen
    document = json.loads(text, object_pairs_hook=tuple)
    if not isinstance(document, tuple):
        raise ValueError("not an object of names and numbers")  # noqa: TRY004 - one refusal for all
    names = []
    for name, number in document:
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError(f"{name!r}: {number!r}")
        names.append((name, number))
    return names


def _from_lines(text: str) -> list[tuple[str, int]]:
    """Read a table of either program, without its comments."""
    names = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        snap, table = SNAP_LINE.match(line), TABLE_LINE.match(line)
        if snap:
            names.append((snap.group(2), int(snap.group(1))))
        elif table:
            names.append((table.group(2).replace("_", " "), int(table.group(1))))
        else:
            raise ValueError(f"the line {line.strip()[:80]!r}")
    return names
