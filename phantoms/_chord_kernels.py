"""The compiled inner loops that find how far a ray runs in round pieces of metal.

All lengths are millimetres in the slice's own frame: u along the columns' axis, v along the rows'
axis, w along the normal, from the middle of the picture. A ray at angle a and offset s runs along
(-sin a, cos a) through s (cos a, sin a).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from phantoms._compiling import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Span: TypeAlias = tuple[float, float]
Ray: TypeAlias = tuple[float, float, float, float]
"""Cosine and sine of a ray's angle, its offset s and its height w."""

FAR_MM = 1e9


class Wires(NamedTuple):
    """Straight pieces of metal in the slice's frame.

    `ends_mm` is (n, 2, 3), `radii_mm` (n,). Piece n belongs to the wire `wires[n]` (rising) of
    metal `metals[n]`.
    """

    ends_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    wires: NDArray[np.int64]
    metals: NDArray[np.int64]


class Room(NamedTuple):
    """Room to reckon in: spans (n, 2), lengths in each metal (m,), shares of energy (e,)."""

    spans: NDArray[np.float64]
    lengths: NDArray[np.float64]
    left: NDArray[np.float64]


@compiled
def _ball_span(end: NDArray[np.float64], radius: float, ray: Ray) -> Span:
    cosine, sine, offset, height = ray
    x, y, z = end[0] - offset * cosine, end[1] - offset * sine, end[2] - height
    along = -sine * x + cosine * y
    half = radius * radius - (x * x + y * y + z * z - along * along)
    if half <= 0.0:
        return FAR_MM, -FAR_MM
    half = math.sqrt(half)
    return along - half, along + half


@compiled
def _bar_span(ends: NDArray[np.float64], radius: float, ray: Ray) -> Span:
    """Clip a ray to a bar with flat ends."""
    cosine, sine, offset, level = ray
    ax, ay, az = ends[1, 0] - ends[0, 0], ends[1, 1] - ends[0, 1], ends[1, 2] - ends[0, 2]
    length = math.sqrt(ax * ax + ay * ay + az * az)
    if length <= 0.0:
        return FAR_MM, -FAR_MM
    ax, ay, az = ax / length, ay / length, az / length
    x, y, z = offset * cosine - ends[0, 0], offset * sine - ends[0, 1], level - ends[0, 2]
    lean = -sine * ax + cosine * ay
    height = x * ax + y * ay + z * az
    low, high = -FAR_MM, FAR_MM
    if abs(lean) > 1e-12:
        first, second = -height / lean, (length - height) / lean
        low, high = min(first, second), max(first, second)
    elif not 0.0 <= height <= length:
        return FAR_MM, -FAR_MM
    # the part across the axis: |d t + p|^2 <= r^2
    dx, dy, dz = -sine - lean * ax, cosine - lean * ay, -lean * az
    px, py, pz = x - height * ax, y - height * ay, z - height * az
    a, b = dx * dx + dy * dy + dz * dz, dx * px + dy * py + dz * pz
    c = px * px + py * py + pz * pz - radius * radius
    if a <= 1e-18:
        return (low, high) if c <= 0.0 else (FAR_MM, -FAR_MM)
    root = b * b - a * c
    if root <= 0.0:
        return FAR_MM, -FAR_MM
    root = math.sqrt(root)
    low, high = max(low, (-b - root) / a), min(high, (-b + root) / a)
    return (low, high) if low < high else (FAR_MM, -FAR_MM)


@compiled
def _piece_span(ends: NDArray[np.float64], radius: float, ray: Ray) -> Span:
    """Clip a ray to a bar with round ends; it is convex, so the clip is one span."""
    low, high = _bar_span(ends, radius, ray)
    for end in range(2):
        ball_low, ball_high = _ball_span(ends[end], radius, ray)
        low, high = min(low, ball_low), max(high, ball_high)
    return low, high


@compiled
def _joined_length(spans: NDArray[np.float64], count: int) -> float:
    """Measure the length that spans cover together; sorts them."""
    for i in range(1, count):
        low, high = spans[i, 0], spans[i, 1]
        j = i - 1
        while j >= 0 and spans[j, 0] > low:
            spans[j + 1, 0], spans[j + 1, 1] = spans[j, 0], spans[j, 1]
            j -= 1
        spans[j + 1, 0], spans[j + 1, 1] = low, high
    total, reached = 0.0, -FAR_MM
    for i in range(count):
        low = max(spans[i, 0], reached)
        if spans[i, 1] > low:
            total += spans[i, 1] - low
            reached = spans[i, 1]
    return total


@compiled
def add_chords(wires: Wires, near: NDArray[np.bool_], ray: Ray, room: Room) -> bool:
    """Find how far a ray runs in each metal; the pieces of one wire may overlap."""
    room.lengths[:] = 0.0
    is_met = False
    piece, pieces = 0, len(wires.radii_mm)
    while piece < pieces:
        wire, metal, count = wires.wires[piece], wires.metals[piece], 0
        while piece < pieces and wires.wires[piece] == wire:
            if near[piece]:
                low, high = _piece_span(wires.ends_mm[piece], wires.radii_mm[piece], ray)
                if low < high:
                    room.spans[count, 0], room.spans[count, 1] = low, high
                    count += 1
            piece += 1
        if count > 0:
            is_met = True
            room.lengths[metal] += _joined_length(room.spans, count)
    return is_met
