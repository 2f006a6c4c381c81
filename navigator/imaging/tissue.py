"""Tissue from Hounsfield units: the patient's body and its skin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.errors import StructureRefusedError
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from navigator.arrays import Booleans
    from navigator.model.volume import Volume

SKIN_HU = -500.0
"""Half way between air (-1000) and skin over fat: where a blurred edge has its true place."""

TABLE_OPENING_MM = 5.0
"""Radius of the opening that cuts couch shells (2 to 6 mm thick) and tubes off the body."""

SMALLEST_BODY_ML = 500.0
"""Less tissue than this is no abdomen."""


def find_body(volume: Volume) -> Mask:
    """Find the patient in a scan: all tissue and everything that it encloses in a slice.

    Threshold, opening (couch, blankets and lines go), largest piece, holes of each slice
    filled (lung, bowel gas).

    Parameters
    ----------
    volume : Volume
        A CT scan of the trunk, rectilinear or sheared.

    Returns
    -------
    Mask
        The body, on the scan's grid.

    Raises
    ------
    StructureRefusedError
        If there is no body in it.

    Notes
    -----
    What lies on the skin and is thicker than the opening (a plate, an arm) becomes body.
    """
    tissue = volume.values_hu > SKIN_HU
    opened = _opened(tissue, volume.grid.spacing_mm[1:])
    pieces, count = ndimage.label(opened)
    if count:
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        body = pieces == int(sizes.argmax())
        body = np.stack([ndimage.binary_fill_holes(part) for part in body])
        mask = Mask(body, volume.grid)
        if mask.volume_ml >= SMALLEST_BODY_ML:
            return mask
    raise StructureRefusedError(
        code="no-body",
        what="No body was found in the scan",
        where=str(volume.grid.frame),
        expected=f"at least {SMALLEST_BODY_ML:.0f} ml of tissue above {SKIN_HU:.0f} HU",
        got=f"{int(tissue.sum()) * volume.grid.voxel_volume_mm3 / 1000:.0f} ml",
        next_step="check that the scan is a CT of the trunk in Hounsfield units",
    )


def _opened(tissue: Booleans, spacing_mm: np.ndarray) -> Booleans:
    """Open each slice by a disc, by distances: one pass whatever the radius.

    Parameters
    ----------
    tissue : (k, j, i) array of bool
        What is tissue.
    spacing_mm : (2,) array
        Spacing of (j, i), millimetres.

    Returns
    -------
    (k, j, i) array of bool
        The tissue that a disc of `TABLE_OPENING_MM` fits into.
    """
    opened = np.empty_like(tissue)
    for index, part in enumerate(tissue):
        framed = np.pad(part, 1)
        core = ndimage.distance_transform_edt(framed, sampling=spacing_mm) > TABLE_OPENING_MM
        if core.any():
            back = ndimage.distance_transform_edt(~core, sampling=spacing_mm) <= TABLE_OPENING_MM
            opened[index] = (back & framed)[1:-1, 1:-1]
        else:
            opened[index] = False
    return opened
