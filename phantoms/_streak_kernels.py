"""The compiled inner loops of metal streaks: chords, the metal's trace, and back-projection.

All lengths are millimetres in the slice's own frame: u along the columns' axis, v along the rows'
axis, w along the normal, from the middle of the picture. A ray at angle a and offset s runs along
(-sin a, cos a) through s (cos a, sin a).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from phantoms._kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

Span: TypeAlias = tuple[float, float]
Ray: TypeAlias = tuple[float, float, float, float]
"""Cosine and sine of a ray's angle, its offset s and its height w."""

FAR_MM = 1e9
SUB_RAYS = 3
"""Rays per reading: intensities are averaged before the logarithm."""
APERTURE = 2.0
"""Detector element and focal spot together see so many bins' width."""
SUB_HEIGHTS = 2
"""Heights per detector row, likewise."""
FRACTION = 20
"""Places are counted in so many binary digits after the point."""
LEAST_PHOTONS = 1.0
"""A scanner's own filter keeps the logarithm from fewer."""


class Wires(NamedTuple):
    """Straight pieces of metal in the slice's frame.

    `ends_mm` is (n, 2, 3), `radii_mm` (n,). Piece n belongs to the wire `wires[n]` (rising) of
    metal `metals[n]`.
    """

    ends_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    wires: NDArray[np.int64]
    metals: NDArray[np.int64]


class Beam(NamedTuple):
    """Rays, energies and what stands for each.

    `shares` (e,), and per millimetre: `water` (e,), `bone` (e,), `metal` (m, e). `painted` (m,) is
    each metal's linear attenuation in the picture, water being 1. `water_mm` (n,) is the thickness
    of water behind a logarithm of `step` times its place. `photons` reach the detector in one ray
    of one row without an object; infinite for no noise.
    """

    shares: NDArray[np.float64]
    water: NDArray[np.float64]
    bone: NDArray[np.float64]
    metal: NDArray[np.float64]
    painted: NDArray[np.float64]
    water_mm: NDArray[np.float64]
    step: float
    photons: float


class Room(NamedTuple):
    """Room to reckon in: spans (n, 2), lengths in each metal (m,), shares of energy (e,)."""

    spans: NDArray[np.float64]
    lengths: NDArray[np.float64]
    left: NDArray[np.float64]


class Slice(NamedTuple):
    """What rays cross besides metal: thickness shares of water and bone on a coarse picture.

    `tissue` is (j, i, 2), its middle the slice's; `pitch_mm` (2,) along rows' and columns' axis.
    `heights_mm` (rows, `SUB_HEIGHTS`) are the heights w that the slice is measured at.
    """

    tissue: NDArray[np.float32]
    pitch_mm: NDArray[np.float64]
    heights_mm: NDArray[np.float64]


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


@compiled
def _tissue_lengths(scene: Slice, ray: Ray) -> Span:
    """Measure the water and bone that a ray crosses, millimetres; its height does not count."""
    cosine, sine, offset, _ = ray
    rows, columns = scene.tissue.shape[:2]
    dv, du = scene.pitch_mm[0], scene.pitch_mm[1]
    step = min(du, dv)
    reach = 0.5 * math.sqrt((columns * du) ** 2 + (rows * dv) ** 2)
    water, bone = 0.0, 0.0
    for t in range(int(2.0 * reach / step)):
        along = (t + 0.5) * step - reach
        x = (offset * cosine - along * sine) / du + 0.5 * (columns - 1.0)
        y = (offset * sine + along * cosine) / dv + 0.5 * (rows - 1.0)
        i, j = math.floor(x), math.floor(y)
        if 0 <= i < columns - 1 and 0 <= j < rows - 1:
            p, q = x - i, y - j
            a, b = (1.0 - p) * (1.0 - q), p * (1.0 - q)
            c, d = (1.0 - p) * q, p * q
            tissue = scene.tissue
            water += a * tissue[j, i, 0] + b * tissue[j, i + 1, 0]
            water += c * tissue[j + 1, i, 0] + d * tissue[j + 1, i + 1, 0]
            bone += a * tissue[j, i, 1] + b * tissue[j, i + 1, 1]
            bone += c * tissue[j + 1, i, 1] + d * tissue[j + 1, i + 1, 1]
    return water * step, bone * step


@compiled
def _weaken(beam: Beam, tissue: Span, left: NDArray[np.float64]) -> float:
    """Find the share of each energy, `left` (e,), and of the beam behind water and bone."""
    total = 0.0
    for energy in range(len(left)):
        power = beam.water[energy] * tissue[0] + beam.bone[energy] * tissue[1]
        left[energy] = beam.shares[energy] * math.exp(-power)
        total += left[energy]
    return total


@compiled
def _behind_metal(
    beam: Beam, left: NDArray[np.float64], lengths: NDArray[np.float64]
) -> tuple[float, float]:
    """Find the share of the beam behind metal too, and what the painted metal adds, mm of water.

    Metal stands in the place of water.
    """
    total, painted = 0.0, 0.0
    for metal in range(len(lengths)):
        painted += (beam.painted[metal] - 1.0) * lengths[metal]
    for energy in range(len(left)):
        power = 0.0
        for metal in range(len(lengths)):
            power += (beam.metal[metal, energy] - beam.water[energy]) * lengths[metal]
        total += left[energy] * math.exp(-power)
    return total, painted


@compiled
def _as_water_mm(beam: Beam, share: float) -> float:
    """Turn what is left of the beam into the water that would leave as much."""
    place = -math.log(max(share, 1e-300)) / beam.step
    below = min(max(int(place), 0), len(beam.water_mm) - 2)
    low, high = beam.water_mm[below], beam.water_mm[below + 1]
    return float(low + (place - below) * (high - low))


