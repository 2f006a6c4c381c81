"""Outlines with gaps as single closed lines: each gap is joined to its outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import lengths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navigator.arrays import Floats
    from navigator.imaging.contours import Outline

JUST_OFF = 0.05
"""Share of the shortest side: an island in the gap is a whole voxel away from it."""


def keyholed(outlines: Iterable[Outline]) -> list[tuple[int, Floats]]:
    """Join every hole of a slice to an outline around it.

    The channel is walked there and back along one line, so that it encloses nothing: whatever it
    crosses, the area stays what it was.

    Parameters
    ----------
    outlines : iterable of Outline
        Of one structure, slice by slice.

    Returns
    -------
    list of (int, (n, 3) array)
        Slice and points, LPS millimetres, of each closed line.
    """
    by_slice: dict[int, tuple[list[Floats], list[Floats]]] = {}
    for outline in outlines:
        outer, holes = by_slice.setdefault(outline.slice_index, ([], []))
        (holes if outline.is_hole else outer).append(outline.points_mm)
    found: list[tuple[int, Floats]] = []
    for index, (outer, holes) in sorted(by_slice.items()):
        lines = list(outer)
        for hole in holes:
            at = _owner(hole, outer)
            lines[at] = _joined(lines[at], hole)
        found.extend((index, line) for line in lines)
    return found


def _owner(hole: Floats, outer: list[Floats]) -> int:
    """Find the outline around a hole (n, 3): of those that hold it, the smallest."""
    origin = outer[0][0]
    across = _plane_axes(outer)
    flat = [(line - origin) @ across for line in outer]
    # a corner may lie on the outline where two voxels meet at it: a point just off a side does not
    shortest_mm = min(float(_sides_mm(line).min()) for line in (*outer, hole))
    point = _inner_point((hole - origin) @ across, JUST_OFF * shortest_mm)
    holding = [at for at, line in enumerate(flat) if _holds(line, point)]
    return min(holding, key=lambda at: abs(_area(flat[at])))


def _plane_axes(outer: list[Floats]) -> Floats:
    """Find two axes at right angles in the plane of the outlines: (3, 2) array."""
    line = outer[0]
    first = line[1] - line[0]
    first = first / np.linalg.norm(first)
    # neighbours of an outline along voxel edges stand at an angle
    second = line[2] - line[1]
    second = second - (second @ first) * first
    return np.stack([first, second / np.linalg.norm(second)], axis=1)


def _sides_mm(line: Floats) -> Floats:
    """Measure the sides of a closed line (n, 2) or (n, 3), millimetres."""
    return lengths(np.roll(line, -1, axis=0) - line)


def _inner_point(line: Floats, off_mm: float) -> Floats:
    """Find a point inside a closed line (n, 2), just off the middle of its first side."""
    side = line[1] - line[0]
    normal = np.array([-side[1], side[0]]) * np.sign(_area(line))
    point: Floats = line[0] + 0.5 * side + off_mm * normal / np.linalg.norm(normal)
    return point


def _area(line: Floats) -> float:
    """Measure the signed area of a closed line (n, 2), mm²."""
    after = np.roll(line, -1, axis=0)
    return 0.5 * float(np.sum(line[:, 0] * after[:, 1] - after[:, 0] * line[:, 1]))


def _holds(line: Floats, point: Floats) -> bool:
    """Tell whether a point lies in a closed line (n, 2): a ray crosses it an odd count of times."""
    after = np.roll(line, -1, axis=0)
    is_between = (line[:, 1] > point[1]) != (after[:, 1] > point[1])
    rise = np.where(is_between, after[:, 1] - line[:, 1], 1.0)
    at = line[:, 0] + (point[1] - line[:, 1]) * (after[:, 0] - line[:, 0]) / rise
    return bool(np.count_nonzero(is_between & (at > point[0])) % 2)


def _joined(line: Floats, hole: Floats) -> Floats:
    """Walk along a line to its corner nearest to the hole, round the hole, and back."""
    at = int(np.linalg.norm(line - hole[0], axis=1).argmin())
    joined: Floats = np.concatenate([line[: at + 1], hole, hole[:1], line[at:]])
    return joined
