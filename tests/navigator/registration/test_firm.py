"""A part that is held firm keeps distances, moves as the field says, and lets the rest be."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from navigator.errors import StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.displacement import DisplacementField
from navigator.model.volume import Grid, Mask, Volume
from navigator.registration.firm import firm_parts, hold_firm, yielding_tissue
from navigator.registration.holding import with_firm_parts
from navigator.registration.lattice import Lattice
from navigator.registration.lattice_pair import find_body_motion, lay_lattices
from navigator.registration.stages import LIVER_STAGES, find_layers, run_stages
from navigator.registration.whole import register_deformable
from tests.navigator.registration.slid_patient import SHIFT_MM, TRUE, followed, slid_scans
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


def hold(field: np.ndarray, *parts: np.ndarray) -> np.ndarray:
    return hold_firm(field, parts, np.ones(SHAPE, np.float32), SPACING_MM)


def read(field: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Carry places (n, 3), index, by the field between its points, millimetres."""
    moved = [ndimage.map_coordinates(field[..., a], at.T, order=1) for a in range(3)]
    return SPACING_MM * at + np.stack(moved, axis=1)


def test_distances_inside_stay_and_the_motion_is_the_fields_own() -> None:
    field, part = shrinking(), ball(MIDDLE, 9.0)
    held = hold(field, part)
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
        (hold(field, part), 0.999, 1.001),
    ):
        steps = np.stack([read(shown, at + 0.3 * e) - read(shown, at - 0.3 * e) for e in np.eye(3)])
        ratios = np.linalg.det(np.moveaxis(steps, 0, -1) / (0.6 * SPACING_MM))
        assert low < ratios.mean() < high


@pytest.mark.parametrize("gap_mm", [3.0, 5.0, 8.0, 12.0, 20.0])
def test_two_parts_go_their_own_ways_however_near(gap_mm: float) -> None:
    field, radius = shrinking(), 5.5
    aside = np.array([0.0, 0.0, (radius + 0.5 * gap_mm) / SPACING_MM])
    held = hold(field, *(ball(MIDDLE + way * aside, radius) for way in (-1.0, 1.0)))
    rng = np.random.default_rng(7)
    for way in (-1.0, 1.0):
        # places well inside, where the cells about them are of the part
        inside = MIDDLE + way * aside + rng.uniform(-0.55, 0.55, (40, 3)) * radius / SPACING_MM
        assert np.abs(pdist(read(held, inside)) - pdist(SPACING_MM * inside)).max() < 0.02
    centres = np.stack([MIDDLE - aside, MIDDLE + aside])
    apart = np.linalg.norm(np.diff(read(held, centres), axis=0))
    assert apart == pytest.approx(0.85 * (2.0 * radius + gap_mm), abs=0.25)


def test_what_lies_far_off_does_not_change() -> None:
    field = shrinking()
    held = hold(field, ball(MIDDLE, 5.0))
    far = ~ball(MIDDLE, 5.0 + 1.8 * SPACING_MM + 12.0 + SPACING_MM)
    np.testing.assert_array_equal(held[far], field[far])


def test_wall_and_bone_stay_as_they_were_found() -> None:
    """The liver has slid by 20 mm along its surface; the wall beyond it has not."""
    away = SPACING_MM * (places()[..., 2] - 17.0)
    liver = away <= 0.0
    field = np.zeros((*SHAPE, 3), np.float32)
    field[..., 0] = 20.0 * np.clip(1.0 - away / 4.0, 0.0, 1.0)
    bone = ((away > 6.0) & (away < 12.0)).astype(np.float32)
    under = ball(MIDDLE - [0.0, 0.0, 8.0 / SPACING_MM], 6.0)
    held = hold_firm(field, [under], yielding_tissue(liver, bone, SPACING_MM), SPACING_MM)
    beyond = away > 1.8 * SPACING_MM + 0.1
    assert np.abs(held[beyond] - field[beyond]).max() < 0.7
    assert np.array_equal(held[bone > 0], field[bone > 0])


def test_a_part_of_one_point_is_shifted_and_no_part_changes_nothing() -> None:
    field = shrinking()
    one = np.zeros(SHAPE, dtype=bool)
    np.testing.assert_array_equal(hold(field, one), field)
    np.testing.assert_array_equal(hold(field), field)
    one[15, 16, 17] = True
    held = hold(field, one)
    assert np.abs(held[14:17, 15:18, 16:19] - field[15, 16, 17]).max() < 1e-5


def ball_mask(grid: Grid, *balls: tuple[np.ndarray, float]) -> Mask:
    points = grid.points_from_indices(np.moveaxis(np.indices(grid.shape_kji), 0, -1))
    within = [np.linalg.norm(points - centre, axis=-1) <= radius for centre, radius in balls]
    return Mask(np.any(within, axis=0), grid)


