"""Streaks of metal: what the beam does that the reconstruction does not expect.

For each slice that metal touches, the rays of the metal's trace are followed through metal
(analytic chords), water and bone (the painted slice), at the energies of the tube. Intensities are
averaged over a detector element before the logarithm (exponential edge gradient), too few photons
are counted (starvation), and the scanner turns the logarithm into water (its usual correction).
What differs from the same tissue without metal and the metal as painted is filtered and projected
back. A scan without metal is left as it is.

References
----------
De Man B et al. (1999), doi:10.1109/23.775600 (causes of metal streaks);
Joseph PM, Spital RD (1981), doi:10.1088/0031-9155/26/3/010 (exponential edge gradient);
Barrett JF, Keat N (2004), doi:10.1148/rg.246045065 (how they look);
Do TD et al. (2019), doi:10.1080/02656736.2019.1690168 (how dark it is ahead of an antenna).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from phantoms import _chord_kernels, _streak_kernels
from phantoms.attenuation import BONE, METALS, PAINTED_HU, WATER, WEIGHTS, bone_hu
from phantoms.metal import check_metals
from phantoms.painting import THREADS
from phantoms.projection import count_bins, reconstruct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.metal import Metal
    from phantoms.painting import ScanGrid

VIEWS = 480
BIN_MM = 0.5
ROW_MM = 0.625
"""Height of a detector row at the axis: rows are added after the logarithm. A row that a needle
fills only half would hide most of it: half of its light passes by."""
PHOTONS_PER_MM = 1.0e6
"""In one ray of dose 1 and 1 mm of height, without an object; with these, noise behind the body is
that of a routine scan."""
COARSE_MM = 4.5
SOFT_HU = 150.0
"""Below this a voxel is water of some density, above it a mixture with bone."""
METAL_HU = 1500.0
"""Above this a painted voxel is metal, and counts as water among the tissue."""
DEEPEST_MM = 4000.0


def build_beam(photons: float) -> _streak_kernels.Beam:
    """Gather rays, energies and coefficients for the kernels.

    Parameters
    ----------
    photons : float
        In one ray of one detector row without an object; infinite for no noise.

    Returns
    -------
    Beam
        Of :data:`phantoms.attenuation.WEIGHTS` and :data:`phantoms.attenuation.METALS`.
    """
    shares, water = np.array(WEIGHTS), WATER.per_mm
    depths = np.linspace(0.0, DEEPEST_MM, 8001)
    logs = -np.log(np.exp(-depths[:, None] * water) @ shares)
    even = np.linspace(0.0, logs[-1], 16001)
    return _streak_kernels.Beam(
        shares=shares,
        water=water,
        bone=BONE.per_mm,
        metal=np.array([METALS[name].per_mm for name in METALS]),
        painted=np.array([1.0 + PAINTED_HU[name] / 1000.0 for name in METALS]),
        water_mm=np.interp(even, logs, depths),
        step=float(even[1]),
        photons=photons,
    )


def add_streaks(
    hu: NDArray[np.float32],
    grid: ScanGrid,
    metals: Iterable[Metal],
    rng: np.random.Generator,
    *,
    dose: float = 1.0,
) -> None:
    """Add to a painted scan, in place, what metal does to its reconstruction.

    The metal must be painted already, with the values of
    :data:`phantoms.attenuation.PAINTED_HU`, before any blur, noise or clipping.

    Parameters
    ----------
    hu : (k, j, i) float32 array
        Hounsfield units, changed.
    grid : ScanGrid
        Where the voxels lie; the middle of each slice is taken as the axis of rotation.
    metals : iterable of Metal
        Needles, antennas and balls, LPS of the scan.
    rng : numpy.random.Generator
        Source of the photons' chance; drawn from only where there is metal.
    dose : float
        Against a routine abdominal scan; infinite for no noise.

    Raises
    ------
    ScanRefusedError
        If something among the metals is not metal.
    """
    known = check_metals(metals)
    if not known:
        return
    seeds = rng.integers(0, 2**31, grid.shape_kji[0])
    rows = max(1, round(grid.thickness_mm / ROW_MM))
    height_mm = grid.thickness_mm / rows
    beam = build_beam(PHOTONS_PER_MM * dose * height_mm)

    def add(k: int) -> None:
        wires = _wires_of_slice(known, grid, k)
        if len(wires.radii_mm):
            _add_to_slice(hu[k], grid, wires, beam, int(seeds[k]))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(add, range(grid.shape_kji[0])))


def _slice_frame(grid: ScanGrid, k: int) -> tuple[Floats, Floats]:
    """Build a slice's axes u, v, w as rows (3, 3), and its middle (3,), LPS millimetres."""
    steps = grid.lps_from_index[:3, :3]
    u = steps[:, 2] / np.linalg.norm(steps[:, 2])
    v = steps[:, 1] / np.linalg.norm(steps[:, 1])
    _, rows, columns = grid.shape_kji
    middle = np.array([k, 0.5 * (rows - 1), 0.5 * (columns - 1), 1.0])
    return np.array([u, v, np.cross(u, v)]), grid.lps_from_index[:3] @ middle


