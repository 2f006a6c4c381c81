"""What an ablation has missed is exact: the lens of two spheres, and brute force for ovals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from phantoms.ablation import AblatedZone, ablated, covered_volume_ml, residual_volume_ml
from phantoms.anatomy import build_patient
from phantoms.errors import LesionRefusedError
from phantoms.motion import inverse_rigid, moved_points, rigid_about, rotation_about
from phantoms.painting import ScanGrid, label_map, paint_parts
from phantoms.tissues import LABELS


def ball(centre: tuple[float, ...], radii: tuple[float, ...], turn: float = 0.0) -> SimpleNamespace:
    """Stand in for a lesion: what the volumes read of it."""
    pose = rigid_about(rotation_about([1, 2, 3], turn), [0, 0, 0], centre)
    volume = 4.0 / 3.0 * np.pi * np.prod(radii) / 1000.0
    return SimpleNamespace(lps_from_lesion=pose, radii_mm=np.array(radii), volume_ml=volume)


def zone(centre: tuple[float, ...], radii: tuple[float, ...], turn: float = 0.0) -> AblatedZone:
    pose = rigid_about(rotation_about([3, -1, 1], turn), [0, 0, 0], centre)
    return AblatedZone(lps_from_zone=pose, radii_mm=np.array(radii))


def lens_ml(apart: float, one: float, two: float) -> float:
    """Compute the volume common to two spheres whose surfaces cross (the textbook formula)."""
    lens = (
        np.pi
        * (one + two - apart) ** 2
        * (apart**2 + 2 * apart * (one + two) - 3 * (one - two) ** 2)
    )
    return float(lens / (12.0 * apart) / 1000.0)


@pytest.mark.parametrize(("apart", "one", "two"), [(9.0, 8, 12), (15.0, 8, 12), (6.0, 9, 10)])
def test_two_spheres_share_a_lens(apart: float, one: float, two: float) -> None:
    lesion = ball((10, 20, 30), (one, one, one))
    shared = covered_volume_ml(lesion, zone((10, 20, 30 + apart), (two, two, two)))
    assert shared == pytest.approx(lens_ml(apart, one, two), abs=1e-4 * lesion.volume_ml)


def test_ovals_share_what_counting_says() -> None:
    lesion = ball((0, 0, 0), (9, 6, 7), 0.6)
    burnt = zone((5, 2, 1), (11, 8, 9), 1.1)
    step = 0.15
    axis = np.arange(-9.5, 9.5, step)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.ones(len(grid), dtype=bool)
    for pose, radii in (
        (lesion.lps_from_lesion, lesion.radii_mm), (burnt.lps_from_zone, burnt.radii_mm)
    ):  # fmt: skip
        own = moved_points(inverse_rigid(pose), grid) / radii
        inside &= np.square(own).sum(axis=1) <= 1.0
    counted = inside.sum() * step**3 / 1000.0
    assert covered_volume_ml(lesion, burnt) == pytest.approx(counted, rel=2e-3)


def test_apart_nothing_is_covered_and_inside_nothing_is_left() -> None:
    lesion = ball((0, 0, 0), (5, 5, 5))
    assert covered_volume_ml(lesion, zone((30, 0, 0), (9, 9, 9))) == 0.0
    assert residual_volume_ml(lesion, zone((1, 0, 0), (9, 9, 9))) == 0.0


@pytest.mark.parametrize("offset_mm", [0.0, 7.0])
def test_the_label_of_the_tumour_is_what_is_left(offset_mm: float) -> None:
    patient = build_patient(2)
    pose = np.eye(4)
    pose[:3, 3] = patient.tumour_centre_mm + np.array([offset_mm, 0.0, 0.0])
    radius = 0.5 * patient.tumour_diameter_mm + 4.0
    burnt = AblatedZone(lps_from_zone=pose, radii_mm=np.full(3, radius))
    after = ablated(patient, "L1", burnt)
    step, count = 0.5, 80
    matrix = np.diag([0.0, 0.0, 0.0, 1.0])
    matrix[:3, :3] = step * np.eye(3)[::-1]
    matrix[:3, 3] = patient.tumour_centre_mm - 0.5 * step * (count - 1)
    grid = ScanGrid(shape_kji=(count,) * 3, lps_from_index=matrix, thickness_mm=step)
    parts = [(part, after.lps_from_body) for part in after.parts[-8:]]
    _, tissue = paint_parts(parts, grid)
    painted = (label_map(tissue) == LABELS["gtv"]).sum() * step**3 / 1000.0
    true = residual_volume_ml(patient.lesions[0], burnt)
    assert painted == pytest.approx(true, abs=0.01 * patient.lesions[0].volume_ml)
    assert (true > 0.0) == (offset_mm > 4.0)


def test_only_a_lesion_of_the_patient_is_ablated() -> None:
    patient = build_patient(2)
    with pytest.raises(LesionRefusedError, match="no such lesion"):
        ablated(patient, "L7", zone((0, 0, 0), (5, 5, 5)))
