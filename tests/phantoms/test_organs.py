"""Every organ has a label, a segment and a volume, each of which counting confirms."""

from __future__ import annotations

import numpy as np
import pytest

from phantoms.anatomy import Patient, build_patient
from phantoms.motion import moved_points
from phantoms.organ_map import MEASURED, ORGANS, organ_map, organ_volumes
from phantoms.organs.segments import segments_at
from phantoms.painting import ScanGrid, paint_parts
from phantoms.sampling import exact_volume_ml, points_within, volume_ml
from phantoms.shapes import Cut, HalfSpace, Intersection, capsule, ellipsoid, sphere
from phantoms.tissues import TISSUES

SEED = 2


@pytest.fixture(scope="module")
def someone() -> Patient:
    return build_patient(SEED)


def test_volumes_of_known_bodies_are_right_to_a_fiftieth_of_a_percent() -> None:
    ball, cap = sphere([1, 2, 3], 30.0), capsule([0, 0, 0], [0, 0, 50], 9.0)
    plane = HalfSpace(np.array([1.0, 2, 3]), np.array([1.0, 1.0, 0.3]))
    known = [
        (ball, 4.0 / 3.0 * np.pi * 27.0),
        (ellipsoid([0, 0, 0], [30, 50, 20]), 4.0 / 3.0 * np.pi * 30.0),
        (cap, (np.pi * 81.0 * 50.0 + 4.0 / 3.0 * np.pi * 729.0) / 1000.0),
        (Intersection((ball, plane)), 2.0 / 3.0 * np.pi * 27.0),
        (Cut(ball, sphere([1, 2, 3], 15.0)), 4.0 / 3.0 * np.pi * (27.0 - 3.375)),
    ]
    for shape, true in known:
        assert exact_volume_ml(shape).ml == pytest.approx(true, rel=2e-4)


def test_sampled_volumes_agree_with_the_exact_ones(someone: Patient) -> None:
    """Counting on a plain grid, which shares only the sign of the distance."""
    shapes = {part.name: part.shape for part in someone.parts}
    found = organ_volumes(someone)
    assert set(found) == set(MEASURED)
    for name, volume in found.items():
        pitch = 1.2 if volume.ml > 100.0 else 0.4
        assert volume_ml(shapes[name], pitch) == pytest.approx(volume.ml, rel=2e-3), name
        assert volume.error_ml <= 2e-3 * volume.ml


def test_organs_are_of_human_size(someone: Patient) -> None:
    human_ml = {
        "liver": (1200, 1600), "spleen": (90, 320), "gallbladder": (10, 50),
        "right kidney": (110, 220), "left kidney": (110, 220), "heart": (400, 900),
        "stomach": (150, 700),
    }  # fmt: skip
    for name, volume in organ_volumes(someone, finest_mm=2.0).items():
        assert human_ml[name][0] <= volume.ml <= human_ml[name][1], name


def test_every_tissue_of_a_patient_has_an_organ(someone: Patient) -> None:
    tissues = {part.tissue for part in someone.parts}
    tissues |= {tissue for part in someone.parts for _, tissue in part.shells}
    numbers = np.array([TISSUES.index(each) for each in tissues], dtype=np.uint8)
    assert (organ_map(numbers) > 0).all()


def test_the_map_holds_every_organ_where_the_topmost_part_says(someone: Patient) -> None:
    matrix = np.diag([0.0, 0.0, 0.0, 1.0])
    matrix[:3, :3] = 6.0 * np.eye(3)[::-1]
    matrix[:3, 3] = someone.field_centre_mm - [180.0, 140.0, 96.0]
    grid = ScanGrid(shape_kji=(33, 48, 60), lps_from_index=matrix, thickness_mm=1.0)
    _, tissue = paint_parts([(part, someone.lps_from_body) for part in someone.parts], grid)
    organs = organ_map(tissue)
    for name in ("liver", "spleen", "stomach", "colon", "small bowel", "left kidney", "lungs",
                 "right kidney", "muscle", "fat", "bone", "vena cava", "pancreas"):  # fmt: skip
        assert (organs == ORGANS[name]).any(), name
    spleen = moved_points(matrix, np.argwhere(organs == ORGANS["spleen"]))
    assert (spleen[:, 0] > moved_points(someone.lps_from_body, [0.0, 0.0, -60.0])[0]).all()


def test_every_point_of_the_liver_lies_in_one_of_eight_segments(someone: Patient) -> None:
    inside = points_within(someone.liver, 5.0)
    numbers = segments_at(someone.segments, inside)
    share = np.bincount(numbers, minlength=9) / len(numbers)
    assert share[0] == 0.0
    assert (share[1:] > 0.005).all()
    middle = [inside[numbers == number].mean(axis=0) for number in range(1, 9)]
    # +x is the patient's left, +z the head, +y the back
    assert middle[1][0] > middle[3][0] > middle[4][0] > middle[5][0]
    assert middle[7][2] > middle[4][2]
    assert middle[6][2] > middle[5][2]
    assert middle[6][1] > middle[7][1]