def _wires_of_slice(metals: tuple[Metal, ...], grid: ScanGrid, k: int) -> _chord_kernels.Wires:
    """Cut the metal to what a slice's rays can meet, in the slice's frame."""
    axes, middle = _slice_frame(grid, k)
    names = list(METALS)
    ends, radii, owners, kinds = [], [], [], []
    for owner, metal in enumerate(metals):
        points = (metal.points_mm - middle) @ axes.T
        pieces = np.stack([points[:-1], points[1:]], axis=1)
        if len(points) == 1:
            pieces = np.repeat(points[None], 2, axis=1)
        # cut well beyond the slab: the round ends of a cut stay outside
        cut = _cut_to_slab(pieces, 0.5 * grid.thickness_mm, 2.0 * metal.radius_mm)
        ends.append(cut)
        radii += [metal.radius_mm] * len(cut)
        owners += [owner] * len(cut)
        kinds += [names.index(metal.material)] * len(cut)
    return _chord_kernels.Wires(
        np.concatenate(ends),
        np.array(radii, dtype=np.float64),
        np.array(owners, dtype=np.int64),
        np.array(kinds, dtype=np.int64),
    )


def _cut_to_slab(pieces: Floats, half_mm: float, spare_mm: float) -> Floats:
    """Keep of straight pieces (n, 2, 3) what lies within a slab about w = 0."""
    w = pieces[:, :, 2]
    is_near = (w.min(axis=1) <= half_mm + 0.5 * spare_mm) & (
        w.max(axis=1) >= -half_mm - 0.5 * spare_mm
    )
    near = pieces[is_near]
    reach = half_mm + spare_mm
    rise = near[:, 1, 2] - near[:, 0, 2]
    safe = np.where(rise == 0.0, 1.0, rise)
    at = (np.array([[-reach], [reach]]) - near[:, 0, 2]) / safe
    low = np.where(rise == 0.0, 0.0, np.clip(at.min(axis=0), 0.0, 1.0))
    high = np.where(rise == 0.0, 1.0, np.clip(at.max(axis=0), 0.0, 1.0))
    way = near[:, 1] - near[:, 0]
    cut: Floats = near[:, :1] + np.stack([low, high], axis=1)[:, :, None] * way[:, None]
    return cut


def _add_to_slice(
    picture: NDArray[np.float32],
    grid: ScanGrid,
    wires: _chord_kernels.Wires,
    beam: _streak_kernels.Beam,
    seed: int,
) -> None:
    """Trace the metal of one slice and add its inconsistency."""
    pixel_mm = np.linalg.norm(grid.lps_from_index[:3, 1:3], axis=0)
    shape = (grid.shape_kji[1], grid.shape_kji[2])
    sinogram = np.zeros((VIEWS, count_bins(shape, pixel_mm, BIN_MM)), dtype=np.float32)
    scene = _tissue_of_slice(picture, pixel_mm, grid.thickness_mm)
    if _streak_kernels.trace_metal(wires, beam, scene, sinogram, (BIN_MM, seed)):
        reconstruct(1000.0 * sinogram, picture, pixel_mm, BIN_MM)


def _tissue_of_slice(
    picture: NDArray[np.float32], pixel_mm: Floats, thickness_mm: float
) -> _streak_kernels.Slice:
    """Shrink a slice to shares of water and bone, metal counting as water."""
    factor = np.maximum(np.rint(COARSE_MM / pixel_mm).astype(int), 1)
    rows, columns = -(-np.array(picture.shape) // factor)
    whole = np.array([rows, columns]) * factor
    before = (whole - picture.shape) // 2
    after = whole - picture.shape - before
    padded = np.pad(picture, tuple(zip(before, after, strict=True)), constant_values=-1000.0)
    padded[padded > METAL_HU] = 0.0
    bone = np.clip((padded - SOFT_HU) / (bone_hu() - SOFT_HU), 0.0, 1.0)
    water = np.where(bone > 0.0, (1.0 + SOFT_HU / 1000.0) * (1.0 - bone), 1.0 + padded / 1000.0)
    both = np.stack([np.maximum(water, 0.0), bone], axis=-1)
    shrunk = both.reshape(rows, factor[0], columns, factor[1], 2).mean(axis=(1, 3))
    detector_rows = max(1, round(thickness_mm / ROW_MM))
    places = detector_rows * _streak_kernels.SUB_HEIGHTS
    heights = thickness_mm * ((np.arange(places) + 0.5) / places - 0.5)
    return _streak_kernels.Slice(
        np.ascontiguousarray(shrunk, dtype=np.float32),
        pixel_mm * factor,
        heights.reshape(detector_rows, -1),
    )
