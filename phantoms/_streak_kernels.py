"""The compiled inner loops that follow a beam through tissue and metal to a slice's sinogram.

The slice's frame and its rays are those of :mod:`phantoms._chord_kernels`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phantoms._chord_kernels import Ray, Room, Span, Wires, add_chords
from phantoms._compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUB_RAYS = 3
"""Rays per reading: intensities are averaged before the logarithm."""
LEAST_PHOTONS = 1.0
"""A scanner's own filter keeps the logarithm from fewer."""
APERTURE = 1.4
"""Detector element and focal spot together see so many bins' width."""
MOST_LOST_MM = 350.0
"""Toward this, millimetres of water, grows what a reading lacks behind much metal.

Along a needle in the slice's plane it would lack far more, and the needle drown in a glow 10 mm
wide, which no scanner shows: its rays diverge, and its own filters take starved readings in hand.
With this a microwave antenna darkens the liver ahead of its tip as published.
"""
SUB_HEIGHTS = 2
"""Heights per detector row, likewise."""


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


class Slice(NamedTuple):
    """What rays cross besides metal: thickness shares of water and bone on a coarse picture.

    `tissue` is (j, i, 2), its middle the slice's; `pitch_mm` (2,) along rows' and columns' axis.
    `heights_mm` (rows, `SUB_HEIGHTS`) are the heights w that the slice is measured at.
    """

    tissue: NDArray[np.float32]
    pitch_mm: NDArray[np.float64]
    heights_mm: NDArray[np.float64]


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
) -> tuple[float, float, float]:
    """Find the share of the beam behind metal too, and what metal adds as painted and at first.

    Metal stands in the place of water. What it adds is millimetres of water as painted, and, as
    thin metal adds it, a logarithm.
    """
    total, painted, thin = 0.0, 0.0, 0.0
    for metal in range(len(lengths)):
        painted += (beam.painted[metal] - 1.0) * lengths[metal]
    whole = 0.0
    for energy in range(len(left)):
        power = 0.0
        for metal in range(len(lengths)):
            power += (beam.metal[metal, energy] - beam.water[energy]) * lengths[metal]
        total += left[energy] * math.exp(-power)
        thin += left[energy] * power
        whole += left[energy]
    return total, painted, thin / whole


@compiled
def _as_water_mm(beam: Beam, share: float) -> float:
    """Turn what is left of the beam into the water that would leave as much."""
    place = -math.log(max(share, 1e-300)) / beam.step
    below = min(max(int(place), 0), len(beam.water_mm) - 2)
    low, high = beam.water_mm[below], beam.water_mm[below + 1]
    return float(low + (place - below) * (high - low))


@compiled
def _ray_excess_mm(
    metal: tuple[Wires, NDArray[np.bool_]], beam: Beam, scene: Slice, ray: Ray, room: Room
) -> float:
    """Find by how much one bin reads more than its tissue and the painted metal together.

    `metal` is all pieces, and which of them are near. `ray` is that of the bin's middle, with the
    bin's width in the place of the height.
    """
    wires, near = metal
    cosine, sine, middle, width = ray
    plain = _weaken(beam, _tissue_lengths(scene, ray), room.left)
    plain_mm = _as_water_mm(beam, plain)
    # how much water a little more of the logarithm stands for, behind this tissue
    slope = (_as_water_mm(beam, plain * math.exp(-beam.step)) - plain_mm) / beam.step
    rows, samples = len(scene.heights_mm), SUB_RAYS * SUB_HEIGHTS
    excess = 0.0
    for row in range(rows):
        share, painted_mm, thin_mm = 0.0, 0.0, 0.0
        for sample in range(samples):
            part = (sample % SUB_RAYS + 0.5) / SUB_RAYS - 0.5
            offset = middle + APERTURE * width * part
            height = scene.heights_mm[row, sample // SUB_RAYS]
            if add_chords(wires, near, (cosine, sine, offset, height), room):
                behind, painted, thin = _behind_metal(beam, room.left, room.lengths)
                share += behind / samples
                painted_mm += painted / samples
                thin_mm += slope * thin / samples
            else:
                share += plain / samples
        if painted_mm > 0.0:
            expected = max(share, LEAST_PHOTONS / beam.photons)
            read_mm = _as_water_mm(beam, expected)
            counted = _counted(share, plain, beam.photons)
            excess += thin_mm - painted_mm - _held(thin_mm - (read_mm - plain_mm))
            excess += _as_water_mm(beam, counted) - read_mm
    return excess / rows


@compiled
def _held(lost: float) -> float:
    """Hold what is lost behind much metal: it grows toward :data:`MOST_LOST_MM`."""
    return -MOST_LOST_MM * math.expm1(-lost / MOST_LOST_MM) if lost > 0.0 else lost


@compiled
def _counted(share: float, plain: float, photons: float) -> float:
    """Count photons: too few behind metal, and noisier by what metal took away."""
    if photons == np.inf:
        return share
    left = max(share * photons, LEAST_PHOTONS)
    more = max(1.0 / left - 1.0 / max(plain * photons, left), 0.0)
    chance = np.random.standard_normal()  # noqa: NPY002 - what numba has
    return float(left / photons * math.exp(math.sqrt(more) * chance))


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
    np.random.seed(seed)  # noqa: NPY002 - what numba has; each slice seeds its own thread
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
                sinogram[view, each] = _ray_excess_mm((wires, near), beam, scene, ray, room)
                is_met = is_met or sinogram[view, each] != 0.0
    return is_met
