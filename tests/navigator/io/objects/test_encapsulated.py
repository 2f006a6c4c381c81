"""A mesh and a report come out of their objects as they went in, or are refused before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from navigator.errors import FileRefusedError
from navigator.io.objects import build_encapsulated_pdf, build_encapsulated_stl
from navigator.model.outcome import Verdict
from navigator.report.content import Report
from navigator.report.pdf import pdf_from_report
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.navigator.io.objects.small_case import SmallCase


@pytest.mark.opens("plate", "report", by="pydicom")
@pytest.mark.parametrize("kind", ["plate", "report"])
def test_the_bytes_inside_are_the_bytes_given(
    kind: str, object_files: dict[str, Path], plate_stl: bytes, report_pdf: bytes
) -> None:
    found = pydicom.dcmread(object_files[kind])
    given = plate_stl if kind == "plate" else report_pdf
    assert found.EncapsulatedDocument[: found.EncapsulatedDocumentLength] == given
    assert len(found.EncapsulatedDocument) - len(given) in (0, 1)


@pytest.mark.hazard(24)
@pytest.mark.opens("plate", by="dcmtk dcmdump")
def test_the_unit_of_the_mesh_is_said(object_files: dict[str, Path]) -> None:
    text = run_program("dcmdump", "+P", "0040,08ea", "+P", "0042,0012", object_files["plate"])
    assert "model/stl" in text
    (unit,) = pydicom.dcmread(object_files["plate"]).MeasurementUnitsCodeSequence
    assert (unit.CodeValue, unit.CodingSchemeDesignator) == ("mm", "UCUM")


def scaled(stl: bytes, factor: float) -> bytes:
    """Write a mesh in another unit."""
    facets = np.frombuffer(stl, np.uint8, offset=84).reshape(-1, 50).copy()
    corners = np.frombuffer(facets[:, 12:48].tobytes(), "<f4") * np.float32(factor)
    facets[:, 12:48] = np.frombuffer(corners.astype("<f4").tobytes(), np.uint8).reshape(-1, 36)
    return stl[:84] + facets.tobytes()


@pytest.mark.hazard(24)
@pytest.mark.parametrize("factor", [0.001, 0.01, 0.1, 1 / 25.4, 25.4, 100.0, 1000.0])
def test_a_mesh_in_another_unit_is_refused(
    factor: float, case: SmallCase, plate_stl: bytes
) -> None:
    with pytest.raises(FileRefusedError) as caught:
        build_encapsulated_stl(
            scaled(plate_stl, factor),
            frame_of_reference_uid="2.25.1",
            title="",
            subject=case.subject,
        )
    assert caught.value.refusal.code == "stl-size"


@pytest.mark.parametrize(
    "content", [b"", b"solid x", b"\0" * 84, b"\0" * 80 + b"\2\0\0\0" + b"\0" * 50]
)
def test_what_is_no_mesh_is_refused(content: bytes, case: SmallCase) -> None:
    with pytest.raises(FileRefusedError) as caught:
        build_encapsulated_stl(
            content, frame_of_reference_uid="2.25.1", title="", subject=case.subject
        )
    assert caught.value.refusal.code == "not-stl"


@pytest.mark.hazard(53)
@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"%PDF-1.4 /Creator (Writer)"])
def test_a_report_that_is_not_ours_is_refused(content: bytes, case: SmallCase) -> None:
    with pytest.raises(FileRefusedError) as caught:
        build_encapsulated_pdf(
            content, plan_sha256="0" * 64, source=case.source, title="", subject=case.subject
        )
    assert caught.value.refusal.code == "not-our-report"


@pytest.mark.hazard(14)
@pytest.mark.parametrize("plan", ["0" * 64, None])
def test_a_report_on_another_plan_is_refused(plan: str | None, case: SmallCase) -> None:
    """The words of a foreign PDF, or of another patient's report, are not those on this plan."""
    verdict = Verdict.accepted()
    report = Report(title="Plan", subtitle="", verdict=verdict, sections=(), plan_sha256=plan)
    with pytest.raises(FileRefusedError) as caught:
        build_encapsulated_pdf(
            pdf_from_report(report),
            plan_sha256="1" * 64,
            source=case.source,
            title="",
            subject=case.subject,
        )
    assert caught.value.refusal.code == "other-report"
