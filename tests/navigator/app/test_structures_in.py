"""A plan and a margin are the same from a label map, a DICOM SEG and an RTSTRUCT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.app.choices import MaskChoice, ScanChoice
from navigator.app.inputs import load_planning_inputs
from navigator.app.margins import margin_document
from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contours import outlines_from_mask
from navigator.model.volume import Grid, Mask
from tests.navigator.app.tiny_patient import (
    COUNT,
    FIRST_MM,
    LABELS,
    SPACING_MM,
    TinyPatient,
    paint,
    write_patient,
    write_request,
)
from tests.navigator.io.dicom_writer import (
    FRAME_OF_REFERENCE,
    SERIES,
    StackGeometry,
    ct_slices,
    write_files,
)
from tests.navigator.io.structures.writers import Header, save, segmentation, structure_set

if TYPE_CHECKING:
    from pathlib import Path

GEOMETRY = StackGeometry(
    origin_mm=FIRST_MM,
    slice_step_mm=np.array([0.0, 0.0, SPACING_MM]),
    row_direction=np.array([1.0, 0.0, 0.0]),
    column_direction=np.array([0.0, 1.0, 0.0]),
    row_step_mm=SPACING_MM,
    column_step_mm=SPACING_MM,
)
NAMES = {name: name.upper() for name in LABELS}


def grid() -> Grid:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = SPACING_MM * np.eye(3)[:, ::-1], FIRST_MM
    frame = Frame(FrameKind.LPS, f"{FRAME_OF_REFERENCE}/{SERIES}")
    return Grid(shape_kji=(COUNT,) * 3, lps_from_index=affine, frame=frame)


def masks() -> dict[str, Mask]:
    _, labels = paint()
    return {NAMES[name]: Mask(labels == label, grid()) for name, label in LABELS.items()}


def outlined(mask: Mask) -> list[tuple[str, np.ndarray]]:
    return [("CLOSEDPLANAR_XOR", each.points_mm) for each in outlines_from_mask(mask)]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> TinyPatient:
    """Write the tiny patient once more, as a DICOM series with its structures."""
    tiny = write_patient(tmp_path_factory.mktemp("tiny") / "patient")
    hounsfield, _ = paint()
    write_files(ct_slices((hounsfield + 1024).astype(np.int16), GEOMETRY), tiny.folder / "ct")
    save(segmentation(masks()), tiny.folder / "seg.dcm")
    rois = {name: outlined(mask) for name, mask in masks().items()}
    save(structure_set(rois), tiny.folder / "rt.dcm")
    return tiny


@pytest.mark.parametrize("structures", ["seg.dcm", "rt.dcm"])
def test_a_request_by_name_gets_the_voxels_of_the_label_map(
    patient: TinyPatient, structures: str
) -> None:
    wanted = load_planning_inputs(patient.request)
    request = write_request(patient, "named.json", scan="ct", structures=structures, labels=NAMES)
    inputs = load_planning_inputs(request)
    for name in LABELS:
        np.testing.assert_array_equal(
            inputs.labels.mask(name).members, wanted.labels.mask(name).members
        )
    told = {remark.code for remark in inputs.scene.remarks}
    assert told <= {remark.code for remark in wanted.scene.remarks}


def test_numbers_and_lists_of_names_are_taken_too(patient: TinyPatient) -> None:
    labels = {**NAMES, "liver": 2, "bone": ["BONE", "VESSEL"]}
    del labels["vessel"]
    document = {"scan": "ct", "structures": "seg.dcm", "labels": labels}
    limits = {"min_clearance_mm": {"bone": 2.0}}
    request = write_request(patient, "mixed.json", **document, constraints=limits)
    inputs = load_planning_inputs(request)
    _, values = paint()
    joined = np.isin(values, [LABELS["bone"], LABELS["vessel"]])
    np.testing.assert_array_equal(inputs.labels.mask("bone").members, joined)


@pytest.mark.hazard(14)
def test_structures_of_another_frame_of_reference_plan_nothing(patient: TinyPatient) -> None:
    other = segmentation(masks(), header=Header(frame_uid="1.2.3"))
    save(other, patient.folder / "other.dcm")
    request = write_request(patient, "o.json", scan="ct", structures="other.dcm", labels=NAMES)
    with pytest.raises(InputRefusedError) as refused:
        load_planning_inputs(request)
    assert refused.value.refusal.code == "other-frame-of-reference"


@pytest.mark.hazard(14)
def test_what_has_to_be_confirmed_is_a_remark_of_the_plan(patient: TinyPatient) -> None:
    save(segmentation(masks(), header=Header(series_uid="1.2.9")), patient.folder / "late.dcm")
    request = write_request(patient, "l.json", scan="ct", structures="late.dcm", labels=NAMES)
    remarks = load_planning_inputs(request).scene.remarks
    assert "drawn-on-other-series" in {remark.code for remark in remarks}


@pytest.mark.hazard(13)
def test_structures_of_another_patient_plan_nothing(patient: TinyPatient) -> None:
    save(segmentation(masks(), header=Header(patient_id="P7")), patient.folder / "who.dcm")
    request = write_request(patient, "w.json", scan="ct", structures="who.dcm", labels=NAMES)
    with pytest.raises(InputRefusedError) as refused:
        load_planning_inputs(request)
    assert refused.value.refusal.code == "wrong-patient"


def ball(radius_mm: float) -> Mask:
    centres = grid().points_from_indices(np.moveaxis(np.indices((COUNT,) * 3), 0, -1))
    return Mask(np.linalg.norm(centres - [-30.0, 5.0, 100.0], axis=-1) <= radius_mm, grid())


def test_a_margin_of_segmentations_is_that_of_label_maps(
    patient: TinyPatient, tmp_path: Path
) -> None:
    """The tumour's file holds fewer slices than the ablation's: nothing of it is cut off."""
    small, large = ball(8.0), ball(18.0)
    choices = {"map": [], "seg": [], "rt": []}
    for name, mask in (("tumour", small), ("dead", large)):
        image = sitk.GetImageFromArray(mask.members.astype(np.uint8))
        image.SetSpacing([SPACING_MM] * 3)
        image.SetOrigin(FIRST_MM.tolist())
        sitk.WriteImage(image, str(tmp_path / f"{name}.nrrd"))
        save(segmentation({name: mask}), tmp_path / f"{name}-seg.dcm")
        save(structure_set({name: outlined(mask)}), tmp_path / f"{name}-rt.dcm")
        choices["map"].append(MaskChoice(tmp_path / f"{name}.nrrd", "1"))
        choices["seg"].append(MaskChoice(tmp_path / f"{name}-seg.dcm", name))
        choices["rt"].append(MaskChoice(tmp_path / f"{name}-rt.dcm", "1"))
    scan = ScanChoice(patient.folder / "ct")
    rows = [("map", None), ("seg", None), ("seg", scan), ("rt", scan)]
    found = [
        margin_document(
            tumour=choices[kind][0],
            ablation=choices[kind][1],
            zones=None,
            organ=None,
            wanted_margin_mm=5.0,
            scan=where,
        )
        for kind, where in rows
    ]
    for document in found[1:]:
        assert document["mam_mm"] == pytest.approx(found[0]["mam_mm"], abs=1e-6)
        assert document["area_percent"] == pytest.approx(found[0]["area_percent"], abs=1e-6)
