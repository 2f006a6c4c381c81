"""Frames of a DICOM segmentation among the slices of a scan, or on a grid of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contour_grid import step_across
from navigator.io.structures.lattice import Lattice, find_lattice, lay_into
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from navigator.arrays import Booleans, Floats
    from navigator.io.structures.segmentation import SegmentationHeader, SegmentFrame

STEP_SHARE = 0.01
"""Slices whose distances differ by less are those of one scan."""
PLACE_TOLERANCE_MM = 0.05
DIRECTION_TOLERANCE = 1e-4
UNIT_TOLERANCE = 1e-3
"""As the gate of scans takes directions."""
MOST_VOXELS = 2**30


@dataclass(frozen=True, slots=True)
class FrameSlices:
    """Frames whose pixels are voxels of a scan, each on one of its slices.

    Parameters
    ----------
    lattices : tuple of Lattice
        How each frame lies, in the order of the frames.
    step_mm : float
        Distance between the scan's slices, millimetres.
    """

    lattices: tuple[Lattice, ...]
    step_mm: float


@dataclass(frozen=True, slots=True)
class LaidFrames:
    """Frames laid among the slices of a scan.

    Parameters
    ----------
    members : (k, j, i) array of bool
        On the scan.
    stored : int
        Pixels of the frames, those beyond the scan too.
    """

    members: Booleans
    stored: int


def find_slices(
    frames: Sequence[SegmentFrame], header: SegmentationHeader, grid: Grid
) -> FrameSlices | None:
    """Find the slice of a scan that each frame is, whatever the file says of its spacing.

    Parameters
    ----------
    frames : sequence of SegmentFrame
        Those that show the segment.
    header : SegmentationHeader
        Of the file.
    grid : Grid
        Of the scan.

    Returns
    -------
    FrameSlices or None
        None where a pixel is no voxel of the scan.
    """
    lattices = []
    step_mm = 0.0
    for frame in frames:
        normal = _normal(frame)
        # the two axes within a slice make no way along its normal, however the stack leans
        across = int(np.argmax(np.abs(normal @ grid.lps_from_index[:3, :3])))
        step_mm = step_across(grid, across)
        own = _grid(header, frame, grid.lps_from_index[:3, across], 1, grid.frame)
        lattice = find_lattice(own, grid)
        if lattice is None:
            return None
        lattices.append(lattice)
    return FrameSlices(tuple(lattices), step_mm)


def contradicts_scan(header: SegmentationHeader, scan_step_mm: float) -> bool:
    """Tell whether a file gives another distance between slices than the scan's.

    Parameters
    ----------
    header : SegmentationHeader
        Of the file.
    scan_step_mm : float
        Distance between the scan's slices, millimetres.

    Returns
    -------
    bool
        False where it gives none.
    """
    step_mm = header.step_mm
    return step_mm is not None and abs(step_mm - scan_step_mm) > STEP_SHARE * scan_step_mm


def is_thick_stack(header: SegmentationHeader, scan_step_mm: float) -> bool:
    """Tell whether the frames are thicker slices than the scan's, by the file's own word.

    Parameters
    ----------
    header : SegmentationHeader
        Of the file.
    scan_step_mm : float
        Distance between the scan's slices, millimetres.

    Returns
    -------
    bool
        True where the distance that the file gives is larger than the scan's, and all frames lie
        whole multiples of it apart.
    """
    step_mm = header.step_mm
    if step_mm is None or step_mm <= scan_step_mm * (1.0 + STEP_SHARE):
        return False
    normal = _normal(header.frames[0])
    along = np.array([np.dot(frame.position_mm, normal) for frame in header.frames])
    places = (along - along.min()) / step_mm
    off_mm = np.abs(places - np.rint(places)).max() * step_mm
    return bool(np.rint(places).any() and off_mm <= PLACE_TOLERANCE_MM)


def lay_frames(
    frames: Sequence[SegmentFrame],
    slices: FrameSlices,
    grid: Grid,
    decode: Callable[[int], Booleans],
) -> LaidFrames:
    """Lay each frame on its slice of a scan, and on no other.

    Parameters
    ----------
    frames : sequence of SegmentFrame
        Those that show the segment.
    slices : FrameSlices
        Where they lie.
    grid : Grid
        Of the scan.
    decode : callable
        Gives the (j, i) array of a frame's pixels by its index.

    Returns
    -------
    LaidFrames
        Slices without a frame are empty.
    """
    members = np.zeros(grid.shape_kji, dtype=np.bool_)
    stored = 0
    for frame, lattice in zip(frames, slices.lattices, strict=True):
        pixels = decode(frame.index)
        stored += int(pixels.sum())
        lay_into(members, pixels[None], lattice)
    return LaidFrames(members, stored)


def own_grid(header: SegmentationHeader, path: Path, frame_uid: str) -> tuple[Grid, dict[int, int]]:
    """Lay a grid through all frames of a file.

    Parameters
    ----------
    header : SegmentationHeader
        Of the file.
    path : Path
        The file.
    frame_uid : str
        Name of the grid's frame.

    Returns
    -------
    grid : Grid
        From the first to the last frame along their normal.
    slice_of_frame : dict of int to int
        Slice of each frame by its index.

    Raises
    ------
    GeometryRefusedError
        If the frames are not slices of one even stack, or nothing says how thick they are.
    """
    frames = header.frames
    normal = _normal(frames[0])
    positions = np.array([frame.position_mm for frame in frames])
    along = (positions - positions[0]) @ normal
    first = int(np.argmin(along))
    step_mm = _slab_mm(header, path)
    places = (along - along[first]) / step_mm
    slices = np.rint(places).astype(int)
    relative = positions - positions[first]
    step: Floats = normal * step_mm
    if slices.any():
        # a tilted stack steps aside as well: its step is what fits all of the positions
        step = (slices[:, None] * relative).sum(axis=0) / (slices**2).sum()
    off_mm = np.abs(relative - slices[:, None] * step).max()
    turned = max(
        np.abs(np.subtract(frame.orientation, frames[0].orientation)).max() for frame in frames
    )
    scaled = max(np.abs(np.subtract(f.spacing_mm, frames[0].spacing_mm)).max() for f in frames)
    count = int(slices.max()) + 1
    if (
        not (off_mm <= PLACE_TOLERANCE_MM and turned <= DIRECTION_TOLERANCE and scaled <= 1e-4)
        or not count * header.rows * header.columns <= MOST_VOXELS
    ):
        raise GeometryRefusedError(
            code="uneven-frames",
            what="The frames of the segmentation are not slices of one even stack",
            where=str(path),
            expected=f"one orientation and spacing, steps of {step_mm:.4g} mm",
            got=f"positions up to {off_mm:.3g} mm off, directions by {turned:.2g}, {count} slices",
            next_step="export the segmentation again, on the slices of the scan",
        )
    frame = Frame(FrameKind.LPS, frame_uid)
    grid = _grid(header, frames[first], step, count, frame)
    return grid, {each.index: int(place) for each, place in zip(frames, slices, strict=True)}


def _grid(
    header: SegmentationHeader, first: SegmentFrame, step: Floats, count: int, frame: Frame
) -> Grid:
    """Lay a grid from a frame on, in steps (3,) of millimetres."""
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = np.array(first.orientation[3:]) * first.spacing_mm[0]
    affine[:3, 2] = np.array(first.orientation[:3]) * first.spacing_mm[1]
    affine[:3, 3] = first.position_mm
    return Grid(shape_kji=(count, header.rows, header.columns), lps_from_index=affine, frame=frame)


def _normal(frame: SegmentFrame) -> Floats:
    """Give the direction (3,) across a frame."""
    along_i, along_j = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    faults = (along_i @ along_i - 1.0, along_j @ along_j - 1.0, along_i @ along_j)
    if not np.abs(faults).max() <= UNIT_TOLERANCE:
        raise GeometryRefusedError(
            code="no-spatial-metadata",
            what="The directions of a frame of the segmentation are none",
            where=f"frame {frame.index + 1}",
            expected="two directions at a right angle",
            got=str(frame.orientation),
            next_step="export the segmentation again",
        )
    normal: Floats = np.cross(along_i, along_j)
    return normal / np.linalg.norm(normal)


def _slab_mm(header: SegmentationHeader, path: Path) -> float:
    """Give the thickness of a frame; gaps between frames tell none, for empty ones are left out."""
    slab_mm = header.step_mm or header.thickness_mm
    if slab_mm is None:
        raise GeometryRefusedError(
            code="no-slice-spacing",
            what="The segmentation does not say how far apart or how thick its slices are",
            where=str(path),
            expected="SpacingBetweenSlices, or SliceThickness",
            got="neither, and frames that are not slices of the scan",
            next_step="load it on the scan it was drawn on, or export it again with the spacing",
        )
    return slab_mm
