"""What a request wants of a file of structures, and what it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import StructureRefusedError
from navigator.model.anatomy import LabelMap, Role, structure_from_name

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.findings import Finding

    Wanted = int | str | list[int] | list[int | str]

RANK = {Role.LESION: 0, Role.OBSTACLE: 1, Role.TARGET_ORGAN: 2, Role.BODY: 3}
"""Who keeps a voxel of two structures: the lesion, then what a needle must keep clear of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedLabels:
    """Structures on a scan, and what was seen while they came in.

    Parameters
    ----------
    labels : LabelMap
        On the scan's grid.
    findings : tuple of Finding
        Notes, and things that a person has to confirm.
    """

    labels: LabelMap
    findings: tuple[Finding, ...]


def each_of(wanted: Wanted) -> list[int | str]:
    """List what makes up a structure.

    Parameters
    ----------
    wanted : int, str or list of them
        As in the request.

    Returns
    -------
    list of int or str
        Numbers and names.
    """
    return [wanted] if isinstance(wanted, int | str) else list(wanted)


def role_of(name: str, lesions: tuple[str, ...]) -> Role:
    """Give the role that decides who wins.

    Parameters
    ----------
    name : str
        Of the structure in the request.
    lesions : tuple of str
        Names that are lesions whatever they are called.

    Returns
    -------
    Role
        Key of `RANK`.
    """
    return Role.LESION if name in lesions else structure_from_name(name, (1,)).role


def named_twice(path: Path, first: str, second: str, got: str) -> StructureRefusedError:
    """Refuse two names for one structure: one of the two would be the other.

    Parameters
    ----------
    path : Path
        The file.
    first, second : str
        Names in the request.
    got : str
        What both lead to.

    Returns
    -------
    StructureRefusedError
        To be raised.
    """
    return StructureRefusedError(
        code="structure-named-twice",
        what=f"{first!r} and {second!r} are one structure of the file",
        where=str(path),
        expected="each structure of the file given to one name",
        got=got,
        next_step="look the names up in the segmentation and correct `labels`",
    )
