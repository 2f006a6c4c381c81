"""The liver slides along its neighbours and pushes them; what was found of it stays, unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navigator.registration.deformable import StageScans
from navigator.registration.expectation import TwoTissues
from navigator.registration.folds import LEAST_JACOBIAN, unfold
from navigator.registration.lattice import Lattice, LatticeImage
from navigator.registration.layers import build_layers
from navigator.registration.node_fields import NodeFields, Stage
from navigator.registration.sliding import GROOVE_MM, RIM_MM, join_layers

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACING_MM = 2.2
SHAPE = (72, 60, 60)
STAGE = Stage(spacing_mm=SPACING_MM, step=4, iterations=1)
SURFACE = 30
"""Index z at which the flat liver ends; it lies below."""
EXACT_MM = 1e-3
KEPT_MM = 0.01
"""Mending a fold beside the liver may move its outermost points by so much here."""


def scans_of(liver: NDArray[np.bool_], bone: NDArray[np.bool_] | None = None) -> StageScans:
    """Lay a liver, and bone where asked, on a lattice of nothing else."""
    lattice = Lattice(origin_mm=np.zeros(3), spacing_mm=SPACING_MM, shape=SHAPE)
    grey = np.zeros(SHAPE, np.float32)
    image = LatticeImage(values=grey, weights=np.ones_like(grey), lattice=lattice)
    share = liver.astype(np.float32)
    hard = np.zeros(SHAPE, bool) if bone is None else bone
    return StageScans(
        planning=image,
        new=image,
        layers=build_layers(hard, share, SPACING_MM),
        tissues=TwoTissues(
            values=grey,
            share=share,
            inner=grey,
            outer=grey,
            flat_inner=liver,
            flat_outer=~liver,
        ),
    )


def fields_of(liver_mm: tuple[float, float, float]) -> NodeFields:
    """Let the liver be shifted by (z, y, x) and all else stay."""
    counts = tuple(-(-(count - 1) // STAGE.step) + 1 for count in SHAPE)
    values = np.zeros((3, 3, *counts), np.float32)
    values[2] = np.array(liver_mm)[:, None, None, None]
    return NodeFields(values_mm=values, pitch_mm=SPACING_MM * STAGE.step, origin_mm=np.zeros(3))


def flat_liver() -> NDArray[np.bool_]:
    liver = np.zeros(SHAPE, bool)
    liver[:SURFACE] = True
    return liver


def least_volume(vectors: NDArray[np.float32]) -> float:
    """Take the least determinant of the displaced place, by numpy's own differences."""
    slopes = np.stack(
        [np.stack(np.gradient(vectors[..., row], SPACING_MM), axis=-1) for row in range(3)], axis=-2
    )
    return float(np.linalg.det(slopes + np.eye(3)).min())


@pytest.mark.parametrize("slide_mm", [(0.0, 20.0, 0.0), (0.0, -7.0, 12.0)])
def test_along_the_surface_the_neighbours_stay(slide_mm: tuple[float, float, float]) -> None:
    joined = join_layers(scans_of(flat_liver()), fields_of(slide_mm), STAGE)
    assert np.abs(joined[:SURFACE] - slide_mm).max() < EXACT_MM
    beyond = SURFACE + int(10.0 / SPACING_MM) + 1
    assert np.abs(joined[beyond:]).max() < EXACT_MM
    assert least_volume(joined) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("push_mm", [20.0, 8.0, -8.0, -20.0])
def test_across_the_surface_they_follow_the_less_the_farther_off(push_mm: float) -> None:
    joined = join_layers(scans_of(flat_liver()), fields_of((push_mm, 0.0, 0.0)), STAGE)
    assert np.abs(joined[:SURFACE, ..., 0] - push_mm).max() < KEPT_MM
    outside = joined[SURFACE:, 30, 30, 0] / push_mm
    assert (np.diff(outside) <= EXACT_MM).all()
    halfway = 1.0 + 0.5 * max(1.8 * abs(push_mm), 10.0)
    read = np.interp(halfway, SPACING_MM * np.arange(1, len(outside) + 1), outside)
    assert read == pytest.approx(0.5, abs=0.05)
    far = int(1.8 * abs(push_mm) / SPACING_MM) + 3
    assert np.abs(outside[far:]).max() < EXACT_MM
    assert least_volume(joined) >= LEAST_JACOBIAN


def test_a_round_liver_that_goes_up_folds_nothing_and_keeps_its_place() -> None:
    z, y, x = np.indices(SHAPE) * SPACING_MM - np.array([75.0, 65.0, 65.0])[:, None, None, None]
    away = np.sqrt(z**2 + y**2 + x**2)
    shift = (14.0, 3.0, -2.0)
    joined = join_layers(scans_of(away < 40.0), fields_of(shift), STAGE)
    deep = away < 40.0 - RIM_MM - SPACING_MM
    assert np.abs(joined[deep] - shift).max() < EXACT_MM
    assert least_volume(joined) >= LEAST_JACOBIAN
    # beside the liver, where it slides, the wall stays
    wall = np.unravel_index(np.argmin(np.abs(z) + np.abs(y - 56.0) + np.abs(x)), SHAPE)
    assert abs(joined[wall][0]) < 1.0


def test_what_lies_in_a_groove_moves_with_the_liver() -> None:
    liver = flat_liver()
    half = int(0.8 * GROOVE_MM / SPACING_MM)
    liver[6:, :, 30 - half : 30 + half + 1] = False
    shift = (0.0, 15.0, 0.0)
    joined = join_layers(scans_of(liver), fields_of(shift), STAGE)
    # the mouth is open; the depth of the groove is not
    assert np.abs(joined[6:14, :, 30] - shift).max() < EXACT_MM


def test_without_a_liver_in_the_scans_the_rest_is_given() -> None:
    joined = join_layers(scans_of(np.zeros(SHAPE, bool)), fields_of((9.0, 9.0, 9.0)), STAGE)
    assert not joined.any()


def ramp_over(width_mm: float, push_mm: float) -> NDArray[np.float32]:
    """Displace what lies below by a push along z that ends within a width."""
    heights = np.arange(SHAPE[0]) * SPACING_MM - 60.0
    vectors = np.zeros((*SHAPE, 3), np.float32)
    vectors[..., 0] = (push_mm * np.clip(-heights / width_mm, 0.0, 1.0))[:, None, None]
    return vectors


@settings(max_examples=10, deadline=None)
@given(st.floats(2.0, 12.0), st.floats(3.0, 15.0))
def test_folds_go_and_what_is_held_stays(width_mm: float, push_mm: float) -> None:
    vectors = ramp_over(width_mm, push_mm)
    free = np.ones(SHAPE, np.float32)
    held = 60.0 - width_mm - 16.0
    free[: int(held / SPACING_MM)] = 0.0
    mended = unfold(vectors, SPACING_MM, free)
    assert least_volume(mended) >= LEAST_JACOBIAN - 1e-3
    assert np.abs(mended[: int(held / SPACING_MM)] - vectors[: int(held / SPACING_MM)]).max() < 1.0


def test_a_field_without_folds_is_not_touched() -> None:
    vectors = ramp_over(40.0, 10.0)
    free = np.ones(SHAPE, np.float32)
    assert (unfold(vectors, SPACING_MM, free) == vectors).all()
