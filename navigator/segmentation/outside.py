"""What lies around the body: its skin, the couch under it, and other bodies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.slices import dilate_slice, fill_slice, open_slice
from navigator.imaging.tissue import SKIN_HU, TABLE_OPENING_MM, find_imaged, upright_axes
from navigator.model.volume import Mask
from navigator.segmentation.upright import count_in_pieces, in_slices, number_pieces

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Labels
    from navigator.model.volume import Volume
    from navigator.segmentation.upright import UprightScan

SKIN_MM = 2.0
"""Thickness of the layer that is called skin."""

LONG_SHARE = 0.8
"""A couch goes through this share of the slices at least."""

LEAST_TABLE_ML = 5.0
"""A blanket's hem or a cable is less."""

LEAST_OTHER_ML = 20.0
"""Soft tissue beside the body that is worth a remark: an arm."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """What lies beside the body.

    Parameters
    ----------
    table : Mask
        Couch and pads, filled.
    other_ml : float
        Volume of thick soft things beside the body that are no couch: arms, mostly.
    """

    table: Mask
    other_ml: float


def find_skin(scan: UprightScan) -> Booleans:
    """Find the outermost layer of the body where it meets air that was imaged.

    Parameters
    ----------
    scan : UprightScan
        The scan.

    Returns
    -------
    (z, y, x) array of bool
        One voxel thick or `SKIN_MM`, whichever is more. Where the scan cuts the body there is
        none: the patient goes on there.
    """
    radius_mm = max(SKIN_MM, float(scan.spacing_mm[1:].max()))
    # where padding ends the body, the opening that freed it of the couch cut its corners too
    lost = in_slices(
        dilate_slice,
        ~scan.imaged,
        spacing_mm=scan.spacing_mm[1:],
        radius_mm=TABLE_OPENING_MM + radius_mm,
    )
    air = ~scan.body & ~lost
    near = in_slices(dilate_slice, air, spacing_mm=scan.spacing_mm[1:], radius_mm=radius_mm)
    return near & scan.body


def find_table(volume: Volume, body: Mask) -> FoundTable:
    """Find couch and pads: what goes on beside the body through nearly all slices.

    Nothing is assumed of where it lies: patients lie on their back, face or side.

    Parameters
    ----------
    volume : Volume
        The scan.
    body : Mask
        The patient.

    Returns
    -------
    FoundTable
        Possibly empty.
    """
    axes = upright_axes(volume.grid)
    inside = body.members.transpose(axes)
    beside = (volume.values_hu.transpose(axes) > SKIN_HU) & ~inside
    beside &= find_imaged(volume).members.transpose(axes)
    spacing_mm = volume.grid.spacing_mm[list(axes)]
    pieces, count = number_pieces(beside, np.ones((3, 3, 3)))
    voxel_ml = volume.grid.voxel_volume_mm3 / 1000.0
    is_thick = _thick(beside, pieces, count, spacing_mm[1:]) * voxel_ml >= LEAST_OTHER_ML
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * voxel_ml
    is_table = _is_long(pieces, count) & ~is_thick & (sizes >= LEAST_TABLE_ML)
    shell = is_table[pieces]
    # foam is as light as air: it is told by the shell around it
    table = in_slices(fill_slice, shell) & ~inside
    back = table.transpose(np.argsort(axes))
    return FoundTable(Mask(back, volume.grid), float(sizes[1:][is_thick[1:]].sum()))


def _thick(beside: Booleans, pieces: Labels, count: int, spacing_mm: Floats) -> Floats:
    """Count the voxels (z, y, x) of each piece into which a disc of twice a couch's shell fits."""
    wide = in_slices(open_slice, beside, spacing_mm=spacing_mm, radius_mm=2.0 * TABLE_OPENING_MM)
    return count_in_pieces(wide, pieces, count)


def _is_long(pieces: Labels, count: int) -> Booleans:
    """Tell which pieces (z, y, x) occur in nearly all slices; one flag each."""
    seen = np.zeros(count + 1)
    for part in pieces:
        seen[np.unique(part)] += 1
    long: Booleans = seen >= LONG_SHARE * len(pieces)
    long[0] = False
    return long
