"""A part that is held firm keeps distances, moves as the field says, and lets the rest be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Mask
from navigator.registration.firm import firm_points, hold_firm
from navigator.registration.lattice import Lattice
from navigator.registration.whole import register_deformable
from tests.navigator.registration.slid_patient import SHIFT_MM, TRUE, slid_scans
from tests.navigator.registration.small_patient import LIVER_MM

pytestmark = pytest.mark.xdist_group("whole")

SPACING_MM, SHAPE = 2.2, (30, 32, 34)
MIDDLE, ASIDE = np.array([15.0, 16.0, 17.0]), np.array([0.0, 0.0, 7.0])


def places() -> np.ndarray:
    return np.moveaxis(np.indices(SHAPE), 0, -1).astype(np.float64)


def ball(centre: np.ndarray, radius_mm: float) -> np.ndarray:
    return np.linalg.norm(SPACING_MM * (places() - centre), axis=-1) <= radius_mm


def shrinking() -> np.ndarray:
    """Draw together towards the middle by 15 %, and turn by 4 degrees, and shift."""
    matrix = 0.85 * Rotation.from_rotvec(np.deg2rad([0.0, 3.0, -2.5])).as_matrix()
    away = SPACING_MM * (places() - MIDDLE)
    return (away @ matrix.T - away + [3.0, -1.0, 2.0]).astype(np.float32)


def read(field: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Carry places (n, 3), index, by the field between its points, millimetres."""
    moved = [ndimage.map_coordinates(field[..., a], at.T, order=1) for a in range(3)]
    return SPACING_MM * at + np.stack(moved, axis=1)


def test_distances_inside_stay_and_the_motion_is_the_fields_own() -> None:
    field, part = shrinking(), ball(MIDDLE, 9.0)
    held = hold_firm(field, part, SPACING_MM)
    rng = np.random.default_rng(5)
    inside = MIDDLE + rng.uniform(-0.57, 0.57, (60, 3)) * 9.0 / SPACING_MM
    before, after = SPACING_MM * inside, read(held, inside)
    assert np.abs(pdist(after) - pdist(before)).max() < 1e-3
    # a shrinkage about the middle leaves the turn and the shift of the whole: both are known
    turned = Rotation.from_rotvec(np.deg2rad([0.0, 3.0, -2.5])).as_matrix()
    away = before - SPACING_MM * MIDDLE
    expected = SPACING_MM * MIDDLE + away @ turned.T + [3.0, -1.0, 2.0]
    assert np.abs(after - expected).max() < 0.02


def test_the_volume_stays_where_the_field_would_take_a_third_of_it() -> None:
    field, part = shrinking(), ball(MIDDLE, 9.0)
    at = np.argwhere(part).astype(np.float64)
    for shown, low, high in (
        (field, 0.6, 0.63),
        (hold_firm(field, part, SPACING_MM), 0.999, 1.001),
    ):
        steps = np.stack([read(shown, at + 0.3 * e) - read(shown, at - 0.3 * e) for e in np.eye(3)])
        ratios = np.linalg.det(np.moveaxis(steps, 0, -1) / (0.6 * SPACING_MM))
        assert low < ratios.mean() < high


def test_what_lies_far_off_does_not_change_and_two_parts_go_their_own_ways() -> None:
    field = shrinking()
    first, second = MIDDLE - ASIDE, MIDDLE + ASIDE
    parts = ball(first, 5.0) | ball(second, 5.0)
    held = hold_firm(field, parts, SPACING_MM)
    far = ~(ball(first, 22.0) | ball(second, 22.0))
    np.testing.assert_array_equal(held[far], field[far])
    # 31 mm lie between them, and both come nearer to each other by 15 % of it
    apart = read(held, second[None]) - read(held, first[None])
    assert np.linalg.norm(apart) == pytest.approx(0.85 * 14.0 * SPACING_MM, abs=0.1)
    for centre in (first, second):
        span = read(held, np.stack([centre, centre + 2.0 * ASIDE / 7.0]))
        assert np.linalg.norm(span[1] - span[0]) == pytest.approx(2.0 * SPACING_MM, abs=0.02)


def test_a_part_of_one_point_is_shifted_and_no_part_changes_nothing() -> None:
    field = shrinking()
    one = np.zeros(SHAPE, dtype=bool)
    np.testing.assert_array_equal(hold_firm(field, one, SPACING_MM), field)
    one[15, 16, 17] = True
    held = hold_firm(field, one, SPACING_MM)
    assert np.abs(held[14:17, 15:18, 16:19] - field[15, 16, 17]).max() < 1e-5


@pytest.mark.parametrize("radius_mm", [1.2, 4.0, 12.0])
def test_a_mask_is_laid_on_the_lattice_however_small(radius_mm: float) -> None:
    frame = Frame(FrameKind.LPS, "planning")
    affine = np.array([[0, 0, 0.7, 0], [0, 0.7, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    grid = Grid(shape_kji=(60, 90, 95), lps_from_index=affine, frame=frame)
    centre = np.array([31.0, 33.0, 30.0])
    points = grid.points_from_indices(np.moveaxis(np.indices(grid.shape_kji), 0, -1))
    mask = Mask(np.linalg.norm(points - centre, axis=-1) <= radius_mm, grid)
    lattice = Lattice(origin_mm=np.zeros(3), spacing_mm=SPACING_MM, shape=(27, 28, 30))
    firm = firm_points(mask, lattice)
    assert firm.any()
    middle = SPACING_MM * np.argwhere(firm).mean(axis=0)[::-1]
    assert np.abs(middle - centre).max() < 1.2
    away = Lattice(origin_mm=np.full(3, 500.0), spacing_mm=SPACING_MM, shape=(9, 9, 9))
    assert not firm_points(mask, away).any()


def test_the_engine_holds_a_lesion_and_still_follows_the_liver() -> None:
    planning, new, liver = slid_scans()
    grid = planning.grid
    points = grid.points_from_indices(np.moveaxis(np.indices(grid.shape_kji), 0, -1))
    lesion = np.linalg.norm(points - LIVER_MM, axis=-1) <= 10.0
    found = register_deformable(planning, new, liver=liver, firm=Mask(lesion, grid))
    inside = LIVER_MM + np.random.default_rng(2).uniform(-5.7, 5.7, (80, 3))
    after = found.to_intraop(inside)
    assert np.abs(pdist(after) - pdist(inside)).max() < 1e-3
    off = after - TRUE.map_points(inside + np.array(SHIFT_MM))
    assert np.linalg.norm(off, axis=1).mean() < 1.5
    assert found.verdict.is_usable


def test_a_lesion_that_neither_scan_shows_is_said_to_be_left_out() -> None:
    planning, new, liver = slid_scans()
    corner = np.zeros(planning.grid.shape_kji, dtype=bool)
    corner[:3, :3, :3] = True
    found = register_deformable(planning, new, liver=liver, firm=Mask(corner, planning.grid))
    assert "firm-part-not-shown" in {reason.code for reason in found.verdict.reasons}
