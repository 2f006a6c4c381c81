"""A shell's coverage is the share of the tissue around the tumour that the zone holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.ablation.lesions import spread_directions
from navigator.ablation.shells import measure_shell_coverage
from navigator.imaging.surfaces import SurfacePoints

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats

TUMOUR_RADIUS_MM = 10.0
COUNTING = 0.03
"""Points 1 mm apart count some thousand cubes of tissue on curved borders."""


def sphere_surface() -> SurfacePoints:
    directions = spread_directions(4000)
    area = 4.0 * np.pi * TUMOUR_RADIUS_MM**2
    return SurfacePoints(
        points_mm=TUMOUR_RADIUS_MM * directions,
        normals=directions,
        weights_mm2=np.full(4000, area / 4000),
    )


def ball(radius: float) -> float:
    return 4.0 / 3.0 * np.pi * radius**3


def reach_of_sphere(radius: float):  # noqa: ANN201 - takes points, gives distances
    return lambda points: radius - np.linalg.norm(points, axis=1)


def everywhere(points: Floats) -> Booleans:
    return np.ones(len(points), dtype=bool)


@pytest.mark.parametrize("zone_radius", [9.0, 12.0, 14.0, 25.0])
def test_a_zone_about_the_same_centre_by_hand(zone_radius: float) -> None:
    widths = (3.0, 5.0, 6.0, 10.0)
    shares = measure_shell_coverage(
        sphere_surface(), widths, reach_mm=reach_of_sphere(zone_radius), in_organ=everywhere
    )
    assert list(shares) == list(widths)
    for width in widths:
        outer = TUMOUR_RADIUS_MM + width
        covered = ball(np.clip(zone_radius, TUMOUR_RADIUS_MM, outer)) - ball(TUMOUR_RADIUS_MM)
        expected = covered / (ball(outer) - ball(TUMOUR_RADIUS_MM))
        assert shares[width] == pytest.approx(expected, abs=COUNTING)


def test_the_shell_ends_at_the_capsule() -> None:
    """The organ is a half space; the zone covers what lies below its middle."""
    shares = measure_shell_coverage(
        sphere_surface(),
        (5.0,),
        reach_mm=lambda points: -points[:, 2],
        in_organ=lambda points: points[:, 2] <= 0.0,
    )
    assert shares[5.0] == 1.0
    halved = measure_shell_coverage(
        sphere_surface(),
        (5.0,),
        reach_mm=lambda points: -points[:, 2],
        in_organ=lambda points: points[:, 0] <= 0.0,
    )
    assert halved[5.0] == pytest.approx(0.5, abs=COUNTING)


def test_a_shell_without_tissue_has_no_share() -> None:
    shares = measure_shell_coverage(
        sphere_surface(),
        (3.0,),
        reach_mm=reach_of_sphere(15.0),
        in_organ=lambda points: np.zeros(len(points), dtype=bool),
    )
    assert np.isnan(shares[3.0])
