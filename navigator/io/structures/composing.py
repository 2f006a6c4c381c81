"""The structures of a request on one scan: one label a voxel, and who wins where two overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import InputRefusedError, NavigatorError, StructureRefusedError
from navigator.io.findings import Finding, Severity
from navigator.io.images import image_suffix
from navigator.io.structures.entries import choose_entry
from navigator.io.structures.label_images import covers_scan
from navigator.io.structures.label_reading import read_label_image
from navigator.io.structures.loading import draw_structure, open_structures
from navigator.io.structures.one_layer import from_one_layer
from navigator.io.structures.requested import RANK, LoadedLabels, each_of, named_twice, role_of
from navigator.model.anatomy import LabelMap, Role, structure_from_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.arrays import Booleans, Labels
    from navigator.io.identity import PatientIdentity
    from navigator.io.structures.entries import StructureEntry, StructureFile
    from navigator.io.structures.requested import Wanted
    from navigator.model.volume import Grid

EXPECTED = {(Role.LESION, Role.TARGET_ORGAN)}
"""A lesion lies in its organ, and everything in the body: nobody has to confirm that."""
FILLS_NOTHING = frozenset({"empty-structure", "no-closed-outline"})
"""Refusals of structures that leave no place free by being left out."""


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


def load_structures(  # noqa: PLR0913 - the file, what is wanted of it, and the scan
    path: Path,
    labels: Mapping[str, Wanted],
    grid: Grid,
    *,
    lesions: tuple[str, ...] = (),
    patient: PatientIdentity | None = None,
    twin: Grid | None = None,
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
    twin : Grid, optional
        Other voxels of a tilted scan: the sheared ones that it was read with where `grid` is
        upright, or the other way round. What was drawn on them is carried to `grid`.

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
        on_twin = twin is not None and covers_scan(image, twin)
        whole = covers_scan(image, grid) or on_twin or not image.has_segments
        if len(image.layers) == 1 and whole:
            return from_one_layer(file, image, labels, grid, twin)
    return _from_many(file, labels, grid, lesions=lesions, patient=patient, twin=twin)


def _from_many(  # noqa: PLR0913 - as above
    file: StructureFile,
    labels: Mapping[str, Wanted],
    grid: Grid,
    *,
    lesions: tuple[str, ...],
    patient: PatientIdentity | None,
    twin: Grid | None,
) -> LoadedLabels:
    """Draw structures one by one and lay them into one map, the first in rank on top."""
    entries = {
        name: [choose_entry(file, one, name) for one in each_of(wanted)]
        for name, wanted in labels.items()
    }
    named = _named_once(file, entries)
    findings: list[Finding] = list(file.findings)
    canvas = _Canvas(file, grid)
    ranked = sorted(entries, key=lambda name: RANK[role_of(name, lesions)])
    for name in ranked:
        members = np.zeros(grid.shape_kji, dtype=np.bool_)
        for entry in entries[name]:
            loaded = draw_structure(file, entry, grid, patient, twin=twin)
            members |= loaded.mask.members
            findings += loaded.findings
        canvas.lay(name, role_of(name, lesions), members)
    for entry in file.entries:
        if entry not in named:
            findings += canvas.lay_unnamed(entry, patient, twin)
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
                raise named_twice(file.path, owner[entry], name, entry.words)
            owner[entry] = name
    return set(owner)


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
        self, entry: StructureEntry, patient: PatientIdentity | None, twin: Grid | None
    ) -> tuple[Finding, ...]:
        """Lay a structure that the request does not name where nothing else is."""
        try:
            loaded = draw_structure(self.file, entry, self.grid, patient, twin=twin)
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
