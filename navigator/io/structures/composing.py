"""The structures of a request on one scan: one label a voxel, and who wins where two overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import InputRefusedError, NavigatorError, StructureRefusedError
from navigator.io.findings import Finding, Severity
from navigator.io.images import image_suffix
from navigator.io.structures.entries import choose_entry, label_not_there
from navigator.io.structures.label_images import covers_scan, labels_on_scan, open_label_image
from navigator.io.structures.label_reading import labels_in, read_label_image
from navigator.io.structures.loading import draw_structure, open_structures
from navigator.model.anatomy import LabelMap, Role, Structure, structure_from_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.arrays import Booleans, Labels
    from navigator.io.identity import PatientIdentity
    from navigator.io.structures.entries import StructureEntry, StructureFile
    from navigator.io.structures.label_reading import LabelImage
    from navigator.model.volume import Grid

    Wanted = int | str | list[int] | list[int | str]

RANK = {Role.LESION: 0, Role.OBSTACLE: 1, Role.TARGET_ORGAN: 2, Role.BODY: 3}
"""Who keeps a voxel of two structures: the lesion, then what a needle must keep clear of."""
EXPECTED = {(Role.LESION, Role.TARGET_ORGAN)}
"""A lesion lies in its organ, and everything in the body: nobody has to confirm that."""
FILLS_NOTHING = frozenset({"empty-structure", "no-closed-outline"})
"""Refusals of structures that leave no place free by being left out."""


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


def load_label_map(path: Path, labels: Mapping[str, Wanted], grid: Grid) -> LabelMap:
    """Read the structures of a scan; :func:`load_structures` tells what was seen as well.

    Parameters
    ----------
    path : Path
        As :func:`load_structures`.
    labels : mapping of str to int, str or list of them
        Names of the structures, and the label values or names that make each up.
    grid : Grid
        Of the scan.

    Returns
    -------
    LabelMap
        On the scan's grid.

    Raises
    ------
    InputRefusedError
        As :func:`load_structures`.
    """
    return load_structures(path, labels, grid).labels


def load_structures(
    path: Path,
    labels: Mapping[str, Wanted],
    grid: Grid,
    *,
    lesions: tuple[str, ...] = (),
    patient: PatientIdentity | None = None,
) -> LoadedLabels:
    """Read the structures of a request on the voxels of a scan.

    A label map whose axes run in another order or the other way is turned round without
    resampling. Structures of other files are drawn one by one; those that the request does not
    name come along without a name, for what was segmented is not free.

    Parameters
    ----------
    path : Path
        Label map, .seg.nrrd, DICOM SEG or RTSTRUCT.
    labels : mapping of str to int, str or list of them
        Names of the structures in the request, and the numbers or names in the file.
    grid : Grid
        Of the scan.
    lesions : tuple of str
        Names that are lesions whatever they are called.
    patient : PatientIdentity, optional
        The scan's.

    Returns
    -------
    LoadedLabels
        On the scan's grid.

    Raises
    ------
    FileRefusedError
        If the file is not there or not readable.
    GeometryRefusedError
        If its voxels or its frame of reference are not the scan's.
    StructureRefusedError
        If a structure is not there, empty, or hidden by others.
    """
    file = open_structures(path)
    if image_suffix(path):
        image = read_label_image(path)
        if len(image.layers) == 1 and (covers_scan(image, grid) or not image.has_segments):
            return _from_one_layer(path, image, labels, grid)
    return _from_many(file, labels, grid, lesions=lesions, patient=patient)


def _from_one_layer(
    path: Path, image: LabelImage, labels: Mapping[str, Wanted], grid: Grid
) -> LoadedLabels:
    """Take the labels as they are: in one layer none overlap."""
    values = labels_on_scan(path, image, grid)
    present = labels_in(values)
    file = open_label_image(path)
    structures = []
    for name, wanted in labels.items():
        numbers = tuple(
            one if isinstance(one, int) else choose_entry(file, one, name).number
            for one in _each(wanted)
        )
        absent = sorted(set(numbers) - set(present))
        if absent or not numbers:
            named = [entry.words for entry in image.entries if entry.name]
            raise label_not_there(path, name, str(absent), [*map(str, present), *named])
        structures.append(structure_from_name(name, numbers))
    if not all(isinstance(one, int) for wanted in labels.values() for one in _each(wanted)):
        _check_told_apart(path, structures)
    labelled = LabelMap(values=values, grid=grid, structures=tuple(structures))
    return LoadedLabels(labels=labelled, findings=image.beside.findings)


def _each(wanted: Wanted) -> list[int | str]:
    """List what makes up a structure."""
    return [wanted] if isinstance(wanted, int | str) else list(wanted)


def _check_told_apart(path: Path, structures: list[Structure]) -> None:
    """Refuse names that lead to one label: one of the structures would be the other."""
    owner: dict[int, str] = {}
    for structure in structures:
        for label in set(structure.labels):
            if label in owner:
                raise _same_twice(path, owner[label], structure.name, str(label))
            owner[label] = structure.name


def _same_twice(path: Path, first: str, second: str, got: str) -> StructureRefusedError:
    return StructureRefusedError(
        code="structure-named-twice",
        what=f"{first!r} and {second!r} are one structure of the file",
        where=str(path),
        expected="each structure of the file given to one name",
        got=got,
        next_step="look the names up in the segmentation and correct `labels`",
    )


def _from_many(
    file: StructureFile,
    labels: Mapping[str, Wanted],
    grid: Grid,
    *,
    lesions: tuple[str, ...],
    patient: PatientIdentity | None,
) -> LoadedLabels:
    """Draw structures one by one and lay them into one map, the first in rank on top."""
    entries = {
        name: [choose_entry(file, one, name) for one in _each(wanted)]
        for name, wanted in labels.items()
    }
    named = _named_once(file, entries)
    findings: list[Finding] = list(file.findings)
    canvas = _Canvas(file, grid)
    ranked = sorted(entries, key=lambda name: RANK[_role(name, lesions)])
    for name in ranked:
        members = np.zeros(grid.shape_kji, dtype=np.bool_)
        for entry in entries[name]:
            loaded = draw_structure(file, entry, grid, patient)
            members |= loaded.mask.members
            findings += loaded.findings
        canvas.lay(name, _role(name, lesions), members)
    for entry in file.entries:
        if entry not in named:
            findings += canvas.lay_unnamed(entry, patient)
    structures = tuple(structure_from_name(name, (canvas.label_of[name],)) for name in labels)
    labelled = LabelMap(values=canvas.values, grid=grid, structures=structures)
    unique = tuple(dict.fromkeys((*findings, *canvas.findings)))
    return LoadedLabels(labels=labelled, findings=unique)


def _named_once(
    file: StructureFile, entries: Mapping[str, list[StructureEntry]]
) -> set[StructureEntry]:
    """Gather the entries that have a name in the request, each under one."""
    owner: dict[StructureEntry, str] = {}
    for name, chosen in entries.items():
        for entry in set(chosen):
            if entry in owner:
                raise _same_twice(file.path, owner[entry], name, entry.words)
            owner[entry] = name
    return set(owner)


def _role(name: str, lesions: tuple[str, ...]) -> Role:
    """Give the role that decides who wins."""
    return Role.LESION if name in lesions else structure_from_name(name, (1,)).role


class _Canvas:
    """The map while structures are laid into it, the first on top."""

    def __init__(self, file: StructureFile, grid: Grid) -> None:
        self.file = file
        self.grid = grid
        self.values: Labels = np.zeros(grid.shape_kji, dtype=np.int32)
        self.label_of: dict[str, int] = {}
        self.findings: list[Finding] = []
        self._roles: dict[str, Role] = {}
        self._last = 0

    def lay(self, name: str, role: Role, members: Booleans) -> None:
        """Lay a structure (k, j, i) under those that are there, and say where it lies under one."""
        covered = members & (self.values > 0)
        for other, label in self.label_of.items():
            count = int((self.values[covered] == label).sum()) if covered.any() else 0
            pair = (self._roles[other], role)
            if count and role is not Role.BODY and pair not in EXPECTED:
                self.findings.append(_overlap(other, name, count))
        if not (members & ~covered).any():
            raise StructureRefusedError(
                code="structure-hidden",
                what=f"The structure {name!r} lies wholly under others",
                where=str(self.file.path),
                expected="a voxel that is its own",
                got=f"{int(members.sum())} voxels, all of them also in {', '.join(self.label_of)}",
                next_step="see which of the overlapping structures is meant, and leave one out",
            )
        self._last += 1
        self.values[members & ~covered] = self._last
        self.label_of[name] = self._last
        self._roles[name] = role

    def lay_unnamed(
        self, entry: StructureEntry, patient: PatientIdentity | None
    ) -> tuple[Finding, ...]:
        """Lay a structure that the request does not name where nothing else is."""
        try:
            loaded = draw_structure(self.file, entry, self.grid, patient)
        except NavigatorError as error:
            return (_not_drawn(entry, error),)
        self._last += 1
        self.values[loaded.mask.members & (self.values == 0)] = self._last
        return loaded.findings


def _overlap(upper: str, lower: str, count: int) -> Finding:
    return Finding(
        code="structures-overlap",
        severity=Severity.CONFIRM,
        what=f"{upper!r} and {lower!r} overlap; what lies in both was taken for {upper!r}",
        expected="structures that exclude each other",
        got=f"{count} voxels in both",
        next_step="look at both outlines; correct the one that is wrong",
    )


def _not_drawn(entry: StructureEntry, error: NavigatorError) -> Finding:
    """Say that a structure without a name was left out: what it fills now looks free."""
    is_empty = isinstance(error, InputRefusedError) and error.refusal.code in FILLS_NOTHING
    return Finding(
        code="unnamed-structure-left-out",
        severity=Severity.NOTE if is_empty else Severity.CONFIRM,
        what=f"{entry.words}, which the request does not name, was left out",
        expected="a structure that can be drawn on the scan",
        got=str(error).splitlines()[0],
        next_step="nothing, if a needle need not keep clear of it; else mend it",
    )
