"""How far from the truth a registration may carry each place of the liver.

The normal equations say how firmly the images hold the field about each node: T, the structure
tensor over the noise, averaged over as far as the smoothness lets a field follow it. The covariance
is taken as that of one place held by its surroundings and by the prior alone,

    C = s² (T + b)⁻¹,    radius₉₅² = χ²₃(0.95) · trace(C) / 3,

with the scale s and the prior's hold b fitted once to known motions of phantoms and real scans.
What the images do not show at all (a smooth liver that slides along itself) comes in by b alone,
and a wrong match is not in it: the gate is there for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.model.displacement import ErrorMap
from navigator.model.volume import Grid
from navigator.registration.deformable import sum_layer

if TYPE_CHECKING:
    from navigator.arrays import Voxels
    from navigator.geometry.frames import Frame
    from navigator.registration.stages import FoundFields

HELD_MM = 13.2
"""Standard deviation over which the images hold a place: 1.5 nodes of the finest field."""
PRIOR_PER_MM2 = 0.003
"""The hold of smoothness, in the unit of the tensors: so firmly is held what shows nothing."""
SCALE = 0.19
"""Of the standard deviation; fitted with the prior on twelve problems, 95 of 100 points within."""
CHI_SQUARED_3_95 = 7.815
MEAN_OF_RADIUS95 = 0.5709
"""Mean length of a 3D error of equal spread in all directions by its 95th percentile:
√(8/π / 7.815)."""


def expect_errors(found: FoundFields, frame: Frame) -> ErrorMap | None:
    """Say for each place of the liver how far its true place may be.

    Parameters
    ----------
    found : FoundFields
        Of the last stage.
    frame : Frame
        Of the planning scan.

    Returns
    -------
    ErrorMap or None
        At lattice points of the liver and one beyond it, NaN elsewhere; None where no liver was
        given: the smoothness of all else is not that of an organ.
    """
    seen = found.scans.layers.liver_seen
    if seen is None:
        return None
    fields, stage = found.fields, found.stage
    counts = fields.values_mm.shape[2:]
    tensors, _ = sum_layer(found.compared, seen, stage, (counts[0], counts[1], counts[2]))
    width = HELD_MM / fields.pitch_mm
    held = [ndimage.gaussian_filter(each, width, truncate=3.0, mode="constant") for each in tensors]
    order = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])
    matrices = np.moveaxis(np.stack(held)[order], (0, 1), (-2, -1)).astype(np.float64)
    covariance = SCALE**2 * np.linalg.inv(matrices + PRIOR_PER_MM2 * np.eye(3))
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    radius = np.sqrt(CHI_SQUARED_3_95 * trace / 3.0).astype(np.float32)
    lattice = found.scans.planning.lattice
    grid = Grid(shape_kji=lattice.shape, lps_from_index=lattice.lps_from_index(), frame=frame)
    return ErrorMap(_on_liver(radius, found), grid)


def _on_liver(radius: Voxels, found: FoundFields) -> Voxels:
    """Read radii at nodes (n, m, o) at the lattice points of the liver and next to it, else NaN."""
    # a place is read from eight points around it: those about the outermost ones are needed
    near = ndimage.binary_dilation(found.scans.tissues.liver, np.ones((3, 3, 3), dtype=bool))
    places = np.argwhere(near)
    laid = np.full(near.shape, np.nan, np.float32)
    laid[near] = ndimage.map_coordinates(
        radius, (places / found.stage.step).T, order=1, mode="nearest"
    )
    return laid
