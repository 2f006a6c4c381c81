"""The share of a pixel inside closed lines is its area, not a count of samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from navigator.errors import StructureRefusedError
from navigator.imaging.coverage import measure_coverage

FINENESS = 64
"""Samples along each side of a pixel: what they count differs from the area by the pixels of the
line itself, a few lines of 1 / 64 each."""


def square(low: float, high: float) -> np.ndarray:
    return np.array([[low, low], [low, high], [high, high], [high, low]])


def disc(radius: float, count: int = 2000) -> np.ndarray:
    turns = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    return radius * np.stack([np.sin(turns), np.cos(turns)], axis=1)


def sampled_inside(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Count crossings of a ray by the rule of Jordan, point by point."""
    inside = np.zeros(len(points), dtype=bool)
    for (y0, x0), (y1, x1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        passes = (y0 > points[:, 0]) != (y1 > points[:, 0])
        if passes.any():
            at = x0 + (points[passes, 0] - y0) / (y1 - y0) * (x1 - x0)
            inside[passes] ^= points[passes, 1] < at
    return inside


@st.composite
def polygons(draw: st.DrawFn) -> list[np.ndarray]:
    """Draw one to three polygons of any shape, crossing ones too."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 3))
    sizes = [draw(st.integers(3, 9)) for _ in range(count)]
    return [rng.uniform(-2.0, 4.0, size=(size, 2)) for size in sizes]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(polygons())
def test_area_agrees_with_samples(drawn: list[np.ndarray]) -> None:
    found = measure_coverage(drawn)
    height, width = found.odd_shares.shape
    first = np.array(found.start_ji) - 0.5
    rows, columns = (
        first[axis] + (np.arange(count * FINENESS) + 0.5) / FINENESS
        for axis, count in enumerate((height, width))
    )
    points = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    depth = sum(sampled_inside(polygon, points).astype(int) for polygon in drawn)
    boxes = np.reshape(depth, (height, FINENESS, width, FINENESS))
    edges = sum(len(polygon) for polygon in drawn)
    tolerance = 2.0 * edges / FINENESS / 4
    odd, some = (boxes % 2 == 1).mean(axis=(1, 3)), (boxes > 0).mean(axis=(1, 3))
    assert np.abs(odd - found.odd_shares).max() <= tolerance
    assert np.abs(some - found.any_shares).max() <= tolerance
    assert np.abs(odd - found.odd_shares).mean() <= 0.01


def test_squares_by_hand() -> None:
    assert measure_coverage([square(-0.5, 0.5)]).odd_shares == pytest.approx(np.ones((1, 1)))
    np.testing.assert_allclose(
        measure_coverage([square(0.0, 2.0)]).odd_shares,
        [[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]],
        atol=1e-15,
    )


@pytest.mark.parametrize("turn", [0.0, 0.3, 1.0, 2.5])
def test_a_half_plane_cuts_a_pixel_where_geometry_says(turn: float) -> None:
    """A line through the centre of a pixel leaves one half of it, whatever its direction."""
    along, across = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    corners = np.array([-9 * along, 9 * along, 9 * along + 9 * across, -9 * along + 9 * across])
    found = measure_coverage([corners])
    centre = (-found.start_ji[0], -found.start_ji[1])
    assert found.odd_shares[centre] == pytest.approx(0.5, abs=1e-12)


def test_a_disc_has_the_area_of_its_polygon() -> None:
    radius, count = 20.0, 2000
    exact = 0.5 * count * radius**2 * np.sin(2 * np.pi / count)
    found = measure_coverage([disc(radius, count) + np.array([0.31, -0.17])])
    assert found.odd_shares.sum() == pytest.approx(exact, rel=1e-12)


def test_a_keyhole_adds_no_area_and_keeps_its_hole() -> None:
    outer, inner = square(-5.2, 5.3), square(-2.1, 2.4)[::-1]
    keyhole = np.concatenate([outer, outer[:1], inner, inner[:1]])
    found = measure_coverage([keyhole])
    np.testing.assert_allclose(
        found.odd_shares, measure_coverage([outer, inner]).odd_shares, atol=1e-12
    )
    assert found.odd_shares.sum() == pytest.approx(10.5**2 - 4.5**2)


@pytest.mark.parametrize(
    "polygon",
    [
        np.tile(square(0, 1), (6000, 1)),
        square(-1e6, 1e6),
        np.random.default_rng(1).uniform(0, 0.9, size=(2000, 2)),
    ],
)
def test_absurd_outlines_are_refused_before_any_work(polygon: np.ndarray) -> None:
    with pytest.raises(StructureRefusedError) as refused:
        measure_coverage([polygon])
    assert refused.value.refusal.code == "outline-absurd"
