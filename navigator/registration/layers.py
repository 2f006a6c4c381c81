"""Which points of the planning scan move together: bone, liver, and the rest of the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from navigator.imaging.blurring import blur

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels
    from navigator.registration.lattice import LatticeImage

BONE_HU, CORTEX_HU = 180.0, 240.0
"""Dense enough for bone after averaging; and what a piece of bone has somewhere."""
SURE_BONE_HU, SURE_CORTEX_HU = 200.0, 300.0
"""The same of bone that no enhanced kidney or vessel is mistaken for: it finds the motion."""
GAP_MM = 4.0
"""Marrow between shells this far apart is bone too."""
LEAST_BONE_ML = 0.3
LARGEST_MARROW_MM2 = 2500.0
"""A vertebra is 50 by 40 mm; a ring of ribs encloses far more."""
BLUR_MM = 3.0
LIVER_EDGE_MM = (1.0, 6.0)
"""The liver's layer fades out over this way outside its surface: all of it moves as liver."""
LIVER_SEEN_MM = (-1.0, 2.0)
"""What is compared fades out nearer: farther out lies what moves with the wall, and would pull."""
BONE_EDGE_MM = (1.0, 4.0)
"""The same of bone: thin ribs do not fill the points of a lattice."""
LIVER_OWN_MM = (2.0, 4.0)
"""Nearer to the liver than this it is no bone's surroundings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Shares of the layers at each lattice point; they add up to one.

    Parameters
    ----------
    rest, bone : (z, y, x) array
        float32.
    liver : (z, y, x) array or None
        None where no liver was given.
    liver_seen : (z, y, x) array or None
        How much each point says of the liver's motion.
    """

    rest: Voxels
    bone: Voxels
    liver: Voxels | None
    liver_seen: Voxels | None


def find_bone(
    planning: LatticeImage, liver: Voxels | None, *, bone_hu: float, cortex_hu: float
) -> Booleans:
    """Find bone with its marrow on a lattice.

    Parameters
    ----------
    planning : LatticeImage
        The planning scan, at about 3 mm.
    liver : (z, y, x) array or None
        Share of each point in the liver: it holds no bone.
    bone_hu, cortex_hu : float
        Bone is denser than the first, and each piece of it somewhere denser than the second.

    Returns
    -------
    (z, y, x) array of bool
        Bone.
    """
    spacing = planning.lattice.spacing_mm
    dense = (planning.values > bone_hu) & (planning.weights > 0)
    if liver is not None:
        dense &= liver < 0.5
    pieces, count = ndimage.label(dense)
    if not count:
        return dense
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * spacing**3 / 1000.0
    tops = np.bincount(pieces.ravel(), (planning.values > cortex_hu).ravel(), count + 1)
    keeps = (sizes >= LEAST_BONE_ML) & (tops > 0)
    keeps[0] = False
    bone = keeps[pieces]
    radius = max(1, round(GAP_MM / spacing))
    ball = ndimage.iterate_structure(ndimage.generate_binary_structure(3, 1), radius)
    closed = ndimage.binary_closing(np.pad(bone, radius), ball)
    inner = tuple(slice(radius, -radius) for _ in range(3))
    found: Booleans = closed[inner] | bone
    for part in found:
        np.logical_or(part, _marrow(part, spacing), out=part)
    return found


def _marrow(bone: Booleans, spacing_mm: float) -> Booleans:
    """Find what a slice of bone (y, x) encloses, but for the inside of a ring of ribs."""
    holes = ndimage.binary_fill_holes(bone) & ~bone
    pieces, count = ndimage.label(holes)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * spacing_mm**2
    sizes[0] = np.inf
    marrow: Booleans = (sizes <= LARGEST_MARROW_MM2)[pieces]
    return marrow


def build_layers(bone: Booleans, liver: Voxels | None, spacing_mm: float) -> Layers:
    """Share every lattice point among the layers.

    Parameters
    ----------
    bone : (z, y, x) array of bool
        Bone.
    liver : (z, y, x) array or None
        Share of each point in the liver.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    Layers
        The liver before bone before the liver's surroundings before the rest.
    """
    of_bone = _faded(bone.astype(np.float32), spacing_mm, BONE_EDGE_MM)
    if liver is None:
        return Layers(rest=1 - of_bone, bone=of_bone, liver=None, liver_seen=None)
    members = (liver >= 0.5).astype(np.float32)
    of_bone *= 1 - _faded(members, spacing_mm, LIVER_OWN_MM)
    of_liver = _faded(members, spacing_mm, LIVER_EDGE_MM) * (1 - of_bone)
    rest = np.maximum(1 - of_bone - of_liver, 0.0)
    seen = _faded(members, spacing_mm, LIVER_SEEN_MM) * (1 - of_bone)
    return Layers(rest=rest, bone=of_bone, liver=of_liver, liver_seen=seen)


def _faded(members: Voxels, spacing_mm: float, edge_mm: tuple[float, float]) -> Voxels:
    """Give 1 inside, falling to 0 between two distances outside, by the blur of a flat edge."""
    blurred: Voxels = blur(members, BLUR_MM / spacing_mm)
    near, far = (float(special.ndtr(-edge / BLUR_MM)) for edge in edge_mm)
    faded: Voxels = np.clip((blurred - far) / (near - far), 0.0, 1.0).astype(np.float32)
    return faded
