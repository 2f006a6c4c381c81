"""Bone with its marrow, and metal; contrast-filled vessels as bright as bone are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.slices import close_slice, dilate_slice, fill_slice
from navigator.segmentation.upright import count_in_pieces, in_slices, number_pieces

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Labels, Voxels
    from navigator.segmentation.upright import UprightScan

DENSE_HU = 220.0
"""Above enhanced organs and veins of a portal phase; the shells of bones are denser."""

CORTEX_HU, LEAST_CORTEX_ML = 300.0, 0.03
"""A piece that has none of this is no bone: a vessel, a kidney, a stent's shadow."""

OVER_BLOOD_HU = 120.0
"""Cortex is that much denser than the contrast-filled blood of the same scan."""

LEAST_BONE_ML = 0.15
"""Smaller dense pieces are calcifications, clips and noise."""

METAL_SEED_HU, METAL_HU = 2200.0, 1500.0
"""Bone of the trunk stays below 2000 HU, metal above 3000 unless its voxels are half filled; what
is joined to such a voxel is metal down to 1500 HU."""

SPONGY_HU, SPONGY_MM = 150.0, 4.0
"""Beside a dense shell, what is denser than muscle and liver is bone too, that far from it."""

GAP_MM = 5.0
"""Gaps of a shell up to this radius do not open it."""

GAP_HU = 100.0
"""What closes a gap is bone only above it: muscle and fat lie in the corners of bones too."""

MARROW_HU = (-80.0, 700.0)
"""Mean of what a shell of bone encloses in a slice: fatty to dense marrow, or the spinal canal."""

LARGEST_MARROW_MM2 = 2500.0
"""A vertebra is 50 by 40 mm; a ring of ribs encloses far more."""

EVEN_SIDE_MM = 7.0
EVEN_HU, EVEN_FACTOR = 15.0, 1.6
"""Blood is even: over a square of this side its spread is that of the noise, which the quietest
quarter of soft tissue shows. Marrow is not."""

RIND_HU, RIND_SHARE = 100.0, 0.3
"""Even bone (a femoral head) has a rind denser than itself, blood has none."""

