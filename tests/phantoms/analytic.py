"""Simple objects on simple grids, whose scans can be reckoned by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.painting import ScanGrid, paint_parts
from phantoms.shapes import Affine, Tube, ellipsoid
from phantoms.tissues import AIR, Part, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.shapes import Shape

WATER = Tissue(name="muscle", hu=0.0)


def flat_grid(
    slices: int, pixels: int, pixel_mm: float, *, distance_mm: float = 2.0, thickness_mm: float = 2
) -> ScanGrid:
    """Lay upright slices about the origin."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([distance_mm, pixel_mm, pixel_mm])[::-1]
    half = 0.5 * (np.array([slices, pixels, pixels]) - 1.0)
    matrix[:3, 3] = -matrix[:3, :3] @ half
    return ScanGrid(
        shape_kji=(slices, pixels, pixels), lps_from_index=matrix, thickness_mm=thickness_mm
    )


def painted(
    grid: ScanGrid, *fillings: tuple[Shape, Tissue], samples: int = 0
) -> NDArray[np.float32]:
    """Paint shapes, each filled with a tissue, in air."""
    parts = [
        (Part(name="part", shape=shape, tissue=tissue, samples=samples), np.eye(4))
        for shape, tissue in fillings
    ]
    parts = parts or [(Part(name="none", shape=ellipsoid([0, 0, 1e4], [1, 1, 1]), tissue=AIR),
                       np.eye(4))]  # fmt: skip
    return paint_parts(parts, grid)[0]


def cylinder(radius_mm: float, x_mm: float = 0.0, y_mm: float = 0.0) -> Shape:
    """Build a long cylinder along the scanner's axis."""
    ends = np.array([[x_mm, y_mm, -300.0], [x_mm, y_mm, 300.0]])
    return Affine(Tube(ends, np.array([radius_mm, radius_mm])), np.eye(4))
