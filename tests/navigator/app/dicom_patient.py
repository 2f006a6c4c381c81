"""The tiny patient as two DICOM series, with a plan and a registration, and with canaries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

from navigator.app.inputs import load_planning_inputs
from navigator.app.steps import plan_case
from navigator.geometry.rigid import RigidTransform, rotation_from_axis_angle
from navigator.io.documents import (
    RegistrationDocument,
    plan_to_json,
    registration_to_json,
    save_json,
)
from navigator.io.volumes import load_scan
from navigator.model.outcome import Verdict
from tests.navigator.app.tiny_patient import (
    FIRST_MM,
    SPACING_MM,
    paint,
    request_document,
    write_patient,
)
from tests.navigator.io.dicom_writer import StackGeometry, ct_slices, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.app.inputs import PlanningInputs
    from navigator.model.plan import Plan

TEXT_KINDS = ("LO", "SH", "PN", "ST", "LT", "UT", "UC")
GROUPS = (0x0008, 0x0010, 0x0018, 0x0020, 0x0032, 0x0038, 0x0040)
NEEDED = ("RescaleType",)
"""Words that the gate needs as they are."""
IDENTITY = ("PatientName", "PatientID", "StudyID", "AccessionNumber", "ConvolutionKernel")
"""What the gate wants to be the same in every slice, and more that tells who it is."""
DATES = {
    "PatientBirthDate": "19010203",
    "StudyDate": "19020304",
    "StudyTime": "010203",
    "SeriesDate": "19030405",
    "AcquisitionDate": "19040506",
    "ContentDate": "19050607",
    "PatientAge": "077Y",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomPatient:
    """Files of one patient, and what was hidden in their headers."""

    folder: Path
    inputs: PlanningInputs
    plan: Plan
    canaries: dict[str, str]

    @property
    def request(self) -> Path:
        """The request."""
        return self.folder / "request.json"


def hidden_canaries(dataset: Dataset) -> dict[str, str]:
    """Put a word of its own into every free text of a header, nested and private ones too."""
    canaries = {}
    for tag, (kind, many, _, retired, keyword) in sorted(DicomDictionary.items()):
        is_text = kind in TEXT_KINDS and tag >> 16 in GROUPS and not retired
        if is_text and keyword and keyword not in NEEDED and many[0] == "1":
            canaries[keyword] = f"CNRY{len(canaries):05d}"
            setattr(dataset, keyword, canaries[keyword])
    canaries |= _nested_and_private(dataset)
    for keyword, value in DATES.items():
        setattr(dataset, keyword, value)
    return canaries


def _nested_and_private(dataset: Dataset) -> dict[str, str]:
    """Hide words in sequences within sequences, and in private groups."""
    inner, outer, request = Dataset(), Dataset(), Dataset()
    inner.CodeMeaning, inner.CodeValue = "CNRYNESTED1", "CNRYNESTED2"
    inner.CodingSchemeDesignator = "CNRYNESTED3"
    outer.PersonIdentificationCodeSequence = [inner]
    outer.InstitutionName = "CNRYNESTED4"
    request.RequestedProcedureDescription = "CNRYNESTED5"
    request.ScheduledProcedureStepID = "CNRYNESTED6"
    request.PersonName = "CNRYNESTED7"
    dataset.OperatorIdentificationSequence = [outer]
    dataset.RequestAttributesSequence = [request]
    block = dataset.private_block(0x0009, "CNRYPRIVATE0", create=True)
    block.add_new(0x01, "LO", "CNRYPRIVATE1")
    block.add_new(0x02, "UN", b"CNRYPRIVATE2")
    nested = Dataset()
    nested.PatientComments = "CNRYPRIVATE3"
    block.add_new(0x03, "SQ", [nested])
    words = [f"CNRYNESTED{n}" for n in range(1, 8)] + [f"CNRYPRIVATE{n}" for n in range(4)]
    return {word: word for word in words}


def geometry(motion: np.ndarray | None = None) -> StackGeometry:
    """Lay the patient where the tiny patient lies, or moved with the scanner's axes."""
    turn, shift = (np.eye(3), np.zeros(3)) if motion is None else (motion[:3, :3], motion[:3, 3])
    return StackGeometry(
        origin_mm=turn @ FIRST_MM + shift,
        slice_step_mm=turn @ [0, 0, SPACING_MM],
        row_direction=turn @ [1.0, 0, 0],
        column_direction=turn @ [0, 1.0, 0],
        row_step_mm=SPACING_MM,
        column_step_mm=SPACING_MM,
    )


def write_dicom_patient(folder: Path) -> DicomPatient:
    """Write planning and later scan, labels, plate, request, plan and registration."""
    write_patient(folder)
    (folder / "scan.nii.gz").unlink()
    hounsfield, _ = paint()
    stored = (hounsfield.astype(np.int32) + 1024).astype(np.int16)
    canaries = _write_planning(stored, folder / "planning")
    _write_later(stored, folder / "later")
    request = request_document(scan="planning")
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    inputs = load_planning_inputs(folder / "request.json")
    plan = plan_case(inputs)
    save_json(plan_to_json(plan), folder / "plan.json")
    write_registration(folder / "later", inputs, folder / "registration.json")
    return DicomPatient(folder=folder, inputs=inputs, plan=plan, canaries=canaries)


def _write_planning(stored: np.ndarray, folder: Path) -> dict[str, str]:
    """Write the planning scan with canaries in every slice."""
    slices = ct_slices(stored, geometry())
    canaries = _hide(slices)
    write_files(slices, folder)
    return canaries


def _hide(slices: list[Dataset]) -> dict[str, str]:
    """Put canaries into some slices, and whose they are into all."""
    canaries: dict[str, str] = {}
    for dataset in slices[::20]:
        canaries = hidden_canaries(dataset)
    for dataset in slices:
        for keyword in IDENTITY:
            setattr(dataset, keyword, canaries[keyword])
        dataset.PatientBirthDate = DATES["PatientBirthDate"]
    return canaries


def turned_patient() -> np.ndarray:
    """Move the patient: 5 degrees, 14 mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_axis_angle([0, 0, 1.0], 0.09)
    matrix[:3, 3] = [10.0, -6.0, 8.0]
    return matrix


def _write_later(stored: np.ndarray, folder: Path) -> None:
    """Write the scan in the room, of the same patient."""
    slices = ct_slices(stored, geometry(turned_patient()))
    _hide(slices)
    for dataset in slices:
        dataset.FrameOfReferenceUID = "1.2.826.0.1.3680043.10.1.33"
        dataset.SeriesInstanceUID = "1.2.826.0.1.3680043.10.1.55"
        uid = str(dataset.SOPInstanceUID).replace(".10.1.5.", ".10.1.55.")
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    write_files(slices, folder)


def write_registration(scan: Path, inputs: PlanningInputs, path: Path) -> None:
    """Write the true motion as a registration of the planning scan and a later one."""
    later = load_scan(scan)
    document = RegistrationDocument(
        intraop_from_planning=RigidTransform(
            matrix=turned_patient(),
            target=later.volume.grid.frame,
            source=inputs.scan.volume.grid.frame,
        ),
        verdict=Verdict.accepted(),
        metrics={"expected_tre_mm": 1.0},
        input_hashes={"planning": inputs.scan.source_hash, "intraop": later.source_hash},
    )
    save_json(registration_to_json(document), path)
