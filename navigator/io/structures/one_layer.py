"""The structures of a request out of a label map of one layer: none of them overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.slice_shifts import shift_slices
from navigator.io.structures.entries import choose_entry, empty_structure, label_not_there
from navigator.io.structures.label_images import covers_scan, labels_on_scan
from navigator.io.structures.label_reading import labels_in
from navigator.io.structures.on_scan import (
    TILTED_SLICES,
    changed_findings,
    lost_findings,
    not_on_scan,
)
from navigator.io.structures.requested import LoadedLabels, each_of, named_twice
from navigator.model.anatomy import LabelMap, Structure, structure_from_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.arrays import Labels
    from navigator.io.findings import Finding
    from navigator.io.structures.entries import StructureFile
    from navigator.io.structures.label_reading import LabelImage
    from navigator.io.structures.requested import Wanted
    from navigator.model.volume import Grid


def from_one_layer(
    file: StructureFile,
    image: LabelImage,
    labels: Mapping[str, Wanted],
    grid: Grid,
    twin: Grid | None,
) -> LoadedLabels:
    """Take the labels as they are, or carry them from the other voxels of a tilted scan.

    Parameters
    ----------
    file : StructureFile
        Opened.
    image : LabelImage
        The same file, of one layer.
    labels : mapping of str to int, str or list of them
        Names of the structures in the request, and the numbers or names in the file.
    grid : Grid
        Of the scan.
    twin : Grid or None
        The scan's other voxels, where it is tilted.

    Returns
    -------
    LoadedLabels
        On the scan's grid.

    Raises
    ------
    GeometryRefusedError
        If its voxels are neither those of `grid` nor those of `twin`.
    StructureRefusedError
        If a structure is not there, or two names lead to one label.
    """
    is_carried = twin is not None and covers_scan(image, twin) and not covers_scan(image, grid)
    drawn_on = twin if is_carried and twin is not None else grid
    if twin is not None and not is_carried and not covers_scan(image, grid):
        raise not_on_scan(file.path, image.grid, twin if grid.is_rectilinear else grid)
    values = labels_on_scan(file.path, image, drawn_on)
    structures = _structures(file, image, labels, labels_in(values))
    labelled = LabelMap(values=values, grid=drawn_on, structures=structures)
    if not is_carried:
        return LoadedLabels(labels=labelled, findings=image.beside.findings)
    carried = _carried(file, labelled, grid)
    return replace(carried, findings=(*image.beside.findings, *carried.findings))


def _structures(
    file: StructureFile, image: LabelImage, labels: Mapping[str, Wanted], present: list[int]
) -> tuple[Structure, ...]:
    """Find the label values of each structure among those that are there."""
    structures = []
    for name, wanted in labels.items():
        numbers = tuple(
            one if isinstance(one, int) else choose_entry(file, one, name).number
            for one in each_of(wanted)
        )
        absent = sorted(set(numbers) - set(present))
        if absent or not numbers:
            named = [entry.words for entry in image.entries if entry.name]
            raise label_not_there(file.path, name, str(absent), [*map(str, present), *named])
        structures.append(structure_from_name(name, numbers))
    if not all(isinstance(one, int) for wanted in labels.values() for one in each_of(wanted)):
        _check_told_apart(file.path, structures)
    return tuple(structures)


def _check_told_apart(path: Path, structures: list[Structure]) -> None:
    """Refuse names that lead to one label: one of the structures would be the other."""
    owner: dict[int, str] = {}
    for structure in structures:
        for label in set(structure.labels):
            if label in owner:
                raise named_twice(path, owner[label], structure.name, str(label))
            owner[label] = structure.name


def _carried(file: StructureFile, drawn: LabelMap, grid: Grid) -> LoadedLabels:
    """Carry labels to the other voxels of their scan, and say what that changed."""
    shifted = shift_slices(drawn.values, drawn.grid, grid)
    named = {label for structure in drawn.structures for label in structure.labels}
    before, after = _counts(drawn.values), _counts(shifted.values)
    findings: list[Finding] = []
    for label, count in before.items():
        entry = next(each for each in file.entries if each.number == label)
        source_ml, kept_ml = (
            n * grid.voxel_volume_mm3 / 1000.0 for n in (count, after.get(label, 0))
        )
        if label in named and label not in after:
            raise empty_structure(file.path, entry, f"{source_ml:.3g} ml, none of it on the scan")
        moved_mm = shifted.moved_mm(shifted.values == label)
        findings += changed_findings(entry, kept_ml, kept_ml, moved_mm, TILTED_SLICES)
        findings += lost_findings(entry, source_ml, kept_ml)
    labelled = LabelMap(values=shifted.values, grid=grid, structures=drawn.structures)
    return LoadedLabels(labels=labelled, findings=tuple(findings))


def _counts(values: Labels) -> dict[int, int]:
    """Count the voxels (k, j, i) of each label."""
    labels, counts = np.unique(values, return_counts=True)
    return {int(k): int(n) for k, n in zip(labels, counts, strict=True) if k > 0}
