"""The expected error grows where the images hold a place less; beyond the liver it is not known."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest

from navigator.imaging.displacing import read_errors
from navigator.registration.whole import Registration, register_deformable
from tests.navigator.registration.small_patient import (
    INTRAOP,
    LIVER_MM,
    PLANNING,
    liver_of,
    motion,
    scan,
    scanner_grid,
    slid,
    small_patient,
)

pytestmark = pytest.mark.xdist_group("whole")

SHIFT_MM = (0.0, 3.0, 10.0)
TRUE = motion((3.0, -2.0, 4.0), (12.0, -9.0, 14.0))
ROOMY = scanner_grid(INTRAOP, spacing_kji_mm=(2.5, 2.0, 2.0), from_mm=-25.0, to_mm=195.0)


@lru_cache(maxsize=2)
def followed(more_noise_hu: float) -> Registration:
    patient = small_patient(1)
    planning = scan(patient, scanner_grid(PLANNING, spacing_kji_mm=(2.0, 2.0, 2.0)))
    new = scan(slid(patient, SHIFT_MM), ROOMY, TRUE, seed=5)
    noise = np.random.default_rng(8).normal(0.0, more_noise_hu, new.values_hu.shape)
    noisy = dataclasses.replace(new, values_hu=(new.values_hu + noise).astype(np.float32))
    return register_deformable(planning, noisy, liver=liver_of(patient, planning.grid))


def inner_liver() -> np.ndarray:
    rng = np.random.default_rng(3)
    return LIVER_MM + rng.uniform(-22.0, 22.0, size=(100, 3))


def radii_mm(found: Registration) -> np.ndarray:
    assert found.errors is not None
    return read_errors(found.errors, inner_liver())


def test_noise_widens_it() -> None:
    quiet, loud = radii_mm(followed(0.0)), radii_mm(followed(60.0))
    assert np.isfinite(quiet).all()
    assert loud.mean() > 1.2 * quiet.mean()


@pytest.mark.hazard(20)
def test_most_true_places_lie_within_it() -> None:
    """One registration's points share its error: nine of ten, not 95 of 100."""
    found, points = followed(0.0), inner_liver()
    true = TRUE.map_points(points + np.array(SHIFT_MM))
    off = np.linalg.norm(found.to_intraop(points) - true, axis=1)
    assert (off <= radii_mm(found)).mean() >= 0.9


def test_beyond_the_liver_nothing_is_known() -> None:
    found = followed(0.0)
    assert found.errors is not None
    far = LIVER_MM + np.array([[150.0, 0.0, 0.0], [0.0, 120.0, 0.0], [1000.0, 0.0, 0.0]])
    assert np.isnan(read_errors(found.errors, far)).all()
