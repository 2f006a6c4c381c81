"""Lesions as surfaces: from a sphere in a request, or from a segmented mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import Floats, frozen_floats
from navigator.errors import StructureRefusedError
from navigator.imaging.resample import crop_grid, crop_slices
from navigator.imaging.surfaces import find_surface
from navigator.model.anatomy import Lesion
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.geometry.frames import Frame

SPHERE_POINTS = 2000
"""Points on an analytic sphere: neighbours are 1 mm apart on a 25 mm sphere."""

INSIDE_STEPS = 24
"""Points across the diameter when a sphere's volume is sampled."""

GOLDEN_ANGLE_RAD = np.pi * (3.0 - np.sqrt(5.0))


def build_sphere_lesion(
    *, name: str, centre_mm: ArrayLike, diameter_mm: float, wanted_margin_mm: float, frame: Frame
) -> Lesion:
    """Make a lesion from a sphere.

    Parameters
    ----------
    name : str
        e.g. ``L1``.
    centre_mm : (3,) array
        Centre, millimetres in `frame`.
    diameter_mm, wanted_margin_mm : float
        Millimetres.
    frame : Frame
        The scan in which it was seen.

    Returns
    -------
    Lesion
        Analytic: no surface uncertainty.

    Raises
    ------
    ValueError
        If the diameter is not positive.
    """
    if not diameter_mm > 0:
        raise ValueError(f"sphere diameter: expected > 0 mm, got {diameter_mm}")
    centre, radius = frozen_floats(centre_mm, (3,), "centre_mm"), 0.5 * diameter_mm
    steps = (np.arange(INSIDE_STEPS) + 0.5) / INSIDE_STEPS * 2.0 - 1.0
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = cube[np.einsum("ni,ni->n", cube, cube) <= 1.0]
    area = 4.0 * np.pi * radius**2
    return Lesion(
        name=name,
        surface_mm=centre + radius * spread_directions(SPHERE_POINTS),
        surface_weights_mm2=np.full(SPHERE_POINTS, area / SPHERE_POINTS),
        inside_mm=centre + radius * inside,
        volume_ml=float(4.0 / 3.0 * np.pi * radius**3 / 1000.0),
        wanted_margin_mm=wanted_margin_mm,
        surface_uncertainty_mm=0.0,
        frame=frame,
    )


def build_mask_lesion(*, name: str, mask: Mask, wanted_margin_mm: float) -> Lesion:
    """Make a lesion from a segmented mask.

    Parameters
    ----------
    name : str
        e.g. ``L1``.
    mask : Mask
        The tumour, on a rectilinear grid.
    wanted_margin_mm : float
        Millimetres.

    Returns
    -------
    Lesion
        Its surface is uncertain by half the largest spacing: where the true border crossed
        between two voxel centres cannot be seen in a mask.

    Raises
    ------
    StructureRefusedError
        If the mask is too small, or falls into pieces: a stray voxel has no surface of its own
        and would be left out of the margin in silence.
    """
    inside = mask.grid.points_from_indices(np.argwhere(mask.members))
    slices = crop_slices(mask.grid, inside, padding_mm=0.0)
    cropped = Mask(mask.members[slices], crop_grid(mask.grid, slices))
    _check_one_piece(name, cropped)
    surface = find_surface(cropped)
    return Lesion(
        name=name,
        surface_mm=surface.points_mm,
        surface_weights_mm2=surface.weights_mm2,
        inside_mm=inside,
        volume_ml=mask.volume_ml,
        wanted_margin_mm=wanted_margin_mm,
        surface_uncertainty_mm=0.5 * float(mask.grid.spacing_mm.max()),
        frame=mask.grid.frame,
    )


def _check_one_piece(name: str, mask: Mask) -> None:
    _, count = ndimage.label(mask.members, np.ones((3, 3, 3), dtype=bool))
    if count > 1:
        raise StructureRefusedError(
            code="lesion-in-pieces",
            what=f"The label of lesion {name} falls into pieces",
            where=f"lesion {name}",
            expected="one connected piece",
            got=f"{count} pieces",
            next_step="remove stray voxels, or make a lesion of each piece",
        )


def spread_directions(count: int) -> Floats:
    """Spread directions evenly over the sphere along a golden spiral.

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    (count, 3) array
        Unit directions; each stands for the same solid angle.

    References
    ----------
    González Á, 2010, doi:10.1007/s11004-009-9257-x.
    """
    z = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    across = np.sqrt(1.0 - z**2)
    turn = GOLDEN_ANGLE_RAD * np.arange(count)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)
