"""What a plan is made from is what the files hold, and what is doubtful about it is remarked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.app.inputs import hash_of_file, load_planning_inputs
from navigator.errors import DeviceRefusedError, StructureRefusedError
from navigator.io.antennas import load_zone_records
from tests.navigator.app.tiny_patient import (
    AIR_HU,
    BODY_RADII_MM,
    DROP,
    FIRST_MM,
    LABELS,
    LESION_MM,
    LESION_RADIUS_MM,
    SPACING_MM,
    TinyPatient,
    paint,
    write_image,
    write_patient,
    write_request,
)

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.app.inputs import PlanningInputs

VOXEL_MM = SPACING_MM


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyPatient:
    return write_patient(tmp_path_factory.mktemp("tiny") / "patient")


@pytest.fixture(scope="module")
def inputs(tiny: TinyPatient) -> PlanningInputs:
    return load_planning_inputs(tiny.request)


def codes(inputs: PlanningInputs) -> set[str]:
    return {remark.code for remark in inputs.scene.remarks}


def test_the_scene_is_the_patient_that_was_painted(inputs: PlanningInputs) -> None:
    scene = inputs.scene
    assert np.linalg.norm(scene.lesion.centre_mm - LESION_MM) < 1.0
    assert scene.lesion.longest_diameter_mm / 2 == pytest.approx(LESION_RADIUS_MM, abs=1.5)
    assert set(scene.obstacles) == {"bone", "vessel", "bowel"}
    hounsfield, labels = paint()
    assert np.array_equal(scene.obstacles["bone"].members, labels == LABELS["bone"])
    assert np.array_equal(inputs.scan.volume.values_hu, hounsfield)
    assert np.allclose(inputs.scan.volume.grid.lps_from_index[:3, 3], FIRST_MM)
    area = np.pi * BODY_RADII_MM[0] * BODY_RADII_MM[1] * len(labels) * SPACING_MM / 1000.0
    assert scene.body.volume_ml == pytest.approx(area, rel=0.02)


def test_the_body_is_of_the_scan_and_not_of_the_label(tmp_path: Path) -> None:
    patient = write_patient(tmp_path / "patient")
    _, labels = paint()
    labels[(labels == LABELS["body"])] = 0
    labels[0, 0, 0] = LABELS["body"]
    write_image(labels, patient.folder / "labels.nii.gz")
    found = load_planning_inputs(patient.request).scene.body
    assert found.members.sum() > 50_000


@pytest.mark.hazard(13, 18)
def test_the_hashes_are_those_of_the_files_and_follow_every_change(tmp_path: Path) -> None:
    patient = write_patient(tmp_path / "patient")
    first = load_planning_inputs(patient.request).hashes
    assert set(first) == {"request", "scan", "structures", "template"}
    for name, file in (("request", patient.request), ("structures", "labels.nii.gz")):
        content = (patient.folder / file).read_bytes()
        assert first[name] == hashlib.sha256(content).hexdigest()
    assert hash_of_file(patient.request) == first["request"]
    hounsfield, _ = paint()
    hounsfield[30, 30, 30] += 1
    write_image(hounsfield, patient.folder / "scan.nii.gz")
    changed = load_planning_inputs(patient.request).hashes
    assert [name for name in first if first[name] != changed[name]] == ["scan"]


def test_without_a_liver_the_lesion_s_place_is_unchecked_and_that_is_said(
    tiny: TinyPatient,
) -> None:
    labels = {name: label for name, label in LABELS.items() if name != "liver"}
    assert "liver-unknown" in codes(load_planning_inputs(write_request(tiny, "a", labels=labels)))


def test_a_lesion_that_leaves_the_liver_is_remarked(tiny: TinyPatient) -> None:
    ball = {"centre_lps_mm": [-30.0, -36.0, 100.0], "diameter_mm": 20.0}
    at_edge = [{"name": "L1", "sphere": ball, "margin_mm": 5.0}]
    assert "lesion-at-capsule" in codes(
        load_planning_inputs(write_request(tiny, "b", lesions=at_edge))
    )


@pytest.mark.parametrize("offset", [0.0, 30.0, 45.0, 70.0])
def test_a_lesion_outside_the_liver_is_refused(tiny: TinyPatient, offset: float) -> None:
    """The painted liver is a ball of 40 mm in the axial plane about the lesion's own height."""
    ball = {"centre_lps_mm": [-30.0 - offset, 0.0, 100.0], "diameter_mm": 4.0}
    request = write_request(tiny, "c", lesions=[{"name": "L1", "sphere": ball, "margin_mm": 5.0}])
    if offset > 40.0 + VOXEL_MM:
        with pytest.raises(StructureRefusedError) as refused:
            load_planning_inputs(request)
        assert refused.value.refusal.code == "lesion-outside-liver"
    else:
        load_planning_inputs(request)


def test_fixing_needles_are_not_promised(tiny: TinyPatient) -> None:
    request = write_request(tiny, "d", fixing_needles=4)
    assert "fixing-needles-unplanned" in codes(load_planning_inputs(request))
    assert "fixing-needles-unplanned" not in codes(load_planning_inputs(tiny.request))


@pytest.mark.hazard(37)
def test_a_diameter_that_was_not_given_is_the_widest_bore_s_and_that_is_said(
    tiny: TinyPatient,
) -> None:
    found = load_planning_inputs(write_request(tiny, "e", antenna_diameter_mm=DROP))
    assert found.scene.antenna.diameter_mm == 2.6
    assert "antenna-diameter-assumed" in codes(found)


