"""The DICOM objects of an export."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from navigator.app.inputs import hash_of_file
from navigator.errors import FileRefusedError
from navigator.io.documents.jsonreading import read_document_bytes
from navigator.io.objects import (
    BY_IMAGE_CONTENT,
    RegistrationSide,
    build_deformable_registration,
    build_encapsulated_pdf,
    build_encapsulated_stl,
    build_measurement_report,
    build_segmentation,
    build_spatial_registration,
    build_structure_set,
    save_object,
    uid_from_content,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.app.export_files import Written
    from navigator.app.export_inputs import ExportCase, ExportChoice
    from navigator.io.objects import SourceSeries, Subject
    from navigator.io.structure_codes import CodedStructure
    from navigator.model.placement import TemplatePlacement

ARCHIVE = "PACS"
WITH_STRUCTURES = "PACS, 3D Slicer, OHIF"
WITH_OUTLINES = "PACS, treatment planning, 3D Slicer with SlicerRT"
PLATE_STL, PLATE_MANIFEST = "template.stl", "manifest.json"


def write_dicom_objects(
    case: ExportCase,
    choice: ExportChoice,
    structures: tuple[CodedStructure, ...],
    subject: Subject,
    written: Written,
) -> None:
    """Write every object that the case has the content for.

    Parameters
    ----------
    case : ExportCase
        With a planning scan of DICOM images.
    choice : ExportChoice
        Where plate and report lie.
    structures : tuple of CodedStructure
        With a voxel each.
    subject : Subject
        Whose objects they are.
    written : Written
        Where to, and the list of files.

    Raises
    ------
    FileRefusedError
        If the plate is not the plan's, or the report not one of ours.
    """
    source = case.planning.source
    if source is None:
        raise ValueError("write_dicom_objects: expected a scan with DICOM images")
    if structures:
        _add(
            written,
            "segmentation",
            WITH_STRUCTURES,
            build_segmentation(structures, source, subject),
        )
        _add(
            written,
            "structure_set",
            WITH_OUTLINES,
            build_structure_set(structures, source, subject),
        )
    else:
        written.leave_out("segmentation and outlines", "no structure was given")
    report = build_measurement_report(case.plan, case.document_id, source, subject)
    _add(written, "plan_report", "PACS, any viewer of structured reports", report)
    _write_motion(case, subject, written)
    _write_plate(case, choice.template, source, subject, written)
    if choice.report is None:
        written.leave_out("report", "no --report was given")
    else:
        pdf = read_document_bytes(choice.report)
        title = f"Report on plan {case.document_id}"
        encapsulated = build_encapsulated_pdf(
            pdf, plan_sha256=case.root_sha256, source=source, title=title, subject=subject
        )
        _add(written, "report", ARCHIVE, encapsulated)


def _add(written: Written, name: str, opens_in: str, dataset: Dataset) -> None:
    """Write one object."""
    kind = f"DICOM {dataset.SOPClassUID.name}"
    written.add(f"dicom/{name}.dcm", kind, opens_in, partial(save_object, dataset))


def _write_motion(case: ExportCase, subject: Subject, written: Written) -> None:
    """Write how the patient lies in the room, where both scans have a frame of their own."""
    motion, intraop, planning = case.intraop_from_planning, case.intraop, case.planning.source
    if motion is None or intraop is None:
        written.leave_out("patient registration", "no --registration was given")
        return
    if intraop.source is None or planning is None:
        why = f"intraoperative scan: {intraop.why_not}; see the .tfm file"
        written.leave_out("patient registration", why)
        return
    target, source = _side(intraop.source), _side(planning)
    if target.frame_of_reference_uid == source.frame_of_reference_uid:
        why = "both scans have one frame of reference, which DICOM cannot move; see the .tfm file"
        written.leave_out("patient registration", why)
        return
    dataset = build_spatial_registration(
        motion,
        target=target,
        source=source,
        kind=BY_IMAGE_CONTENT,
        label="PATIENT",
        subject=subject,
    )
    _add(written, "patient_registration", WITH_STRUCTURES, dataset)
    field = None if case.motion is None else case.motion.field
    if case.motion is None or field is None:
        return
    points = field.grid.points_from_indices(np.indices(field.grid.shape_kji).reshape(3, -1).T)
    vectors = case.motion.to_intraop(points) - points
    deformed = build_deformable_registration(
        vectors.reshape(*field.grid.shape_kji, 3),
        field.grid,
        registered=source,
        source=target,
        subject=subject,
    )
    _add(written, "patient_deformation", ARCHIVE, deformed)


def _write_plate(
    case: ExportCase,
    folder: Path | None,
    source: SourceSeries,
    subject: Subject,
    written: Written,
) -> None:
    """Write where the plate stands, and the plate itself in its own frame."""
    placement = case.plan.placement
    if placement is None:
        written.leave_out("plate", "the plan is free hand")
        return
    plate_uid = uid_from_content("template frame", placement.lps_from_template.source.uid)
    dataset = build_spatial_registration(
        placement.lps_from_template,
        target=_side(source),
        source=RegistrationSide(frame_of_reference_uid=plate_uid),
        kind=None,
        label="PLATE",
        subject=subject,
    )
    _add(written, "plate_registration", WITH_STRUCTURES, dataset)
    if folder is None:
        written.leave_out("mesh of the plate", "no --template was given")
        return
    stl = _plate_of_plan(folder, placement)
    title = f"Plate {placement.lps_from_template.source.uid}, millimetres"
    mesh = build_encapsulated_stl(
        stl, frame_of_reference_uid=plate_uid, title=title, subject=subject
    )
    _add(written, "plate", "PACS, 3D printing", mesh)


def _side(source: SourceSeries) -> RegistrationSide:
    return RegistrationSide(frame_of_reference_uid=source.frame_of_reference_uid, source=source)


def _plate_of_plan(folder: Path, placement: TemplatePlacement) -> bytes:
    """Read the mesh of the plate that was planned with, or refuse another."""
    stl = folder / PLATE_STL
    described = read_document_bytes(folder / PLATE_MANIFEST)
    try:
        manifest = json.loads(described)
        spec, mesh = manifest["spec_sha256"], manifest["files"][PLATE_STL]
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong_plate(folder, "a manifest.json with hashes", type(error).__name__) from error
    content = read_document_bytes(stl)
    if spec != placement.template_hash:
        raise _wrong_plate(folder, f"spec sha256 {placement.template_hash}", str(spec))
    found = hash_of_file(stl)
    if mesh != found:
        raise _wrong_plate(stl, f"sha256 {mesh}", found)
    return content


def _wrong_plate(path: Path, expected: str, got: str) -> FileRefusedError:
    return FileRefusedError(
        code="not-the-plate-of-this-plan",
        what="The mesh is not that of the plate that was planned with",
        where=str(path),
        expected=expected,
        got=got,
        next_step="give the folder that `template-gen build` made from the plan's template",
    )
