"""Structures in: label maps, .seg.nrrd, DICOM SEG and RTSTRUCT, on the voxels of their scan."""

from navigator.io.structures.composing import load_label_map, load_structures
from navigator.io.structures.loading import (
    LoadedMask,
    load_mask,
    load_structure,
    open_structures,
    structure_rows,
)
from navigator.io.structures.requested import LoadedLabels

__all__ = [
    "LoadedLabels",
    "LoadedMask",
    "load_label_map",
    "load_mask",
    "load_structure",
    "load_structures",
    "open_structures",
    "structure_rows",
]
