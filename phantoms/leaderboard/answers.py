"""What a method answers, read strictly: half an answer is none."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import MethodRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POINT_HEADER = ["label", "x_mm", "y_mm", "z_mm"]
MOST_BYTES = 64_000_000
"""Longer answers are not answers."""
MOST = 1e5
"""No number of an answer is larger: no place in a patient is 100 m away from another."""
LEAST_LENGTH = 1e-6
"""A shorter direction points nowhere."""


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
        If it is no such file, a number is none or beyond 100 m, or a label stands twice.
    """
    try:
        text = io.StringIO(_read(path).decode("utf-8-sig"), newline="")
        rows = [row for row in csv.reader(text) if row]
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
    """Take a point (3,) out of the rest of its row, millimetres."""
    numbers = [float(word) for word in words]
    if not _has_shape(numbers, (3,)):
        raise ValueError(f"a row with {words}"[:200])
    return frozen_floats(numbers, (3,), "point")


def _read(path: Path) -> bytes:
    """Read a file whole, unless it is too long or none: opening a pipe would wait for ever."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path.name}")
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    return content


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
        content = json.loads(_read(path), parse_constant=_no_number)
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
        If they are missing, of another count, no numbers, or beyond :data:`MOST`.

    Examples
    --------
    >>> numbers_in({"tip_lps_mm": [1, 2.5, -3]}, "tip_lps_mm", (3,))
    array([ 1. ,  2.5, -3. ])
    """
    value = answer.get(key)
    if not _has_shape(value, shape):
        expected = f"numbers of shape {shape}, none beyond {MOST:.0f}"
        raise refused_answer(key, expected, repr(value)[:80])
    return frozen_floats(np.asarray(value, dtype=np.float64), shape, key)


def direction_in(answer: Mapping[str, Any], key: str) -> Floats:
    """Take a direction out of an answer.

    Parameters
    ----------
    answer : mapping
        An object within the answer.
    key : str
        Name of the entry.

    Returns
    -------
    (3,) array
        Of length 1, read-only.

    Raises
    ------
    MethodRefusedError
        If it is no three numbers, or they point nowhere.

    Examples
    --------
    >>> direction_in({"axis_lps": [0, 0, 2]}, "axis_lps")
    array([0., 0., 1.])
    """
    way = numbers_in(answer, key, (3,))
    length = float(np.linalg.norm(way))
    if not length > LEAST_LENGTH:
        raise refused_answer(key, f"a direction longer than {LEAST_LENGTH}", repr(way.tolist()))
    return frozen_floats(way / length, (3,), key)


def objects_in(answer: Mapping[str, Any], key: str, *, most: int) -> list[dict[str, Any]]:
    """Take a list of objects out of an answer.

    Parameters
    ----------
    answer : mapping
        The answer.
    key : str
        Name of the entry.
    most : int
        More of them are no answer.

    Returns
    -------
    list of dict
        As they stand there; it may be empty.

    Raises
    ------
    MethodRefusedError
        If it is no list, too long a one, or holds anything but objects.

    Examples
    --------
    >>> objects_in({"needles": [{"tip_lps_mm": [0, 0, 0]}]}, "needles", most=5)
    [{'tip_lps_mm': [0, 0, 0]}]
    """
    listed = answer.get(key)
    if isinstance(listed, list) and len(listed) <= most:
        objects = [each for each in listed if isinstance(each, dict)]
        if len(objects) == len(listed):
            return objects
    raise refused_answer(key, f"a list of at most {most} objects", repr(listed)[:80])


def _has_shape(value: Any, shape: tuple[int, ...]) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Tell whether a value is numbers of a shape, none of them true, infinite or beyond reason."""
    if shape:
        is_row = isinstance(value, list) and len(value) == shape[0]
        return is_row and all(_has_shape(each, shape[1:]) for each in value)
    # in Python true is an integer, and an integer may have hundreds of digits
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST


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
