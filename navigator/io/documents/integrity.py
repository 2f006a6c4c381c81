"""A hash over each section of a document and one over all: what was changed is found and named."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from navigator.errors import InputRefusedError
from navigator.io.documents.jsontext import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INTEGRITY = "integrity"
ALGORITHM = "sha256-sections-1"
PRINTED_ONLY = frozenset({"seconds", "kept_earlier", "stale_output"})
"""Fields that a command adds when it prints a document: no part of it, never read back."""


class _Number(str):
    """A number as it is written: `1e-05` and `1E-05` are two texts, and one of them was changed."""

    __slots__ = ()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Round a document to what is written of it, and add the hashes of its sections.

    Parameters
    ----------
    document : mapping
        With ``schema``; an earlier seal is replaced.

    Returns
    -------
    dict
        The same with ``integrity`` as its last field.

    Raises
    ------
    InputRefusedError
        If a number is not finite.
    """
    content = {key: value for key, value in plain(document).items() if key != INTEGRITY}
    hashes = section_hashes(json.dumps(content))
    record = {"algorithm": ALGORITHM, "sections": hashes, "root": root_of(hashes)}
    return {**content, INTEGRITY: record}


def section_hashes(text: str | bytes) -> dict[str, str]:
    """Hash each top-level field of a JSON object, whatever its layout and order of keys.

    Parameters
    ----------
    text : str or bytes
        A JSON object.

    Returns
    -------
    dict of str to str
        SHA-256 by field name, in the order of names, without the seal itself.
    """
    content = json.loads(text, parse_float=_Number, parse_int=_Number)
    return {
        name: _sha256("section", f"{json.dumps(name)}:{_canonical(content[name])}")
        for name in sorted(content)
        if name != INTEGRITY
    }


def root_of(hashes: Mapping[str, str]) -> str:
    """Hash the names and hashes of all sections, the schema among them.

    Parameters
    ----------
    hashes : mapping of str to str
        SHA-256 by section.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return _sha256("root", json.dumps(dict(sorted(hashes.items()))))


def check_integrity(content: bytes, path: Path) -> str:
    """Refuse a sealed document of which anything was changed, and name the section.

    Parameters
    ----------
    content : bytes
        A JSON object with ``integrity``.
    path : Path
        Its file, for the message.

    Returns
    -------
    str
        The root: the name of this content.

    Raises
    ------
    InputRefusedError
        ``document-changed``, with the sections that differ.
    """
    try:
        hashes = section_hashes(content)
    except RecursionError as error:
        raise _changed(path, "the document", "lists in lists without end") from error
    record = json.loads(content)[INTEGRITY]
    stored = record.get("sections") if isinstance(record, dict) else None
    if not isinstance(stored, dict) or set(record) != {"algorithm", "sections", "root"}:
        raise _changed(path, INTEGRITY, "its record of hashes cannot be read")
    found = {name: each for name, each in hashes.items() if _counts(name, stored)}
    differing = sorted(name for name in {*stored, *found} if stored.get(name) != found.get(name))
    if root_of(found) == record["root"] and (differing or record["algorithm"] != ALGORITHM):
        raise _changed(path, INTEGRITY, "the record of hashes itself, not the content")
    if differing:
        raise _changed(path, ", ".join(differing), _how(differing, stored, found))
    if record["algorithm"] != ALGORITHM or root_of(found) != record["root"]:
        raise _changed(path, INTEGRITY, "the hash over all sections")
    return str(record["root"])


def _counts(name: str, stored: Mapping[str, str]) -> bool:
    """Tell whether a field is part of the document, or was added in printing it."""
    return name in stored or name not in PRINTED_ONLY


def _how(differing: list[str], stored: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Say of each section whether it is new, gone or other than it was."""
    words = []
    for name in differing:
        how = "added" if name not in stored else "missing" if name not in found else "changed"
        words.append(f"`{name}` {how}")
    return ", ".join(words)[:300]


def _canonical(value: Any) -> str:  # noqa: ANN401 - JSON holds values of any kind
    """Write a value without layout, keys in order, numbers as they were written."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        rows = (f"{json.dumps(key)}:{_canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(rows) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return json.dumps(value)


def _sha256(kind: str, text: str) -> str:
    """Hash a text under a name of its own, so that a section never passes for a root."""
    return hashlib.sha256(f"navigator {kind} 1\n{text}".encode()).hexdigest()


def _changed(path: Path, sections: str, got: str) -> InputRefusedError:
    return InputRefusedError(
        code="document-changed",
        what="The document is not as it was written: a bit was lost, or somebody edited it",
        where=f"{path}: {sections}"[:500],
        expected="every section with the hash that was written with it",
        got=got,
        next_step="make it again with the command that writes it, or take a sound copy: the folder "
        "`earlier` beside it holds the versions before",
    )
