"""What a method answers, read strictly: half an answer is none."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import MethodRefusedError, ShapeRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POINT_HEADER = ["label", "x_mm", "y_mm", "z_mm"]
MOST_BYTES = 64_000_000
"""Longer answers are not answers."""


def load_points(path: Path) -> dict[str, Floats]:
    """Read labelled points.

    Parameters
    ----------
    path : Path
        CSV with the header ``label,x_mm,y_mm,z_mm``, LPS of the scan that it belongs to.

    Returns
    -------
    dict of str to (3,) array
        Label to place, millimetres.

    Raises
    ------
    MethodRefusedError
        If it is no such file, or a label stands twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if row]
        points = {label: _place(rest) for label, *rest in rows[1:]}
    except (OSError, ValueError, csv.Error) as error:
        raise refused_answer(path, ",".join(POINT_HEADER), str(error)) from error
    if not rows or [word.strip() for word in rows[0]] != POINT_HEADER:
        head = ",".join(rows[0]) if rows else "nothing"
        raise refused_answer(path, f"the header {','.join(POINT_HEADER)}", head)
    if len(points) < len(rows) - 1:
        raise refused_answer(path, "every label once", "a label that stands twice")
    return points


def _place(words: list[str]) -> Floats:
    numbers = [float(word) for word in words]
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"a row with {words}")
    return frozen_floats(numbers, (3,), "point")


def load_answer(path: Path) -> dict[str, Any]:
    """Read an answer in JSON.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        The object in it.

    Raises
    ------
    MethodRefusedError
        If it is no JSON object, or holds NaN.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
        # of a longer one the end is missing, and that is no JSON
        content = json.loads(text[:MOST_BYTES], parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        raise refused_answer(path, "one JSON object", str(error)[:200]) from error
    if not isinstance(content, dict):
        raise refused_answer(path, "one JSON object", type(content).__name__)
    return content


def _no_number(word: str) -> float:
    raise ValueError(f"{word} among the numbers")


def numbers_in(answer: Mapping[str, Any], key: str, shape: tuple[int, ...]) -> Floats:
    """Take numbers out of an answer.

    Parameters
    ----------
    answer : mapping
        The answer, or an object within it.
    key : str
        Name of the entry.
    shape : tuple of int
        How many there have to be; ``()`` for one number.

    Returns
    -------
    array of `shape`
        Read-only.

    Raises
    ------
    MethodRefusedError
        If they are missing, or of another count.
    """
    value = answer.get(key)
    try:
        return frozen_floats(np.asarray(value, dtype=np.float64), shape, key)
    except (TypeError, ValueError, ShapeRefusedError) as error:
        got = json.dumps(value)[:80]
        raise refused_answer(key, f"numbers of shape {shape}", got) from error


def refused_answer(where: Path | str, expected: str, got: str) -> MethodRefusedError:
    """Refuse an answer that cannot be scored.

    Parameters
    ----------
    where : Path or str
        The file, or the entry of the answer.
    expected, got : str
        The two that do not agree.

    Returns
    -------
    MethodRefusedError
        To be raised.
    """
    return MethodRefusedError(
        "The answer of the method cannot be scored",
        where=str(where),
        expected=expected,
        got=got,
        next_step="let the method write what docs/how_to/enter_the_leaderboard.md asks for",
    )
