"""The expected error grows where the images hold a place less; beyond the liver it is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.imaging.displacing import read_errors
from tests.navigator.registration.slid_patient import (
    SHIFT_MM,
    TRUE,
    followed,
    inner_liver,
)
from tests.navigator.registration.small_patient import (
    LIVER_MM,
)

if TYPE_CHECKING:
    from navigator.registration.registered import Registration

pytestmark = pytest.mark.xdist_group("whole")


def radii_mm(found: Registration) -> np.ndarray:
    assert found.errors is not None
    return read_errors(found.errors, inner_liver())


def test_noise_widens_it() -> None:
    quiet, loud = radii_mm(followed()), radii_mm(followed(more_noise_hu=60.0))
    assert np.isfinite(quiet).all()
    assert loud.mean() > 1.2 * quiet.mean()


@pytest.mark.hazard(20)
def test_most_true_places_lie_within_it() -> None:
    """One registration's points share its error: nine of ten, not 95 of 100."""
    found, points = followed(), inner_liver()
    true = TRUE.map_points(points + np.array(SHIFT_MM))
    off = np.linalg.norm(found.to_intraop(points) - true, axis=1)
    assert (off <= radii_mm(found)).mean() >= 0.9


def test_beyond_the_liver_nothing_is_known() -> None:
    found = followed()
    assert found.errors is not None
    far = LIVER_MM + np.array([[150.0, 0.0, 0.0], [0.0, 120.0, 0.0], [1000.0, 0.0, 0.0]])
    assert np.isnan(read_errors(found.errors, far)).all()
