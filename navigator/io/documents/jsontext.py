"""JSON as it goes to disk: fixed order, finite numbers, one schema name at the top."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.caps import check_regular_file
from navigator.io.saving import save_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DECIMALS = 9
"""Digits kept: a rotation stays a rotation (1e-6), and the last bits of a machine do not show."""
LARGEST_DOCUMENT_BYTES = 64 * 1024 * 1024
"""A plan or registration is some kilobytes; more is another kind of file."""


def json_text(document: Mapping[str, Any]) -> str:
    """Write a document as JSON text, the same bytes for the same content.

    Parameters
    ----------
    document : mapping
        Of strings, numbers, arrays, sequences and mappings, in the order to be written.

    Returns
    -------
    str
        Indented JSON with a newline at its end.

    Raises
    ------
    InputRefusedError
        If a number is not finite.

    Examples
    --------
    >>> print(json_text({"depth_mm": 81.25000000001}), end="")
    {
      "depth_mm": 81.25
    }
    """
    return json.dumps(_plain(document, ""), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def save_json(document: Mapping[str, Any], path: Path) -> None:
    """Write a document as a whole or not at all.

    Parameters
    ----------
    document : mapping
        As for :func:`json_text`.
    path : Path
        Where it shall be; replaced if there.

    Raises
    ------
    InputRefusedError
        If a number is not finite: nothing is written.
    FileRefusedError
        If the file cannot be written.
    """
    save_text(json_text(document), path)


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
    document = _parsed(path)
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
    document = _parsed(path)
    return str(document.get("schema", "")) if isinstance(document, dict) else ""


def _parsed(path: Path) -> Any:  # noqa: ANN401 - JSON holds values of any kind
    """Parse JSON without NaN and without a key that stands twice."""
    content = read_document_bytes(path)
    try:
        return json.loads(content, parse_constant=_refused_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FileRefusedError(
            code="not-json",
            what="The file is not valid JSON",
            where=str(path),
            expected="a JSON document without NaN, each key once",
            got=str(error)[:200],
            next_step="write the file again with the command that makes it",
        ) from error


def _refused_constant(text: str) -> float:
    """Refuse NaN and infinity, which JSON does not have."""
    raise ValueError(f"{text} is not a number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: which of the two was meant is unknown."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError(f"a key stands twice among {sorted(keys)[:20]}")
    return dict(pairs)


def _plain(value: Any, where: str) -> Any:  # noqa: ANN401 - JSON holds values of any kind
    """Turn arrays and numpy numbers into plain ones, rounded, and refuse what is not finite."""
    if isinstance(value, dict):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise InputRefusedError(
            code="not-finite",
            what="A document must not hold a number that is none",
            where=where.lstrip("."),
            expected="a finite number",
            got=str(value),
            next_step="report this as a defect, with the input",
        )
    # adding zero turns -0.0 into 0.0, so that equal plans are equal bytes
    return round(value, DECIMALS) + 0.0
