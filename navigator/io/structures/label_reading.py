"""Label maps and .seg.nrrd as their files hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.hashing import hash_of_values, uid_from_hash
from navigator.io.images import image_suffix, read_image
from navigator.io.structures.entries import StructureEntry
from navigator.io.structures.label_names import NamesBeside, names_beside
from navigator.io.structures.layered_nrrd import LayeredImage, read_layers
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.arrays import Labels
    from navigator.io.findings import Finding

SEGMENT_NAME = re.compile(r"^Segment(\d+)_Name$")
"""How a .seg.nrrd header names its segments."""
LARGEST_LABEL = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelImage:
    """A label map as its file holds it.

    Parameters
    ----------
    layers : tuple of (k, j, i) array of int
        Labels; several where segments overlap.
    grid : Grid
        The file's own voxels, in a frame named by the file's content.
    entries : tuple of StructureEntry
        Segments that the header names, then labels without a name.
    has_segments : bool
        Whether the header names segments: then it may hold a part of the scan's voxels alone.
    beside : NamesBeside
        Names in the file beside it; none where the header names segments.
    findings : tuple of Finding
        What a person should know about its place.
    """

    layers: tuple[Labels, ...]
    grid: Grid
    entries: tuple[StructureEntry, ...]
    has_segments: bool
    beside: NamesBeside
    findings: tuple[Finding, ...]


def read_label_image(path: Path) -> LabelImage:
    """Read a label map as it is.

    Parameters
    ----------
    path : Path
        Integer image: .nrrd, .nii, .nii.gz or .mha.

    Returns
    -------
    LabelImage
        On its own grid.

    Raises
    ------
    FileRefusedError
        If the file is not readable.
    GeometryRefusedError
        If it is not one 3D image with a place.
    StructureRefusedError
        If a value is not a whole number from 0.
    """
    layered = read_layers(path) if image_suffix(path) == ".nrrd" else None
    image = read_image(path) if layered is None else layered
    values = _whole_numbers(path, image.values)
    slices, rows, columns = values.shape[:3]
    uid = uid_from_hash(hash_of_values(values, image.lps_from_index))
    layers = (values,) if layered is None else tuple(np.moveaxis(values, 3, 0))
    segments = _segments(image.tags, len(layers))
    if layered is not None and not segments:
        raise GeometryRefusedError(
            code="not-one-3d-image",
            what="The file does not hold one 3D image of single values",
            where=str(path),
            expected="3 dimensions, 1 value a voxel, or layers with named segments",
            got=f"{len(layers)} values a voxel and no segment",
            next_step="export one time point or one layer as a 3D image",
        )
    beside = NamesBeside((), None) if segments else names_beside(path)
    named = segments or tuple(
        StructureEntry(number=number, name=name) for name, number in beside.names
    )
    return LabelImage(
        layers=layers,
        grid=Grid(
            shape_kji=(slices, rows, columns),
            lps_from_index=image.lps_from_index,
            frame=Frame(FrameKind.LPS, uid),
        ),
        entries=(*named, *_without_name(layers, named)),
        has_segments=bool(segments),
        beside=beside,
        findings=() if isinstance(image, LayeredImage) else image.findings,
    )


def labels_in(values: Labels) -> list[int]:
    """List the labels that occur.

    Parameters
    ----------
    values : (k, j, i) array of int
        Labels.

    Returns
    -------
    list of int
        Above 0, in order.
    """
    return [int(label) for label in np.unique(values) if label > 0]


def _segments(tags: Mapping[str, str], layers: int) -> tuple[StructureEntry, ...]:
    """Read from a .seg.nrrd header which value in which layer a segment has."""
    numbers = [match.group(1) for key in tags if (match := SEGMENT_NAME.match(key)) is not None]
    entries = []
    for number in sorted(numbers, key=int):
        value = tags.get(f"Segment{number}_LabelValue", "").strip()
        layer = tags.get(f"Segment{number}_Layer", "0").strip()
        if value.isdecimal() and layer.isdecimal() and int(layer) < layers:
            name = tags[f"Segment{number}_Name"]
            entries.append(StructureEntry(number=int(value), name=name, layer=int(layer)))
    return tuple(entries)


def _without_name(
    layers: tuple[Labels, ...], named: tuple[StructureEntry, ...]
) -> tuple[StructureEntry, ...]:
    """List labels (k, j, i) that occur and that nobody named."""
    known = {(entry.layer, entry.number) for entry in named}
    return tuple(
        StructureEntry(number=label, name="", layer=layer)
        for layer, values in enumerate(layers)
        for label in labels_in(values)
        if (layer, label) not in known
    )


def _whole_numbers(path: Path, stored: NDArray[Any]) -> Labels:
    """Take labels out of an image, also where whole numbers were stored as real ones."""
    numbers = np.asarray(stored)
    is_whole = (numbers >= 0) & (numbers <= LARGEST_LABEL)
    if not np.issubdtype(numbers.dtype, np.integer):
        is_whole &= numbers == np.floor(numbers)
    if not is_whole.all():
        raise StructureRefusedError(
            code="not-labels",
            what="The image holds values that are not labels",
            where=str(path),
            expected="whole numbers from 0",
            got=f"{int((~is_whole).sum())} other values, {numbers[~is_whole][0]} among them",
            next_step="give the label map, not the scan or a probability map",
        )
    return numbers.astype(np.int32)