LEAST_BLOOD_ML = 1.0
"""Smaller even pieces are left to what they touch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBone:
    """Everything dense in the body.

    Parameters
    ----------
    bone, metal : (z, y, x) array of bool
        Bone with marrow; metal.
    bright : (z, y, x) array of bool
        As bright as bone, and not taken for it.
    blood : (z, y, x) array of bool
        That part of it that was told from bone by being even and without a rind.
    """

    bone: Booleans
    metal: Booleans
    bright: Booleans
    blood: Booleans


def find_bone(scan: UprightScan) -> FoundBone:
    """Find bone and metal.

    Parameters
    ----------
    scan : UprightScan
        The scan.

    Returns
    -------
    FoundBone
        Disjoint.
    """
    dense = scan.body & scan.imaged & (scan.values_hu > DENSE_HU)
    metal = _metal(dense, scan)
    dense &= ~metal
    blood = _even_blood(dense, scan)
    cortex_hu = CORTEX_HU
    if blood.any():
        cortex_hu = max(cortex_hu, float(np.median(scan.values_hu[blood])) + OVER_BLOOD_HU)
    pieces, count = number_pieces(dense & ~blood)
    shell = _bony(pieces, count, scan, cortex_hu)[pieces]
    bone = _filled(shell, ~metal & ~blood, scan)
    return FoundBone(bone=bone, metal=metal, bright=dense & ~bone, blood=blood)


def _metal(dense: Booleans, scan: UprightScan) -> Booleans:
    """Take all that is joined to a voxel that only metal reaches, (z, y, x)."""
    if not (scan.values_hu[dense] > METAL_SEED_HU).any():
        return np.zeros_like(dense)
    pieces, count = number_pieces(dense & (scan.values_hu > METAL_HU), np.ones((3, 3, 3)))
    is_metal = count_in_pieces(scan.values_hu > METAL_SEED_HU, pieces, count) > 0
    is_metal[0] = False
    found: Booleans = is_metal[pieces]
    return found


def _bony(pieces: Labels, count: int, scan: UprightScan, cortex_hu: float) -> Booleans:
    """Tell which dense pieces (z, y, x) are bone; one flag each."""
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * scan.voxel_ml
    cortex = count_in_pieces(scan.values_hu > cortex_hu, pieces, count) * scan.voxel_ml
    held: Booleans = (sizes >= LEAST_BONE_ML) & (cortex >= LEAST_CORTEX_ML)
    held[0] = False
    return held


def _filled(shell: Booleans, free: Booleans, scan: UprightScan) -> Booleans:
    """Thicken shells of bone and fill what they enclose with marrow, (z, y, x)."""
    spacing_mm = scan.spacing_mm[1:]
    solid, rings = np.zeros_like(shell), np.zeros_like(shell)
    for index, part in enumerate(shell):
        if part.any():
            values, open_to = scan.values_hu[index], free[index] & scan.body[index]
            near = dilate_slice(part, spacing_mm, SPONGY_MM)
            thick = part | (near & open_to & (values > SPONGY_HU))
            rings[index] = close_slice(thick, spacing_mm, GAP_MM)
            solid[index] = thick | (rings[index] & open_to & (values > GAP_HU))
    # a shell that is open in one plane is closed in another
    marrow = np.zeros_like(shell)
    for axis in range(3):
        plane_mm = np.delete(scan.spacing_mm, axis)
        stacks = (np.moveaxis(each, axis, 0) for each in (rings, marrow, scan.values_hu))
        for ring, filled, values in zip(*stacks, strict=True):
            if ring.any():
                np.logical_or(filled, _marrow(ring, values, plane_mm), out=filled)
    return solid | (marrow & free & scan.body)


def _marrow(ring: Booleans, values_hu: Voxels, spacing_mm: Floats) -> Booleans:
    """Find those holes of a slice (y, x) that have the size and the mean of marrow."""
    holes, count = number_pieces(fill_slice(ring) & ~ring)
    areas_mm2 = np.bincount(holes.ravel(), minlength=count + 1) * float(np.prod(spacing_mm))
    means = np.asarray(ndimage.mean(values_hu, holes, np.arange(count + 1)))
    is_marrow = (means >= MARROW_HU[0]) & (means <= MARROW_HU[1])
    is_marrow &= areas_mm2 <= LARGEST_MARROW_MM2
    is_marrow[0] = False
    found: Booleans = is_marrow[holes]
    return found


def _even_blood(dense: Booleans, scan: UprightScan) -> Booleans:
    """Find what is wide, even inside and has no denser rind, (z, y, x)."""
    spacing_mm = scan.spacing_mm[1:]
    spread_hu = _local_spread(scan)
    slices = zip(spread_hu, scan.values_hu, scan.body, strict=True)
    limit_hu = np.array([_even_limit_hu(*each) for each in slices])
    limit_hu = np.maximum(limit_hu, np.median(limit_hu))
    pieces, _ = number_pieces(dense & (spread_hu < limit_hu[:, None, None]))
    sizes = np.bincount(pieces.ravel()) * scan.voxel_ml
    found = np.zeros_like(dense)
    for label, box in enumerate(ndimage.find_objects(pieces), start=1):
        if sizes[label] >= LEAST_BLOOD_ML and _has_no_rind(pieces == label, scan, box):
            found[box] |= pieces[box] == label
    reach_mm = 0.5 * EVEN_SIDE_MM + float(spacing_mm.max())
    return dense & in_slices(dilate_slice, found, spacing_mm=spacing_mm, radius_mm=reach_mm)


def _even_limit_hu(spread_hu: Voxels, values_hu: Voxels, body: Booleans) -> float:
    """Take the spread below which a slice (y, x) is even from its quietest soft tissue."""
    soft = body & (np.abs(values_hu) < 150.0)
    noise_hu = float(np.percentile(spread_hu[soft], 25.0)) if soft.any() else 0.0
    return max(EVEN_HU, EVEN_FACTOR * noise_hu)


def _local_spread(scan: UprightScan) -> Voxels:
    """Measure the standard deviation over a square of each slice, (z, y, x), HU."""
    side = [1, *(2 * round(0.5 * EVEN_SIDE_MM / step) + 1 for step in scan.spacing_mm[1:])]
    values = np.clip(scan.values_hu, -200.0, METAL_HU)
    mean: Voxels = ndimage.uniform_filter(values, side, mode="nearest")
    square: Voxels = ndimage.uniform_filter(values * values, side, mode="nearest")
    spread: Voxels = np.sqrt(np.maximum(square - mean * mean, 0.0))
    return spread


def _has_no_rind(piece: Booleans, scan: UprightScan, box: tuple[slice, ...]) -> bool:
    """Tell whether what surrounds a piece (z, y, x) is no denser than the piece."""
    reach_mm = EVEN_SIDE_MM
    steps = np.ceil(reach_mm / scan.spacing_mm[1:]).astype(int)
    wide = (
        box[0],
        *(
            slice(max(part.start - step, 0), part.stop + step)
            for part, step in zip(box[1:], steps, strict=True)
        ),
    )
    inside = piece[wide]
    values = scan.values_hu[wide]
    rind = in_slices(dilate_slice, inside, spacing_mm=scan.spacing_mm[1:], radius_mm=reach_mm)
    rind &= ~inside
    if not rind.any():
        return True
    limit_hu = float(np.percentile(values[inside], 75.0)) + RIND_HU
    return float(np.mean(values[rind] > limit_hu)) <= RIND_SHARE
