"""JSON as it goes to disk: fixed order, finite numbers, the same bytes for the same content."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import InputRefusedError
from navigator.io.saving import save_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DECIMALS = 9
"""Digits kept: a rotation stays a rotation (1e-6), and the last bits of a machine do not show."""


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
    return json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Round a document to what is written of it.

    Parameters
    ----------
    document : mapping
        As for :func:`json_text`.

    Returns
    -------
    dict
        Of plain values: reading the file back gives exactly these.

    Raises
    ------
    InputRefusedError
        If a number is not finite.
    """
    rounded: dict[str, Any] = _plain(dict(document), "")
    return rounded


def save_json(
    document: Mapping[str, Any], path: Path, *, keep_earlier: bool = False
) -> Path | None:
    """Write a document as a whole or not at all.

    Parameters
    ----------
    document : mapping
        As for :func:`json_text`.
    path : Path
        Where it shall be; replaced if there.
    keep_earlier : bool
        Whether a file that is replaced is kept in the folder ``earlier`` beside it.

    Returns
    -------
    Path or None
        Where the earlier file is kept; None where there was none, or the same.

    Raises
    ------
    InputRefusedError
        If a number is not finite: nothing is written.
    FileRefusedError
        If the file cannot be written.
    """
    return save_text(json_text(document), path, keep_earlier=keep_earlier)


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
