"""Label maps and masks: on the voxels of their scan, or refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.findings import Finding, Severity
from navigator.io.images import read_image
from navigator.io.volumes import hash_of_values, missing_path, uid_from_hash
from navigator.model.anatomy import LabelMap, structure_from_name
from navigator.model.volume import Grid, Mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.arrays import Labels

SEGMENT_NAME = re.compile(r"^Segment(\d+)_Name$")
"""How a .seg.nrrd header names its segments."""
LARGEST_LABEL = 2**31 - 1
MOST_LABELS_LISTED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelImage:
    """A label map as its file holds it.

    Parameters
    ----------
    values : (k, j, i) array of int
        Labels.
    grid : Grid
        The file's own voxels, in a frame named by the file's content.
    segment_labels : mapping of str to int
        Label values by segment name, where the file names segments.
    findings : tuple of Finding
        What a person should know about its place.
    """

    values: Labels
    grid: Grid
    segment_labels: Mapping[str, int]
    findings: tuple[Finding, ...]


def load_label_map(path: Path, labels: Mapping[str, int | list[int]], grid: Grid) -> LabelMap:
    """Read a label map that lies on the voxels of a scan.

    A file whose axes run in another order or the other way is turned round without
    resampling; nothing else is changed.

    Parameters
    ----------
    path : Path
        Integer image: .nrrd, .nii, .nii.gz or .mha.
    labels : mapping of str to int or list of int
        Names of the structures and the label values that make each up.
    grid : Grid
        Of the scan.

    Returns
    -------
    LabelMap
        On the scan's grid.

    Raises
    ------
    FileRefusedError
        If the file is not there or not readable.
    GeometryRefusedError
        If its voxels are not those of the scan.
    StructureRefusedError
        If a label is not there, or a value is not a whole number.
    """
    values = _values_on_grid(path, read_label_image(path), grid)
    present = _labels_in(values)
    structures = tuple(
        structure_from_name(name, (value,) if isinstance(value, int) else tuple(value))
        for name, value in labels.items()
    )
    for structure in structures:
        absent = sorted(set(structure.labels) - set(present))
        if absent or not structure.labels:
            raise _label_not_there(path, structure.name, str(absent), present)
    return LabelMap(values=values, grid=grid, structures=structures)


def load_mask(path: Path, *, label: int | str, grid: Grid | None = None) -> Mask:
    """Read one structure of a label map.

    Parameters
    ----------
    path : Path
        Integer image: .nrrd, .seg.nrrd, .nii, .nii.gz or .mha.
    label : int or str
        Its label value; for a .seg.nrrd also the name of a segment.
    grid : Grid, optional
        Of the scan; by default the file's own, in a frame named by the file's content.

    Returns
    -------
    Mask
        At least one voxel.

    Raises
    ------
    FileRefusedError
        If the file is not there or not readable.
    GeometryRefusedError
        If its voxels are not those of `grid`; without a `grid`, if something about its place
        has to be confirmed, for then nothing confirms it.
    StructureRefusedError
        If the label or segment is not there, or a value is not a whole number.
    """
    image = read_label_image(path)
    if grid is None:
        _check_place_sure(path, image)
    values = image.values if grid is None else _values_on_grid(path, image, grid)
    value = image.segment_labels.get(label, 0) if isinstance(label, str) else label
    present = _labels_in(values)
    if value not in present:
        names = [f"{name} = {number}" for name, number in image.segment_labels.items()]
        raise _label_not_there(path, "the mask", repr(label), [*present, *names])
    return Mask(values == value, image.grid if grid is None else grid)


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
        If the file is not there or not readable.
    GeometryRefusedError
        If it is not one 3D image with a place.
    StructureRefusedError
        If a value is not a whole number from 0.
    """
    if not path.exists():
        raise missing_path(path)
    image = read_image(path)
    values = _whole_numbers(path, image.values)
    slices, rows, columns = values.shape
    uid = uid_from_hash(hash_of_values(values, image.lps_from_index))
    grid = Grid(
        shape_kji=(slices, rows, columns),
        lps_from_index=image.lps_from_index,
        frame=Frame(FrameKind.LPS, uid),
    )
    names = {
        match.group(1): image.tags[key]
        for key in image.tags
        if (match := SEGMENT_NAME.match(key)) is not None
    }
    numbers = {name: image.tags.get(f"Segment{n}_LabelValue", "") for n, name in names.items()}
    segments = {name: int(number) for name, number in numbers.items() if number.isdecimal()}
    return LabelImage(values=values, grid=grid, segment_labels=segments, findings=image.findings)


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