@pytest.mark.hazard(36)
def test_slices_far_apart_are_remarked(inputs: PlanningInputs) -> None:
    assert "spacing-above-2-mm" in codes(inputs)


@pytest.mark.hazard(42)
def test_the_zones_are_all_published_ones_or_the_one_that_was_fixed(
    tiny: TinyPatient, inputs: PlanningInputs
) -> None:
    published = {
        (row.power_w, row.time_s)
        for row in load_zone_records()
        if row.device == "Medtronic Emprint" and row.power_w and row.centre_to_tip_mm
    }
    assert {(size.power_w, size.time_s) for size in inputs.scene.sizes} == published
    fixed = load_planning_inputs(write_request(tiny, "f", power_w=75.0, time_s=300.0))
    assert [(size.power_w, size.time_s) for size in fixed.scene.sizes] == [(75.0, 300.0)]
    for changes in ({"power_w": 75.0}, {"time_s": 300.0}):
        with pytest.raises(DeviceRefusedError, match="fixed together"):
            load_planning_inputs(write_request(tiny, "g", **changes))


def test_a_scan_of_air_and_little_else_is_refused(tmp_path: Path) -> None:
    patient = write_patient(tmp_path / "patient")
    hounsfield, _ = paint()
    hounsfield[8:] = AIR_HU
    hounsfield[:, ::2] = AIR_HU
    write_image(hounsfield, patient.folder / "scan.nii.gz")
    with pytest.raises(StructureRefusedError, match="No body"):
        load_planning_inputs(patient.request)


@pytest.mark.hazard(39)
def test_a_structure_that_is_treated_is_no_obstacle_whatever_its_name(tiny: TinyPatient) -> None:
    labels = {("metastasis 1" if name == "gtv" else name): value for name, value in LABELS.items()}
    lesions = [{"name": "L1", "structure": "metastasis 1", "margin_mm": 5.0}]
    found = load_planning_inputs(write_request(tiny, "h", labels=labels, lesions=lesions))
    assert set(found.scene.obstacles) == {"bone", "vessel", "bowel"}
    assert found.labels.organ_mask().members.sum() > 10_000


@pytest.mark.hazard(39)
def test_what_surrounds_every_liver_and_is_not_named_is_told(tiny: TinyPatient) -> None:
    found = load_planning_inputs(tiny.request)
    (told,) = [r.message for r in found.scene.remarks if r.code == "structure-unnamed"]
    assert "lung" in told
    assert "bone" not in told
    limits = {"min_clearance_mm": {"left_lung": 3.0}}
    named = load_planning_inputs(write_request(tiny, "i", constraints=limits))
    assert "structure-unnamed" not in codes(named), "a limit names it: it is unknown, and told so"


@pytest.mark.hazard(42)
@pytest.mark.parametrize(
    ("antenna", "setting", "code"),
    [
        ("Medtronic Emprint", "manufacturer", "zone-not-in-vivo"),
        ("Medtronic Emprint", "in-vivo", "zone-factor-borrowed"),
    ],
)
def test_a_zone_that_was_not_measured_in_living_liver_is_told(
    tiny: TinyPatient, antenna: str, setting: str, code: str
) -> None:
    of_device = [row for row in load_zone_records() if row.device == antenna]
    assert not any(row.setting == "in vivo" for row in of_device), "the library has no such rows"
    found = load_planning_inputs(write_request(tiny, "j", antenna=antenna, setting=setting))
    assert code in codes(found)


@pytest.mark.hazard(12)
@pytest.mark.parametrize("height_mm", [11.5, 17.0, 183.0, 188.5])
def test_a_lesion_at_the_border_of_the_scan_is_refused(tmp_path: Path, height_mm: float) -> None:
    """The scan runs from 10 to 190 mm; the ball's radius is 6 mm, and a voxel has to follow."""
    patient = write_patient(tmp_path / "patient")
    _, labels = paint()
    labels[labels == LABELS["body"]] = LABELS["liver"]
    labels[0, 0, 0] = LABELS["body"]
    write_image(labels, patient.folder / "labels.nii.gz")
    ball = {"centre_lps_mm": [-30.0, 5.0, height_mm], "diameter_mm": 12.0}
    request = write_request(
        patient, "k", lesions=[{"name": "L1", "sphere": ball, "margin_mm": 5.0}]
    )
    with pytest.raises(StructureRefusedError) as refused:
        load_planning_inputs(request)
    assert refused.value.refusal.code == "lesion-cut-by-scan"


@pytest.mark.hazard(12)
def test_a_lesion_whose_label_is_cut_off_is_refused(tmp_path: Path) -> None:
    patient = write_patient(tmp_path / "patient")
    _, labels = paint()
    labels[labels == LABELS["gtv"]] = LABELS["liver"]
    labels[:3, 28:32, 18:22] = LABELS["gtv"]
    labels[labels == LABELS["body"]] = LABELS["liver"]
    labels[0, 0, 0] = LABELS["body"]
    write_image(labels, patient.folder / "labels.nii.gz")
    with pytest.raises(StructureRefusedError) as refused:
        load_planning_inputs(patient.request)
    assert refused.value.refusal.code == "lesion-cut-by-scan"