@pytest.mark.parametrize("radius_mm", [1.2, 4.0, 12.0])
def test_parts_are_laid_on_the_lattice_however_small_and_beside_larger_ones(
    radius_mm: float,
) -> None:
    frame = Frame(FrameKind.LPS, "planning")
    affine = np.array([[0, 0, 0.7, 0], [0, 0.7, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    grid = Grid(shape_kji=(60, 90, 95), lps_from_index=affine, frame=frame)
    centre, other = np.array([22.0, 33.0, 30.0]), np.array([48.0, 33.0, 30.0])
    mask = ball_mask(grid, (centre, radius_mm), (other, 9.0))
    lattice = Lattice(origin_mm=np.zeros(3), spacing_mm=SPACING_MM, shape=(27, 28, 30))
    middles = sorted(
        (SPACING_MM * np.argwhere(part).mean(axis=0)[::-1]).tolist()
        for part in firm_parts(mask, lattice)
    )
    assert np.abs(np.array(middles) - [centre, other]).max() < 1.2
    away = Lattice(origin_mm=np.full(3, 500.0), spacing_mm=SPACING_MM, shape=(9, 9, 9))
    assert not any(part.any() for part in firm_parts(mask, away))


def test_a_mask_in_many_pieces_is_refused() -> None:
    frame = Frame(FrameKind.LPS, "planning")
    grid = Grid(shape_kji=(20, 20, 20), lps_from_index=np.eye(4), frame=frame)
    dots = np.zeros((20, 20, 20), dtype=bool)
    dots[::4, ::4, ::4] = True
    lattice = Lattice(origin_mm=np.zeros(3), spacing_mm=SPACING_MM, shape=(9, 9, 9))
    with pytest.raises(StructureRefusedError, match="firm-in-pieces"):
        firm_parts(Mask(dots, grid), lattice)


def test_the_engine_holds_a_lesion_and_still_follows_the_liver() -> None:
    planning, new, liver = slid_scans()
    lesion = ball_mask(planning.grid, (LIVER_MM, 10.0))
    found = register_deformable(planning, new, liver=liver, firm=lesion)
    inside = LIVER_MM + np.random.default_rng(2).uniform(-5.7, 5.7, (80, 3))
    after = found.to_intraop(inside)
    assert np.abs(pdist(after) - pdist(inside)).max() < 1e-3
    off = after - TRUE.map_points(inside + np.array(SHIFT_MM))
    assert np.linalg.norm(off, axis=1).mean() < 1.5
    assert found.verdict.is_usable
    plain = followed()
    assert found.errors is not None
    assert plain.errors is not None
    grown = found.errors.radius95_mm - plain.errors.radius95_mm
    moved = np.linalg.norm(found.field.vectors_mm - plain.field.vectors_mm, axis=-1)
    known = np.isfinite(grown)
    assert np.abs(grown[known] - moved[known]).max() < 1e-4


def test_a_lesion_that_is_not_wholly_shown_is_said_to_be() -> None:
    planning, new, liver = slid_scans()
    count = new.grid.shape_kji[0]
    grid = dataclasses.replace(new.grid, shape_kji=(int(0.7 * count), *new.grid.shape_kji[1:]))
    cut = Volume(new.values_hu[: int(0.7 * count)], grid)
    top = TRUE.inverse().map_points(
        grid.points_from_indices(np.array([grid.shape_kji[0] - 1.0, 0, 0]))
    )
    # as much beyond the last slice as within it, where the liver lies now
    edge = np.array([LIVER_MM[0], LIVER_MM[1], float(top[2]) - SHIFT_MM[2]])
    lesion = ball_mask(planning.grid, (edge, 8.0), (LIVER_MM - [0.0, 0.0, 25.0], 6.0))
    found = register_deformable(planning, cut, liver=liver, firm=lesion)
    said = {reason.code: reason.message for reason in found.verdict.reasons}
    assert said.get("firm-part-not-shown", "").startswith("1 of 2")


def test_what_is_bent_far_from_rigid_is_said_to_be() -> None:
    """The whole liver held firm is no lesion: what was found bends it, by its truth."""
    found = followed()
    twisted = np.array(found.field.vectors_mm)
    steps = np.linspace(-1.0, 1.0, twisted.shape[0])[:, None, None]
    twisted[..., 0] += 25.0 * steps**2
    planning, new, liver = slid_scans()
    pair = lay_lattices(planning, new, liver)
    body = find_body_motion(pair)
    assert body is not None
    layered = find_layers(pair, body.matrix)
    fields = run_stages(layered, np.zeros(3), [layered.scans(stage) for stage in LIVER_STAGES])
    bent = dataclasses.replace(found, field=DisplacementField(twisted, found.field.grid))
    held = with_firm_parts(bent, fields[-1], liver)
    assert "firm-part-bent" in {reason.code for reason in held.verdict.reasons}
    usual = with_firm_parts(found, fields[-1], ball_mask(planning.grid, (LIVER_MM, 8.0)))
    assert "firm-part-bent" not in {reason.code for reason in usual.verdict.reasons}
