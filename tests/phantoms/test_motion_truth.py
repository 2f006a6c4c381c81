"""What is written of a motion says what moves: a foreign reader finds every landmark by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from phantoms.breathing import breathing_motion, draw_breathing
from phantoms.errors import MotionRefusedError
from phantoms.field import field_grid
from phantoms.motion import GROUPS, moved_points, pulled_back
from phantoms.motion_truth import (
    field_of_group,
    group_map,
    landmarks,
    truth_of_motion,
    write_field,
)
from phantoms.painting import label_map, paint_parts
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.anatomy import Patient
    from phantoms.motion import BodyMotion


@pytest.fixture(scope="module")
def breath(patient: Patient) -> BodyMotion:
    """Let the patient of the tests breathe."""
    return breathing_motion(patient, draw_breathing(np.random.default_rng(4)))


@pytest.mark.hazard(21)
@pytest.mark.parametrize("group", GROUPS)
def test_simpleitk_carries_landmarks_by_the_file_as_the_truth_does(
    patient: Patient, breath: BodyMotion, group: str, tmp_path: Path
) -> None:
    field = field_of_group(breath, group, patient)
    assert field.between_mm <= 0.5
    write_field(field, tmp_path / "field.nrrd")
    image = sitk.ReadImage(str(tmp_path / "field.nrrd"), sitk.sitkVectorFloat64)
    low = np.array(image.GetOrigin())
    high = low + (np.array(image.GetSize()) - 1.0) * image.GetSpacing()
    carry = sitk.DisplacementFieldTransform(image)  # it empties the image
    compared = 0
    for point in landmarks(patient)[group].values():
        if ((point > low) & (point < high)).all():
            there = np.array(carry.TransformPoint(point.tolist()))
            off = np.linalg.norm(there - moved_points(breath.of(group), point))
            assert off <= field.between_mm + 1e-3
            compared += 1
    assert compared >= 3


def test_the_truth_is_json_and_its_pairs_lead_back(patient: Patient, breath: BodyMotion) -> None:
    field = field_of_group(breath, "liver", patient, pitch_mm=25.0)
    truth = json.loads(json.dumps(truth_of_motion(breath, patient, {"liver.nrrd": field})))
    assert truth["fields"]["liver.nrrd"]["group"] == "liver"
    assert truth["fields"]["liver.nrrd"]["shape_kji"] == list(field.displacements_mm.shape[:3])
    labels = [(pair["group"], pair["label"]) for pair in truth["pairs"]]
    assert len(set(labels)) == len(labels)
    assert ("liver", "tumour") in labels
    assert {group for group, _ in labels} == set(GROUPS)
    for pair in truth["pairs"]:
        back = pulled_back(breath.of(pair["group"]), pair["moved_lps_mm"])
        assert np.abs(back - pair["planning_lps_mm"]).max() <= 1e-6


def test_landmarks_lie_in_the_body(patient: Patient) -> None:
    named = landmarks(patient)
    assert np.array_equal(named["liver"]["tumour"], patient.tumour_centre_mm)
    veins = [label for label in named["liver"] if "portal" in label or "hepatic" in label]
    assert len(veins) >= 6


def test_the_group_map_agrees_with_the_organs(patient: Patient) -> None:
    grid = field_grid(patient, (8.0, 4.0, 4.0))
    groups = group_map(patient, grid)
    labels = label_map(paint_parts([(p, patient.lps_from_body) for p in patient.parts], grid)[1])
    assert (groups[labels == LABELS["liver"]] == 1 + GROUPS.index("liver")).all()
    assert (groups[labels == LABELS["gtv"]] == 1 + GROUPS.index("liver")).all()
    assert (groups[labels == LABELS["bone"]] == 1 + GROUPS.index("wall")).all()
    assert (groups[labels == LABELS["bowel"]] == 1 + GROUPS.index("abdomen")).all()
    assert (groups[labels == LABELS["lung"]] == 1 + GROUPS.index("lung")).all()
    assert np.array_equal(groups == 0, labels == 0)


def test_an_unknown_group_has_no_field(patient: Patient, breath: BodyMotion) -> None:
    with pytest.raises(MotionRefusedError, match="No group"):
        field_of_group(breath, "leg", patient)
