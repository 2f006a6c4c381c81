"""The masked correlation by transforms is the plain one, and finds a shift from any offset."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.registration.correlation import correlate_masked, find_shifts
from navigator.registration.lattice import Lattice, LatticeImage


def plain_correlation(
    fixed: np.ndarray, fixed_weights: np.ndarray, moving: np.ndarray, moving_weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shift, cut and correlate, one shift at a time."""
    shape = tuple(a + b - 1 for a, b in zip(fixed.shape, moving.shape, strict=True))
    values, counts = np.zeros(shape), np.zeros(shape)
    for place in np.ndindex(*shape):
        shift = np.array(place) - np.array(fixed.shape) + 1
        pairs = []
        for p in np.ndindex(*fixed.shape):
            q = tuple(np.array(p) + shift)
            is_inside = all(0 <= a < n for a, n in zip(q, moving.shape, strict=True))
            if is_inside and fixed_weights[p] and moving_weights[q]:
                pairs.append((fixed[p], moving[q]))
        counts[place] = len(pairs)
        both = np.array(pairs).T
        if len(pairs) > 1 and min(both.std(axis=1)) > 1e-9:
            values[place] = np.corrcoef(both)[0, 1]
    return values, counts


@pytest.mark.parametrize("seed", range(3))
def test_the_transforms_give_the_plain_correlation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    fixed, moving = rng.normal(50.0, 30.0, (4, 3, 5)), rng.normal(20.0, 30.0, (3, 4, 4))
    first, second = (rng.random(each.shape) > 0.2 for each in (fixed, moving))
    values, counts = correlate_masked(
        fixed.astype(np.float32), first, moving.astype(np.float32), second
    )
    wanted, pairs = plain_correlation(
        fixed.astype(np.float32), first, moving.astype(np.float32), second
    )
    assert np.array_equal(counts, pairs)
    assert np.abs(values - wanted)[pairs > 2].max() < 1e-5


@pytest.mark.parametrize("offset_mm", [-600.0, 0.0, 600.0])
def test_a_cropped_image_is_found_at_any_offset(offset_mm: float) -> None:
    rng = np.random.default_rng(1)
    whole = rng.normal(0.0, 50.0, (20, 24, 24)).astype(np.float32)
    origin = np.array([offset_mm, -offset_mm, 2.0 * offset_mm])
    part = (slice(6, 18), slice(3, 24), slice(0, 20))  # some 40 % are left
    fixed = LatticeImage(
        values=whole,
        weights=np.ones_like(whole),
        lattice=Lattice(origin_mm=np.zeros(3), spacing_mm=8.0, shape=whole.shape),
    )
    cut = whole[part] + rng.normal(0.0, 10.0, (12, 21, 20)).astype(np.float32)
    moving = LatticeImage(
        values=cut,
        weights=np.ones_like(cut),
        lattice=Lattice(origin_mm=origin, spacing_mm=8.0, shape=cut.shape),
    )
    best = find_shifts(fixed, moving)[0]
    assert np.allclose(best.shift_mm, origin - 8.0 * np.array([6, 3, 0]))
    assert best.correlation > 0.95


def test_a_constant_image_has_no_shift() -> None:
    even = np.full((6, 6, 6), 40.0, np.float32)
    image = LatticeImage(
        values=even,
        weights=np.ones_like(even),
        lattice=Lattice(origin_mm=np.zeros(3), spacing_mm=8.0, shape=even.shape),
    )
    assert find_shifts(image, image) == []
