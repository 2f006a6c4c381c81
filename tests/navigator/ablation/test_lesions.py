"""A lesion is its surface with areas and its volume, from a sphere or from a mask."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.ablation.lesions import build_mask_lesion, build_sphere_lesion, spread_directions
from navigator.errors import GeometryRefusedError, StructureRefusedError
from navigator.model.volume import Mask
from tests.navigator.imaging.digitised import FRAME, digitise, upright_grid
from tests.strategies import Spheroid

CENTRE_MM = np.array([-40.0, 15.0, 210.0])


@pytest.mark.parametrize("diameter_mm", [8.0, 25.0, 50.0])
def test_a_sphere_has_its_area_its_volume_and_its_centre(diameter_mm: float) -> None:
    lesion = build_sphere_lesion(
        name="L1", centre_mm=CENTRE_MM, diameter_mm=diameter_mm, wanted_margin_mm=5.0, frame=FRAME
    )
    radius = np.linalg.norm(lesion.surface_mm - CENTRE_MM, axis=1)
    assert radius == pytest.approx(0.5 * diameter_mm)
    assert lesion.surface_weights_mm2.sum() == pytest.approx(np.pi * diameter_mm**2)
    assert lesion.volume_ml == pytest.approx(np.pi / 6.0 * diameter_mm**3 / 1000.0)
    assert np.linalg.norm(lesion.inside_mm - CENTRE_MM, axis=1).max() <= 0.5 * diameter_mm
    assert lesion.centre_mm == pytest.approx(CENTRE_MM)
    assert lesion.longest_diameter_mm == pytest.approx(diameter_mm)
    assert lesion.surface_uncertainty_mm == 0.0
    assert lesion.wanted_margin_mm == 5.0


@pytest.mark.parametrize("count", [200, 2000])
def test_directions_are_spread_evenly(count: int) -> None:
    """Every cap holds its share: the moments are those of the full sphere, no gap is wide."""
    spread = spread_directions(count)
    assert np.linalg.norm(spread, axis=1) == pytest.approx(1.0)
    assert np.abs(spread.mean(axis=0)).max() <= 1.0 / count**0.75
    assert np.abs(spread.T @ spread / count - np.eye(3) / 3.0).max() <= 1.0 / count**0.75
    probes = spread_directions(5 * count)
    nearest = (probes @ spread.T).max(axis=1)
    # the area that each stands for, as a disc, has this radius; the widest gap is below twice it
    disc_rad = np.arccos(1.0 - 2.0 / count)
    assert np.arccos(np.clip(nearest.min(), -1.0, 1.0)) <= 2.0 * disc_rad


@pytest.mark.parametrize("diameter_mm", [0.0, -5.0, np.nan])
def test_a_sphere_without_size_is_refused(diameter_mm: float) -> None:
    with pytest.raises(ValueError, match="sphere diameter"):
        build_sphere_lesion(
            name="L1",
            centre_mm=CENTRE_MM,
            diameter_mm=diameter_mm,
            wanted_margin_mm=5.0,
            frame=FRAME,
        )


def test_a_mask_gives_the_lesion_that_was_digitised() -> None:
    body = Spheroid(
        centre_mm=CENTRE_MM, axis=np.array([0.6, 0.0, 0.8]), along_radius_mm=14.0,
        across_radius_mm=9.0,
    )  # fmt: skip
    mask = digitise(body, (1.5, 1.0, 1.0))
    lesion = build_mask_lesion(name="L2", mask=mask, wanted_margin_mm=6.0)
    volume_ml = 4.0 / 3.0 * np.pi * 14.0 * 9.0**2 / 1000.0
    assert lesion.volume_ml == pytest.approx(volume_ml, rel=0.01)
    assert len(lesion.inside_mm) == mask.members.sum()
    assert lesion.centre_mm == pytest.approx(CENTRE_MM, abs=0.1)
    assert lesion.longest_diameter_mm == pytest.approx(28.0, abs=1.0)
    assert lesion.surface_uncertainty_mm == 0.75  # half a slice
    assert lesion.frame == FRAME


def test_a_tumour_of_a_few_voxels_is_refused() -> None:
    members = np.zeros((4, 4, 4), dtype=bool)
    members[1, 1, 1:3] = True
    mask = Mask(members, upright_grid((4, 4, 4), (1.5, 1.0, 1.0)))
    with pytest.raises(StructureRefusedError) as caught:
        build_mask_lesion(name="L1", mask=mask, wanted_margin_mm=5.0)
    assert caught.value.refusal.code == "structure-too-small"


@pytest.mark.hazard(3)
def test_a_tumour_on_a_sheared_scan_is_refused() -> None:
    grid = upright_grid((10, 10, 10), (1.5, 1.0, 1.0))
    affine = np.array(grid.lps_from_index)
    affine[1, 0] = 0.3
    mask = Mask(np.ones((10, 10, 10)), dataclasses.replace(grid, lps_from_index=affine))
    with pytest.raises(GeometryRefusedError):
        build_mask_lesion(name="L1", mask=mask, wanted_margin_mm=5.0)


@pytest.mark.hazard(41)
def test_a_tumour_with_a_stray_voxel_is_refused() -> None:
    """A voxel alone has no surface: it would be left out of the margin in silence."""
    grid = upright_grid((20, 20, 20), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    members = np.zeros(grid.shape_kji, dtype=bool)
    members[4:9, 4:9, 4:9] = True
    build_mask_lesion(name="L1", mask=Mask(members, grid), wanted_margin_mm=5.0)
    members[17, 17, 17] = True
    with pytest.raises(StructureRefusedError) as refused:
        build_mask_lesion(name="L1", mask=Mask(members, grid), wanted_margin_mm=5.0)
    assert refused.value.refusal.code == "lesion-in-pieces"
