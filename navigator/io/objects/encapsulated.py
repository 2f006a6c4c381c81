"""Files inside DICOM objects: the plate's mesh and the report.

References
----------
DICOM PS3.3, A.85.1 and C.35.1 (Encapsulated STL), A.45.1 and C.24 (Encapsulated PDF).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import FileRefusedError
from navigator.io.objects.completing import ObjectKind, complete_object, new_object
from navigator.io.objects.references import code_item, instance_items
from navigator.io.objects.words import field_text
from navigator.io.structure_codes import Code

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from navigator.io.objects.source import SourceSeries
    from navigator.io.objects.subject import Subject

ENCAPSULATED_STL = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.104.3",
    modality="M3D",
    series_number=9005,
    description="mwa-navigator: plate",
)
ENCAPSULATED_PDF = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.104.1",
    modality="DOC",
    series_number=9006,
    description="mwa-navigator: report",
)
MILLIMETRES = Code("mm", "UCUM", "mm")
OUR_REPORT = b"/Creator (mwa-navigator)"
"""How :mod:`navigator.report.pdf` signs; rooms side by side do not see each other."""
PLAN_OF_REPORT = re.compile(re.escape(OUR_REPORT) + rb"\s+/Keywords \(plan sha256:([0-9a-f]{64})\)")
"""How it names the plan that it shows."""
STL_HEADER, STL_FACET = 84, 50
"""Bytes before the first facet of a binary STL, and of one facet."""
PLATE_SIZE_MM = (20.0, 400.0)
"""Longest side of a plate that a hand can hold and a patient carry; metres or inches miss it."""


def build_encapsulated_stl(
    stl: bytes, *, frame_of_reference_uid: str, title: str, subject: Subject
) -> Dataset:
    """Put a plate's mesh into an object that says that its unit is the millimetre.

    Parameters
    ----------
    stl : bytes
        Binary STL, millimetres in the plate's own frame.
    frame_of_reference_uid : str
        Of the plate's frame: never that of a patient.
    title : str
        Of the document.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        Encapsulated STL Storage.

    Raises
    ------
    FileRefusedError
        If it is no binary STL, or its size is not that of a plate in millimetres.
    """
    check_plate_stl(stl)
    dataset = new_object(ENCAPSULATED_STL)
    dataset.FrameOfReferenceUID = frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    dataset.MeasurementUnitsCodeSequence = [code_item(MILLIMETRES)]
    _add_document(dataset, stl, "model/stl", title)
    return complete_object(dataset, ENCAPSULATED_STL, subject)


def build_encapsulated_pdf(
    pdf: bytes, *, plan_sha256: str, source: SourceSeries, title: str, subject: Subject
) -> Dataset:
    """Put a report into an object.

    Parameters
    ----------
    pdf : bytes
        A report of ours, without a patient's name.
    plan_sha256 : str
        Root hash of the plan that it has to show.
    source : SourceSeries
        The scan that it is about.
    title : str
        Of the document.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        Encapsulated PDF Storage.

    Raises
    ------
    FileRefusedError
        If it is no report of ours: what another PDF says about a patient cannot be checked. If
        it does not name the plan as the one that holds: it may be another patient's.
    """
    _check_report(pdf, plan_sha256)
    dataset = new_object(ENCAPSULATED_PDF)
    dataset.ConversionType = "SYN"
    _add_document(dataset, pdf, "application/pdf", title)
    dataset.SourceInstanceSequence = instance_items(source.slices)
    return complete_object(dataset, ENCAPSULATED_PDF, subject)


def _check_report(pdf: bytes, plan_sha256: str) -> None:
    """Refuse what is no report of ours, or the report on another plan."""
    if not pdf.startswith(b"%PDF-") or OUR_REPORT not in pdf:
        raise FileRefusedError(
            code="not-our-report",
            what="The file is not a report of this program",
            where="report",
            expected="a report.pdf that `navigator run` or `navigator demo` wrote",
            got="another PDF: whose name stands in it is not known"
            if pdf.startswith(b"%PDF-")
            else "no PDF",
            next_step="give the report.pdf beside the plan, or leave it out",
        )
    named = {found.decode("ascii") for found in PLAN_OF_REPORT.findall(pdf)}
    if named != {plan_sha256}:
        raise FileRefusedError(
            code="other-report",
            what="The report is not on this plan",
            where="report",
            expected=f"plan sha256 {plan_sha256}",
            got=", ".join(sorted(named)) or "a report that names no plan in force",
            next_step="give the report.pdf of the run that made this plan, or leave it out",
        )


def check_plate_stl(stl: bytes) -> None:
    """Refuse a mesh that is none, or that was written in another unit.

    Parameters
    ----------
    stl : bytes
        A file's content.

    Raises
    ------
    FileRefusedError
        ``not-stl`` or ``stl-size``.
    """
    count = int.from_bytes(stl[STL_HEADER - 4 : STL_HEADER], "little")
    if not count or len(stl) != STL_HEADER + STL_FACET * count:
        raise FileRefusedError(
            code="not-stl",
            what="The plate is not a binary STL",
            where="plate",
            expected=f"{STL_HEADER} bytes and {STL_FACET} for each of {count} facets",
            got=f"{len(stl)} bytes",
            next_step="give the template.stl that `template-gen build` wrote",
        )
    facets = np.frombuffer(stl, dtype=np.uint8, offset=STL_HEADER).reshape(count, STL_FACET)
    corners = np.frombuffer(facets[:, 12:48].tobytes(), dtype="<f4").reshape(-1, 3)
    size_mm = corners.max(axis=0) - corners.min(axis=0)
    low, high = PLATE_SIZE_MM
    if not low <= float(size_mm.max()) <= high:
        raise FileRefusedError(
            code="stl-size",
            what="The mesh has not the size of a plate in millimetres",
            where="plate",
            expected=f"a longest side of {low:g} to {high:g} mm",
            got=f"{' x '.join(f'{side:.4g}' for side in size_mm)}",
            next_step="write the mesh in millimetres: an STL does not say its unit",
        )


def _add_document(dataset: Dataset, content: bytes, mime_type: str, title: str) -> None:
    """Fill the Encapsulated Document module (PS3.3, C.24.2)."""
    dataset.AcquisitionDateTime = ""
    dataset.BurnedInAnnotation = "NO"
    dataset.DocumentTitle = field_text(title)
    dataset.ConceptNameCodeSequence = []
    dataset.MIMETypeOfEncapsulatedDocument = mime_type
    dataset.EncapsulatedDocumentLength = len(content)
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
