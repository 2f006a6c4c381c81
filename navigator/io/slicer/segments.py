"""Structures as a .seg.nrrd: one file with names, colours and terms.

References
----------
3D Slicer developer guide, "Segmentations" (.seg.nrrd); NRRD0004, "definition of NRRD file format".
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.io.saving import replaced_when_complete

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navigator.arrays import Bytes
    from navigator.io.structure_codes import Code, CodedStructure
    from navigator.model.volume import Grid

MOST_IN_A_LAYER = 255
"""Label values that a byte holds."""


def save_segments(structures: Sequence[CodedStructure], path: Path) -> None:
    """Write structures; where they overlap, in as many layers as that takes.

    Parameters
    ----------
    structures : sequence of CodedStructure
        On one grid with axes at right angles.
    path : Path
        Ends in ``.seg.nrrd``; replaced if there.

    Raises
    ------
    StructureRefusedError
        If there is none.
    GeometryRefusedError
        If the grid is sheared, or they have several grids.
    FileRefusedError
        If the file cannot be written.
    """
    grid = _grid_of(structures, path)
    layers, places = _layers(structures)
    header = "\n".join([*_header(grid, len(layers)), *_fields(structures, places), "", ""])
    values = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    packed = gzip.compress(np.ascontiguousarray(values).tobytes(), compresslevel=1, mtime=0)
    with replaced_when_complete(path, ".seg.nrrd") as temporary:
        temporary.write_bytes(header.encode("utf-8") + packed)


def _grid_of(structures: Sequence[CodedStructure], path: Path) -> Grid:
    """Find the one grid of all structures, or refuse."""
    if not structures:
        raise StructureRefusedError(
            code="empty-structure",
            what="There is no structure to be written",
            where=str(path),
            expected="one structure or more",
            got="none",
            next_step="name structures in the request",
        )
    grid = structures[0].mask.grid
    if grid.is_rectilinear and all(each.mask.grid.matches(grid) for each in structures):
        return grid
    raise GeometryRefusedError(
        code="sheared-volume",
        what="A segmentation needs one grid with axes at right angles",
        where=str(path),
        expected="axes at right angles, the same for all structures",
        got=f"directions {grid.directions.round(4).tolist()}",
        next_step="resample the structures to one rectilinear grid first",
    )


def _layers(structures: Sequence[CodedStructure]) -> tuple[list[Bytes], list[tuple[int, int]]]:
    """Put structures into layers in which none covers another: layer and label of each."""
    layers: list[Bytes] = []
    counts: list[int] = []
    places = []
    for structure in structures:
        members = structure.mask.members
        free = (
            at
            for at, layer in enumerate(layers)
            if counts[at] < MOST_IN_A_LAYER and not layer[members].any()
        )
        at = next(free, len(layers))
        if at == len(layers):
            layers.append(np.zeros(members.shape, dtype=np.uint8))
            counts.append(0)
        counts[at] += 1
        layers[at][members] = counts[at]
        places.append((at, counts[at]))
    return layers, places


def _header(grid: Grid, layer_count: int) -> list[str]:
    """Describe axes from the fastest to the slowest: layers, i, j, k."""
    sizes = [str(count) for count in grid.shape_kji[::-1]]
    steps = [_vector(grid.lps_from_index[:3, axis].tolist()) for axis in (2, 1, 0)]
    kinds = ["domain"] * 3
    if layer_count > 1:
        sizes, steps, kinds = [str(layer_count), *sizes], ["none", *steps], ["list", *kinds]
    return [
        "NRRD0004",
        "type: unsigned char",
        f"dimension: {len(sizes)}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(sizes)}",
        f"space directions: {' '.join(steps)}",
        f"kinds: {' '.join(kinds)}",
        "encoding: gzip",
        'space units: "mm" "mm" "mm"',
        f"space origin: {_vector(grid.lps_from_index[:3, 3].tolist())}",
        "Segmentation_MasterRepresentation:=Binary labelmap",
        "Segmentation_ContainedRepresentationNames:=Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset:=0 0 0",
    ]


def _vector(values: list[float]) -> str:
    """Write a vector with every digit that a double has."""
    return "(" + ",".join(repr(value + 0.0) for value in values) + ")"


def _fields(structures: Sequence[CodedStructure], places: list[tuple[int, int]]) -> list[str]:
    """Name each segment, with its label, layer, colour and term."""
    lines = []
    for number, (structure, (layer, label)) in enumerate(zip(structures, places, strict=True)):
        colour = " ".join(f"{part / 255:.6f}" for part in structure.code.colour)
        slices, rows, columns = structure.mask.members.shape
        fields = {
            "ID": f"Segment_{number + 1}",
            "Name": structure.name,
            "NameAutoGenerated": "0",
            "Color": colour,
            "ColorAutoGenerated": "0",
            "LabelValue": str(label),
            "Layer": str(layer),
            "Extent": f"0 {columns - 1} 0 {rows - 1} 0 {slices - 1}",
            "Tags": f"TerminologyEntry:{_term(structure)}|",
        }
        lines += [f"Segment{number}_{key}:={_escaped(value)}" for key, value in fields.items()]
    return lines


def _term(structure: CodedStructure) -> str:
    """Write category and type as Slicer does: context, category, type, modifier, region."""
    code = structure.code
    parts = [
        "Segmentation category and type - DICOM master list",
        _triplet(code.category),
        _triplet(code.kind),
        "^^",
        "Anatomic codes - DICOM master list",
        "^^",
        "^^",
    ]
    return "~".join(parts)


def _triplet(code: Code) -> str:
    return f"{code.scheme}^{code.value}^{code.meaning}"


def _escaped(value: str) -> str:
    """Write a value on one line: a backslash and a line end are escaped (NRRD, key/value pairs)."""
    one_line = "".join(c if c.isprintable() or c == "\n" else " " for c in value)
    return one_line.replace("\\", "\\\\").replace("\n", "\\n")
