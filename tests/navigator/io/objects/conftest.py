"""A small case, and every kind of object made from it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

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
)
from navigator.model.outcome import Verdict
from navigator.model.volume import Grid
from navigator.report.content import Report
from navigator.report.pdf import pdf_from_report
from template_gen import build_default_spec, build_template
from tests.navigator.io.objects.small_case import (
    LATER,
    later_source,
    patient_motion,
    plate_motion,
    small_case,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from tests.navigator.io.objects.small_case import SmallCase

PLATE_UID = "2.25.123"
REPORTED_PLAN = "ab" * 32


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> SmallCase:
    """Give the small case."""
    return small_case(tmp_path_factory.mktemp("scan"))


@pytest.fixture(scope="session")
def plate_stl(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the mesh of a small plate."""
    folder = tmp_path_factory.mktemp("plate")
    spec = build_default_spec(rows=3, columns=3, pitch_mm=10.0, bore_diameter_mm=2.6)
    build_template(spec, folder / "template")
    return (folder / "template" / "template.stl").read_bytes()


@pytest.fixture(scope="session")
def report_pdf() -> bytes:
    """Give a report of ours."""
    report = Report(
        title="Plan",
        subtitle="",
        verdict=Verdict.accepted(),
        sections=(),
        plan_sha256=REPORTED_PLAN,
    )
    return pdf_from_report(report)


@pytest.fixture(scope="session")
def field() -> tuple[np.ndarray, Grid]:
    """Give a displacement field (k, j, i, 3) on an oblique grid of the later scan."""
    motion = patient_motion()
    affine = np.eye(4)
    affine[:3, :3] = motion.rotation @ np.array([[0, 0, 6.0], [0, 5.0, 0], [4.0, 0, 0]])
    affine[:3, 3] = [-10.0, 20.0, 200.0]
    grid = Grid(shape_kji=(4, 5, 6), lps_from_index=affine, frame=LATER)
    return np.random.default_rng(8).normal(0, 3, (4, 5, 6, 3)), grid


@pytest.fixture(scope="session")
def objects(
    case: SmallCase,
    plate_stl: bytes,
    report_pdf: bytes,
    field: tuple[np.ndarray, Grid],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Dataset]:
    """Give one object of every kind."""
    later = later_source(tmp_path_factory.mktemp("later"), case.grid)
    planning = RegistrationSide(
        frame_of_reference_uid=case.source.frame_of_reference_uid, source=case.source
    )
    room = RegistrationSide(frame_of_reference_uid=later.frame_of_reference_uid, source=later)
    plate = RegistrationSide(frame_of_reference_uid=PLATE_UID)
    subject = case.subject
    return {
        "segmentation": build_segmentation(case.structures, case.source, subject),
        "structure set": build_structure_set(case.structures, case.source, subject),
        "plan report": build_measurement_report(case.plan, "0123456789ab", case.source, subject),
        "patient registration": build_spatial_registration(
            patient_motion(),
            target=room,
            source=planning,
            kind=BY_IMAGE_CONTENT,
            label="PATIENT",
            subject=subject,
        ),
        "plate registration": build_spatial_registration(
            plate_motion(), target=planning, source=plate, kind=None, label="PLATE", subject=subject
        ),
        "deformable registration": build_deformable_registration(
            *field, registered=room, source=planning, subject=subject
        ),
        "plate": build_encapsulated_stl(
            plate_stl, frame_of_reference_uid=PLATE_UID, title="Plate, mm", subject=subject
        ),
        "report": build_encapsulated_pdf(
            report_pdf,
            plan_sha256=REPORTED_PLAN,
            source=case.source,
            title="Report",
            subject=subject,
        ),
    }


@pytest.fixture(scope="session")
def object_files(
    objects: dict[str, Dataset], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Give the files of all objects."""
    folder = tmp_path_factory.mktemp("objects")
    paths = {kind: folder / f"{kind.replace(' ', '_')}.dcm" for kind in objects}
    for kind, path in paths.items():
        save_object(objects[kind], path)
    return paths