@compiled
def _ray_excess_mm(
    wires: Wires, near: NDArray[np.bool_], beam: Beam, scene: Slice, ray: Ray, room: Room
) -> float:
    """Find by how much one bin reads more than its tissue and the painted metal together.

    `ray` is that of the bin's middle, with the bin's width in the place of the height.
    """
    cosine, sine, middle, width = ray
    plain = _weaken(beam, _tissue_lengths(scene, ray), room.left)
    plain_mm = _as_water_mm(beam, plain)
    rows, samples = len(scene.heights_mm), SUB_RAYS * SUB_HEIGHTS
    excess = 0.0
    for row in range(rows):
        share, painted_mm = 0.0, 0.0
        for sample in range(samples):
            part = (sample % SUB_RAYS + 0.5) / SUB_RAYS - 0.5
            offset = middle + APERTURE * width * part
            height = scene.heights_mm[row, sample // SUB_RAYS]
            if add_chords(wires, near, (cosine, sine, offset, height), room):
                behind, painted = _behind_metal(beam, room.left, room.lengths)
                share += behind / samples
                painted_mm += painted / samples
            else:
                share += plain / samples
        if painted_mm > 0.0:
            counted = _counted(share, plain, beam.photons)
            excess += _as_water_mm(beam, counted) - plain_mm - painted_mm
    return excess / rows


@compiled
def _counted(share: float, plain: float, photons: float) -> float:
    """Count photons: too few behind metal, and noisier by what metal took away."""
    if photons == np.inf:
        return share
    left = max(share * photons, LEAST_PHOTONS)
    more = max(1.0 / left - 1.0 / max(plain * photons, left), 0.0)
    return left / photons * math.exp(math.sqrt(more) * np.random.standard_normal())


@compiled
def _find_shadows(wires: Wires, cosine: float, sine: float, shadows: NDArray[np.float64]) -> None:
    """Find from where to where, `shadows` (n, 2), each piece casts its shadow at an angle."""
    for piece in range(len(shadows)):
        ends, radius = wires.ends_mm[piece], wires.radii_mm[piece]
        first = ends[0, 0] * cosine + ends[0, 1] * sine
        second = ends[1, 0] * cosine + ends[1, 1] * sine
        shadows[piece, 0] = min(first, second) - radius
        shadows[piece, 1] = max(first, second) + radius


@compiled
def _find_near(
    shadows: NDArray[np.float64], middle: float, width: float, near: NDArray[np.bool_]
) -> bool:
    """Tell which pieces a bin may meet, and whether any."""
    low, high = middle - 0.5 * APERTURE * width, middle + 0.5 * APERTURE * width
    is_any = False
    for piece in range(len(shadows)):
        near[piece] = shadows[piece, 0] <= high and shadows[piece, 1] >= low
        is_any = is_any or near[piece]
    return is_any


@compiled
def trace_metal(
    wires: Wires,
    beam: Beam,
    scene: Slice,
    sinogram: NDArray[np.float32],
    width_and_seed: tuple[float, int],
) -> bool:
    """Fill a sinogram (views, bins) with the excess of the metal's trace, millimetres of water.

    `width_and_seed` is the width of a bin and the seed of the noise. Views are spread evenly over
    half a turn. Returns whether any ray met metal.
    """
    width, seed = width_and_seed
    np.random.seed(seed)
    views, bins = sinogram.shape
    count = len(wires.radii_mm)
    near, shadows = np.empty(count, dtype=np.bool_), np.empty((count, 2))
    room = Room(np.empty((count, 2)), np.empty(len(beam.painted)), np.empty(len(beam.shares)))
    is_met = False
    for view in range(views):
        angle = math.pi * (view + 0.5) / views
        cosine, sine = math.cos(angle), math.sin(angle)
        _find_shadows(wires, cosine, sine, shadows)
        for each in range(bins):
            middle = (each + 0.5 - 0.5 * bins) * width
            if _find_near(shadows, middle, width, near):
                ray = (cosine, sine, middle, width)
                sinogram[view, each] = _ray_excess_mm(wires, near, beam, scene, ray, room)
                is_met = is_met or sinogram[view, each] != 0.0
    return is_met


@compiled
def back_project(
    filtered: NDArray[np.float32],
    picture: NDArray[np.float32],
    pixel_mm: NDArray[np.float64],
    lowest_and_width: Span,
) -> None:
    """Add the sum over views of filtered projections (views, fine bins) to a picture (j, i).

    The picture's middle is the axis of rotation; `pixel_mm` is the row and column distance. The
    fine bin that holds a pixel's middle is taken; every pixel must lie in one of at most 4096.
    Whole numbers with a fixed point make the inner loop quick: they wrap around as they should.
    """
    views = filtered.shape[0]
    rows, columns = picture.shape
    lowest, width = lowest_and_width
    unit = 2.0**FRACTION / width
    for block in range(0, rows, 16):
        for view in range(views):
            angle = math.pi * (view + 0.5) / views
            across_mm, down_mm = pixel_mm[1] * math.cos(angle), pixel_mm[0] * math.sin(angle)
            step = np.uint32(np.int64(round(across_mm * unit)) & 0xFFFFFFFF)
            line = filtered[view]
            for j in range(block, min(block + 16, rows)):
                start_mm = down_mm * (j - 0.5 * (rows - 1)) - across_mm * 0.5 * (columns - 1)
                first = np.uint32((start_mm - lowest) * unit)
                row = picture[j]
                for i in range(columns):
                    place = np.uint32(first + np.uint32(step * np.uint32(i)))
                    row[i] += line[np.uint32(place >> np.uint32(FRACTION))]
