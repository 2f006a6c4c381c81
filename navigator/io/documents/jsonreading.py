"""JSON as it comes from disk: strict, finite, each key once, of a size that a document has."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.caps import check_regular_file

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_DOCUMENT_BYTES = 64 * 1024 * 1024
"""A plan or registration is some kilobytes; more is another kind of file."""


def read_document_bytes(path: Path) -> bytes:
    """Read a document that a person or another program wrote.

    Parameters
    ----------
    path : Path
        A JSON or CSV file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    FileRefusedError
        If it is not there, cannot be read, or is far too large.
    """
    check_regular_file(path, LARGEST_DOCUMENT_BYTES)
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileRefusedError(
            code="unreadable-file",
            what="The file cannot be read",
            where=str(path),
            expected="a file that is there and may be read",
            got=str(error.strerror or error),
            next_step="correct the path",
        ) from error


def load_json(path: Path, schema: str) -> dict[str, Any]:
    """Read a JSON document of one schema.

    Parameters
    ----------
    path : Path
        The file.
    schema : str
        The schema name that it has to carry, e.g. ``registration/1``.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    FileRefusedError
        If it is not there, or not JSON with finite numbers and each key once.
    InputRefusedError
        If it is of another schema.
    """
    document = parsed(read_document_bytes(path), path)
    found = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(document, dict) or found != schema:
        raise InputRefusedError(
            code="unknown-schema",
            what="The document is of another kind or version",
            where=f"{path}: schema",
            expected=repr(schema),
            got=repr(found),
            next_step="give the right file, or update this software if the file is newer",
        )
    return document


def schema_of(path: Path) -> str:
    """Tell of which schema a JSON document is.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        Its schema name; empty where it has none.

    Raises
    ------
    FileRefusedError
        If it is not there or not JSON.
    """
    document = parsed(read_document_bytes(path), path)
    return str(document.get("schema", "")) if isinstance(document, dict) else ""


def parsed(content: bytes, path: Path) -> Any:  # noqa: ANN401 - JSON holds values of any kind
    """Parse JSON without NaN, without infinity and without a key that stands twice.

    Parameters
    ----------
    content : bytes
        Of a document.
    path : Path
        Its file, for the message.

    Returns
    -------
    object
        Its content.

    Raises
    ------
    FileRefusedError
        If it is not such JSON.
    """
    try:
        return json.loads(
            content,
            parse_constant=_refused_constant,
            parse_float=_finite,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as error:
        raise FileRefusedError(
            code="not-json",
            what="The file is not valid JSON",
            where=str(path),
            expected="a JSON document of finite numbers, each key once",
            got=str(error)[:200],
            next_step="write the file again with the command that makes it",
        ) from error


def _refused_constant(text: str) -> float:
    """Refuse NaN and infinity, which JSON does not have."""
    raise ValueError(f"{text} is not a number in JSON")


def _finite(text: str) -> float:
    """Refuse a number that is written with digits and still infinite: 1e999."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: which of the two was meant is unknown."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError(f"a key stands twice among {sorted(keys)[:20]}")
    return dict(pairs)
