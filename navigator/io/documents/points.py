"""Named points as CSV: ``label,x_mm,y_mm,z_mm`` in LPS of one scan."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats
from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.documents.jsonreading import read_document_bytes
from navigator.io.saving import save_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

HEADER = ["label", "x_mm", "y_mm", "z_mm"]
DECIMALS = 6
"""A nanometre: far below any scan, and short enough to read."""


def load_points_csv(path: Path) -> tuple[tuple[str, ...], Floats]:
    """Read named points.

    Parameters
    ----------
    path : Path
        CSV file with the header ``label,x_mm,y_mm,z_mm``.

    Returns
    -------
    labels : tuple of str
        Names, in order.
    points_mm : (n, 3) array
        LPS millimetres of the scan that the file belongs to.

    Raises
    ------
    FileRefusedError
        If the file is not there or not text.
    InputRefusedError
        If the header is another, a row is not a name and three numbers, or there is no row.
    """
    try:
        text = read_document_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefusedError(
            code="not-text",
            what="The points are not a text file",
            where=str(path),
            expected="CSV in UTF-8",
            got=str(error),
            next_step="export the points as CSV",
        ) from error
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise _refused(path, "the file", "rows of comma-separated values", str(error)) from error
    if not rows or [cell.strip() for cell in rows[0]] != HEADER:
        raise _refused(path, "line 1", ",".join(HEADER), ",".join(rows[0]) if rows else "nothing")
    if len(rows) == 1:
        raise _refused(path, "the file", "one point or more", "a header alone")
    points = [_numbers(path, number, row) for number, row in enumerate(rows[1:], start=2)]
    labels = tuple(row[0].strip() for row in rows[1:])
    return labels, frozen_floats(points, (None, 3), "points_mm")


def save_points_csv(path: Path, labels: Sequence[str], points_mm: ArrayLike) -> None:
    """Write named points as a whole or not at all.

    Parameters
    ----------
    path : Path
        Where the file shall be; replaced if there.
    labels : sequence of str
        Names, in order.
    points_mm : (n, 3) array
        LPS millimetres.

    Raises
    ------
    ValueError
        If there are not as many names as points, or a number is not finite.
    FileRefusedError
        If the file cannot be written.
    """
    points = frozen_floats(points_mm, (None, 3), "points_mm")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for label, point in zip(labels, np.round(points, DECIMALS) + 0.0, strict=True):
        writer.writerow([label, *(f"{value:.{DECIMALS}f}" for value in point)])
    save_text(text.getvalue(), path)


def _numbers(path: Path, line: int, row: list[str]) -> list[float]:
    """Read the three numbers of a row."""
    try:
        numbers = [float(cell) for cell in row[1:]]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        raise _refused(path, f"row {line}", "a label and three finite numbers", ",".join(row))
    return numbers


def _refused(path: Path, where: str, expected: str, got: str) -> InputRefusedError:
    """Refuse a file of points."""
    return InputRefusedError(
        code="invalid-points",
        what="The points cannot be read",
        where=f"{path}: {where}",
        expected=expected,
        got=got[:200],
        next_step="correct the file; numbers have a point, not a comma, before the decimals",
    )
