"""The check picture shows what moved wrongly, not what washed out, and on the right side."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Volume
from navigator.report.planes import anatomical_planes
from navigator.report.registration_picture import (
    RegisteredScans,
    cut_scans,
    draw_registration,
    expect_now,
)
from navigator.report.slices import Outline
from tests.navigator.report.png_reader import pixels

SHIFT_MM = np.array([12.0, -7.0, 9.0])
ORGAN_RADIUS_MM, HALF_MM = 40.0, 70.0
ORGAN_HU, WASHED_HU, AROUND_HU, NEEDLE_HU = 110.0, 80.0, 40.0, 2500.0
LEFT_FRONT_MM = np.array([30.0, -48.0, 0.0])
RED = (103, 0, 31)
"""The end of the scale: brighter now."""


def grid_about(centre_mm: np.ndarray, name: str) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 2.0], [0, 2.0, 0], [2.5, 0, 0]])
    shape = (61, 76, 76)
    affine[:3, 3] = centre_mm - affine[:3, :3] @ ((np.array(shape) - 1.0) / 2.0)
    return Grid(shape_kji=shape, lps_from_index=affine, frame=Frame(FrameKind.LPS, name))


def painted(grid: Grid, centre_mm: np.ndarray, organ_hu: float, *, now: bool) -> Volume:
    """Paint a ball in even tissue; now with a needle through it and a spot at the left front."""
    index = np.indices(grid.shape_kji).reshape(3, -1).T.astype(float)
    at = grid.points_from_indices(index) - centre_mm
    values = np.where(np.linalg.norm(at, axis=1) < ORGAN_RADIUS_MM, organ_hu, AROUND_HU)
    if now:
        values[(np.abs(at[:, [0, 2]]) < 2.6).all(axis=1) & (at[:, 1] < 0)] = NEEDLE_HU
        values[np.linalg.norm(at - LEFT_FRONT_MM, axis=1) < 8.0] = 400.0
    return Volume(values.reshape(grid.shape_kji).astype(np.float32), grid)


def registered(off_mm: float = 0.0) -> RegisteredScans:
    """Register the two, along the body so far beside the truth."""
    centre = np.array([10.0, 20.0, 30.0])
    there = centre + SHIFT_MM
    return RegisteredScans(
        planning=painted(grid_about(centre, "planning"), centre, ORGAN_HU, now=False),
        intraop=painted(grid_about(there, "now"), there, WASHED_HU, now=True),
        to_intraop=lambda points: points + SHIFT_MM + [0.0, 0.0, off_mm],
        outlines=(
            Outline(
                name="organ",
                colour="#8ac926",
                field=lambda points: ORGAN_RADIUS_MM - np.linalg.norm(points - centre, axis=-1),
            ),
        ),
        headline="accepted",
    )


PLANES = anatomical_planes(np.array([10.0, 20.0, 30.0]), HALF_MM)


def test_what_washed_out_is_no_difference_and_a_needle_is_one() -> None:
    cuts = [cut_scans(registered(), plane) for plane in PLANES]
    for cut, expected in zip(cuts, expect_now(cuts), strict=True):
        gap = cut.now - expected
        deep = cut.there & (cut.fields[0] > 6.0)
        assert abs(np.median(gap[deep])) < 2.0
    sagittal = cuts[2].now - expect_now(cuts)[2]
    assert sagittal[cuts[2].there].max() > 500.0


@pytest.mark.parametrize("off_mm", [6.0, -6.0])
def test_an_edge_that_lies_off_is_seen(off_mm: float) -> None:
    def at_the_rim(scans: RegisteredScans) -> float:
        cut = cut_scans(scans, PLANES[1])
        (expected,) = expect_now([cut])
        rim = cut.there & (np.abs(cut.fields[0]) < 3.0)
        return float(np.percentile(np.abs(cut.now - expected)[rim], 90))

    assert at_the_rim(registered(off_mm)) > at_the_rim(registered()) + 15.0


def test_the_spot_at_the_left_front_is_red_at_the_right_and_above() -> None:
    picture = pixels(draw_registration(registered(), PLANES))
    rows, columns = picture.shape[:2]
    axial = picture[rows // 2 : int(0.9 * rows), : columns // 3]
    reds = np.argwhere((np.abs(axial - RED) <= 12).all(axis=-1))
    places = np.flatnonzero((axial != axial[0, 0]).any(axis=(0, 2)))
    middle = 0.5 * (places[0] + places[-1])
    spot = reds[reds[:, 1] > middle + 30]
    assert len(spot) > 50
    assert spot[:, 0].mean() < 0.5 * axial.shape[0]


def test_the_same_registration_is_drawn_in_the_same_bytes() -> None:
    assert draw_registration(registered(), PLANES) == draw_registration(registered(), PLANES)