def _values_on_grid(path: Path, image: LabelImage, grid: Grid) -> Labels:
    """Turn labels round until their axes run as those of the scan, or refuse."""
    scan_from_file = np.linalg.inv(grid.lps_from_index) @ image.grid.lps_from_index
    turn = np.rint(scan_from_file[:3, :3]).astype(int)
    if np.array_equal(np.abs(turn) @ np.abs(turn).T, np.eye(3, dtype=int)):
        order = np.abs(turn).argmax(axis=1)
        flipped = tuple(int(axis) for axis in range(3) if turn[axis].sum() < 0)
        turned = np.flip(image.values.transpose(order), flipped)
        if _turned_grid(image.grid, order, flipped, grid.frame).matches(grid):
            return np.ascontiguousarray(turned)
    raise GeometryRefusedError(
        code="label-map-not-on-scan",
        what="The label map does not lie on the voxels of the scan",
        where=str(path),
        expected=_grid_words(grid),
        got=_grid_words(image.grid),
        next_step="export the segmentation on the grid of this scan (same size, origin, spacing)",
    )


def _check_place_sure(path: Path, image: LabelImage) -> None:
    """Refuse a label map whose place is in doubt, where no scan settles it."""
    doubts = [finding for finding in image.findings if finding.severity is Severity.CONFIRM]
    if doubts:
        raise GeometryRefusedError(
            code=doubts[0].code,
            what=doubts[0].what,
            where=str(path),
            expected=doubts[0].expected,
            got=doubts[0].got,
            next_step=doubts[0].next_step,
        )


def _turned_grid(grid: Grid, order: NDArray[Any], flipped: tuple[int, ...], frame: Frame) -> Grid:
    """Describe where voxels lie after their axes were reordered, then flipped."""
    file_from_turned = np.zeros((4, 4))
    file_from_turned[3, 3] = 1.0
    for axis, source in enumerate(order):
        is_flipped = axis in flipped
        file_from_turned[source, axis] = -1.0 if is_flipped else 1.0
        file_from_turned[source, 3] = grid.shape_kji[source] - 1 if is_flipped else 0.0
    slices, rows, columns = (grid.shape_kji[source] for source in order)
    return Grid(
        shape_kji=(slices, rows, columns),
        lps_from_index=grid.lps_from_index @ file_from_turned,
        frame=frame,
    )


def _grid_words(grid: Grid) -> str:
    """Describe a grid in one line."""
    return (
        f"{' x '.join(map(str, grid.shape_kji))} voxels (k, j, i) of "
        f"{grid.spacing_mm.round(4).tolist()} mm, the first at "
        f"{grid.lps_from_index[:3, 3].round(3).tolist()}, axes {grid.directions.round(4).tolist()}"
    )


def _labels_in(values: Labels) -> list[int]:
    """List the labels that occur."""
    return [int(label) for label in np.unique(values) if label > 0]


def _label_not_there(path: Path, name: str, got: str, present: list[Any]) -> StructureRefusedError:
    """Refuse a label without voxels, and list those that have some."""
    listed = ", ".join(map(str, present[:MOST_LABELS_LISTED])) or "none at all"
    more = len(present) - MOST_LABELS_LISTED
    return StructureRefusedError(
        code="label-not-there",
        what=f"The label map has no voxel for {name}",
        where=str(path),
        expected=f"one of the labels that are there: {listed}" + (" ..." if more > 0 else ""),
        got=got,
        next_step="correct the label value, or leave the structure out",
    )
