"""Any click in a lesion grows the same, true lesion; what has no closed border is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from navigator.errors import StructureRefusedError
from navigator.model.volume import Grid, Volume
from navigator.segmentation.lesions import grow_lesion
from tests.navigator.segmentation.painted import (
    BONE_HU,
    FAT_HU,
    FINE,
    LESION_HU,
    LIVER_HU,
    THICK,
    VESSEL_HU,
    Paint,
    ball,
    ball_ml,
    dice,
    points_of,
    room,
    scan,
    surface_distances_mm,
    tube,
)

CENTRE = (0.4, -0.3, 0.2)
DIRECTIONS = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, 1], [-0.6, 0.6, -0.53]])
COARSE = (2.0, 1.2, 1.2)
"""Quick, for laws that do not depend on the voxel's size."""

VOLUME_SHARE = {5.0: 0.25, 10.0: 0.08, 15.0: 0.05, 20.0: 0.05}
"""Error of the volume that is allowed, by radius: 0.4 mm of surface, or 5 %."""


def lesion(radius: float, spacing: tuple[float, float, float]) -> Volume:
    grid = room(spacing)
    return scan(grid, Paint(ball(points_of(grid), CENTRE, radius), LESION_HU), seed=int(radius))


@pytest.mark.parametrize("spacing", [FINE, THICK])
@pytest.mark.parametrize("radius", [5.0, 10.0, 20.0])
def test_a_lesion_of_30_hu_contrast_in_15_hu_noise_has_its_true_volume_and_surface(
    radius: float, spacing: tuple[float, float, float]
) -> None:
    volume = lesion(radius, spacing)
    found = grow_lesion(volume, np.add(CENTRE, [0.3 * radius, 0.0, 0.0]))
    assert not found.refusals
    assert found.volume_ml is not None
    assert found.surface_uncertainty_mm is not None
    assert found.volume_ml.value == pytest.approx(ball_ml(radius), rel=VOLUME_SHARE[radius])
    assert found.volume_ml.low < ball_ml(radius) < found.volume_ml.high
    assert found.volume_ml.value == pytest.approx(found.mask.volume_ml)
    true = ball(points_of(volume.grid), CENTRE, radius) >= 0
    errors = surface_distances_mm(found.mask.members, true, volume.grid.spacing_mm)
    assert errors.mean() <= 0.5
    assert np.percentile(errors, 95) <= max(spacing)
    assert errors.mean() <= found.surface_uncertainty_mm


@pytest.mark.parametrize("share", [0.0, 0.4, 0.75])
def test_wherever_in_the_lesion_the_click_lies_the_lesion_is_the_same(share: float) -> None:
    volume = lesion(10.0, COARSE)
    reference = grow_lesion(volume, np.array(CENTRE)).mask.members
    for direction in DIRECTIONS:
        found = grow_lesion(volume, np.array(CENTRE) + share * 10.0 * direction)
        assert dice(found.mask.members, reference) >= 0.99


def test_more_radii_contrasts_and_noises(*, long_run: bool) -> None:
    if not long_run:
        pytest.skip("forty lesions more: pytest --long")
    grid = room(FINE)
    points = points_of(grid)
    cases = itertools.product(
        (5.0, 7.5, 10.0, 15.0, 20.0), (-50.0, -30.0, 40.0), (8.0, 15.0), (1, 2)
    )
    for radius, contrast, noise, seed in cases:
        paint = Paint(ball(points, CENTRE, radius), LIVER_HU + contrast)
        found = grow_lesion(scan(grid, paint, noise_hu=noise, seed=seed), np.array(CENTRE))
        if not found.refusals:
            assert found.volume_ml is not None
            allowed = VOLUME_SHARE.get(radius, 0.12)
            assert found.volume_ml.value == pytest.approx(ball_ml(radius), rel=allowed)
        else:
            assert radius == 5.0


@pytest.mark.parametrize("click", [(30.0, 0, 0), (0, 25.0, 15.0), (-18.0, -18.0, 0), (0, 0, -35.0)])
def test_a_click_on_the_liver_is_refused(click: tuple[float, float, float]) -> None:
    found = grow_lesion(lesion(10.0, COARSE), np.array(click))
    assert found.refusals
    assert not found.mask.members.any()


@pytest.mark.hazard(39)
def test_a_lesion_that_runs_on_into_muscle_is_refused() -> None:
    """Half of it lies beyond the capsule, in tissue of its own grey value."""
    grid = room(COARSE)
    points = points_of(grid)
    muscle = Paint(points[..., 0] - 4.0, LESION_HU)
    found = grow_lesion(
        scan(grid, muscle, Paint(ball(points, CENTRE, 10.0), LESION_HU)), np.array(CENTRE)
    )
    assert found.refusals[0].code in ("lesion-leaks", "border-unsure")
    assert not found.mask.members.any()


