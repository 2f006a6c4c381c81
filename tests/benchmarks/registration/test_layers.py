"""The moved picture shows at each moved point what the planning picture shows at the point.

The two are compared without noise, by code that shares nothing with the making of the picture: a
place in the tissue is carried by the truth, and both pictures are read there by scipy.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.registration.layers import cut_layers, read_layers
from benchmarks.registration.problem import index_of
from benchmarks.registration.real_sources import Source
from benchmarks.registration.sliding import Slide, draw_slide
from phantoms.motion import Motion, moved_points, rigid_about, rotation_about
from phantoms.motion.chain import pulled_back
from phantoms.painting import ScanGrid

SHAPE, SPACING_MM = (60, 72, 80), 3.0
SMOOTH_MM = 12.0


@pytest.fixture(scope="module")
def source() -> Source:
    """Build a body with a ball for a liver and a bar of bone: smooth grey values everywhere."""
    rng = np.random.default_rng(3)
    hu = ndimage.gaussian_filter(rng.standard_normal(SHAPE), SMOOTH_MM / SPACING_MM)
    hu = (60.0 + 40.0 * hu / hu.std()).astype(np.float32)
    k, j, i = np.meshgrid(*[SPACING_MM * np.arange(n) for n in SHAPE], indexing="ij")
    liver = np.sqrt((k - 90.0) ** 2 + (j - 100.0) ** 2 + (i - 95.0) ** 2) - 45.0
    bone = np.hypot(j - 180.0, i - 120.0) - 12.0
    skin = np.max([np.abs(j - 108.0) - 100.0, np.abs(i - 120.0) - 115.0], axis=0)
    matrix = np.eye(4)
    matrix[:3, :3] = SPACING_MM * np.eye(3)[::-1]
    matrix[:3, 3] = [-110.0, 40.0, -300.0]
    grid = ScanGrid(shape_kji=SHAPE, lps_from_index=matrix, thickness_mm=SPACING_MM)
    return Source(
        grid=grid,
        native_hu=hu,
        enhanced_hu=hu,
        liver_mm=liver.astype(np.float32),
        bone_mm=bone.astype(np.float32),
        skin_mm=skin.astype(np.float32),
        whole_noise_hu=0.0,
        left_noise_hu=0.0,
    )


@pytest.fixture(scope="module")
def slide(source: Source) -> Slide:
    middle = source.grid.lps_from_index[:3, 3] + [95.0, 100.0, 90.0]
    setup = rigid_about(
        rotation_about([1.0, 2.0, -1.0], np.deg2rad(4.0)), middle, [9.0, -12.0, 7.0]
    )
    return draw_slide(source, setup, np.random.default_rng(5))


def places_in(source: Source, where: np.ndarray, count: int) -> np.ndarray:
    index = np.argwhere(where)
    index = index[np.random.default_rng(1).integers(len(index), size=count)]
    matrix = source.grid.lps_from_index
    return index @ matrix[:3, :3].T + matrix[:3, 3]


def test_the_way_there_and_back_is_none(source: Source, slide: Slide) -> None:
    for motion, where in ((slide.liver, source.liver_mm < 0), (slide.rest, source.liver_mm > 0)):
        places = places_in(source, where, 300)
        there = moved_points(motion, places)
        assert np.abs(pulled_back(motion, there) - places).max() < 1e-6


def test_nothing_folds_by_the_volumes_of_small_corners(source: Source, slide: Slide) -> None:
    for motion in (slide.liver, slide.rest):
        places = places_in(source, np.abs(source.liver_mm) < 60.0, 500)
        steps = [moved_points(motion, places + 0.01 * each) for each in np.eye(3)]
        edges = np.stack(steps, axis=-1) - moved_points(motion, places)[..., None]
        assert (np.linalg.det(edges / 0.01) > 0.1).all()


def test_the_liver_slides_and_bone_stays(source: Source, slide: Slide) -> None:
    rim = places_in(source, np.abs(source.liver_mm) < 2.0, 200)
    jump = moved_points(slide.liver, rim) - moved_points(slide.rest, rim)
    assert np.linalg.norm(jump, axis=1).mean() > 3.0
    bone = places_in(source, source.bone_mm < 0.0, 200)
    apart = np.linalg.norm(bone[:, None] - bone[None], axis=2)
    moved = moved_points(slide.rest, bone)
    after = np.linalg.norm(moved[:, None] - moved[None], axis=2)
    assert np.abs(after - apart).max() < 1.0
    assert 10.0 <= abs(slide.amplitude_mm) <= 20.0


def test_the_same_grey_values_lie_at_the_moved_places(source: Source, slide: Slide) -> None:
    layers = cut_layers(source.native_hu, source.liver_mm, source.grid)
    shown, depth = read_layers(
        layers, (slide.liver, slide.rest), source.grid, lambda places: np.zeros(len(places))
    )

    def read(values: np.ndarray, places: np.ndarray) -> np.ndarray:
        index = index_of(source.grid, places).T
        return ndimage.map_coordinates(values, index, order=3, mode="nearest")

    inner = places_in(source, source.liver_mm < -8.0, 400)
    moved = moved_points(slide.liver, inner)
    off = read(shown, moved) - read(source.native_hu, inner)
    assert np.abs(off).max() < 4.0, "of a texture whose spread is 40 HU"
    assert (read(depth, moved) < 0.0).all()
    outer = places_in(source, (source.liver_mm > 45.0) & (source.skin_mm < -30.0), 400)
    moved = moved_points(slide.rest, outer)
    # the source reaches all round, and the liver has not come over it
    held = read(depth, moved) > 6.0
    for places in (outer, moved):
        index = index_of(source.grid, places)
        held &= ((index > 10) & (index < np.array(SHAPE) - 11)).all(axis=1)
    off = read(shown, moved[held]) - read(source.native_hu, outer[held])
    assert held.sum() > 30
    assert np.abs(off).max() < 4.0


def test_the_wrong_motion_would_be_seen(source: Source, slide: Slide) -> None:
    layers = cut_layers(source.native_hu, source.liver_mm, source.grid)
    shown, _ = read_layers(
        layers, (slide.liver, slide.rest), source.grid, lambda places: np.zeros(len(places))
    )
    inner = places_in(source, source.liver_mm < -8.0, 400)
    index = index_of(source.grid, moved_points(slide.rest, inner)).T
    off = ndimage.map_coordinates(shown, index, order=3, mode="nearest") - ndimage.map_coordinates(
        source.native_hu, index_of(source.grid, inner).T, order=3
    )
    assert np.abs(off).mean() > 8.0


def test_at_rest_the_picture_is_itself_away_from_the_surface(source: Source) -> None:
    layers = cut_layers(source.native_hu, source.liver_mm, source.grid)
    thin = ScanGrid(shape_kji=SHAPE, lps_from_index=source.grid.lps_from_index, thickness_mm=0.5)
    shown, _ = read_layers(layers, (Motion(), Motion()), thin, lambda places: np.zeros(len(places)))
    away = np.abs(source.liver_mm) > 6.0
    away[:3] = away[-3:] = away[:, :3] = away[:, -3:] = away[:, :, :3] = away[:, :, -3:] = False
    assert np.abs(shown - source.native_hu)[away].max() < 0.2


def test_the_same_chance_gives_the_same_motion(source: Source) -> None:
    places = places_in(source, source.liver_mm < 0.0, 50)
    setup = np.eye(4)
    once, again = (draw_slide(source, setup, np.random.default_rng(8)) for _ in range(2))
    other = draw_slide(source, setup, np.random.default_rng(9))
    assert np.array_equal(moved_points(once.liver, places), moved_points(again.liver, places))
    assert np.abs(moved_points(once.liver, places) - moved_points(other.liver, places)).max() > 1.0
