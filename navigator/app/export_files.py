"""The list of what an export writes, and the structures that go into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from navigator.ablation.zone_masks import mask_from_zone
from navigator.app.margin_masks import PLANNED_ZONE
from navigator.io.structure_codes import (
    ABLATION_ZONE,
    CodedStructure,
    coded_structures,
    kept_structures,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from navigator.app.export_inputs import ExportCase

NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_STEM = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoseObjects:
    """Under which name objects go out, and with which date.

    Parameters
    ----------
    is_identified : bool
        Whether the patient's own identity is kept.
    pseudonym : str or None
        Name in its place; None makes one from the scan's content.
    made : datetime or None
        When they were made; None dates nothing, so that equal plans are equal bytes.
    """

    is_identified: bool = False
    pseudonym: str | None = field(default=None, repr=False)
    made: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """One file of an export.

    Parameters
    ----------
    path : str
        In the folder of the export.
    kind, opens_in : str
        What it is, and what opens it.
    """

    path: str
    kind: str
    opens_in: str


@dataclass(frozen=True, slots=True)
class Written:
    """What an export has written so far, and what it left out.

    Parameters
    ----------
    folder : Path
        Where it is being written.
    files : list of ExportedFile
        In the order of writing.
    left_out : list of (str, str)
        What, and why.
    """

    folder: Path
    files: list[ExportedFile] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str, kind: str, opens_in: str, save: Callable[[Path], None]) -> None:
        """Write one file and note it.

        Parameters
        ----------
        path : str
            In the folder.
        kind, opens_in : str
            What it is, and what opens it.
        save : callable of Path
            Writes it.
        """
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        save(place)
        self.files.append(ExportedFile(path=path, kind=kind, opens_in=opens_in))

    def leave_out(self, what: str, why: str) -> None:
        """Note what was not written.

        Parameters
        ----------
        what, why : str
            For a person.
        """
        self.left_out.append((what, why))


def exported_structures(case: ExportCase) -> tuple[tuple[CodedStructure, ...], tuple[str, ...]]:
    """List the structures of a plan, and the zones of its needles.

    Parameters
    ----------
    case : ExportCase
        Plan, scan and label map.

    Returns
    -------
    structures : tuple of CodedStructure
        With a voxel each.
    empty : tuple of str
        Names of those without.
    """
    found = [] if case.labels is None else [*coded_structures(case.labels)]
    grid = case.planning.scan.volume.grid
    found += [
        CodedStructure(
            name=f"{PLANNED_ZONE} {needle.name}",
            mask=mask_from_zone(needle.zone, grid),
            code=ABLATION_ZONE,
        )
        for needle in case.plan.needles
        if needle.zone is not None
    ]
    return kept_structures(found)


def file_stem(number: int, name: str) -> str:
    """Make a file name that every system takes.

    Parameters
    ----------
    number : int
        Makes it unique.
    name : str
        Any words.

    Returns
    -------
    str
        Letters, digits, dashes and underscores.

    Examples
    --------
    >>> file_stem(2, "left lobe/../Ü")
    '02_left_lobe'
    """
    plain = NOT_IN_A_NAME.sub("_", name)[:LONGEST_STEM].strip("_")
    return f"{number:02d}_{plain}" if plain else f"{number:02d}"
