"""Points to measure a registration by lie where their labels say, and move with the patient."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms.anatomy import build_patient
from phantoms.interior import joined
from phantoms.motion import as_body_motion, inverse_rigid, moved_points, rigid_motion
from phantoms.program import signed_distance_mm
from phantoms.targets import moved_targets, target_points, write_points

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.anatomy import Patient


@pytest.fixture(scope="module")
def patient() -> Patient:
    return build_patient(4)


@pytest.fixture(scope="module")
def points(patient: Patient) -> dict[str, np.ndarray]:
    return target_points(patient)


def of_group(points: dict[str, np.ndarray], group: str) -> np.ndarray:
    return np.array([place for label, place in points.items() if label.startswith(f"{group}-")])


def test_they_lie_in_what_they_are_named_after(
    patient: Patient, points: dict[str, np.ndarray]
) -> None:
    body_from_lps = inverse_rigid(patient.lps_from_body)
    liver, bone = (moved_points(body_from_lps, of_group(points, g)) for g in ("liver", "bone"))
    assert min(len(liver), len(bone)) >= 50
    assert signed_distance_mm(patient.liver, liver).max() <= 0.0
    bones = joined(list(patient.parts), ("bone",))
    assert signed_distance_mm(bones, bone).max() <= 0.0


def test_those_of_the_tumour_are_its_centre_and_its_poles(
    patient: Patient, points: dict[str, np.ndarray]
) -> None:
    tumour = of_group(points, "tumour")
    away = np.linalg.norm(tumour - patient.tumour_centre_mm, axis=1)
    assert away[0] == 0.0
    assert away[1:] == pytest.approx([0.5 * patient.tumour_diameter_mm] * 6)


def test_they_move_with_the_patient_and_are_read_back(
    patient: Patient, points: dict[str, np.ndarray], tmp_path: Path
) -> None:
    motion = rigid_motion(
        np.random.default_rng(3), shift_mm=(9, 9), turn_deg=(2, 2), about_mm=[0, 0, 0]
    )
    moved = moved_targets(points, as_body_motion(motion))
    write_points(moved, tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="") as stream:
        head, *rows = list(csv.reader(stream))
    assert head == ["label", "x_mm", "y_mm", "z_mm"]
    assert [row[0] for row in rows] == list(points)
    found = np.array([[float(word) for word in row[1:]] for row in rows])
    start = np.array(list(points.values()))
    expected = start @ motion[:3, :3].T + motion[:3, 3]
    assert np.abs(found - expected).max() <= 1e-6
    assert len(patient.lesions) * 7 == len(of_group(points, "tumour"))
