"""A scan's grid with two overlapping balls on it, for the tests of structure files."""

from __future__ import annotations

import numpy as np

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Mask
from tests.navigator.io.dicom_writer import FRAME_OF_REFERENCE, SERIES

FRAME = Frame(FrameKind.LPS, f"{FRAME_OF_REFERENCE}/{SERIES}")


def scan_grid(
    spacing_mm: tuple[float, float, float] = (2.0, 0.8, 0.8),
    *,
    shear: float = 0.0,
    origin_mm: tuple[float, float, float] = (-20.0, -20.0, -20.0),
    frame: Frame = FRAME,
) -> Grid:
    """Make a grid of about 40 mm along each axis, tilted by `shear`."""
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3)[:, ::-1]) * spacing_mm
    affine[1, 0] = shear * spacing_mm[0]
    affine[:3, 3] = origin_mm
    counts = [round(40.0 / step) + 1 for step in spacing_mm]
    return Grid(shape_kji=(counts[0], counts[1], counts[2]), lps_from_index=affine, frame=frame)


def ball(grid: Grid, centre_mm: tuple[float, float, float], radius_mm: float) -> Mask:
    """Paint a ball."""
    centres = grid.points_from_indices(np.moveaxis(np.indices(grid.shape_kji), 0, -1))
    return Mask(np.linalg.norm(centres - np.array(centre_mm), axis=-1) <= radius_mm, grid)


GRID = scan_grid()
LIVER = ball(GRID, (0.0, 0.0, 0.0), 14.0)
TUMOUR = ball(GRID, (4.0, 2.0, 1.0), 6.0)
VESSEL = ball(GRID, (-4.0, -2.0, 1.0), 5.0)
