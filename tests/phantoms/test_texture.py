"""The unevenness of tissue is a field of the body: it goes wherever a motion carries its tissue."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from phantoms import tissues
from phantoms.motion import Lattice, Motion, pulled_back, rigid_about, rotation_about
from phantoms.painting import ScanGrid, paint_moved
from phantoms.shapes import HalfSpace
from phantoms.texture import (
    FIELD_DEVIATION,
    FIELD_SIZE,
    TEXTURE_PITCH_MM,
    TEXTURE_SEED,
    add_texture,
)
from phantoms.tissues import Part

BENT = Lattice(
    origin_mm=np.full(3, -40.0),
    pitch_mm=20.0,
    coefficients_mm=np.random.default_rng(6).uniform(-3.0, 3.0, (6, 5, 5, 3)),
)
TURNED = rigid_about(rotation_about([1, 2, 3], 0.3), [0, 0, 0], [300.0, -200.0, 90.0])


def numpy_texture_hu(points_mm: np.ndarray, height_hu: float) -> np.ndarray:
    """Interpolate the field of random numbers by scipy."""
    shape = (FIELD_SIZE,) * 3
    field = np.random.default_rng(TEXTURE_SEED).standard_normal(shape, dtype=np.float32)
    places = points_mm.T / TEXTURE_PITCH_MM
    return map_coordinates(field, places, order=1, mode="grid-wrap") * height_hu / FIELD_DEVIATION


@pytest.mark.parametrize(
    ("motions", "most_hu"),
    # a rigid way is straight, and a warped one nearly so between every fourth voxel
    [((np.eye(4), TURNED), 0.02), ((Motion((BENT,)), Motion((BENT, TURNED, BENT))), 0.4)],
)
def test_each_part_has_the_texture_of_where_it_came_from(
    motions: tuple[np.ndarray | Motion, ...], most_hu: float
) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([0.7, 0.8, 1.5])[:, ::-1]
    matrix[:3, 3] = [-15.0, -14.0, -12.0]
    grid = ScanGrid(shape_kji=(16, 36, 43), lps_from_index=matrix, thickness_mm=1.5)
    everywhere = HalfSpace(np.array([0, 0, 900.0]), np.array([0, 0, 1.0]))
    left = HalfSpace(pulled_back(motions[1], np.zeros(3)), np.array([1.0, 0.1, 0.2]))
    placed = [
        (Part(name="one", shape=everywhere, tissue=tissues.LIVER), motions[0]),
        (Part(name="two", shape=left, tissue=tissues.MUSCLE), motions[1]),
    ]
    painted = paint_moved(placed, grid)
    before = painted.values_hu.copy()
    add_texture(painted, grid)
    added = painted.values_hu - before
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    centres = index @ matrix[:3, :3].T + matrix[:3, 3]
    for number, tissue in enumerate((tissues.LIVER, tissues.MUSCLE)):
        here = painted.carrier == number
        assert np.count_nonzero(here) > 2000
        came_from = pulled_back(motions[number], centres[here])
        expected = numpy_texture_hu(came_from, tissue.texture_hu)
        off = np.abs(added[here] - expected)
        assert off.max() <= most_hu
        assert added[here].std() == pytest.approx(tissue.texture_hu, rel=0.2)
