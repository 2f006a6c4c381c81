"""Text files of ITK transforms (.tfm, .txt), read by code of this package, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.io.caps import MOST_TRANSFORM_BYTES, check_regular_file
from navigator.io.textheader import header_lines, real_numbers
from navigator.io.transforms.itk_motions import ItkTransform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST_LINE = "#Insight Transform File V1.0"
COMPOSITE = "CompositeTransform"
FIELDS = ("Transform", "Parameters", "FixedParameters")


def read_itk_text(path: Path) -> tuple[ItkTransform, ...]:
    """Read the transforms of a text file.

    Parameters
    ----------
    path : Path
        .tfm or .txt.

    Returns
    -------
    tuple of ItkTransform
        The one applied last stands first, as in a composite of ITK.

    Raises
    ------
    FileRefusedError
        If it is no file, or far too long for rigid transforms.
    ValueError
        If a line is not of the format, or it holds several transforms that are no composite.
    """
    check_regular_file(path, MOST_TRANSFORM_BYTES)
    lines = header_lines(path.read_bytes())
    if not lines or lines[0].strip() != FIRST_LINE:
        raise ValueError(f"the first line is not {FIRST_LINE!r}")
    found = list(_transforms(lines[1:]))
    is_composite = bool(found) and found[0].name == COMPOSITE
    parts = tuple(found[1:] if is_composite else found)
    if not parts or (len(parts) > 1 and not is_composite):
        raise ValueError(f"{len(found)} transforms where one, or a composite, belongs")
    return parts


def _transforms(lines: list[str]) -> Iterator[ItkTransform]:
    """Read one transform after the other."""
    fields: dict[str, str] = {}
    for line in (*lines, "Transform: end"):
        if not line.strip() or line.startswith("#"):
            continue
        name, found, value = line.partition(":")
        if not found or name not in FIELDS:
            raise ValueError(f"the line {line[:60]!r} is none of the format")
        if name == "Transform" and fields:
            yield _transform(fields)
            fields = {}
        if name in fields or (name != "Transform" and not fields):
            raise ValueError(f"{name} stands twice, or before its transform")
        fields[name] = value.strip()


def _transform(fields: dict[str, str]) -> ItkTransform:
    """Put the lines of one transform together: all three, but for a composite, which has one."""
    is_composite = fields["Transform"].startswith(COMPOSITE)
    if len(fields) != (1 if is_composite else len(FIELDS)):
        raise ValueError(f"{fields['Transform'][:60]} has not the lines that it should have")
    numbers = (fields.get(name, "") for name in FIELDS[1:])
    parameters, fixed = (real_numbers(text, len(text.split()), "a transform") for text in numbers)
    return ItkTransform.from_name(fields["Transform"], parameters, fixed)
