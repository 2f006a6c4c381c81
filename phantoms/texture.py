"""The natural unevenness of tissue: a random field of the body that moves with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import _texture_kernels
from phantoms.motion.chain import chain_of
from phantoms.painting import in_slabs
from phantoms.tissues import TISSUES

if TYPE_CHECKING:
    from phantoms.painting import Painted, ScanGrid

TEXTURE_PITCH_MM = 2.6
FIELD_SIZE = 48
TEXTURE_SEED = 20_240
FIELD_DEVIATION = (2.0 / 3.0) ** 1.5
"""Root mean square of evenly interpolated unit noise: (2/3) per axis in variance."""


def add_texture(painted: Painted, grid: ScanGrid) -> None:
    """Add the unevenness of tissue in place: the same in each of the body's scans.

    Parameters
    ----------
    painted : Painted
        Its Hounsfield units are changed. Each voxel is led back to the frame of the part that lies
        there, at every fourth voxel of a row, and straight between them.
    grid : ScanGrid
        Where the voxels lie.
    """
    draw = np.random.default_rng(TEXTURE_SEED).standard_normal((FIELD_SIZE,) * 3, dtype=np.float32)
    heights = np.array([each.texture_hu for each in TISSUES]) / FIELD_DEVIATION
    chain, edges = chain_of(*painted.motions)
    first_steps = np.array(edges, dtype=np.int64)

    def add(rows: tuple[int, int]) -> None:
        own = slice(*rows)
        affine = grid.lps_from_index[:3].copy()
        affine[:, 3] += rows[0] * affine[:, 0]
        _texture_kernels.add_texture(
            painted.values_hu[own],
            (painted.tissue[own], painted.carrier[own]),
            (heights, draw, TEXTURE_PITCH_MM),
            (chain, first_steps),
            affine,
        )

    in_slabs(add, grid.shape_kji[0])
