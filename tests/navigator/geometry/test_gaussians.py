"""The ball of 95 % holds 95 % of a Gaussian error, whatever its shape, and no less."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi, norm, rayleigh

from navigator.geometry.gaussians import check_covariances, radius_of_95_percent_mm
from tests.strategies import rotations

if TYPE_CHECKING:
    from navigator.arrays import Floats

EXACT = 1e-9
"""Of the radius: the quadrature and Newton's method together."""

THIN_MM2 = 1e-12
"""The variance of a direction that has next to no error."""


def share_within(radius_mm: float, along_sd_mm: float, across_sd_mm: float) -> float:
    """Integrate a Gaussian of revolution over a ball, slice by slice."""

    def slice_share(turn_rad: float) -> float:
        height_mm, half_width_mm = radius_mm * np.sin(turn_rad), radius_mm * np.cos(turn_rad)
        disc = -np.expm1(-0.5 * (half_width_mm / across_sd_mm) ** 2)
        return norm.pdf(height_mm, scale=along_sd_mm) * disc * half_width_mm

    # near the poles of a needle the disc is empty, and a rule with wide steps would not see it
    narrow = [np.arccos(min(1.0, many * across_sd_mm / radius_mm)) for many in (1.0, 8.0)]
    ends = [0.0, *sorted(narrow), 0.5 * np.pi]
    parts = [
        quad(slice_share, low, high, epsabs=1e-13, epsrel=1e-12)[0]
        for low, high in itertools.pairwise(ends)
    ]
    return 2.0 * sum(parts)


@pytest.mark.parametrize(
    ("variances", "expected_sd"),
    [
        ([1.0, 1.0, 1.0], chi(3).ppf(0.95)),
        ([1.0, 1.0, THIN_MM2], rayleigh.ppf(0.95)),
        ([1.0, THIN_MM2, THIN_MM2], norm.ppf(0.975)),
    ],
)
def test_space_plane_and_line_have_the_radii_of_the_tables(
    variances: list[float], expected_sd: float
) -> None:
    radius = radius_of_95_percent_mm([9.0 * np.diag(variances)])[0]
    assert radius == pytest.approx(3.0 * expected_sd, rel=1e-8)


@settings(max_examples=30)
@given(st.floats(0.02, 5.0), st.floats(0.02, 5.0), rotations())
def test_the_ball_holds_95_percent_of_an_error_of_revolution(
    along_mm: float, across_mm: float, axes: Floats
) -> None:
    covariance = axes @ np.diag([across_mm**2, across_mm**2, along_mm**2]) @ axes.T
    radius = radius_of_95_percent_mm([0.5 * (covariance + covariance.T)])[0]
    assert share_within(radius, along_mm, across_mm) == pytest.approx(0.95, abs=EXACT)


@pytest.mark.parametrize("sd_mm", [(3.0, 1.0, 0.3), (2.0, 1.5, 1.0), (5.0, 4.0, 0.1)])
def test_the_ball_holds_95_percent_of_a_million_errors(sd_mm: tuple[float, ...]) -> None:
    drawn = np.random.default_rng(7).normal(size=(1_000_000, 3)) * sd_mm
    radius = radius_of_95_percent_mm([np.diag(np.square(sd_mm))])[0]
    share = float(np.mean(np.linalg.norm(drawn, axis=1) <= radius))
    # four standard deviations of the share of a million draws
    assert share == pytest.approx(0.95, abs=4.0 * np.sqrt(0.95 * 0.05 / 1e6))


@given(st.lists(st.floats(0.01, 10.0), min_size=3, max_size=3), rotations())
def test_the_radius_lies_between_that_of_a_line_and_that_of_a_sphere(
    sd_mm: list[float], axes: Floats
) -> None:
    covariance = axes @ np.diag(np.square(sd_mm)) @ axes.T
    turned = radius_of_95_percent_mm([0.5 * (covariance + covariance.T)])[0]
    upright = radius_of_95_percent_mm([np.diag(np.square(sd_mm))])[0]
    assert turned == pytest.approx(upright, rel=EXACT)
    widest = max(sd_mm)
    assert widest * norm.ppf(0.975) <= upright <= widest * chi(3).ppf(0.95) * (1 + EXACT)


def test_no_covariances_have_no_radii() -> None:
    assert radius_of_95_percent_mm(np.zeros((0, 3, 3))).shape == (0,)


@pytest.mark.hazard(22)
@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (np.diag([1.0, 1.0, 0.0]), "positive definite"),
        (np.diag([1.0, 1.0, -0.5]), "positive definite"),
        (np.diag([1.0, 1.0, 1e-13]), "positive definite"),
        (np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1.0]]), "symmetric"),
        (np.diag([1.0, np.nan, 1.0]), "finite"),
        (np.diag([1.0, np.inf, 1.0]), "finite"),
    ],
)
def test_what_is_no_covariance_is_refused(bad: Floats, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_covariances([np.eye(3), bad], 2, "covariances")


@pytest.mark.parametrize("count", [1, 3])
def test_each_point_has_its_own_covariance(count: int) -> None:
    with pytest.raises(ValueError, match="expected shape"):
        check_covariances([np.eye(3), np.eye(3)], count, "covariances")


def test_the_one_that_is_no_covariance_is_named() -> None:
    with pytest.raises(ValueError, match="number 2"):
        check_covariances([np.eye(3), np.eye(3), -np.eye(3)], 3, "covariances")
