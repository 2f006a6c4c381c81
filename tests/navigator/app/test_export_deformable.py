"""A registration that follows the liver goes out with its field; ITK carries points alike."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from navigator.app.choices import ScanChoice
from navigator.app.deformations import load_motion
from navigator.app.export import export_plan
from navigator.app.export_files import WhoseObjects
from navigator.app.export_inputs import choice_from_request
from navigator.errors import FileRefusedError
from navigator.io.deformations import save_field
from navigator.io.documents import load_registration, registration_to_json, save_json
from navigator.io.documents.registration import DeformablePart
from navigator.model.displacement import DisplacementField
from navigator.model.volume import Grid
from tests.navigator.app.dicom_patient import turned_patient, write_dicom_patient
from tests.navigator.app.tiny_patient import LESION_MM

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.app.export_inputs import ExportChoice
    from tests.navigator.app.dicom_patient import DicomPatient

SHAPE = (9, 10, 11)
STEP_MM = 4.0


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> DicomPatient:
    """Give a patient of two scans."""
    return write_dicom_patient(tmp_path_factory.mktemp("deformed"))


@pytest.fixture(scope="module")
def choice(patient: DicomPatient) -> ExportChoice:
    """Choose the plan and the registration alone."""
    folder = patient.folder
    return replace(
        choice_from_request(folder / "plan.json", patient.request),
        structures=None,
        registration=folder / "registration.json",
        intraop=ScanChoice(folder / "later"),
    )


@pytest.fixture
def deformed(choice: ExportChoice, patient: DicomPatient, tmp_path: Path) -> ExportChoice:
    """Put a field about the lesion into the registration of the patient."""
    assert choice.registration is not None
    sound = load_registration(choice.registration)
    affine = np.eye(4)
    affine[:3, :3] = STEP_MM * np.eye(3)[::-1]
    affine[:3, 3] = np.array(LESION_MM) - 18.0
    frame = patient.inputs.scan.volume.grid.frame
    vectors = np.random.default_rng(5).uniform(-3.0, 3.0, (*SHAPE, 3))
    field = DisplacementField(vectors, Grid(shape_kji=SHAPE, lps_from_index=affine, frame=frame))
    part = DeformablePart(
        file="r.field.nrrd",
        sha256=save_field(field, tmp_path / "r.field.nrrd"),
        errors_file=None,
        errors_sha256=None,
        least_jacobian_ratio=0.5,
        bones_from_planning=sound.intraop_from_planning,
    )
    path = tmp_path / "r.json"
    save_json(registration_to_json(replace(sound, deformable=part)), path)
    return replace(choice, registration=path)


@pytest.mark.hazard(20)
def test_itk_and_dicom_hold_the_way_that_points_go(
    deformed: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    assert deformed.registration is not None
    export_plan(deformed, tmp_path / "o", whose=WhoseObjects())
    document = load_registration(deformed.registration)
    motion = load_motion(document, deformed.registration)
    assert motion.field is not None
    inside = np.random.default_rng(6).uniform(0.5, np.array(SHAPE) - 1.5, (30, 3))
    points = motion.field.grid.points_from_indices(inside)
    wanted = motion.to_intraop(points)
    assert np.abs(wanted - document.intraop_from_planning.map_points(points)).max() > 1.0
    itk = sitk.ReadTransform(str(tmp_path / "o" / "slicer" / "intraop_onto_planning.h5"))
    theirs = np.array([itk.TransformPoint(point.tolist()) for point in points])
    assert np.abs(theirs - wanted).max() < 1e-3
    far = np.array([*(np.array(LESION_MM) + 200.0), 1.0])
    assert np.allclose(
        itk.TransformPoint(far[:3].tolist()), (turned_patient() @ far)[:3], atol=1e-6
    )

    found = pydicom.dcmread(tmp_path / "o" / "dicom" / "patient_deformation.dcm")
    (item,) = found.DeformableRegistrationSequence
    (held,) = item.DeformableRegistrationGridSequence
    vectors = np.frombuffer(held.VectorGridData, "<f4").reshape(*SHAPE, 3)
    corner = np.array(held.ImagePositionPatient, dtype=float)
    node = corner + STEP_MM * np.array([2.0, 3.0, 4.0])
    assert np.abs(node + vectors[4, 3, 2] - motion.to_intraop(node[None])[0]).max() < 1e-3
    planning, later = (
        pydicom.dcmread(next((patient.folder / name).iterdir())) for name in ("planning", "later")
    )
    assert found.FrameOfReferenceUID == planning.FrameOfReferenceUID
    assert item.SourceFrameOfReferenceUID == later.FrameOfReferenceUID


@pytest.mark.hazard(45)
def test_a_field_that_is_gone_stops_the_export(deformed: ExportChoice, tmp_path: Path) -> None:
    (tmp_path / "r.field.nrrd").unlink()
    with pytest.raises(FileRefusedError, match="missing-field"):
        export_plan(deformed, tmp_path / "o", whose=WhoseObjects())
    assert not (tmp_path / "o").exists()


def test_the_document_says_what_lies_beside_it(deformed: ExportChoice) -> None:
    assert deformed.registration is not None
    written = json.loads(deformed.registration.read_text(encoding="utf-8"))
    assert written["deformable"]["file"] == "r.field.nrrd"
    assert load_registration(deformed.registration).deformable is not None
