"""A zone drawn on a grid holds the voxels whose centres lie in its ellipsoid, and no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navigator.ablation.zone_masks import mask_from_zone
from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.ablation import AblationZone, Interval, ZoneSize
from navigator.model.volume import Grid

SCAN = Frame(FrameKind.LPS, "1")


def exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def zone(
    centre_mm: list[float], axis: list[float], long_mm: float, short_mm: float
) -> AblationZone:
    size = ZoneSize(
        power_w=None,
        time_s=None,
        long_axis_mm=exactly(long_mm),
        short_axis_mm=exactly(short_mm),
        centre_to_tip_mm=exactly(0.0),
        setting="",
        sources=(),
    )
    return AblationZone(centre_mm=centre_mm, axis=axis, size=size, frame=SCAN)


def grid(shear: float = 0.0) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 0.9], [0, 0.8, 0], [1.5, shear, 0]])
    affine[:3, 3] = [-15.0, -14.0, -16.0]
    return Grid(shape_kji=(22, 36, 34), lps_from_index=affine, frame=SCAN)


@pytest.mark.parametrize("shear", [0.0, 0.3])
@pytest.mark.parametrize("lengths_mm", [(20.0, 14.0), (12.0, 18.0)])
def test_members_are_the_centres_inside(shear: float, lengths_mm: tuple[float, float]) -> None:
    wanted = zone([1.0, -2.0, 0.5], [0.3, 0.5, 0.8], *lengths_mm)
    found = mask_from_zone(wanted, grid(shear)).members
    long_mm, short_mm = lengths_mm
    inside = 0
    for index in np.ndindex(found.shape):
        away = grid(shear).points_from_indices(index) - wanted.centre_mm
        along = away @ wanted.axis
        across = np.linalg.norm(away - along * wanted.axis)
        expected = (2 * along / long_mm) ** 2 + (2 * across / short_mm) ** 2 <= 1.0
        assert found[index] == expected
        inside += expected
    truth_mm3 = np.pi / 6 * long_mm * short_mm**2
    assert inside * grid(shear).voxel_volume_mm3 == pytest.approx(truth_mm3, rel=0.05)


def test_a_zone_beyond_the_grid_has_no_member() -> None:
    assert not mask_from_zone(zone([500.0, 0, 0], [0, 0, 1], 20, 14), grid()).members.any()


def test_a_zone_of_another_scan_is_refused() -> None:
    other = replace(zone([0, 0, 0], [0, 0, 1], 20, 14), frame=Frame(FrameKind.LPS, "2"))
    with pytest.raises(FrameMismatchError):
        mask_from_zone(other, grid())