@pytest.mark.parametrize(
    ("hu", "code"),
    [(FAT_HU, "lesion-at-capsule"), (VESSEL_HU, "lesion-at-bright"), (BONE_HU, "lesion-at-bright")],
)
def test_a_lesion_at_fat_a_vessel_or_a_rib_keeps_its_shape_and_tells(hu: float, code: str) -> None:
    """What it touches is told; the error of volume stays below a millimetre of surface there."""
    grid = room(COARSE)
    points = points_of(grid)
    beside = Paint(tube(points, (16.0, 0.0, 0.0), 2, 7.0), hu)
    if hu == FAT_HU:
        beside = Paint(points[..., 0] - 9.0, hu)
    found = grow_lesion(
        scan(grid, beside, Paint(ball(points, CENTRE, 10.0), LESION_HU)), np.array(CENTRE)
    )
    assert not found.refusals
    assert found.mask.volume_ml == pytest.approx(ball_ml(10.0), rel=0.15)
    assert code in [remark.code for remark in found.remarks]


def test_a_dark_vein_is_no_lesion() -> None:
    grid = room(COARSE)
    vein = Paint(tube(points_of(grid), CENTRE, 2, 5.0), LESION_HU)
    assert grow_lesion(scan(grid, vein), np.array(CENTRE)).refusals


def test_a_lesion_cut_by_the_scan_is_refused() -> None:
    grid = room(COARSE, half_mm=30.0)
    at = (27.0, 0.0, 0.0)
    found = grow_lesion(
        scan(grid, Paint(ball(points_of(grid), at, 10.0), LESION_HU)), np.array([22.0, 0, 0])
    )
    assert [reason.code for reason in found.refusals] == ["lesion-leaks"]


def test_padding_beside_a_lesion_is_not_its_border() -> None:
    volume = lesion(10.0, COARSE)
    values = np.where(points_of(volume.grid)[..., 0] > 5.0, -1026.0, volume.values_hu)
    found = grow_lesion(Volume(values, volume.grid), np.array(CENTRE))
    assert [reason.code for reason in found.refusals] == ["lesion-leaks"]


@pytest.mark.parametrize("click", [(500.0, 0, 0), (0, 0, -60.0)])
def test_a_click_outside_the_scan_is_refused_with_its_place(click: tuple[float, ...]) -> None:
    with pytest.raises(StructureRefusedError) as caught:
        grow_lesion(lesion(10.0, COARSE), np.array(click))
    assert caught.value.refusal.code == "click-outside-scan"


def test_the_order_and_direction_of_the_axes_do_not_matter() -> None:
    """All 48 ways to store a scan."""
    volume = lesion(7.5, (3.0, 1.5, 1.5))
    expected = grow_lesion(volume, np.array(CENTRE)).mask.members
    assert expected.any()
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((False, True), repeat=3):
            turned = stored(volume, order, flips)
            found = grow_lesion(turned, np.array(CENTRE)).mask.members
            assert np.array_equal(found, turn(expected, order, flips))


def turn(values: np.ndarray, order: tuple[int, ...], flips: tuple[bool, ...]) -> np.ndarray:
    return np.flip(values.transpose(order), [axis for axis in range(3) if flips[axis]])


def stored(volume: Volume, order: tuple[int, ...], flips: tuple[bool, ...]) -> Volume:
    """Store a scan with its axes in another order and direction, at the same place."""
    affine = volume.grid.lps_from_index[:, [*order, 3]].copy()
    shape = [volume.grid.shape_kji[axis] for axis in order]
    for axis in range(3):
        if flips[axis]:
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1.0
    grid = Grid(
        shape_kji=(shape[0], shape[1], shape[2]), lps_from_index=affine, frame=volume.grid.frame
    )
    return Volume(np.ascontiguousarray(turn(volume.values_hu, order, flips)), grid)


def test_a_tilted_stack_holds_the_same_lesion() -> None:
    straight = room(COARSE)
    affine = straight.lps_from_index.copy()
    affine[1, 0] = np.tan(np.deg2rad(18.0)) * straight.spacing_mm[0]
    affine[1, 3] -= affine[1, 0] * 0.5 * (straight.shape_kji[0] - 1)
    grid = Grid(shape_kji=straight.shape_kji, lps_from_index=affine, frame=straight.frame)
    assert not grid.is_rectilinear
    found = grow_lesion(
        scan(grid, Paint(ball(points_of(grid), CENTRE, 10.0), LESION_HU)), np.array(CENTRE)
    )
    assert found.mask.volume_ml == pytest.approx(ball_ml(10.0), rel=0.08)
